// The bytes are a TLS stream: records as they come, their handshake bytes put together and read as a hello, whole and
// cut, and the bytes by themselves as a handshake message; and as a packet that is read alone.
#include "dataplane/hello.h"
#include "dataplane/packet_reader.h"

#include <cstdlib>
#include <vector>

using namespace slowlane;

namespace {

using Bytes = std::span<const std::uint8_t>;

void require(bool holds) {
  if (!holds) std::abort();
}

bool inside(std::string_view view, Bytes bytes) {
  const auto* begin = reinterpret_cast<const char*>(bytes.data());
  return view.empty() || (view.data() >= begin && view.data() + view.size() <= begin + bytes.size());
}

Hello read_checked(Bytes bytes) {
  const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());  // of its own, so that every step outside shows
  const Hello hello = read_hello(copy);
  require(inside(hello.server_name, copy) && inside(hello.alpn, copy));
  require(hello.server_name.size() <= 255);
  require((hello.status == HelloStatus::malformed) == (*hello.why != '\0'));
  if (hello.status == HelloStatus::complete) require(hello.length <= copy.size());
  return hello;
}

// What is incomplete may become anything, what is complete or malformed stays so as more bytes come.
void check_prefixes(Bytes bytes) {
  const HelloStatus whole = read_checked(bytes).status;
  for (std::size_t size = 0; size <= bytes.size(); size += 1 + size / 16) {
    const HelloStatus part = read_checked(bytes.first(size)).status;
    require(part == HelloStatus::incomplete || part == whole);
  }
}

// A packet of which all was captured, and one of which a part was.
void check_packet(Bytes bytes) {
  for (const std::size_t missing : {std::size_t{0}, std::size_t{300}}) {
    const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
    const StreamStep step = read_packet(copy, copy.size() + missing);
    require(inside(step.name, copy) && step.name.size() <= 255);
    require((step.what == StreamStep::What::unrecognised) == !step.recognised);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(data, size);
  check_prefixes(input);
  check_packet(input);
  std::vector<std::uint8_t> handshake;
  for (Bytes rest = input; !rest.empty();) {
    const RecordHead head = read_record_head(rest);
    if (head.kind == RecordHead::Kind::incomplete || head.kind == RecordHead::Kind::not_tls) break;
    rest = rest.subspan(kRecordHeader);
    const Bytes fragment = rest.first(std::min<std::size_t>(rest.size(), head.length));
    if (head.kind == RecordHead::Kind::handshake) handshake.insert(handshake.end(), fragment.begin(), fragment.end());
    rest = rest.subspan(fragment.size());
  }
  check_prefixes(handshake);
  return 0;
}
