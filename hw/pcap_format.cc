#include "hw/pcap_format.h"

#include <utility>

namespace slowlane {
namespace {

constexpr std::size_t kFileHeader = 24;
constexpr std::size_t kFrameHeader = 16;
constexpr std::size_t kPatchedFrameHeader = 24;  // with interface index, protocol and packet type

constexpr std::uint32_t version(std::uint32_t major, std::uint32_t minor) { return major << 16 | minor; }

}  // namespace

std::optional<PcapFormat> PcapFormat::recognise(std::span<const std::uint8_t> start) {
  if (start.size() < 4) return std::nullopt;
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    switch (number_at<std::uint32_t>(start, 0, order)) {
      case 0xa1b2c3d4: return PcapFormat(order, 1000, kFrameHeader);
      case 0xa1b23c4d: return PcapFormat(order, 1, kFrameHeader);
      case 0xa1b2cd34: return PcapFormat(order, 1000, kPatchedFrameHeader);
      default: break;
    }
  }
  return std::nullopt;
}

bool PcapFormat::read_file_header(ByteWindow& window) {
  const auto header = window.peek(kFileHeader);
  if (header.size() < kFileHeader) return false;
  started_ = true;
  version_ = version(number_at<std::uint16_t>(header, 4, order_), number_at<std::uint16_t>(header, 6, order_));
  // The upper bits tell the length of the frame check sequence.
  frame_.dlt = number_at<std::uint16_t>(header, order_ == ByteOrder::little ? 20 : 22, order_);
  frame_.link = link_type_of(frame_.dlt);
  return window.skip(kFileHeader);
}

const CapturedFrame* PcapFormat::cut_short() {
  problem_ = started_ ? "cut short behind frame " + std::to_string(frame_.number) : "cut short in the file header";
  return nullptr;
}

// Versions before 2.3 and one vendor's 543.0 wrote the original length first; 2.3 itself did either.
bool PcapFormat::lengths_swapped(std::uint32_t captured, std::uint32_t original) const {
  if (version_ == version(543, 0) || (version_ >= version(2, 0) && version_ < version(2, 3))) return true;
  return version_ == version(2, 3) && captured > original;
}

const CapturedFrame* PcapFormat::next(ByteWindow& window) {
  if (!problem_.empty()) return nullptr;
  if (!started_ && !read_file_header(window)) return cut_short();
  const auto header = window.peek(frame_header_);
  if (header.empty()) return nullptr;
  if (header.size() < frame_header_) return cut_short();
  const auto seconds = number_at<std::uint32_t>(header, 0, order_);
  const auto ticks = number_at<std::uint32_t>(header, 4, order_);
  auto captured = number_at<std::uint32_t>(header, 8, order_);
  auto original = number_at<std::uint32_t>(header, 12, order_);
  if (lengths_swapped(captured, original)) std::swap(captured, original);
  if (captured > kLongestFrame) {
    problem_ = "damaged at byte " + std::to_string(window.position()) + ": frame " + std::to_string(frame_.number + 1) +
               " claims " + std::to_string(captured) + " bytes";
    return nullptr;
  }
  const auto whole = window.peek(frame_header_ + captured);
  if (whole.size() < frame_header_ + captured) return cut_short();
  frame_.time = bounded(WideNanos{seconds} * kSecond + WideNanos{ticks} * nanos_per_tick_);
  ++frame_.number;
  frame_.wire_length = std::max(original, captured);
  frame_.bytes = whole.subspan(frame_header_);
  window.skip(whole.size());
  return &frame_;
}

}  // namespace slowlane
