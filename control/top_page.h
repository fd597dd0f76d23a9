#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace slowlane {

// What `ctl top` asks a box for, once a second.
struct TopAnswers {
  nlohmann::ordered_json status;
  nlohmann::ordered_json classes;
  nlohmann::ordered_json flows;
};

struct TopSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

// One page as lines, none longer than the terminal is wide, no more than it is high: state, workers, what is degraded,
// each class's rate against the configured one, busy names, the largest flows. What finds no room is left out from
// below.
std::vector<std::string> top_page(const TopAnswers& answers, const TopSize& size);

}  // namespace slowlane
