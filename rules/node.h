#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/book.h"

namespace slowlane {

// A configuration text as a tree, free of libconfig: what the tables of keys and treatments, and the appliance file,
// are read from. Every node knows where it was written.
struct Node {
  enum class Kind : std::uint8_t { boolean, integer, number, text, group, list };
  Kind kind = Kind::group;
  std::string key;  // its name within a group; empty in a list
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;  // of integer too
  std::string text;
  bool wrapped = false;  // an integer literal that libconfig wrapped or saturated: `text` holds it as written
  std::vector<Node> children;
  Place place;

  const Node* child(std::string_view name) const {
    for (const Node& node : children)
      if (node.key == name) return &node;
    return nullptr;
  }
};

}  // namespace slowlane
