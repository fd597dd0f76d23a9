#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/bench_box.h"
#include "control/bench_cases.h"

// Memory of flows, and how exactly packets are held.

namespace slowlane::bench {
namespace {

Figure exact(const std::string& name, const std::string& unit, double value) {
  return {name, unit, {value, value, value}, {}};
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  double resident = 0;
  file >> pages >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

constexpr const char* kNames = R"(book = "bench";
classes = ( { name = "slow"; police = { rate = "1mbit"; scope = "flow"; }; } );
rules = ( { name = "names"; when = { host = [".bench.example"]; }; then = "slow"; } );
)";

// --- Lateness.

struct Sent {
  Nanos arrival;
  Nanos departure;
  std::uint32_t bytes;
};

class Departures final : public Witness {
 public:
  void packet_done(const Packet& packet, Fate fate) noexcept override {
    if (fate.sent && count_ < sent_.size())
      sent_[count_++] = {packet.arrival, packet.departure, packet.parsed.headers.ip_bytes};
  }
  void flow_done(const Flow&, FlowEnd) noexcept override {}
  std::span<const Sent> sent() const { return {sent_.data(), count_}; }

 private:
  std::vector<Sent> sent_ = std::vector<Sent>(100'000);
  std::size_t count_ = 0;
};

// When an exact token bucket before a queue would have let each packet go, to the nanosecond.
std::vector<double> lateness_of_shape(std::span<const Sent> sent, std::uint64_t rate, std::uint64_t burst) {
  std::vector<double> late;
  __int128 owed = 0;  // bits times 10^9
  Nanos at = 0;
  const __int128 room = __int128{burst} * 8'000'000'000;
  for (const Sent& packet : sent) {
    const Nanos from = std::max(at, packet.arrival);
    owed = std::max<__int128>(0, owed - __int128{rate} * (from - at));
    const __int128 need = __int128{packet.bytes} * 8'000'000'000;
    const __int128 missing = std::max<__int128>(0, owed + need - room);
    const auto wait = static_cast<Nanos>((missing + rate - 1) / rate);
    at = from + wait;
    owed = std::max<__int128>(0, owed - __int128{rate} * wait) + need;
    late.push_back(static_cast<double>(packet.departure - at));
  }
  return late;
}

Figure lateness(const std::string& name, std::vector<double> late) {
  const Spread spread = spread_of(std::move(late));
  return {name, "ns late", spread, {}};
}

// Feeds packets `gap` apart and lets the worker's clock jump from one thing to do to the next, as a replay does.
void drive(Box& box, std::uint64_t packets, Nanos gap) {
  Nanos arrival = 0;
  while (packets > 0 || box.worker().next_due() != std::numeric_limits<Nanos>::max()) {
    const Nanos due = box.worker().next_due();
    const bool arrives = packets > 0 && arrival <= due;
    box.inside().set_now(arrival);
    box.inside().let(arrives ? 1 : 0);
    box.worker().turn(arrives ? arrival : due);
    if (!arrives) continue;
    arrival += gap;
    --packets;
  }
}

constexpr std::size_t kFrames = 8192;
constexpr std::uint64_t kSentAtAll = 40'000;

std::vector<Bytes> many(std::size_t payload) {
  return std::vector<Bytes>(kFrames, udp_frame(Side::inside, 9, Bytes(payload, 0)));
}

}  // namespace

std::vector<Figure> run_memory(const Settings& settings, PacketPool& pool) {
  const std::uint32_t flows = settings.quick ? 200'000 : 1'000'000;
  Worker::Config config;
  config.flows = flows;
  Box box(pool, kNames, config);
  const Bytes hello = tls_record(client_hello("n00000000.bench.example", 512));
  const Bytes frame = tcp_frame(Side::inside, kAck | kPsh, hello);
  auto crowd = std::make_unique<Crowd>(Side::inside, flows, 1, Crowd::Order::one_by_one);
  crowd->number_names_at(name_in(frame, "n00000000") + 1);
  box.inside().use(std::vector<Bytes>(1024, frame), std::move(crowd));
  const double before = resident_bytes();
  box.run(flows, 1);
  const double grown = resident_bytes() - before;
  const auto table = static_cast<double>(box.worker().memory());
  return {exact("hot part of a flow", "B", static_cast<double>(offsetof(Flow, id))),
          exact("record of a flow", "B", static_cast<double>(sizeof(Flow))),
          exact("flow table, of its capacity", "B/flow", table / flows),
          exact("resident, " + short_count(box.worker().flows()) + " flows with a name each", "B/flow",
                grown / static_cast<double>(box.worker().flows()))};
}

std::vector<Figure> run_lateness(const Settings&, PacketPool& pool) {
  std::vector<Figure> figures;
  Worker::Config config;
  config.flows = 1024;
  struct Rate {
    const char* text;
    std::uint64_t bits;
    const char* burst_text;
    std::uint64_t burst;
  };
  for (const Rate& rate :
       {Rate{"140kbit", 140'000, "3000B", 3000}, Rate{"10gbit", 10'000'000'000, "100000B", 100'000}}) {
    Departures departures;
    const std::string shape = std::string("rate = \"") + rate.text + "\"; burst = \"" + rate.burst_text + "\";";
    Box box(pool,
            "book = \"bench\"; classes = ( { name = \"smooth\"; shape = { " + shape +
                " queue = \"1MiB\"; scope = \"class\"; }; } ); rules = (); otherwise = \"smooth\";",
            config, &departures);
    box.inside().use(many(1000), std::make_unique<Crowd>(Side::inside, 1, 1, Crowd::Order::one_by_one));
    drive(box, kSentAtAll, static_cast<Nanos>(1028 * 8'000'000'000 / rate.bits * 9 / 10));
    figures.push_back(
        lateness(std::string("shape at ") + rate.text, lateness_of_shape(departures.sent(), rate.bits, rate.burst)));
  }
  Departures departures;
  Box box(pool,
          "book = \"bench\"; classes = ( { name = \"late\"; delay = { time = \"80ms\"; }; } ); rules = (); "
          "otherwise = \"late\";",
          config, &departures);
  box.inside().use(many(1000), std::make_unique<Crowd>(Side::inside, 1, 1, Crowd::Order::one_by_one));
  drive(box, kSentAtAll, 20 * kMicrosecond);
  std::vector<double> late;
  for (const Sent& packet : departures.sent())
    late.push_back(static_cast<double>(packet.departure - packet.arrival - 80 * kMillisecond));
  figures.push_back(lateness("delay of 80 ms", std::move(late)));
  return figures;
}

}  // namespace slowlane::bench
