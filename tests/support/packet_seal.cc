// The second half of the packet builder: what a layer's header says of what follows it.
#include <algorithm>
#include <array>
#include <stdexcept>

#include "tests/support/packet_builder.h"

namespace slowlane {
namespace {

using Kind = Frame::Kind;
using Layer = Frame::Layer;

void put16(Bytes& bytes, std::size_t at, std::size_t value) {
  bytes.at(at) = static_cast<std::uint8_t>(value >> 8);
  bytes.at(at + 1) = static_cast<std::uint8_t>(value);
}

struct Numbers {
  Kind kind;
  std::uint16_t ether;  // 0: has none
  std::uint16_t ppp;
  std::uint8_t ip;
};
constexpr std::array<Numbers, 24> kNumbers{{
    {Kind::ipv4, 0x0800, 0x0021, 4},
    {Kind::ipv6, 0x86dd, 0x0057, 41},
    {Kind::mpls, 0x8847, 0x0281, 137},
    {Kind::pppoe, 0x8864, 0, 0},
    {Kind::ethernet, 0x6558, 0, 97},
    {Kind::vlan, 0x8100, 0, 0},
    {Kind::tcp, 0, 0, 6},
    {Kind::udp, 0, 0, 17},
    {Kind::icmp, 0, 0, 1},
    {Kind::icmp6, 0, 0, 58},
    {Kind::sctp, 0, 0, 132},
    {Kind::esp, 0, 0, 50},
    {Kind::authentication, 0, 0, 51},
    {Kind::gre, 0, 0, 47},
    {Kind::gre_ppp, 0, 0, 47},
    {Kind::hop_by_hop, 0, 0, 0},
    {Kind::routing, 0, 0, 43},
    {Kind::fragment6, 0, 0, 44},
    {Kind::destination, 0, 0, 60},
    {Kind::mobility, 0, 0, 135},
    {Kind::erspan, 0x88be, 0, 0},
    {Kind::erspan3, 0x22eb, 0, 0},
    {Kind::ppp, 0x880b, 0, 0},
    {Kind::raw, 0x88b5, 0xc021, 253},
}};

Numbers numbers_of(const Layer* layer) {
  const Kind kind = layer == nullptr ? Kind::raw : layer->kind;
  for (const Numbers& numbers : kNumbers)
    if (numbers.kind == kind) return numbers;
  return kNumbers.back();
}

std::uint32_t sum_of(std::span<const std::uint8_t> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    sum += i % 2 == 0 ? static_cast<std::uint32_t>(bytes[i]) << 8 : bytes[i];
  return sum;
}

std::uint32_t pseudo_header(std::span<const std::uint8_t> ip, std::uint8_t protocol, std::size_t length) {
  const bool v4 = ip[0] >> 4 == 4;
  return sum_of(v4 ? ip.subspan(12, 8) : ip.subspan(8, 32)) + protocol + static_cast<std::uint32_t>(length);
}

// RFC 8200 8.1, RFC 9293 3.1, RFC 768: over the pseudo header, the header and the data.
void seal_checksum(Bytes& head, std::size_t at, const Bytes& rest, std::uint32_t start) {
  Bytes all = head;
  all.insert(all.end(), rest.begin(), rest.end());
  put16(head, at, internet_checksum(all, start));
}

void seal_transport(const Layer& layer, const Layer* ip, Bytes& head, const Bytes& rest) {
  const std::size_t length = head.size() + rest.size();
  if (layer.kind == Kind::udp) put16(head, 4, length);
  if (layer.no_checksum || ip == nullptr || layer.kind == Kind::sctp || layer.kind == Kind::esp) return;
  const std::size_t at = layer.kind == Kind::tcp ? 16 : layer.kind == Kind::udp ? 6 : 2;
  const std::uint32_t start = layer.kind == Kind::icmp ? 0 : pseudo_header(ip->head, numbers_of(&layer).ip, length);
  seal_checksum(head, at, rest, start);
  if (layer.kind == Kind::udp && head[6] == 0 && head[7] == 0) put16(head, 6, 0xffff);
}

// Where a link header names what follows it, by Ethernet type or by PPP protocol.
struct TypeField {
  Kind kind;
  std::size_t at;
  std::uint16_t Numbers::*number;
};
constexpr std::array<TypeField, 9> kTypeFields{{{Kind::ethernet, 12, &Numbers::ether},
                                                {Kind::llc_snap, 6, &Numbers::ether},
                                                {Kind::sll, 14, &Numbers::ether},
                                                {Kind::sll2, 0, &Numbers::ether},
                                                {Kind::vlan, 2, &Numbers::ether},
                                                {Kind::cisco_hdlc, 2, &Numbers::ether},
                                                {Kind::ppp, 0, &Numbers::ppp},
                                                {Kind::ppp_hdlc, 2, &Numbers::ppp},
                                                {Kind::pppoe, 6, &Numbers::ppp}}};

void seal_link(const Layer& layer, const Layer* next, Bytes& head, const Bytes& rest) {
  const Numbers numbers = numbers_of(next);
  for (const TypeField& field : kTypeFields)
    if (field.kind == layer.kind) put16(head, field.at, layer.next.value_or(numbers.*field.number));
  if (layer.kind == Kind::ethernet && next != nullptr && next->kind == Kind::llc_snap) put16(head, 12, rest.size());
  if (layer.kind == Kind::pppoe) put16(head, 4, rest.size() + 2);
  if (layer.kind == Kind::frame_relay) head[3] = numbers.ether == 0x0800 ? 0xcc : 0x8e;
  if (layer.kind == Kind::mpls && (next == nullptr || next->kind != Kind::mpls)) head[2] |= 1;
}

void seal_tunnel(const Layer& layer, const Layer* next, Bytes& head, const Bytes& rest) {
  const Numbers numbers = numbers_of(next);
  if (layer.kind == Kind::gre) {
    put16(head, 2, layer.next.value_or(numbers.ether));
    if (head[0] & 0x80) seal_checksum(head, 4, rest, 0);  // RFC 2784 2.3
  } else if (layer.kind == Kind::gre_ppp) {
    put16(head, 4, rest.size());
  } else if (layer.kind == Kind::geneve) {
    put16(head, 2, layer.next.value_or(numbers.ether));
  } else if (layer.kind == Kind::gtp) {
    put16(head, 2, head.size() - 8 + rest.size());
  } else if (layer.kind == Kind::vxlan && (head[0] & 4) != 0) {
    head[3] = numbers.ether == 0x0800 ? 1 : numbers.ether == 0x86dd ? 2 : 3;
  }
}

void seal_ip(const Layer& layer, const Layer* next, Bytes& head, const Bytes& rest) {
  const std::uint8_t protocol = static_cast<std::uint8_t>(layer.next.value_or(numbers_of(next).ip));
  if (layer.kind == Kind::ipv4) {
    head[9] = protocol;
    put16(head, 2, layer.length.value_or(static_cast<std::uint16_t>(head.size() + rest.size())));
    put16(head, 10, internet_checksum(head));
  } else if (layer.kind == Kind::ipv6) {
    head[6] = protocol;
    put16(head, 4, layer.length.value_or(static_cast<std::uint16_t>(rest.size())));
  } else {
    head[0] = protocol;
  }
}

}  // namespace

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

Bytes bytes_of_hex(std::string_view hex) {
  std::string digits;
  for (const char c : hex)
    if (c != ' ' && c != '\n') digits += c;
  if (digits.size() % 2 != 0) throw std::invalid_argument("odd number of hex digits");
  Bytes bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  return bytes;
}

std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes, std::uint32_t start) {
  std::uint32_t sum = start + sum_of(bytes);
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<std::uint16_t>(~sum);
}

