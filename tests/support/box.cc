#include "tests/support/box.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <stdexcept>

#include "control/labels.h"
#include "rules/load.h"

namespace slowlane {
namespace {

std::string print(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& one : diagnostics) text += one.print() + "\n";
  return text;
}

struct Arrival {
  Nanos at;
  Bytes frame;
  std::uint32_t wire_length;
};

class ScriptedPort final : public Port {
 public:
  void receive(std::uint16_t, Burst& burst) noexcept override {
    while (!burst.full() && next_ < script.size() && script[next_].at <= limit) {
      const Arrival& one = script[next_++];
      Packet* packet = make_loose(one.frame, LinkType::ethernet, one.wire_length, one.at).release();
      packet->number = packet->frame = next_;
      packet->stamp = one.at;
      burst.add(packet);
    }
  }
  void send(std::uint16_t, Burst& burst) noexcept override {
    for (Packet* packet : burst) free_packet(packet);
    burst.clear();
  }
  Nanos next_arrival() const { return next_ < script.size() ? script[next_].at : std::numeric_limits<Nanos>::max(); }

  std::vector<Arrival> script;
  Nanos limit = -1;

 private:
  std::size_t next_ = 0;
};

}  // namespace

Worker::Config small_config() {
  Worker::Config config;
  config.flows = 4096;
  config.names = 4096;
  config.names_bytes = 1 << 20;
  config.inspector = {64, 64};
  config.probes = 16;
  config.treater.states = 4096;
  config.treater.hosts = 1024;
  config.treater.held.queues = 1024;
  config.treater.held.held_packets = 8192;
  config.datagrams = 256;
  return config;
}

Book book_of(std::string_view text) {
  static int count = 0;
  const std::string path = testing::TempDir() + "book-" + std::to_string(getpid()) + "-" + std::to_string(count++);
  std::ofstream(path) << text;
  Result<Book> book = load_book(path);
  std::remove(path.c_str());
  if (!book) throw std::runtime_error(print(book.diagnostics()));
  return std::move(*book);
}

std::unique_ptr<const RuleSet> rules_of(std::string_view text, const Dictionary& dictionary) {
  auto rules = RuleSet::compile(book_of(text), dictionary);
  if (!rules) throw std::runtime_error(print(rules.diagnostics()));
  return std::move(*rules);
}

struct Box::State final : Witness {
  State(std::shared_ptr<const Snapshot> judged_by, const Worker::Config& config, std::vector<Prefix> inside)
      : snapshot(std::move(judged_by)), wire{&port, &port, std::move(inside)}, labels(*snapshot->rules) {
    worker = std::make_unique<Worker>(config, wire, *snapshot, this);
  }
  State(std::string_view text, Worker::Config config, std::vector<Prefix> inside)
      : live(std::make_unique<LiveBook>(rules_of(text), 1, kRoom)),
        commons(std::make_unique<Commons>(live->snapshot(), 1, Spread::By::pair, live->slots().classes())),
        wire{&port, &port, std::move(inside)},
        labels(live->slots()) {
    config.rules = static_cast<std::uint32_t>(live->slots().rules());
    worker = std::make_unique<Worker>(config, std::vector<Wire>{wire}, live->snapshot(), *commons, this);
    live->attach(*commons, {worker.get()});
  }
  static constexpr Slots::Room kRoom{64, 64};

  void reload_until(Nanos now) {
    for (; next_reload < reloads.size() && reloads[next_reload].at <= now; ++next_reload)
      for (const Diagnostic& one : live->put(rules_of(reloads[next_reload].book))) refused.push_back(one.text);
  }
  Nanos next_reload_at() const {
    return next_reload < reloads.size() ? reloads[next_reload].at : std::numeric_limits<Nanos>::max();
  }

  void packet_done(const Packet& packet, Fate fate) noexcept override {
    seen.resize(std::max<std::size_t>(seen.size(), packet.number));
    Seen& one = seen[packet.number - 1];
    EXPECT_EQ(one.in, -1) << "packet " << packet.number << " has two fates";
    one = {fate.sent,
           fate.reason,
           packet.arrival,
           packet.departure,
           packet.side,
           packet.flow_id,
           std::string(name_of(packet.cls)),
           Bytes(packet.bytes().begin(), packet.bytes().end())};
    if (fate.sent) order.push_back(packet.number);
  }
  void flow_done(const Flow& flow, FlowEnd why) noexcept override {
    Ended end{flow, why, std::string(name_of(flow.cls)), "", {}, ""};
    if (const auto rule = labels.rule(flow.rule, flow.generation)) end.rule = rule->name;
    for (std::size_t i = 0; i < flow.name_count; ++i) end.hosts.emplace_back(worker->names().text(flow.names[i]));
    if (worker->classifier() != nullptr) end.protocol = worker->classifier()->print(flow.master, flow.app);
    ended.push_back(std::move(end));
  }
  void flow_settled(const Flow& flow) noexcept override { settled.emplace_back(name_of(flow.cls)); }
  std::string_view name_of(ClassId cls) const { return cls == kPending ? "pending" : labels.cls(cls); }

