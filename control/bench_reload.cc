#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/bench_box.h"
#include "control/bench_cases.h"
#include "control/failure.h"
#include "control/live_book.h"
#include "control/load_rules.h"

// Another book under full load: what it costs the packets.

namespace slowlane::bench {
namespace {

constexpr std::uint32_t kFlows = 100'000;
constexpr std::uint64_t kForever = std::uint64_t{1} << 40;
constexpr Nanos kGap = 64;
constexpr std::uint64_t kTurns = 40'000;  // each takes a burst from one side: every flow is seen some ten times

// A book that names every flow of the crowd, with so many names more.
std::unique_ptr<const RuleSet> book_of(std::uint64_t names, const char* rate) {
  BookFile file(
      std::string("book = \"bench\"; lists = ( { name = \"many\"; file = \"many.txt\"; } ); classes = ( { name = "
                  "\"slow\"; police = { rate = \"") +
      rate +
      "\"; burst = \"1MiB\"; scope = \"flow\"; }; } ); rules = ( { name = \"names\"; when = { host_list = "
      "[\"many\"]; }; then = \"slow\"; } );");
  std::string list = ".bench.example\n";
  for (std::uint64_t i = 0; i < names; ++i) list += "h" + std::to_string(i) + ".names.example\n";
  file.add("many.txt", list);
  auto rules = load_rules(file.path(), std::nullopt);
  if (!rules) throw Failure(Exit::machine, rules.diagnostics().front().print());
  return std::move(*rules);
}

// A worker under full load, whose book can be changed between two turns.
class Lane {
 public:
  Lane(PacketPool& pool, std::uint64_t names)
      : names_(names),
        book_(book_of(names, "1gbit"), 1),
        commons_(book_.snapshot(), 1, slowlane::Spread::By::pair, book_.slots().classes()),
        inside_(pool),
        outside_(pool),
        worker_(config_for(book_), {Wire{&inside_, &outside_, {}}}, book_.snapshot(), commons_, nullptr) {
    book_.attach(commons_, {&worker_});
    const Bytes hello = tcp_frame(Side::inside, kAck | kPsh, tls_record(client_hello("n00000000.bench.example", 512)));
    auto crowd = std::make_unique<Crowd>(Side::inside, kFlows, 1, Crowd::Order::one_by_one);
    crowd->number_names_at(name_in(hello, "n00000000") + 1);
    inside_.use(std::vector<Bytes>(1024, hello), std::move(crowd));
    while (worker_.flows() < kFlows) turn();
    inside_.use(std::vector<Bytes>(1024, tcp_frame(Side::inside, kAck, {}, 64)),
                std::make_unique<Crowd>(Side::inside, kFlows, 1, Crowd::Order::random));
    inside_.let(kForever);
  }

  struct Round {
    double longest = 0;  // microseconds of a turn
    double first = 0;    // of the turn that takes up the book
    double average = 0;  // nanoseconds for a packet
  };
  Round run() {
    Round round;
    double all = 0;
    std::uint64_t packets = 0;
    for (std::uint64_t i = 0; i < kTurns; ++i) {
      const double time = nanoseconds([&] { packets += turn(); });
      if (i == 0) round.first = time / 1000;
      round.longest = std::max(round.longest, time / 1000);
      all += time;
    }
    round.average = all / static_cast<double>(packets);
    return round;
  }
  void prepare() { next_ = book_of(names_, odd_ ? "1gbit" : "2gbit"), odd_ = !odd_; }
  void reload() {
    const Diagnostics refused = book_.put(std::move(next_));
    if (!refused.empty()) throw Failure(Exit::machine, refused.front().print());
  }
  void tidy() { book_.step(); }
  // Packets that came in and neither left nor are held.
  double lost() const {
    const Counters& counters = worker_.counters();
    const std::uint64_t received = counters[Counter::received_packets].read();
    return static_cast<double>(received - counters[Counter::sent_packets].read() - worker_.held_packets());
  }

 private:
  static Worker::Config config_for(const LiveBook& book) {
    Worker::Config config;
    config.flows = 2 * kFlows;
    config.rules = static_cast<std::uint32_t>(book.slots().rules());
    return config;
  }
  std::uint32_t turn() {
    inside_.set_now(now_);
    const std::uint32_t count = worker_.turn(now_);
    now_ += kGap * count;
    return count;
  }

  const std::uint64_t names_;
  LiveBook book_;
  Commons commons_;
  Entrance inside_;
  Entrance outside_;
  Worker worker_;
  std::unique_ptr<const RuleSet> next_;
  bool odd_ = false;
  Nanos now_ = 0;
};

void measure(std::uint64_t names, int rounds, PacketPool& pool, std::vector<Figure>& figures) {
  Lane lane(pool, names);
  std::vector<double> longest, quiet, first, quiet_first, average, quiet_average;
  for (int i = 0; i < rounds; ++i) {
    lane.prepare();
    const Lane::Round without = lane.run();
    lane.reload();
    const Lane::Round with = lane.run();
    lane.tidy();
    longest.push_back(with.longest), quiet.push_back(without.longest);
    first.push_back(with.first), quiet_first.push_back(without.first);
    average.push_back(with.average), quiet_average.push_back(without.average);
  }
  const std::string of = ", book of " + short_count(names) + " names";
  const auto figure = [&](const char* name, const char* unit, std::vector<double> with, std::vector<double> without) {
    figures.push_back(
        {name + of, unit, spread_of(std::move(with)), {{"without a reload", spread_of(std::move(without))}}});
  };
  figure("longest turn", "us", longest, quiet);
  figure("turn that takes the book up", "us", first, quiet_first);
  figure("packets while flows are judged again", "ns/packet", average, quiet_average);
  const double lost = lane.lost();
  figures.push_back({"packets lost" + of, "packets", {lost, lost, lost}, {}});
}

}  // namespace

std::vector<Figure> run_reload(const Settings& settings, PacketPool& pool) {
  std::vector<Figure> figures;
  measure(10, settings.quick ? 2 : settings.rounds, pool, figures);
  measure(settings.quick ? 100'000 : 1'000'000, settings.quick ? 1 : 3, pool, figures);
  return figures;
}

}  // namespace slowlane::bench
