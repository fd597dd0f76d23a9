// A frame of any link layer: the first byte chooses it, the second says how much longer the frame was on the wire.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "dataplane/parse.h"
#include "dataplane/parse_walk.h"
#include "dataplane/rewrite.h"
#include "tests/support/loose_packet.h"

namespace {

using namespace slowlane;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_within(const Parsed& parsed, std::size_t size) {
  const Headers& headers = parsed.headers;
  if (parsed.kind != Parsed::Kind::ip) return;
  require(headers.l3 + (headers.version == 4 ? 20u : 40u) <= size && headers.l4 <= size);
  require(headers.payload + headers.captured_payload <= size);
  require(headers.captured_payload <= headers.payload_bytes && headers.payload_bytes <= headers.ip_bytes);
  require((headers.l4 == 0) == (headers.fragment == FragmentKind::later));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 0xff00) return 0;
  const auto link = static_cast<LinkType>(data[0] % (static_cast<unsigned>(LinkType::unsupported) + 1));
  const std::span<const std::uint8_t> frame(data + 2, size - 2);
  const auto wire = static_cast<std::uint32_t>(frame.size() + data[1] * 16u);
  const LoosePacket packet = make_loose(frame, link, wire);
  require_within(packet->parsed, frame.size());
  require(packet->parsed == walk::parse_walking(link, frame, wire));

  const Parsed before = packet->parsed;
  if (set_dscp(*packet, 46)) require(packet->bytes().size() == frame.size());
  if (!make_reset(*packet)) return 0;
  require(packet->bytes().size() <= frame.size());
  require_within(packet->parsed, packet->bytes().size());
  const Parsed after = parse(link, packet->bytes(), packet->wire_length);
  require(after.key == before.key && after.headers.tcp_flags == (kRst | kAck) && after.headers.payload_bytes == 0);
  return 0;
}
