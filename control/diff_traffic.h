#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hw/pool.h"
#include "rules/ip.h"
#include "rules/ruleset.h"

namespace slowlane {

// Flows of captures that go from one class to another, together.
struct TrafficChange {
  std::string from_class;
  std::string to_class;
  std::uint64_t flows = 0;
  std::uint64_t bytes = 0;         // IP bytes, both directions
  std::vector<std::string> hosts;  // the names with the most bytes, most first
};

struct TrafficDiff {
  std::uint64_t flows = 0;  // of the captures, with the new book
  std::uint64_t bytes = 0;
  std::vector<TrafficChange> changes;  // most bytes first
};

// Sends captures through both rule sets and tells the flows that end in another class. Throws Failure where one is no
// capture.
TrafficDiff diff_traffic(std::unique_ptr<const RuleSet> from, std::unique_ptr<const RuleSet> to,
                         const std::vector<std::string>& captures, const std::vector<Prefix>& inside, PacketPool& pool);

}  // namespace slowlane
