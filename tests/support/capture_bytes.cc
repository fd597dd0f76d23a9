#include "tests/support/capture_bytes.h"

namespace slowlane {
namespace {

void append(Bytes& bytes, const Bytes& more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

std::uint32_t size_of(const Bytes& bytes) { return static_cast<std::uint32_t>(bytes.size()); }

void put_option(Bytes& bytes, std::uint16_t code, const Bytes& value, ByteOrder order) {
  put_number(bytes, code, order);
  put_number(bytes, static_cast<std::uint16_t>(value.size()), order);
  append(bytes, value);
  while (bytes.size() % 4 != 0) bytes.push_back(0);
}

}  // namespace

Bytes some_bytes(std::size_t size, unsigned seed) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + seed * 31 + 1);
  return bytes;
}

PcapBytes::PcapBytes(const Style& style) : style_(style) {
  put_number(bytes_, style.magic, style.order);
  put_number(bytes_, style.major, style.order);
  put_number(bytes_, style.minor, style.order);
  for (const std::uint32_t field : {0u, 0u, 262144u, style.network}) put_number(bytes_, field, style.order);
}

PcapBytes& PcapBytes::frame(std::uint32_t seconds, std::uint32_t ticks, const Bytes& bytes, const Claim& claim) {
  for (const std::uint32_t field :
       {seconds, ticks, claim.captured.value_or(size_of(bytes)), claim.original.value_or(size_of(bytes))})
    put_number(bytes_, field, style_.order);
  if (style_.magic == kPatched) append(bytes_, Bytes(8));
  append(bytes_, bytes);
  return *this;
}

PcapngBytes& PcapngBytes::section(ByteOrder order) {
  order_ = order;
  Bytes body;
  put_number(body, 0x1a2b3c4du, order);
  put_number(body, std::uint16_t{1}, order);
  put_number(body, std::uint16_t{0}, order);
  put_number(body, ~std::uint64_t{0}, order);
  return block(0x0a0d0d0a, body);
}

PcapngBytes& PcapngBytes::interface(std::uint16_t dlt, std::uint32_t snap_length, const Bytes& options) {
  Bytes body;
  put_number(body, dlt, order_);
  put_number(body, std::uint16_t{0}, order_);
  put_number(body, snap_length, order_);
  append(body, options);
  return block(1, body);
}

Bytes PcapngBytes::resolution(std::uint8_t value) const {
  Bytes option;
  put_option(option, 9, {value}, order_);
  return option;
}

Bytes PcapngBytes::offset(std::int64_t seconds) const {
  Bytes value;
  put_number(value, seconds, order_);
  Bytes option;
  put_option(option, 14, value, order_);
  return option;
}

PcapngBytes& PcapngBytes::packet(std::uint32_t interface, std::uint64_t ticks, const Bytes& bytes, const Claim& claim) {
  Bytes body;
  for (const std::uint32_t field :
       {interface, static_cast<std::uint32_t>(ticks >> 32), static_cast<std::uint32_t>(ticks),
        claim.captured.value_or(size_of(bytes)), claim.original.value_or(size_of(bytes))})
    put_number(body, field, order_);
  append(body, bytes);
  return block(6, body);
}

PcapngBytes& PcapngBytes::old_packet(std::uint16_t interface, std::uint64_t ticks, const Bytes& bytes) {
  Bytes body;
  put_number(body, interface, order_);
  put_number(body, std::uint16_t{0xffff}, order_);  // drops: unknown
  for (const std::uint32_t field :
       {static_cast<std::uint32_t>(ticks >> 32), static_cast<std::uint32_t>(ticks), size_of(bytes), size_of(bytes)})
    put_number(body, field, order_);
  append(body, bytes);
  return block(2, body);
}

PcapngBytes& PcapngBytes::simple_packet(const Bytes& bytes, const Claim& claim) {
  Bytes body;
  put_number(body, claim.original.value_or(size_of(bytes)), order_);
  append(body, bytes);
  return block(3, body);
}

PcapngBytes& PcapngBytes::block(std::uint32_t type, Bytes body) {
  while (body.size() % 4 != 0) body.push_back(0);
  const auto length = static_cast<std::uint32_t>(body.size() + 12);
  put_number(bytes_, type, order_);
  put_number(bytes_, length, order_);
  append(bytes_, body);
  put_number(bytes_, length, order_);
  return *this;
}

}  // namespace slowlane
