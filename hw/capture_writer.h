#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/packet.h"
#include "hw/output_file.h"
#include "rules/result.h"

namespace slowlane {

// One frame to be written.
struct WrittenFrame {
  enum class Way : std::uint8_t { in, out };  // as the box sees it
  Nanos time = 0;
  Side side = Side::inside;  // the end of the wire it is seen on
  Way way = Way::in;
  std::uint16_t dlt = 1;          // LINKTYPE_ number
  std::uint32_t wire_length = 0;  // original length
  std::span<const std::uint8_t> bytes;
  std::string_view comment;  // pcapng only; empty: none

  // A packet as it leaves: on the other side, at its departure.
  static WrittenFrame leaving(const Packet& packet);
  // A packet that was dropped: on the side it came in on, at the time it was dropped.
  static WrittenFrame dropped(const Packet& packet);
};

// Writes a capture with nanoseconds: pcapng, with interfaces named inside and outside for each link type met, or pcap,
// which has room for one link type. The file appears under its name when finish() succeeds (hw/output_file.h). Owned
// by one thread; allocates nothing per frame.
class CaptureWriter {
 public:
  enum class Format : std::uint8_t { pcap, pcapng };
  // By the ending: .pcap, .cap and .dmp are pcap, .pcapng and .ntar pcapng; "-" is pcapng. nullopt: none of these.
  static std::optional<Format> format_of(std::string_view path);

  // `application` is what pcapng names as the writer, such as "slowlane 0.1.0".
  static Result<std::unique_ptr<CaptureWriter>> create(const std::string& path, Format format,
                                                       const std::string& application);
  // The same with the format by the path's ending; any other ending is a diagnostic.
  static Result<std::unique_ptr<CaptureWriter>> create(const std::string& path, const std::string& application);

  // Never fails by itself: the first failure is kept for finish(), and nothing is written behind it.
  void write(const WrittenFrame& frame) noexcept;
  bool failed() const noexcept { return mixed_ || file_->failed(); }
  // Completes the file. What went wrong, if anything did.
  std::optional<Diagnostic> finish();

  std::uint64_t frames() const noexcept { return frames_; }

 private:
  struct Interface {
    Side side;
    std::uint16_t dlt;
  };
  CaptureWriter(std::unique_ptr<OutputFile> file, Format format);
  void write_pcap_header(std::uint16_t dlt) noexcept;
  void write_pcap(const WrittenFrame& frame) noexcept;
  void begin_section(const std::string& application);
  std::uint32_t interface_of(const WrittenFrame& frame) noexcept;
  void write_pcapng(const WrittenFrame& frame) noexcept;

  std::unique_ptr<OutputFile> file_;
  Format format_;
  std::vector<Interface> interfaces_;  // pcap: the first is the only one
  std::uint64_t frames_ = 0;
  bool mixed_ = false;  // pcap: another link type came
  std::uint16_t other_dlt_ = 0;
};

}  // namespace slowlane
