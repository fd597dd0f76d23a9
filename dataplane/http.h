#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace slowlane {

// The first bytes a client sends, where they are a cleartext request (RFC 9112) or a proxy preamble.
struct RequestHead {
  enum class Status : std::uint8_t { complete, incomplete, not_request };
  Status status = Status::not_request;
  // Of the first Host field; without one, of an absolute-form target; of CONNECT, its target. Without port, brackets,
  // user and surrounding space; as written otherwise, 1-255 bytes of printable ASCII without blanks, or empty.
  std::string_view host;
  bool connect = false;    // CONNECT: `host` is the target, and another protocol follows
  std::size_t length = 0;  // of the request head, its empty line included, once complete
};

// Reads a request line (any method token of up to 32 bytes, HTTP/1.x) and the fields up to the empty line that
// completes the head. A Host already seen in an incomplete head is in `host`. Leading CRLFs are stepped over (RFC 9112
// §2.2), lines may end in a bare LF. Incomplete only while the bytes still look like a request: a first line with a
// control byte, or one that ends without a version, is none.
RequestHead read_request(std::span<const std::uint8_t> stream) noexcept;

}  // namespace slowlane