  struct Reload {
    Nanos at;
    std::string book;
  };

  ScriptedPort port;
  std::shared_ptr<const Snapshot> snapshot;
  std::unique_ptr<LiveBook> live;
  std::unique_ptr<Commons> commons;
  Wire wire;
  Labels labels;
  std::vector<Reload> reloads;
  std::size_t next_reload = 0;
  std::vector<std::string> refused;
  std::vector<std::string> settled;
  std::unique_ptr<Worker> worker;
  std::vector<Seen> seen;
  std::vector<std::uint64_t> order;
  std::vector<Ended> ended;
};

Box::Box(std::string_view book) : Box(book, small_config()) {}
Box::Box(std::string_view book, const Worker::Config& config, std::vector<Prefix> inside)
    : state_(std::make_unique<State>(book, config, std::move(inside))) {}
Box::Box(std::shared_ptr<const Snapshot> snapshot, const Worker::Config& config, std::vector<Prefix> inside)
    : state_(std::make_unique<State>(std::move(snapshot), config, std::move(inside))) {}
Box::~Box() = default;

Box& Box::arrive(Nanos at, const Bytes& frame, std::uint32_t wire_length) {
  state_->port.script.push_back({at, frame, wire_length});
  return *this;
}

Box& Box::reload(Nanos at, std::string_view book) {
  state_->reloads.push_back({at, std::string(book)});
  return *this;
}

void Box::run() {
  State& state = *state_;
  const std::size_t loose = loose_packets();
  Seen fresh;
  fresh.in = -1;
  state.seen.assign(state.port.script.size(), fresh);
  constexpr Nanos kNever = std::numeric_limits<Nanos>::max();
  while (true) {
    const Nanos next = std::min(state.port.next_arrival(), state.worker->next_due());
    if (next == kNever && state.next_reload_at() == kNever) break;
    const Nanos now = std::min(next, state.next_reload_at());
    state.reload_until(now);
    state.port.limit = now;
    state.worker->turn(now);
  }
  state.worker->finish();
  const Counters& counters = state.worker->counters();
  std::uint64_t packets = counters[Counter::sent_packets].read() + state.worker->held_packets();
  std::uint64_t bytes =
      counters[Counter::sent_bytes].read() + state.worker->held_bytes() + counters[Counter::cut_bytes].read();
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    packets += counters.dropped_packets[i].read();
    bytes += counters.dropped_bytes[i].read();
  }
  EXPECT_EQ(packets, counters[Counter::received_packets].read());
  EXPECT_EQ(bytes, counters[Counter::received_bytes].read());
  EXPECT_EQ(counters[Counter::received_packets].read(), state.port.script.size());
  EXPECT_EQ(loose_packets(), loose) << "a packet was lost or kept";
}

const std::vector<Box::Seen>& Box::packets() const { return state_->seen; }
const std::vector<std::uint64_t>& Box::order() const { return state_->order; }
const std::vector<Box::Ended>& Box::flows() const { return state_->ended; }
const std::vector<std::string>& Box::refused() const { return state_->refused; }
const std::vector<std::string>& Box::settled() const { return state_->settled; }
LiveBook& Box::book() { return *state_->live; }
Worker& Box::worker() { return *state_->worker; }

const Box::Ended& Box::flow_of(std::uint64_t id) const {
  for (const Ended& end : state_->ended)
    if (end.flow.id == id) return end;
  throw std::runtime_error("no such flow");
}

std::string Box::host_of(std::size_t index) const {
  const Ended& end = state_->ended.at(index);
  if (end.hosts.empty()) return "";
  return end.flow.deciding_name < end.hosts.size() ? end.hosts[end.flow.deciding_name] : end.hosts.back();
}

std::size_t Box::sent() const {
  return static_cast<std::size_t>(
      std::count_if(state_->seen.begin(), state_->seen.end(), [](const Seen& one) { return one.sent; }));
}

std::size_t Box::dropped(DropReason reason) const {
  return static_cast<std::size_t>(std::count_if(state_->seen.begin(), state_->seen.end(),
                                                [&](const Seen& one) { return !one.sent && one.reason == reason; }));
}

}  // namespace slowlane
