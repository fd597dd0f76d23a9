#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/bench_box.h"
#include "control/bench_cases.h"

// Packets through the real worker.

namespace slowlane::bench {
namespace {

constexpr const char* kName = "n00000000.bench.example";
constexpr std::size_t kRound = 1024;  // frames of a round: more than the L2 cache holds, as with a NIC

constexpr const char* kSteady = R"(book = "bench";
classes = ( { name = "slow"; police = { rate = "1gbit"; burst = "1MiB"; scope = "flow"; }; } );
rules = ( { name = "names"; when = { host = [".bench.example"]; }; then = "slow"; } );
)";
constexpr Nanos kSteadyGap = 64;  // 16 Mpps: how often a flow is seen decides how often it moves in its list

// Flows that are over after a second, so that as many end as begin.
constexpr const char* kNewFlows = R"(book = "bench";
classes = ( { name = "slow"; police = { rate = "1gbit"; burst = "1MiB"; scope = "flow"; }; } );
rules = ( { name = "names"; when = { host = [".bench.example", "www.example.com", ".example.net"]; }; then = "slow"; } );
flows = { idle = "1s"; idle_syn = "1s"; idle_udp = "1s"; };
)";
constexpr const char* kProtocol = R"(book = "bench";
classes = ( { name = "slow"; police = { rate = "1gbit"; burst = "1MiB"; scope = "flow"; }; } );
rules = ( { name = "p2p"; when = { protocol = ["BitTorrent"]; }; then = "slow"; } );
flows = { idle = "1s"; idle_syn = "1s"; idle_udp = "1s"; };
)";
constexpr std::uint32_t kNewFlowTable = 131072;
constexpr Nanos kNewFlowGap = 20 * kMicrosecond;
constexpr std::uint32_t kAlive = 60'000;  // a second's flows, and some

constexpr std::uint64_t kForever = std::uint64_t{1} << 40;

std::vector<Bytes> round_of(const std::vector<Bytes>& frames) {
  std::vector<Bytes> round;
  while (round.size() < kRound) round.insert(round.end(), frames.begin(), frames.end());
  return round;
}

// Mixed: the usual 64, 594 and 1,518 B in the shares 7, 4 and 1.
enum class Sizes : std::uint8_t { small, mixed };
std::vector<Bytes> data_frames(Side from, Sizes sizes) {
  const auto of_size = [&](std::size_t size) { return tcp_frame(from, kAck, {}, size); };
  if (sizes == Sizes::small) return {of_size(64)};
  std::vector<Bytes> frames(7, of_size(64));
  frames.insert(frames.end(), 4, of_size(594));
  frames.push_back(of_size(1518));
  std::swap(frames[0], frames[9]);
  std::swap(frames[3], frames[11]);
  return frames;
}

std::vector<Bytes> tls_frames(std::size_t hello_size) {
  const Bytes record = tls_record(client_hello(kName, hello_size));
  std::vector<Bytes> frames = {tcp_frame(Side::inside, kSyn, {})};
  constexpr std::size_t kSegment = 1400;
  for (std::size_t at = 0; at < record.size(); at += kSegment) {
    const std::span<const std::uint8_t> part = std::span(record).subspan(at, std::min(kSegment, record.size() - at));
    Bytes frame = tcp_frame(Side::inside, kAck | kPsh, part);
    const auto sequence = static_cast<std::uint32_t>(2 + at);  // behind the SYN, which has 1
    for (std::size_t byte = 0; byte < 4; ++byte)
      frame[38 + byte] = static_cast<std::uint8_t>(sequence >> (24 - 8 * byte));
    frames.push_back(std::move(frame));
  }
  return frames;
}

Worker::Config config_of(std::uint32_t flows) {
  Worker::Config config;
  config.flows = flows;
  return config;
}

Figure steady(const Settings& settings, PacketPool& pool, std::uint32_t flows, Sizes sizes) {
  Box box(pool, kSteady, config_of(flows + flows / 8 + 16));
  const std::vector<Bytes> hello = tls_frames(512);
  const auto per_flow = static_cast<std::uint32_t>(hello.size());
  box.inside().use(round_of(hello), std::make_unique<Crowd>(Side::inside, flows, per_flow, Crowd::Order::one_by_one));
  box.run(std::uint64_t{flows} * per_flow, 1);
  for (const Side side : {Side::inside, Side::outside}) {
    Entrance& entrance = side == Side::inside ? box.inside() : box.outside();
    entrance.use(round_of(data_frames(side, sizes)), std::make_unique<Crowd>(side, flows, 1, Crowd::Order::random));
  }
  const std::string name =
      "steady, " + short_count(flows) + " flows, " + (sizes == Sizes::mixed ? "64/594/1518 B" : "64 B");
  return box.measure(settings, name, settings.quick ? 1'000'000 : 3'000'000, kSteadyGap);
}

