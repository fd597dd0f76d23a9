#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "dataplane/dns.h"
#include "dataplane/socks.h"

// A DNS message; the same bytes are read as a SOCKS negotiation too, which is as small.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slowlane;
  const DnsQuestion question = read_dns({data, size});
  for (const char c : question.name())
    if (c < ' ' || c > '~' || (c >= 'A' && c <= 'Z')) std::abort();
  if (question.status != DnsQuestion::Status::complete && question.length != 0) std::abort();
  const SocksPreamble preamble = read_socks({data, size});
  if (preamble.length > size || preamble.target.size() > size) std::abort();
  return 0;
}
