#include "control/warnings.h"

#include <fmt/format.h>

#include "control/text.h"

namespace slowlane {
namespace {

// A counter that should be zero, and what to say if it is not. {} is the count.
struct Warning {
  Counter counter;
  const char* text;
};

constexpr Warning kWarnings[] = {
    {Counter::truncated,
     "{} frames were cut short when they were captured (snap length); lengths come from their IP "
     "headers, and names in the missing parts are not seen"},
    {Counter::offloaded,
     "{} frames are longer than a wire carries: the capturing machine merged packets (GRO, LRO, "
     "TSO); rates are right, but losses come in larger pieces than on a wire"},
    {Counter::unjudged_packets,
     "{} packets passed unjudged because the flow table was full; give it more room with "
     "--capacity"},
    {Counter::flows_evicted,
     "{} idle flows made room for new ones because the flow table was full; give it more room "
     "with --capacity"},
    {Counter::fragments_no_room, "{} fragmented datagrams could not be followed: too many at once"},
    {Counter::fragments_early, "{} fragments came before the first one of their datagram and passed"},
    {Counter::looks_no_memory, "{} flows could not be searched for a name: too many at once"},
    {Counter::names_no_memory, "{} server names found no room and were not kept"},
    {Counter::probes_no_memory, "{} flows could not be shown to nDPI: too many at once"},
    {Counter::hosts_no_memory, "{} times a host found no room in a host-scoped class and passed"},
    {Counter::queues_no_memory, "{} times there was no free queue for a shape class"},
    {Counter::states_no_memory, "{} flows found no room for their treatment's state"},
};

void add_input(std::vector<std::string>& all, const CaptureInput& input) {
  if (!input.warning.empty())
    all.push_back(fmt::format("{}: {}; {} packets were read", input.file, input.warning, human_count(input.packets)));
  if (input.shift > 0)
    all.push_back(fmt::format("{} starts before the capture ahead of it ends; its times were moved by {}", input.file,
                              human_time(input.shift)));
  if (input.time_backwards > 0)
    all.push_back(
        fmt::format("{}: the time of {} packets lies before that of an earlier one; they count as arriving "
                    "with it",
                    input.file, human_count(input.time_backwards)));
}

}  // namespace

std::vector<std::string> warnings_of(const std::vector<CaptureInput>& inputs, const Counters& counters) {
  std::vector<std::string> all;
  for (const CaptureInput& input : inputs) add_input(all, input);
  for (const Warning& warning : kWarnings)
    if (const std::uint64_t count = counters[warning.counter].read(); count > 0)
      all.push_back(fmt::format(fmt::runtime(warning.text), human_count(count)));
  const auto over_burst = static_cast<std::size_t>(DropReason::over_burst);
  if (const std::uint64_t count = counters.dropped_packets[over_burst].read(); count > 0)
    all.push_back(fmt::format(
        "{} packets were longer than their bucket is deep and were dropped as over_burst: give the class a larger "
        "burst "
        "(64KiB holds any packet), or capture with offloads off (ethtool -K DEVICE gro off lro off gso off tso off)",
        human_count(count)));
  return all;
}

}  // namespace slowlane
