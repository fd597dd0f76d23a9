// The bytes are the beginning of a client's stream, read whole and at every cut.
#include "dataplane/http.h"

#include <cstdlib>
#include <vector>

using namespace slowlane;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

RequestHead read_checked(std::span<const std::uint8_t> bytes) {
  const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
  const RequestHead request = read_request(copy);
  require(request.length <= copy.size());
  require((request.status == RequestHead::Status::complete) == (request.length > 0));
  require(request.host.size() <= 255);
  for (const char c : request.host) require(c > ' ' && c < 0x7f);
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> input(data, size);
  const RequestHead whole = read_checked(input);
  for (std::size_t cut = 0; cut <= size; cut += 1 + cut / 16) {
    const RequestHead part = read_checked(input.first(cut));
    // What is no request never becomes one, and what is complete stays as it is.
    if (part.status == RequestHead::Status::not_request) require(whole.status == RequestHead::Status::not_request);
    if (part.status == RequestHead::Status::complete) require(whole.length == part.length);
  }
  return 0;
}
