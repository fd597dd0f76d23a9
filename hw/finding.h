#pragma once

#include <string>
#include <utility>
#include <vector>

namespace slowlane {

// One thing that is not right with the machine, in a sentence with its remedy. An error keeps the box from starting.
struct Finding {
  enum class Weight { error, warning };
  Weight weight;
  std::string text;

  static Finding error(std::string text) { return {Weight::error, std::move(text)}; }
  static Finding warning(std::string text) { return {Weight::warning, std::move(text)}; }
};

using Findings = std::vector<Finding>;

}  // namespace slowlane
