#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace slowlane {

// The first bytes a client sends, where they are a cleartext request (RFC 9112) or a proxy preamble.
struct Request {
  enum class Status : std::uint8_t { complete, incomplete, not_request };
  Status status = Status::not_request;
  std::string_view host;   // without port, brackets and surrounding space; as written otherwise; may be empty
  bool connect = false;    // CONNECT: `host` is the target, and another protocol follows
  std::size_t length = 0;  // of the request head, its empty line included, once complete
};

// Reads a request line and the fields up to Host. A head is complete at its empty line; a Host already seen in an
// incomplete head is in `host`. Leading CRLFs are stepped over (RFC 9112 §2.2).
Request read_request(std::span<const std::uint8_t> stream) noexcept;

}  // namespace slowlane
