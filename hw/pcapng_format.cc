#include "hw/pcapng_format.h"

#include <algorithm>
#include <utility>

namespace slowlane {
namespace {

enum BlockType : std::uint32_t {
  kInterface = 1,
  kObsoletePacket = 2,
  kSimplePacket = 3,
  kEnhancedPacket = 6,
  kSection = 0x0a0d0d0a  // the same in both byte orders
};
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint16_t kResolutionOption = 9;
constexpr std::uint16_t kOffsetOption = 14;

constexpr std::size_t kHead = 8;     // type and length
constexpr std::size_t kTrailer = 4;  // the length again
constexpr std::size_t kLeast = kHead + kTrailer;
constexpr std::size_t kSectionHead = kHead + 16;
// Bounds on what is kept: a packet block with all its options, and interfaces.
constexpr std::size_t kLongestBlock = std::size_t{16} << 20;
constexpr std::size_t kMostInterfaces = 65536;

// Blocks that are no frames of a network but have a number in tshark: custom, systemd journal, sysdig events.
bool takes_a_number(std::uint32_t type) {
  switch (type) {
    case 0x00000bad:
    case 0x40000bad:
    case 9:
    case 0x204:
    case 0x208:
    case 0x216:
    case 0x217:
    case 0x221:
    case 0x222: return true;
    default: return false;
  }
}

constexpr std::uint32_t padded(std::uint32_t length) { return (length + 3) & ~std::uint32_t{3}; }

}  // namespace

struct PcapngFormat::Shape {
  std::size_t interface_bytes;  // 2 or 4, at kHead
  std::size_t time;
  std::size_t data;
};

std::optional<PcapngFormat> PcapngFormat::recognise(std::span<const std::uint8_t> start) {
  if (start.size() < 4 || number_at<std::uint32_t>(start, 0, ByteOrder::little) != kSection) return std::nullopt;
  return PcapngFormat();
}

bool PcapngFormat::cut_short() {
  problem_ = "cut short behind frame " + std::to_string(frame_.number);
  return false;
}

bool PcapngFormat::damaged(const std::string& what) {
  problem_ = "damaged at byte " + std::to_string(block_at_) + ": " + what;
  return false;
}

const CapturedFrame* PcapngFormat::damaged_packet(const std::string& what) {
  damaged("frame " + std::to_string(frame_.number + 1) + " " + what);
  return nullptr;
}

const CapturedFrame* PcapngFormat::next(ByteWindow& window) {
  while (problem_.empty()) {
    const auto block = read_head(window);
    if (!block) return nullptr;
    switch (block->type) {
      case kSection:
        if (!begin_section(window, *block)) return nullptr;
        break;
      case kInterface:
      case kEnhancedPacket:
      case kObsoletePacket:
      case kSimplePacket: {
        const auto whole = read_whole(window, *block);
        if (!whole) return nullptr;
        if (block->type == kInterface) add_interface(*whole);
        if (block->type == kEnhancedPacket) return read_packet(*whole, {4, 12, 28});
        if (block->type == kObsoletePacket) return read_packet(*whole, {2, 12, 28});
        if (block->type == kSimplePacket) return read_simple_packet(*whole);
        break;
      }
      default:
        if (!skip_block(window, *block)) return nullptr;
        if (takes_a_number(block->type)) ++frame_.number;
    }
  }
  return nullptr;
}

// Type and length of the next block; a section's come in the order that it declares itself.
std::optional<PcapngFormat::Block> PcapngFormat::read_head(ByteWindow& window) {
  block_at_ = window.position();
  const auto head = window.peek(kLeast);
  if (head.empty()) return std::nullopt;
  if (head.size() < kLeast) {
    cut_short();
    return std::nullopt;
  }
  Block block{number_at<std::uint32_t>(head, 0, order_), 0};
  if (block.type == kSection) {
    if (number_at<std::uint32_t>(head, kHead, ByteOrder::little) == kByteOrderMagic)
      order_ = ByteOrder::little;
    else
      order_ = ByteOrder::big;
    if (number_at<std::uint32_t>(head, kHead, order_) != kByteOrderMagic)
      damaged("a section without its byte order mark");
  }
  const auto length = number_at<std::uint32_t>(head, 4, order_);
  // Some writers forget the padding in the length; tshark rounds up as well.
  block.length = (std::uint64_t{length} + 3) & ~std::uint64_t{3};
  if (length < kLeast) damaged("a block of " + std::to_string(length) + " bytes");
  if (!problem_.empty()) return std::nullopt;
  return block;
}

// All of a block that is to be kept in memory; the window stands behind it.
std::optional<std::span<const std::uint8_t>> PcapngFormat::read_whole(ByteWindow& window, const Block& block) {
  if (block.length > kLongestBlock) {
    damaged("a block of " + std::to_string(block.length) + " bytes");
    return std::nullopt;
  }
  const auto whole = window.peek(block.length);
  if (whole.size() < block.length) {
    cut_short();
    return std::nullopt;
  }
  window.skip(block.length);
  if (!ends_well(whole.last(kTrailer), block)) return std::nullopt;
  return whole.first(whole.size() - kTrailer);
}

bool PcapngFormat::skip_block(ByteWindow& window, const Block& block) {
  if (!window.skip(block.length - kTrailer)) return cut_short();
  const auto trailer = window.peek(kTrailer);
  if (trailer.size() < kTrailer) return cut_short();
  if (!ends_well(trailer, block)) return false;
  return window.skip(kTrailer);
}

bool PcapngFormat::ends_well(std::span<const std::uint8_t> trailer, const Block& block) {
  const auto length = number_at<std::uint32_t>(trailer, 0, order_);
  if (((std::uint64_t{length} + 3) & ~std::uint64_t{3}) == block.length) return true;
  return damaged("a block's two lengths differ, " + std::to_string(block.length) + " and " + std::to_string(length));
}

bool PcapngFormat::begin_section(ByteWindow& window, const Block& block) {
  if (block.length < kSectionHead + kTrailer) return damaged("a section header too short");
  interfaces_.clear();
  return skip_block(window, block);
}

bool PcapngFormat::add_interface(std::span<const std::uint8_t> block) {
  constexpr std::size_t kOptions = kHead + 8;
  if (block.size() < kOptions || interfaces_.size() == kMostInterfaces)
    return damaged("an interface too short, or one too many");
  Interface interface;
  interface.dlt = number_at<std::uint16_t>(block, kHead, order_);
  interface.snap_length = number_at<std::uint32_t>(block, kHead + 4, order_);
  read_options(block.subspan(kOptions), interface);
  interfaces_.push_back(interface);
  return true;
}

void PcapngFormat::read_options(std::span<const std::uint8_t> options, Interface& interface) const {
  while (options.size() >= 4) {
    const auto code = number_at<std::uint16_t>(options, 0, order_);
    const auto length = number_at<std::uint16_t>(options, 2, order_);
    options = options.subspan(4);
    if (code == 0 || length > options.size()) return;
    if (code == kResolutionOption && length == 1) interface.resolution = options[0];
    if (code == kOffsetOption && length == 8)
      interface.offset = static_cast<std::int64_t>(number_at<std::uint64_t>(options, 0, order_));
    options = options.subspan(std::min<std::size_t>(padded(length), options.size()));
  }
}

const CapturedFrame* PcapngFormat::read_packet(std::span<const std::uint8_t> block, const Shape& shape) {
  if (block.size() < shape.data) return damaged_packet("has no room for its header");
  const std::uint32_t interface = shape.interface_bytes == 4 ? number_at<std::uint32_t>(block, kHead, order_)
                                                             : number_at<std::uint16_t>(block, kHead, order_);
  const auto captured = number_at<std::uint32_t>(block, shape.data - 8, order_);
  const auto original = number_at<std::uint32_t>(block, shape.data - 4, order_);
  if (interface >= interfaces_.size())
    return damaged_packet("names interface " + std::to_string(interface) + ", which was not described");
  if (captured > kLongestFrame || captured > block.size() - shape.data)
    return damaged_packet("claims " + std::to_string(captured) + " bytes");
  const std::uint64_t ticks = std::uint64_t{number_at<std::uint32_t>(block, shape.time, order_)} << 32 |
                              number_at<std::uint32_t>(block, shape.time + 4, order_);
  frame_.time = to_nanos(ticks, interfaces_[interface]);
  return deliver(interface, original, block.subspan(shape.data, captured));
}

// A simple packet block has no time: it takes that of the frame before it.
const CapturedFrame* PcapngFormat::read_simple_packet(std::span<const std::uint8_t> block) {
  constexpr std::size_t kData = kHead + 4;
  if (interfaces_.empty()) return damaged_packet("comes before its interface");
  if (block.size() < kData) return damaged_packet("has no room for its header");
  const auto original = number_at<std::uint32_t>(block, kHead, order_);
  std::uint32_t captured = original;
  if (interfaces_[0].snap_length > 0) captured = std::min(captured, interfaces_[0].snap_length);
  if (captured > kLongestFrame || captured > block.size() - kData)
    return damaged_packet("claims " + std::to_string(captured) + " bytes");
  return deliver(0, original, block.subspan(kData, captured));
}

const CapturedFrame* PcapngFormat::deliver(std::uint32_t interface, std::uint32_t original,
                                           std::span<const std::uint8_t> bytes) {
  ++frame_.number;
  frame_.interface = interface;
  frame_.dlt = interfaces_[interface].dlt;
  frame_.link = link_type_of(frame_.dlt);
  frame_.bytes = bytes;
  frame_.wire_length = std::max(original, static_cast<std::uint32_t>(bytes.size()));
  return &frame_;
}

// Ticks are negative powers of 10, or of 2 where the upper bit is set; finer ones than nanoseconds are cut off.
Nanos PcapngFormat::to_nanos(std::uint64_t ticks, const Interface& interface) {
  WideNanos time = ticks;
  const unsigned exponent = interface.resolution & 0x7fu;
  if ((interface.resolution & 0x80) != 0) {
    time = time * kSecond >> exponent;
  } else {
    for (unsigned i = exponent; i < 9; ++i) time *= 10;
    for (unsigned i = exponent; i > 9 && time > 0; --i) time /= 10;
  }
  return bounded(time + WideNanos{interface.offset} * kSecond);
}

}  // namespace slowlane
