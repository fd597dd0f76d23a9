#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

namespace slowlane {

// Lines for one client of a socket that come as time goes by. Bounded: what finds no room is counted, and the client is
// told how many there were. Whoever fills it and whoever sends it share it; the filler sees by its being alone that the
// client is gone. Control's thread.
class Feed {
 public:
  explicit Feed(std::size_t room = 256 << 10) : room_(room) {}

  // One line without its end.
  void put(std::string line) {
    if (bytes_ + line.size() > room_) {
      ++lost_;
      ++lost_in_all_;
      return;
    }
    if (lost_ > 0) note_lost();
    bytes_ += line.size();
    lines_.push_back(std::move(line));
  }
  void end() { ended_ = true; }

  // Some whole lines with their ends, as many as begin within `most` bytes; empty: none are there.
  std::string take(std::size_t most) {
    if (lines_.empty() && lost_ > 0) note_lost();
    std::string text;
    while (!lines_.empty() && text.size() < most) {
      bytes_ -= lines_.front().size();
      text += lines_.front();
      text += '\n';
      lines_.pop_front();
    }
    return text;
  }
  bool empty() const { return lines_.empty() && lost_ == 0; }
  // Nothing will come any more.
  bool over() const { return ended_ && empty(); }
  std::uint64_t lost() const { return lost_in_all_; }

 private:
  void note_lost() {
    lines_.push_back("{\"lost\":" + std::to_string(lost_) + "}");
    bytes_ += lines_.back().size();
    lost_ = 0;
  }

  const std::size_t room_;
  std::deque<std::string> lines_;
  std::size_t bytes_ = 0;
  std::uint64_t lost_ = 0;  // since the client was last told
  std::uint64_t lost_in_all_ = 0;
  bool ended_ = false;
};

}  // namespace slowlane
