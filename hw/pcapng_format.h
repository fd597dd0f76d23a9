#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hw/byte_window.h"
#include "hw/captured_frame.h"

namespace slowlane {

// The block format (draft-ietf-opsawg-pcapng): sections in either byte order, interfaces with link types and clocks
// of their own. Enhanced, simple and obsolete packet blocks are frames; others are skipped, but those that tshark
// numbers (custom, journal and system call blocks) take a number.
class PcapngFormat {
 public:
  // Whether a file that begins with these bytes is one.
  static std::optional<PcapngFormat> recognise(std::span<const std::uint8_t> start);

  // The next frame; nullptr at the end, or where the file cannot be read further.
  const CapturedFrame* next(ByteWindow& window);
  // Why reading ended early; empty where it did not.
  const std::string& problem() const { return problem_; }

 private:
  struct Interface {
    std::uint16_t dlt = 0;
    std::uint32_t snap_length = 0;  // 0: no limit
    std::uint8_t resolution = 6;    // if_tsresol: microseconds unless said
    std::int64_t offset = 0;        // if_tsoffset, seconds
  };
  struct Block {
    std::uint32_t type = 0;
    std::uint64_t length = 0;  // a multiple of 4, at least 12
  };
  // Where the parts of a packet block are.
  struct Shape;

  std::optional<Block> read_head(ByteWindow& window);
  std::optional<std::span<const std::uint8_t>> read_whole(ByteWindow& window, const Block& block);
  bool skip_block(ByteWindow& window, const Block& block);
  bool ends_well(std::span<const std::uint8_t> trailer, const Block& block);
  bool begin_section(ByteWindow& window, const Block& block);
  bool add_interface(std::span<const std::uint8_t> block);
  void read_options(std::span<const std::uint8_t> options, Interface& interface) const;
  const CapturedFrame* read_packet(std::span<const std::uint8_t> block, const Shape& shape);
  const CapturedFrame* read_simple_packet(std::span<const std::uint8_t> block);
  const CapturedFrame* deliver(std::uint32_t interface, std::uint32_t original, std::span<const std::uint8_t> bytes);
  // Note why reading ends; always false and nullptr.
  bool cut_short();
  bool damaged(const std::string& what);
  const CapturedFrame* damaged_packet(const std::string& what);
  static Nanos to_nanos(std::uint64_t ticks, const Interface& interface);

  ByteOrder order_ = ByteOrder::little;
  std::vector<Interface> interfaces_;  // of the section
  std::uint64_t block_at_ = 0;
  CapturedFrame frame_;
  std::string problem_;
};

}  // namespace slowlane
