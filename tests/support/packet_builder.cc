#include "tests/support/packet_builder.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace slowlane {
namespace {

void put16(Bytes& bytes, std::size_t at, std::size_t value) {
  bytes.at(at) = static_cast<std::uint8_t>(value >> 8);
  bytes.at(at + 1) = static_cast<std::uint8_t>(value);
}

void put32(Bytes& bytes, std::size_t at, std::uint32_t value) {
  put16(bytes, at, value >> 16);
  put16(bytes, at + 2, value & 0xffff);
}

template <std::size_t Size>
void put_address(Bytes& bytes, std::size_t at, int family, std::string_view text) {
  std::array<std::uint8_t, Size> address{};
  if (inet_pton(family, std::string(text).c_str(), address.data()) != 1)
    throw std::invalid_argument("no address: " + std::string(text));
  std::copy(address.begin(), address.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

using Kind = Frame::Kind;

}  // namespace

Frame& Frame::add(Kind kind, Bytes head) {
  layers_.push_back({kind, std::move(head), {}, {}, false});
  return *this;
}

Frame& Frame::ethernet() { return add(Kind::ethernet, {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0, 0}); }
Frame& Frame::llc_snap() { return add(Kind::llc_snap, {0xaa, 0xaa, 3, 0, 0, 0, 0, 0}); }
Frame& Frame::sll() { return add(Kind::sll, {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0}); }
Frame& Frame::sll2() { return add(Kind::sll2, {0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0}); }
Frame& Frame::null_loop(std::uint32_t family, bool big_endian) {
  Bytes head(4);
  put32(head, 0, family);
  if (!big_endian) std::reverse(head.begin(), head.end());
  return add(Kind::null_loop, head);
}
Frame& Frame::ppp() { return add(Kind::ppp, {0, 0}); }
Frame& Frame::ppp_hdlc() { return add(Kind::ppp_hdlc, {0xff, 3, 0, 0}); }
Frame& Frame::cisco_hdlc() { return add(Kind::cisco_hdlc, {0x0f, 0, 0, 0}); }
Frame& Frame::frame_relay() { return add(Kind::frame_relay, {0x18, 0x41, 3, 0}); }
Frame& Frame::wlan_data() {
  Bytes head(26);
  head[0] = 0x88;  // QoS data
  head[1] = 0x01;  // to the distribution system
  return add(Kind::wlan, head);
}
Frame& Frame::radiotap() { return add(Kind::radiotap, {0, 0, 8, 0, 0, 0, 0, 0}); }

Frame& Frame::vlan(std::uint16_t tag, std::uint16_t tpid) {
  add(Kind::vlan, {static_cast<std::uint8_t>(tag >> 8), static_cast<std::uint8_t>(tag), 0, 0});
  if (layers_.size() > 1) layers_[layers_.size() - 2].next = tpid;
  return *this;
}
Frame& Frame::mpls(std::uint32_t label) {
  Bytes head(4);
  put32(head, 0, label << 12 | 64);
  return add(Kind::mpls, head);
}
Frame& Frame::pseudowire_control_word() { return add(Kind::control_word, {0, 0, 0, 0}); }
Frame& Frame::pppoe(std::uint16_t session) {
  Bytes head{0x11, 0, 0, 0, 0, 0, 0, 0};
  put16(head, 2, session);
  return add(Kind::pppoe, head);
}

Frame& Frame::ipv4(std::string_view source, std::string_view destination) {
  Bytes head(20);
  head[0] = 0x45;
  head[6] = 0x40;  // don't fragment
  head[8] = 64;
  put_address<4>(head, 12, AF_INET, source);
  put_address<4>(head, 16, AF_INET, destination);
  return add(Kind::ipv4, head);
}
Frame& Frame::ipv6(std::string_view source, std::string_view destination) {
  Bytes head(40);
  head[0] = 0x60;
  head[7] = 64;
  put_address<16>(head, 8, AF_INET6, source);
  put_address<16>(head, 24, AF_INET6, destination);
  return add(Kind::ipv6, head);
}
Frame& Frame::ip(std::string_view source, std::string_view destination) {
  return source.find(':') == std::string_view::npos ? ipv4(source, destination) : ipv6(source, destination);
}
Frame& Frame::add_extension(Kind kind, std::size_t words) {
  Bytes head(8 + 8 * words);
  head[1] = static_cast<std::uint8_t>(words);
  return add(kind, head);
}
Frame& Frame::hop_by_hop() { return add_extension(Kind::hop_by_hop, 0); }
Frame& Frame::routing() { return add_extension(Kind::routing, 2); }
Frame& Frame::destination_options(std::size_t extra_words) { return add_extension(Kind::destination, extra_words); }
Frame& Frame::mobility() { return add_extension(Kind::mobility, 1); }
Frame& Frame::fragment6(std::uint32_t id, std::uint16_t offset_bytes, bool more) {
  Bytes head(8);
  put16(head, 2, offset_bytes | (more ? 1u : 0u));
  put32(head, 4, id);
  return add(Kind::fragment6, head);
}
Frame& Frame::authentication() {
  Bytes head(24);
  head[1] = 4;  // in words of 4 bytes, less 2 (RFC 4302 2.2)
  return add(Kind::authentication, head);
}

Frame& Frame::tcp(std::uint16_t source, std::uint16_t destination) {
  Bytes head(20);
  put16(head, 0, source);
  put16(head, 2, destination);
  head[12] = 0x50;
  head[13] = kAck;
  put16(head, 14, 64240);
  return add(Kind::tcp, head);
}
Frame& Frame::udp(std::uint16_t source, std::uint16_t destination) {
  Bytes head(8);
  put16(head, 0, source);
  put16(head, 2, destination);
  return add(Kind::udp, head);
}
Frame& Frame::sctp(std::uint16_t source, std::uint16_t destination) {
  Bytes head(12);
  put16(head, 0, source);
  put16(head, 2, destination);
  return add(Kind::sctp, head);
}
Frame& Frame::icmp(std::uint8_t type, std::uint8_t code) { return add(Kind::icmp, {type, code, 0, 0, 0, 0, 0, 0}); }
Frame& Frame::icmp6(std::uint8_t type, std::uint8_t code) { return add(Kind::icmp6, {type, code, 0, 0, 0, 0, 0, 0}); }
Frame& Frame::esp(std::uint32_t spi) {
  Bytes head(8);
  put32(head, 0, spi);
  return add(Kind::esp, head);
}

Frame& Frame::gre() { return add(Kind::gre, {0, 0, 0, 0}); }
Frame& Frame::gre_ppp(std::uint16_t payload_key) {
  Bytes head{0x30, 1, 0x88, 0x0b, 0, 0, 0, 0, 0, 0, 0, 1};
  put16(head, 6, payload_key);
  return add(Kind::gre_ppp, head);
}
Frame& Frame::erspan(int type) {
  gre();
  if (type == 1) {
    last({Kind::gre}).next = 0x88be;
    return *this;
  }
  gre_sequence(1);
  if (type == 2) return add(Kind::erspan, {0x10, 1, 0, 1, 0, 0, 0, 0});
  return add(Kind::erspan3, {0x20, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0});
}
Frame& Frame::vxlan(std::uint32_t vni) {
  Bytes head(8);
  head[0] = 0x08;
  put32(head, 4, vni << 8);
  return add(Kind::vxlan, head);
}
Frame& Frame::vxlan_gpe(std::uint32_t vni) {
  vxlan(vni);
  layers_.back().head[0] = 0x0c;
  return *this;
}
Frame& Frame::geneve(std::uint32_t vni, std::size_t option_words) {
  Bytes head(8 + 4 * option_words);
  head[0] = static_cast<std::uint8_t>(option_words);
  put32(head, 4, vni << 8);
  if (option_words > 0) head[11] = static_cast<std::uint8_t>(option_words - 1);
  return add(Kind::geneve, head);
}
Frame& Frame::gtp(std::uint32_t teid) {
  Bytes head{0x30, 0xff, 0, 0, 0, 0, 0, 0};
  put32(head, 4, teid);
  return add(Kind::gtp, head);
}

Frame& Frame::payload(std::span<const std::uint8_t> bytes) { return add(Kind::raw, {bytes.begin(), bytes.end()}); }
Frame& Frame::payload(std::string_view text) { return add(Kind::raw, bytes_of(text)); }
Frame& Frame::payload(std::initializer_list<std::uint8_t> bytes) { return add(Kind::raw, bytes); }
Frame& Frame::payload_size(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + 7);
  return add(Kind::raw, bytes);
}
Frame& Frame::padding(std::size_t bytes) { return padding_ = bytes, *this; }
Frame& Frame::pad_to(std::size_t frame_size) { return pad_to_ = frame_size, *this; }

Frame::Layer& Frame::last(std::initializer_list<Kind> kinds) {
  for (std::size_t i = layers_.size(); i-- > 0;)
    if (std::find(kinds.begin(), kinds.end(), layers_[i].kind) != kinds.end()) return layers_[i];
  throw std::logic_error("the frame has no such layer");
}

Frame& Frame::ttl(std::uint8_t value) {
  Layer& ip = last({Kind::ipv4, Kind::ipv6});
  ip.head[ip.kind == Kind::ipv4 ? 8 : 7] = value;
  return *this;
}
Frame& Frame::ip_id(std::uint16_t value) { return put16(last({Kind::ipv4}).head, 4, value), *this; }
Frame& Frame::tos(std::uint8_t value) {
  Layer& ip = last({Kind::ipv4, Kind::ipv6});
  if (ip.kind == Kind::ipv4) {
    ip.head[1] = value;
  } else {
    put16(ip.head, 0, 0x6000u | static_cast<std::size_t>(value) << 4 | (ip.head[1] & 0x0fu));
  }
  return *this;
}
Frame& Frame::fragment(std::uint16_t offset_bytes, bool more) {
  return put16(last({Kind::ipv4}).head, 6, offset_bytes / 8u | (more ? 0x2000u : 0u)), *this;
}
Frame& Frame::ip_options(std::size_t words) {
  Layer& ip = last({Kind::ipv4});
  ip.head.resize(20 + 4 * words, 1);
  ip.head[0] = static_cast<std::uint8_t>(0x45 + words);
  return *this;
}
Frame& Frame::protocol(std::uint8_t value) { return last({Kind::ipv4, Kind::ipv6}).next = value, *this; }
Frame& Frame::total_length(std::uint16_t value) { return last({Kind::ipv4, Kind::ipv6}).length = value, *this; }

Frame& Frame::seq(std::uint32_t value) { return put32(last({Kind::tcp}).head, 4, value), *this; }
Frame& Frame::ack(std::uint32_t value) {
  Layer& tcp = last({Kind::tcp});
  put32(tcp.head, 8, value);
  tcp.head[13] |= kAck;
  return *this;
}
Frame& Frame::flags(std::uint8_t tcp_flags) { return last({Kind::tcp}).head[13] = tcp_flags, *this; }
Frame& Frame::window(std::uint16_t value) { return put16(last({Kind::tcp}).head, 14, value), *this; }
Frame& Frame::tcp_options(std::size_t words) {
  Layer& tcp = last({Kind::tcp});
  tcp.head.resize(20 + 4 * words, 1);
  tcp.head[12] = static_cast<std::uint8_t>((5 + words) << 4);
  return *this;
}
Frame& Frame::no_checksum() { return last({Kind::udp}).no_checksum = true, *this; }

Frame& Frame::gre_checksum() {
  Layer& gre = last({Kind::gre});
  gre.head[0] |= 0x80;
  gre.head.insert(gre.head.begin() + 4, 4, 0);
  return *this;
}
Frame& Frame::gre_key(std::uint32_t value) {
  Layer& gre = last({Kind::gre});
  gre.head[0] |= 0x20;
  const std::size_t at = gre.head[0] & 0x80 ? 8 : 4;
  gre.head.insert(gre.head.begin() + static_cast<std::ptrdiff_t>(at), 4, 0);
  put32(gre.head, at, value);
  return *this;
}
Frame& Frame::gre_sequence(std::uint32_t value) {
  Layer& gre = last({Kind::gre});
  gre.head[0] |= 0x10;
  gre.head.insert(gre.head.end(), 4, 0);
  put32(gre.head, gre.head.size() - 4, value);
  return *this;
}
Frame& Frame::gtp_extension() {
  Layer& gtp = last({Kind::gtp});
  gtp.head[0] |= 0x04;
  const Bytes more{0, 0, 0, 0x85, 1, 0x10, 9, 0};  // sequence, N-PDU, next extension; one word of it, and no other
  gtp.head.insert(gtp.head.end(), more.begin(), more.end());
  return *this;
}
Frame& Frame::ether_type(std::uint16_t value) {
  last({Kind::ethernet, Kind::llc_snap, Kind::sll, Kind::sll2, Kind::cisco_hdlc, Kind::vlan, Kind::gre, Kind::geneve})
      .next = value;
  return *this;
}

Bytes Frame::build() const {
  Bytes frame;
  for (std::size_t i = layers_.size(); i-- > 0;) {
    Bytes head = seal(i, frame);
    head.insert(head.end(), frame.begin(), frame.end());
    frame = std::move(head);
  }
  frame.resize(std::max(frame.size() + padding_, pad_to_));
  return frame;
}

}  // namespace slowlane
