#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "hw/byte_window.h"
#include "hw/captured_frame.h"

namespace slowlane {

// The classic capture file: one header, then frames of one link type. Micro- and nanoseconds, either byte order, the
// lengths in the other order that old versions wrote, and the longer frame header of patched libpcaps.
class PcapFormat {
 public:
  // Whether a file that begins with these bytes is one.
  static std::optional<PcapFormat> recognise(std::span<const std::uint8_t> start);

  // The next frame; nullptr at the end, or where the file cannot be read further.
  const CapturedFrame* next(ByteWindow& window);
  // Why reading ended early; empty where it did not.
  const std::string& problem() const { return problem_; }

 private:
  PcapFormat(ByteOrder order, std::uint32_t nanos_per_tick, std::size_t frame_header)
      : order_(order), nanos_per_tick_(nanos_per_tick), frame_header_(frame_header) {}
  bool read_file_header(ByteWindow& window);
  const CapturedFrame* cut_short();
  bool lengths_swapped(std::uint32_t captured, std::uint32_t original) const;

  ByteOrder order_;
  std::uint32_t nanos_per_tick_;
  std::size_t frame_header_;
  bool started_ = false;
  std::uint32_t version_ = 0;  // major << 16 | minor
  CapturedFrame frame_;
  std::string problem_;
};

}  // namespace slowlane
