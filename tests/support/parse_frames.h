#pragma once

#include <random>

#include "dataplane/parse.h"
#include "tests/support/packet_builder.h"

namespace slowlane {

// A built frame, parsed; it was captured whole.
Parsed read(const Frame& frame, LinkType link = LinkType::ethernet);
// The same where only the first bytes were captured.
Parsed read_snapped(const Frame& frame, std::size_t captured, LinkType link = LinkType::ethernet);

struct SampleFrame {
  LinkType link = LinkType::ethernet;
  Bytes bytes;
};
// Any link layer, any stack of encapsulations, any transport.
SampleFrame random_frame(std::mt19937_64& random);
// Ethernet, IPv4 and TCP or UDP, with and without what takes it off the common path.
Bytes random_plain_frame(std::mt19937_64& random);

}  // namespace slowlane
