// A whole run of a worker over arbitrary frames: whatever arrives, everything is accounted for and nothing leaks.
// Input: [time step][length, 2 bytes][frame] again and again; times are in 2^step microseconds.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "tests/support/box.h"

namespace {

constexpr std::string_view kBook = R"(book = "fuzz"; seed = 5;
  classes = ( { name = "p"; police = { rate = "1mbit"; burst = "8kB"; scope = "host"; }; mark = { dscp = "cs1"; }; },
              { name = "s"; shape = { rate = "100kbit"; queue = "8KiB"; scope = "flow"; }; delay = { time = "5ms"; jitter = "5ms"; }; },
              { name = "x"; drop = { after_packets = [1, 3]; hold = "1s"; restart = "packet"; }; lose = { share = 0.3; }; },
              { name = "r"; reset = { hold = "75s"; restart = "trigger"; }; },
              { name = "a"; allow = { packets = 3; bytes = "4kB"; }; } );
  rules = ( { name = "watch"; when = { host = ["*a*"]; }; then = "s"; mode = "observe"; },
            { name = "one"; when = { share = 0.3; }; then = "p"; }, { name = "two"; when = { host = ["*e*", "/[a-f]x/"]; }; then = "s"; },
            { name = "tre"; when = { ech = true; }; then = "x"; }, { name = "vier"; when = { payload_size = "5-50"; }; then = "x"; },
            { name = "fin"; when = { quic_version = "v1"; }; then = "a"; }, { name = "six"; when = { server_port = "1-100"; }; then = "r"; } );
  inspection = { names = "every"; fragments = "hold"; clienthello_from = "either"; };)";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slowlane;
  testing::GTEST_FLAG(break_on_failure) = true;
  static const std::shared_ptr<const Snapshot> snapshot = Snapshot::make(rules_of(kBook), 1, 1);
  Worker::Config config = small_config();
  config.flows = 16;
  config.treater.states = 8;
  config.treater.hosts = 8;
  config.treater.held.queues = 4;
  config.treater.held.held_packets = 32;
  config.inspector = {4, 4};
  config.datagrams = 8;
  config.names = 8;
  Box box(snapshot, config);
  Nanos now = 0;
  std::size_t at = 0;
  for (int frames = 0; frames < 200 && at + 3 <= size; ++frames) {
    now += Nanos{1000} << (data[at] % 24);
    const std::size_t length = std::min<std::size_t>((std::size_t{data[at + 1]} << 8) | data[at + 2], size - at - 3);
    at += 3;
    box.arrive(now, Bytes(data + at, data + at + length),
               static_cast<std::uint32_t>(length) + (data[at - 3] >> 5) * 100u);
    at += length;
  }
  box.run();
  return 0;
}
