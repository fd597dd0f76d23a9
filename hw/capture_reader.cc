#include "hw/capture_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace slowlane {
namespace {

// What a file is that is no capture, where that helps.
std::string what_it_is(std::span<const std::uint8_t> start) {
  if (start.empty()) return "is empty";
  const auto begins = [&](std::initializer_list<std::uint8_t> magic) {
    return start.size() >= magic.size() && std::equal(magic.begin(), magic.end(), start.begin());
  };
  if (begins({0x1f, 0x8b})) return "is compressed: unpack it first (gunzip)";
  if (begins({0x28, 0xb5, 0x2f, 0xfd})) return "is compressed: unpack it first (unzstd)";
  if (begins({0xfd, '7', 'z', 'X'})) return "is compressed: unpack it first (unxz)";
  return "is not a capture: neither pcap nor pcapng";
}

}  // namespace

CaptureReader::CaptureReader(std::string name, std::unique_ptr<ByteWindow> window, Format format)
    : name_(std::move(name)), window_(std::move(window)), format_(std::move(format)) {}

Result<std::unique_ptr<CaptureReader>> CaptureReader::open(const std::string& path) {
  const int descriptor = path == "-" ? dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (descriptor < 0 || fstat(descriptor, &status) != 0) {
    const int error = errno;
    if (descriptor >= 0) close(descriptor);
    return Diagnostic{path, 0, std::string("cannot be opened: ") + std::strerror(error)};
  }
  const auto size = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
  return recognise(path == "-" ? "standard input" : path, std::make_unique<ByteWindow>(descriptor, size));
}

Result<std::unique_ptr<CaptureReader>> CaptureReader::over(std::span<const std::uint8_t> bytes,
                                                           const std::string& name) {
  return recognise(name, std::make_unique<ByteWindow>(bytes));
}

Result<std::unique_ptr<CaptureReader>> CaptureReader::recognise(std::string name, std::unique_ptr<ByteWindow> window) {
  const auto start = window->peek(4);
  if (window->error() != 0)
    return Diagnostic{name, 0, std::string("cannot be read: ") + std::strerror(window->error())};
  std::optional<Format> format;
  if (auto pcap = PcapFormat::recognise(start)) format = std::move(*pcap);
  if (auto pcapng = PcapngFormat::recognise(start)) format = std::move(*pcapng);
  if (!format) return Diagnostic{name, 0, what_it_is(start)};
  return std::unique_ptr<CaptureReader>(
      new CaptureReader(std::move(name), std::move(window), std::move(*format)));  // make_unique cannot: private
}

const CapturedFrame* CaptureReader::next() {
  return std::visit([this](auto& format) { return format.next(*window_); }, format_);
}

std::string CaptureReader::warning() const {
  if (window_->error() != 0) return std::string("cannot be read further: ") + std::strerror(window_->error());
  return std::visit([](const auto& format) { return format.problem(); }, format_);
}

}  // namespace slowlane
