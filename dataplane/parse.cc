#include "dataplane/parse.h"

#include <algorithm>

#include "dataplane/parse_walk.h"

namespace slowlane {
namespace {

using namespace walk;

Step read(Walk& walk, Step next) noexcept {
  switch (next.layer) {
    case Layer::ethernet: return read_ethernet(walk, next.at);
    case Layer::llc: return read_llc(walk, next.at);
    case Layer::vlan: return read_vlan(walk, next.at);
    case Layer::mpls: return read_mpls(walk, next.at);
    case Layer::pppoe: return read_pppoe(walk, next.at);
    case Layer::ppp: return read_ppp(walk, next.at);
    case Layer::ieee80211: return read_ieee80211(walk, next);
    case Layer::ip: return read_ip(walk, next.at);
    case Layer::ipv4: return read_ipv4(walk, next.at);
    case Layer::ipv6: return read_ipv6(walk, next.at);
    case Layer::extension: return read_extension(walk, next.type, next.at);
    case Layer::protocol: return read_protocol(walk, next.type, next.at);
    case Layer::gre: return read_gre(walk, next.at);
    case Layer::vxlan: return read_vxlan(walk, next.at);
    case Layer::geneve: return read_geneve(walk, next.at);
    case Layer::gtp: return read_gtp(walk, next.at);
    case Layer::teredo: return read_teredo(walk, next.at);
    case Layer::l2tp: return read_l2tp(walk, next.at);
    case Layer::done:
    case Layer::not_ip:
    case Layer::malformed: return next;
  }
  return not_ip();
}

void end_with(Walk& walk, Step last) noexcept {
  Parsed& out = walk.out;
  if (last.layer == Layer::done) {
    out.kind = Parsed::Kind::ip;
  } else if (walk.outer) {
    out = *walk.outer;
    out.kind = Parsed::Kind::ip;
  } else {
    out = Parsed{};
    out.kind = last.layer == Layer::not_ip ? Parsed::Kind::not_ip : Parsed::Kind::malformed;
    out.reason = out.kind == Parsed::Kind::malformed ? static_cast<Malformed>(last.type) : Malformed::truncated_link;
  }
}

Walk begin(std::span<const std::uint8_t> frame, std::uint32_t wire_length, Parsed& out) noexcept {
  const auto captured = static_cast<std::uint32_t>(std::min<std::size_t>(frame.size(), 0xffff));
  return {.data = frame.data(), .limit = captured, .end = std::max(wire_length, captured), .out = out};
}

// `depth`: headers read already.
void follow(Walk& walk, Step next, unsigned depth) noexcept {
  for (; next.layer < Layer::done && depth < kMaxDepth; ++depth) next = read(walk, next);
  if (next.layer < Layer::done) {
    walk.outer.reset();
    next = malformed(Malformed::too_deep);
  }
  end_with(walk, next);
}

}  // namespace

Parsed walk::parse_walking(LinkType link, std::span<const std::uint8_t> frame, std::uint32_t wire_length) noexcept {
  Parsed out;
  Walk walk = begin(frame, wire_length, out);
  follow(walk, first_step(link, walk), 0);
  return out;
}

Parsed parse(LinkType link, std::span<const std::uint8_t> frame, std::uint32_t wire_length) noexcept {
  Parsed out;
  Walk walk = begin(frame, wire_length, out);
  const Step next = link == LinkType::ethernet ? read_plain(walk) : first_step(link, walk);
  // The short path has read Ethernet and IP with what follows it, two headers, unless it left all to the walk.
  const bool walked = link != LinkType::ethernet || next.layer == Layer::ethernet;
  follow(walk, next, walked ? 0 : 2);
  return out;
}

const char* name_of(Encap encap) {
  switch (encap) {
    case Encap::vlan: return "vlan";
    case Encap::mpls: return "mpls";
    case Encap::pppoe: return "pppoe";
    case Encap::gre: return "gre";
    case Encap::erspan: return "erspan";
    case Encap::vxlan: return "vxlan";
    case Encap::geneve: return "geneve";
    case Encap::gtp: return "gtp";
    case Encap::ip_in_ip: return "ip";
    case Encap::teredo: return "teredo";
    case Encap::l2tp: return "l2tp";
  }
  return "";
}

const char* name_of(Malformed reason) {
  switch (reason) {
    case Malformed::truncated_link: return "truncated_link";
    case Malformed::truncated_ip: return "truncated_ip";
    case Malformed::bad_ip_version: return "bad_ip_version";
    case Malformed::bad_ip_header: return "bad_ip_header";
    case Malformed::bad_ip_length: return "bad_ip_length";
    case Malformed::truncated_extension: return "truncated_extension";
    case Malformed::bad_extension: return "bad_extension";
    case Malformed::truncated_transport: return "truncated_transport";
    case Malformed::bad_tcp_header: return "bad_tcp_header";
    case Malformed::bad_udp_length: return "bad_udp_length";
    case Malformed::too_deep: return "too_deep";
    case Malformed::count: break;
  }
  return "";
}

}  // namespace slowlane
