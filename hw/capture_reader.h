#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>

#include "hw/byte_window.h"
#include "hw/captured_frame.h"
#include "hw/pcap_format.h"
#include "hw/pcapng_format.h"
#include "rules/result.h"

namespace slowlane {

// A capture file read once from front to back in constant memory: pcap or pcapng, told apart by their first bytes. A
// file that is damaged or cut short is read as far as it goes. Our own reader for both formats, because libpcap
// refuses files of several link types. Owned by one thread.
class CaptureReader {
 public:
  // `path` of "-" is standard input. What is no capture at all is a diagnostic.
  static Result<std::unique_ptr<CaptureReader>> open(const std::string& path);
  // A file's content in memory, which must outlive the reader; `name` is what diagnostics call it.
  static Result<std::unique_ptr<CaptureReader>> over(std::span<const std::uint8_t> bytes, const std::string& name);

  // The next frame; nullptr when there is no more. Valid until the next call.
  const CapturedFrame* next();
  // After the last frame: what kept the rest from being read, as half a sentence; empty: all was read.
  std::string warning() const;

  const std::string& name() const { return name_; }
  // For a progress bar. A size of 0 is not known.
  std::uint64_t bytes_read() const { return window_->position(); }
  std::uint64_t size() const { return window_->size(); }

 private:
  using Format = std::variant<PcapFormat, PcapngFormat>;
  CaptureReader(std::string name, std::unique_ptr<ByteWindow> window, Format format);
  static Result<std::unique_ptr<CaptureReader>> recognise(std::string name, std::unique_ptr<ByteWindow> window);

  std::string name_;
  std::unique_ptr<ByteWindow> window_;
  Format format_;
};

}  // namespace slowlane
