#include "hw/byte_window.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace slowlane {

ByteWindow::~ByteWindow() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::span<const std::uint8_t> ByteWindow::peek(std::size_t count) {
  if (all_.size() - begin_ < count && descriptor_ >= 0) fill(count);
  return all_.subspan(begin_, std::min(count, all_.size() - begin_));
}

// Moves what is left to the front and reads until `count` bytes are there. The buffer grows only as bytes come in, so
// a length that a damaged file claims costs nothing.
void ByteWindow::fill(std::size_t count) {
  std::size_t held = all_.size() - begin_;
  if (held > 0) std::memmove(buffer_.data(), all_.data() + begin_, held);
  begin_ = 0;
  while (held < count) {
    if (held == buffer_.size()) buffer_.resize(std::max(kChunk, 2 * buffer_.size()));
    const ssize_t got = read(descriptor_, buffer_.data() + held, buffer_.size() - held);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error_ = errno;
    if (got <= 0) {
      close(descriptor_);
      descriptor_ = -1;
      break;
    }
    held += static_cast<std::size_t>(got);
  }
  all_ = {buffer_.data(), held};
}

bool ByteWindow::skip(std::uint64_t count) {
  while (count > 0) {
    const std::size_t there = peek(static_cast<std::size_t>(std::min<std::uint64_t>(count, kChunk))).size();
    if (there == 0) return false;
    begin_ += there;
    position_ += there;
    count -= there;
  }
  return true;
}

}  // namespace slowlane
