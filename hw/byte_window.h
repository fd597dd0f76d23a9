#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace slowlane {

// A file, a pipe or bytes in memory, read once from front to back through a window: memory is bounded by the largest
// peek, whatever the input's length. Owned by one reader.
class ByteWindow {
 public:
  static constexpr std::size_t kChunk = 256 * 1024;  // what is read at a time

  // Takes the open descriptor over and closes it in the end. `size` of 0: not known.
  ByteWindow(int descriptor, std::uint64_t size) : descriptor_(descriptor), size_(size) {}
  // The bytes must outlive the window.
  explicit ByteWindow(std::span<const std::uint8_t> bytes) : all_(bytes), size_(bytes.size()) {}
  ~ByteWindow();
  ByteWindow(const ByteWindow&) = delete;
  ByteWindow& operator=(const ByteWindow&) = delete;

  // The next `count` bytes, fewer only where the input ends or cannot be read. Valid until the next peek; skip leaves
  // them in place.
  std::span<const std::uint8_t> peek(std::size_t count);
  // Goes on by `count` bytes. False: the input ends before.
  bool skip(std::uint64_t count);

  std::uint64_t position() const { return position_; }
  std::uint64_t size() const { return size_; }
  // errno of the read that failed, 0 if none did.
  int error() const { return error_; }

 private:
  void fill(std::size_t count);

  int descriptor_ = -1;
  std::vector<std::uint8_t> buffer_;
  std::span<const std::uint8_t> all_;  // what has been read and not dropped yet
  std::size_t begin_ = 0;              // of it: what was skipped
  std::uint64_t position_ = 0;
  std::uint64_t size_ = 0;
  int error_ = 0;
};

}  // namespace slowlane
