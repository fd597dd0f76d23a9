#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/counters.h"
#include "rules/facts.h"

namespace slowlane {

// One step of reading a client's TCP stream from a point where a protocol may begin.
struct StreamStep {
  enum class What : std::uint8_t {
    need_more,     // right so far, but not whole
    name,          // a server name: the hello or request that ends looking
    no_name,       // the hello or request is there, without a name: `reason` says why
    preamble,      // CONNECT or SOCKS: another protocol follows behind `length` bytes
    passed_over,   // a TLS record that is no hello; look again behind `length` bytes
    unrecognised,  // nothing that we know
    stop           // nothing can come any more: `reason`
  };
  What what = What::unrecognised;
  std::size_t length = 0;  // bytes of the stream that this step used up
  NameSource source = NameSource::tls;
  std::string_view name;    // as on the wire; points into the stream or the reader
  bool recognised = false;  // `source` is the protocol spoken
  bool ech = false;
  bool several_records = false;  // the hello lay in more than one TLS record
  NotFound reason = NotFound::none;
};

// Reads TLS hellos over any number of records, HTTP requests, CONNECT and SOCKS preambles. One per worker: owns the
// buffer in which split hellos are joined, valid until the next step.
class StreamReader {
 public:
  StreamStep step(std::span<const std::uint8_t> stream) noexcept;

  static constexpr std::size_t kMaxHello = 16 * 1024;

 private:
  StreamStep step_tls(std::span<const std::uint8_t> stream) noexcept;
  StreamStep step_hello(std::span<const std::uint8_t> stream, std::size_t first_length) noexcept;
  StreamStep join_records(std::span<const std::uint8_t> stream) noexcept;

  std::array<std::uint8_t, kMaxHello + 512> joined_;
};

}  // namespace slowlane
