#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace slowlane {

// The first bytes of one direction put in order: TCP segments by sequence number, or QUIC CRYPTO frames by offset.
// Pieces may come in any order, twice and overlapping; the first copy of a byte wins, as in a receiver that keeps what
// it has. Fixed size, allocates nothing; lives in a pool of the inspector.
class Assembler {
 public:
  static constexpr std::size_t kCapacity = 24 * 1024;  // bytes from `base` on; what lies behind is cut off
  static constexpr std::size_t kMaxPieces = 64;        // separate runs held beyond the first gap

  Assembler() noexcept {}  // leaves the bytes as they are: only what was put is ever read
  void reset() noexcept { run_count_ = 0; }

  enum class Put : std::uint8_t {
    taken,    // something new was kept
    nothing,  // all of it was there already, or it lies outside the window
    no_room   // it would make one run too many: the piece is not kept
  };
  Put put(std::size_t offset, std::span<const std::uint8_t> bytes) noexcept;

  // The bytes from offset 0 to the first gap.
  std::span<const std::uint8_t> prefix() const noexcept;
  // Bytes held in all, behind gaps too.
  std::size_t held() const noexcept;

 private:
  struct Run {
    std::uint32_t begin;
    std::uint32_t end;
  };
  void open_run(std::size_t index, Run run) noexcept;
  void close_runs(std::size_t first, std::size_t last) noexcept;

  std::size_t run_count_ = 0;
  std::array<Run, kMaxPieces + 1> runs_;  // sorted, apart; one more than kMaxPieces for the run that starts at 0
  std::array<std::uint8_t, kCapacity> bytes_;
};

}  // namespace slowlane