bool ipv4_checksum_holds(std::span<const std::uint8_t> header) {
  return internet_checksum(header.first(4u * (header[0] & 15u))) == 0;
}

bool transport_checksum_holds(std::span<const std::uint8_t> ip, std::uint8_t protocol,
                              std::span<const std::uint8_t> transport) {
  const std::uint32_t start = protocol == 1 ? 0 : pseudo_header(ip, protocol, transport.size());
  return internet_checksum(transport, start) == 0;
}

Bytes Frame::seal(std::size_t index, const Bytes& rest) const {
  const Layer& layer = layers_[index];
  const Layer* next = index + 1 < layers_.size() ? &layers_[index + 1] : nullptr;
  const Layer* ip = nullptr;
  for (std::size_t i = 0; i < index; ++i)
    if (layers_[i].kind == Kind::ipv4 || layers_[i].kind == Kind::ipv6) ip = &layers_[i];
  Bytes head = layer.head;
  if (layer.kind >= Kind::ipv4 && layer.kind <= Kind::authentication) {
    seal_ip(layer, next, head, rest);
  } else if (layer.kind >= Kind::tcp && layer.kind <= Kind::esp) {
    seal_transport(layer, ip, head, rest);
  } else {
    seal_link(layer, next, head, rest);
    seal_tunnel(layer, next, head, rest);
  }
  return head;
}

std::vector<Bytes> Frame::fragments(std::size_t piece, std::uint32_t id) const {
  std::size_t ip = layers_.size();
  for (std::size_t i = 0; i < layers_.size(); ++i)
    if (layers_[i].kind == Kind::ipv4 || layers_[i].kind == Kind::ipv6) ip = i;
  Bytes data;
  for (std::size_t i = layers_.size(); i-- > ip + 1;) {
    Bytes head = seal(i, data);
    data.insert(data.begin(), head.begin(), head.end());
  }
  const std::uint8_t protocol = numbers_of(&layers_.at(ip + 1)).ip;
  std::vector<Bytes> frames;
  for (std::size_t at = 0; at < data.size(); at += piece) {
    Frame part = *this;
    part.layers_.resize(ip + 1);
    const bool more = at + piece < data.size();
    if (layers_[ip].kind == Kind::ipv4) {
      part.fragment(static_cast<std::uint16_t>(at), more).ip_id(static_cast<std::uint16_t>(id)).protocol(protocol);
    } else {
      part.fragment6(id, static_cast<std::uint16_t>(at), more);
      part.layers_.back().next = protocol;
    }
    frames.push_back(part.payload(std::span(data).subspan(at, std::min(piece, data.size() - at))).build());
  }
  return frames;
}

}  // namespace slowlane
