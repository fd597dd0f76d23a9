#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/stream_reader.h"

namespace slowlane {

// Reads one packet's payload by itself, as a box does that puts nothing together (facts C1-C10). The answer is `name`
// or `no_name` for a ClientHello, `preamble` for a request of a proxy, `passed_over` for what else is recognised, else
// `unrecognised`.
//
// A ClientHello is read where the payload begins with its TLS record and that record holds it whole. What lies on the
// way to the name must be right: content type, handshake type, the lengths of record, message, session id and cipher
// suites, and the types of the extension and of the name (C2, C3); the record is shorter than the payload and at least
// as long as the message (C4). Versions, random, keys and all that lies behind the name are not looked at.
//
// `size` is the payload's as sent; of a packet that was captured in part, `payload` is less.
StreamStep read_packet(std::span<const std::uint8_t> payload, std::size_t size) noexcept;

}  // namespace slowlane