// Figures are per packet; a case is told per flow.
Figure per_flow(Figure figure, std::string name, std::size_t packets_per_flow) {
  const auto scale = [&](Spread& spread) {
    spread.median *= static_cast<double>(packets_per_flow);
    spread.min *= static_cast<double>(packets_per_flow);
    spread.max *= static_cast<double>(packets_per_flow);
  };
  scale(figure.value);
  for (Figure::Floor& floor : figure.floors) scale(floor.value);
  figure.name = std::move(name);
  figure.unit = "ns/flow";
  return figure;
}

struct NewFlows {
  const char* name;
  const char* book;
  std::vector<Bytes> frames;      // a whole number of flows
  std::uint32_t per_flow = 1;     // frames
  std::size_t number_at = 0;      // where a flow's number goes into its name; 0: nowhere
  std::uint32_t flows = 200'000;  // a round
};

Figure new_flows(const Settings& settings, PacketPool& pool, const NewFlows& what) {
  Box box(pool, what.book, config_of(kNewFlowTable));
  auto crowd = std::make_unique<Crowd>(Side::inside, kForever, what.per_flow, Crowd::Order::one_by_one);
  crowd->number_names_at(what.number_at);
  box.inside().use(round_of(what.frames), std::move(crowd));
  const Nanos gap = kNewFlowGap / what.per_flow;
  box.run(std::uint64_t{kAlive} * what.per_flow, gap);  // from here on as many end as begin
  const std::uint64_t flows = settings.quick ? what.flows / 4 : what.flows;
  return per_flow(box.measure(settings, "", flows * what.per_flow, gap), what.name, what.per_flow);
}

std::uint64_t free_memory() {
  return static_cast<std::uint64_t>(sysconf(_SC_AVPHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

std::vector<Figure> run_steady(const Settings& settings, PacketPool& pool) {
  std::vector<Figure> figures;
  for (const std::uint32_t flows : {1000u, 100'000u, 1'000'000u, 4'000'000u}) {
    if (settings.quick && flows > 1'000'000) continue;
    if (free_memory() < 3ull * flows * sizeof(Flow)) continue;
    for (const Sizes sizes : {Sizes::small, Sizes::mixed}) figures.push_back(steady(settings, pool, flows, sizes));
  }
  return figures;
}

std::vector<Figure> run_new_tls(const Settings& settings, PacketPool& pool) {
  const std::vector<Bytes> one = tls_frames(512);
  const std::vector<Bytes> two = tls_frames(1750);
  const std::size_t number_at = name_in(one[1], kName) + 1;
  return {new_flows(settings, pool, {"new TLS flow: SYN and a hello of 517 B", kNewFlows, one, 2, number_at}),
          new_flows(settings, pool, {"new TLS flow: SYN and a hello in two segments", kNewFlows, two, 3, number_at})};
}

std::vector<Figure> run_new_quic(const Settings& settings, PacketPool& pool) {
  const Bytes hello = client_hello("www.bench.example", 300);
  std::vector<Bytes> frames;  // more connection ids than any cache of keys keeps
  for (std::uint64_t i = 0; i < 4096; ++i) frames.push_back(udp_frame(Side::inside, 443, quic_initial(hello, i)));
  return {new_flows(settings, pool, {"new QUIC flow: one Initial of 1,200 B", kNewFlows, frames, 1, 0, 50'000})};
}

std::vector<Figure> run_new_protocol(const Settings& settings, PacketPool& pool) {
  const std::vector<Bytes> tls = tls_frames(512);
  const std::size_t number_at = name_in(tls[1], kName) + 1;
  std::vector<Bytes> noise;
  std::uint64_t random = 88172645463325252;
  for (int i = 0; i < 8; ++i) {
    Bytes payload(200);
    for (std::uint8_t& byte : payload) {
      random ^= random << 13;
      random ^= random >> 7;
      random ^= random << 17;
      byte = static_cast<std::uint8_t>(random >> 32);
    }
    noise.push_back(udp_frame(Side::inside, 50001, payload));
  }
  return {new_flows(settings, pool, {"new TLS flow, protocol by its name", kProtocol, tls, 2, number_at}),
          new_flows(settings, pool, {"new UDP flow, 8 packets nDPI does not know", kProtocol, noise, 8, 0, 20'000})};
}

}  // namespace slowlane::bench
