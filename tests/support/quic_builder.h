#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tests/support/hello_builder.h"

namespace slowlane {

// Frames of an Initial (RFC 9000 §19).
Bytes quic_integer(std::uint64_t value);
Bytes crypto_frame(std::uint64_t offset, std::span<const std::uint8_t> data, std::uint8_t type = 0x06);
Bytes ack_frame(std::uint64_t largest);
Bytes close_frame(std::string_view reason);

// A sealed Initial. The keys follow from version and key_id alone; derived here by libcrypto's own HKDF, so that they
// share no code with the reader's.
struct InitialSpec {
  std::uint32_t version = 1;
  Bytes id = bytes_of_hex("8394c8f03e515708");  // destination connection id
  std::optional<Bytes> key_id = {};             // where the keys come from another id than the one shown
  Bytes source_id = {};
  Bytes token = {};
  std::uint64_t number = 0;
  std::size_t number_size = 2;
  std::size_t pad_to = 1200;  // the whole packet, with PADDING frames at the payload's end; 0: none
  bool from_server = false;
};
Bytes quic_initial(const InitialSpec& spec, Bytes frames);

// A hello in one Initial of 1200 bytes or more.
Bytes quic_hello(std::string_view host, std::uint32_t version = 1);
// A hello over several Initials of one client, a datagram each, cut at `cuts`.
std::vector<Bytes> quic_hello_cut(const Bytes& message, std::initializer_list<std::size_t> cuts, InitialSpec spec = {});
// A 0-RTT packet (long header, sealed contents made up), to coalesce behind an Initial.
Bytes quic_zero_rtt(std::uint32_t version = 1);

// Google QUIC: a CHLO, and the clear packets that carried it up to Q049.
Bytes google_chlo(std::string_view host);
Bytes google_packet(std::string_view version, const Bytes& chlo);

}  // namespace slowlane
