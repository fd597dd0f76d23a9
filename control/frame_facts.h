#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hw/pool.h"
#include "rules/ruleset.h"

namespace slowlane {

// A frame of a capture: "in.pcap:12", numbered as tshark does.
struct FrameName {
  std::string capture;
  std::uint64_t number = 0;
};
// Throws Failure (wrong usage) where the text is none.
FrameName read_frame_name(const std::string& text);

// What was known of a frame's flow right behind that frame. Owns what its facts point into.
struct FrameFacts {
  std::unique_ptr<const RuleSet> rules;
  std::vector<std::string> texts;
  std::vector<HostName> names;
  std::vector<std::uint16_t> vlans;
  std::vector<std::uint8_t> payload;  // the initiator's first, where the rules ask for it
  Facts facts;
};

// Runs a capture up to a frame and says what was learned of its flow. Throws Failure: no such frame, a frame that is
// no IP or belongs to no flow, a book with mistakes. (Behind unique_ptr: the facts point into it.)
std::unique_ptr<FrameFacts> facts_at(const FrameName& frame, const std::string& book, PacketPool& pool);

}  // namespace slowlane
