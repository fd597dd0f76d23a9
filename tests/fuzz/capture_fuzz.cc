// Capture files of any content: every frame stays within the file, and its note within its bounds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "hw/capture_reader.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slowlane;
  const auto reader = CaptureReader::over(std::span(data, size), "input");
  if (!reader) return 0;
  std::uint64_t number = 0;
  unsigned sum = 0;
  while (const CapturedFrame* frame = reader.value()->next()) {
    require(frame->number > number && frame->number <= size);
    number = frame->number;
    require(frame->time >= 0 && frame->time <= kLatest);
    require(frame->bytes.size() <= kLongestFrame && frame->wire_length >= frame->bytes.size());
    for (const std::uint8_t byte : frame->bytes) sum += byte;
  }
  require(reader.value()->next() == nullptr);
  require(reader.value()->bytes_read() <= size);
  require(reader.value()->bytes_read() == size || !reader.value()->warning().empty());
  volatile unsigned used = sum;
  static_cast<void>(used);
  return 0;
}
