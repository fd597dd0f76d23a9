#include "hw/capture_writer.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <utility>

namespace slowlane {
namespace {

constexpr std::uint32_t kSnapLength = 262144;
constexpr std::size_t kLongestOption = 65535;
constexpr std::array<std::uint8_t, 4> kPadding{};

enum Option : std::uint16_t {
  kEnd = 0,
  kComment = 1,
  kName = 2,
  kHardware = 2,
  kFlags = 2,
  kOs = 3,
  kApplication = 4,
  kResolution = 9
};

// Headers are put together here, in the machine's own byte order, as both formats want it.
template <std::size_t kRoom>
class Head {
 public:
  template <std::unsigned_integral... Numbers>
  void add(Numbers... numbers) noexcept {
    (append(&numbers, sizeof(numbers)), ...);
  }
  std::span<const std::uint8_t> bytes() const noexcept { return {bytes_.data(), size_}; }

 private:
  void append(const void* from, std::size_t size) noexcept {
    std::memcpy(bytes_.data() + size_, from, size);
    size_ += size;
  }
  std::array<std::uint8_t, kRoom> bytes_;
  std::size_t size_ = 0;
};

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

constexpr std::size_t padding(std::size_t size) { return (4 - size % 4) % 4; }
constexpr std::uint32_t option_size(std::size_t size) { return static_cast<std::uint32_t>(4 + size + padding(size)); }

void write_padded(OutputFile& file, std::span<const std::uint8_t> bytes) noexcept {
  file.write(bytes);
  file.write(std::span(kPadding).first(padding(bytes.size())));
}

void write_option(OutputFile& file, Option code, std::span<const std::uint8_t> value) noexcept {
  Head<4> head;
  head.add(std::uint16_t{code}, static_cast<std::uint16_t>(value.size()));
  file.write(head.bytes());
  write_padded(file, value);
}

void write_trailer(OutputFile& file, std::uint32_t length) noexcept {
  Head<8> trailer;
  trailer.add(std::uint16_t{kEnd}, std::uint16_t{0}, length);
  file.write(trailer.bytes());
}

const char* name_of(Side side) { return side == Side::inside ? "inside" : "outside"; }

// The original length of what leaves. A reset made here is a whole frame of its own.
std::uint32_t wire_length_of(const Packet& packet) {
  const auto captured = static_cast<std::uint32_t>(packet.bytes().size());
  return packet.reset ? captured : std::max(captured, packet.wire_length);
}

}  // namespace

WrittenFrame WrittenFrame::leaving(const Packet& packet) {
  return {packet.departure, other(packet.side), Way::out, packet.dlt, wire_length_of(packet), packet.bytes(), {}};
}

WrittenFrame WrittenFrame::dropped(const Packet& packet) {
  return {packet.departure, packet.side, Way::in, packet.dlt, wire_length_of(packet), packet.bytes(), {}};
}

std::optional<CaptureWriter::Format> CaptureWriter::format_of(std::string_view path) {
  if (path == "-") return Format::pcapng;
  for (const auto ending : {".pcapng", ".ntar"})
    if (path.ends_with(ending)) return Format::pcapng;
  for (const auto ending : {".pcap", ".cap", ".dmp"})
    if (path.ends_with(ending)) return Format::pcap;
  return std::nullopt;
}

CaptureWriter::CaptureWriter(std::unique_ptr<OutputFile> file, Format format)
    : file_(std::move(file)), format_(format) {}

Result<std::unique_ptr<CaptureWriter>> CaptureWriter::create(const std::string& path, Format format,
                                                             const std::string& application) {
  auto file = OutputFile::create(path);
  if (!file) return file.diagnostics();
  std::unique_ptr<CaptureWriter> writer(
      new CaptureWriter(std::move(file.value()), format));  // make_unique cannot: private
  writer->interfaces_.reserve(64);
  if (format == Format::pcapng) writer->begin_section(application);
  return writer;
}

Result<std::unique_ptr<CaptureWriter>> CaptureWriter::create(const std::string& path, const std::string& application) {
  const auto format = format_of(path);
  if (!format) return Diagnostic{path, 0, "a capture is written to a name that ends in .pcapng or .pcap, or to -"};
  return create(path, *format, application);
}

void CaptureWriter::write(const WrittenFrame& frame) noexcept {
  if (failed()) return;
  if (format_ == Format::pcap)
    write_pcap(frame);
  else
    write_pcapng(frame);
  if (!failed()) ++frames_;
}

std::optional<Diagnostic> CaptureWriter::finish() {
  if (mixed_) {
    const std::string first = std::to_string(interfaces_.front().dlt);
    return Diagnostic{file_->path(), 0,
                      "a pcap file holds one link type, and these frames have several (" + first + ", then " +
                          std::to_string(other_dlt_) + "): write a .pcapng file instead"};
  }
  if (format_ == Format::pcap && interfaces_.empty()) write_pcap_header(1);
  return file_->finish();
}

void CaptureWriter::write_pcap_header(std::uint16_t dlt) noexcept {
  interfaces_.push_back({Side::inside, dlt});
  Head<24> head;
  head.add(0xa1b23c4du, std::uint16_t{2}, std::uint16_t{4}, 0u, 0u, kSnapLength, std::uint32_t{dlt});
  file_->write(head.bytes());
}

void CaptureWriter::write_pcap(const WrittenFrame& frame) noexcept {
  if (interfaces_.empty()) write_pcap_header(frame.dlt);
  if (frame.dlt != interfaces_.front().dlt) {
    mixed_ = true;
    other_dlt_ = frame.dlt;
    return;
  }
  Head<16> head;
  // The seconds' 32 bits end in 2106.
  const Nanos seconds = std::clamp<Nanos>(frame.time / kSecond, 0, 0xffffffff);
  head.add(static_cast<std::uint32_t>(seconds), static_cast<std::uint32_t>(frame.time % kSecond),
           static_cast<std::uint32_t>(frame.bytes.size()), frame.wire_length);
  file_->write(head.bytes());
  file_->write(frame.bytes);
}

void CaptureWriter::begin_section(const std::string& application) {
  utsname system{};
  uname(&system);
  const std::string os = std::string(system.sysname) + " " + system.release;
  const std::string_view hardware = system.machine;
  const std::uint32_t length =
      24 + option_size(hardware.size()) + option_size(os.size()) + option_size(application.size()) + 8;
  Head<24> head;
  head.add(0x0a0d0d0au, length, 0x1a2b3c4du, std::uint16_t{1}, std::uint16_t{0}, ~std::uint64_t{0});
  file_->write(head.bytes());
  write_option(*file_, kHardware, bytes_of(hardware));
  write_option(*file_, kOs, bytes_of(os));
  write_option(*file_, kApplication, bytes_of(application));
  write_trailer(*file_, length);
}

// The interface of a side and a link type, described when it is first met.
std::uint32_t CaptureWriter::interface_of(const WrittenFrame& frame) noexcept {
  const auto same = [&](const Interface& known) { return known.side == frame.side && known.dlt == frame.dlt; };
  const auto found = std::find_if(interfaces_.begin(), interfaces_.end(), same);
  const auto index = static_cast<std::uint32_t>(found - interfaces_.begin());
  if (found != interfaces_.end()) return index;
  interfaces_.push_back({frame.side, frame.dlt});
  const std::string_view name = name_of(frame.side);
  const std::uint32_t length = 16 + option_size(name.size()) + option_size(1) + 8;
  Head<16> head;
  head.add(1u, length, frame.dlt, std::uint16_t{0}, kSnapLength);
  file_->write(head.bytes());
  write_option(*file_, kName, bytes_of(name));
  write_option(*file_, kResolution, std::array<std::uint8_t, 1>{9});
  write_trailer(*file_, length);
  return index;
}

void CaptureWriter::write_pcapng(const WrittenFrame& frame) noexcept {
  const std::uint32_t interface = interface_of(frame);
  const std::string_view comment = frame.comment.substr(0, kLongestOption);
  const std::uint32_t comment_size = comment.empty() ? 0 : option_size(comment.size());
  const auto captured = static_cast<std::uint32_t>(frame.bytes.size());
  const auto length = static_cast<std::uint32_t>(28 + captured + padding(captured) + option_size(4) + comment_size + 8);
  const auto ticks = static_cast<std::uint64_t>(std::max<Nanos>(frame.time, 0));
  Head<28> head;
  head.add(6u, length, interface, static_cast<std::uint32_t>(ticks >> 32), static_cast<std::uint32_t>(ticks), captured,
           frame.wire_length);
  file_->write(head.bytes());
  write_padded(*file_, frame.bytes);
  Head<4> flags;
  flags.add(frame.way == WrittenFrame::Way::in ? 1u : 2u);
  write_option(*file_, kFlags, flags.bytes());
  if (comment_size > 0) write_option(*file_, kComment, bytes_of(comment));
  write_trailer(*file_, length);
}

}  // namespace slowlane
