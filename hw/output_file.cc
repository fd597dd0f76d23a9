#include "hw/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace slowlane {
namespace {

constexpr std::size_t kBuffer = 256 * 1024;

Diagnostic cannot_write(const std::string& path, int error) {
  return Diagnostic{path, 0, std::string("cannot be written: ") + std::strerror(error)};
}

// Pipes and devices are what they are: renaming a file over /dev/null would take it from everybody.
bool in_place(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

// Where the file really is: a symbolic link stays one.
std::string resolved(const std::string& path) {
  std::error_code ignored;
  const auto target = std::filesystem::canonical(path, ignored);
  return target.empty() ? path : target.string();
}

std::string name_beside(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::size_t base = slash == std::string::npos ? 0 : slash + 1;
  return path.substr(0, base) + "." + path.substr(base) + "." + std::to_string(getpid()) + ".part";
}

}  // namespace

OutputFile::OutputFile(std::string path, std::string final_name, std::string aside, int descriptor)
    : path_(std::move(path)), final_name_(std::move(final_name)), aside_(std::move(aside)), descriptor_(descriptor) {
  buffer_.reserve(kBuffer);
}

Result<std::unique_ptr<OutputFile>> OutputFile::create(const std::string& path) {
  int descriptor = -1;
  std::string name = path;
  std::string aside;
  if (path == "-") {
    descriptor = dup(STDOUT_FILENO);
  } else if (in_place(path)) {
    descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    name = resolved(path);
    aside = name_beside(name);
    descriptor = open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  }
  if (descriptor < 0) return cannot_write(path, errno);
  return std::unique_ptr<OutputFile>(
      new OutputFile(path, std::move(name), std::move(aside), descriptor));  // make_unique cannot: private
}

OutputFile::~OutputFile() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  if (!aside_.empty()) unlink(aside_.c_str());
}

void OutputFile::write(std::span<const std::uint8_t> bytes) noexcept {
  while (!bytes.empty() && !failed()) {
    const std::size_t taken = std::min(bytes.size(), kBuffer - buffer_.size());
    const auto part = bytes.first(taken);
    buffer_.insert(buffer_.end(), part.begin(), part.end());
    bytes = bytes.subspan(taken);
    if (buffer_.size() == kBuffer) flush();
  }
}

void OutputFile::flush() noexcept {
  std::span<const std::uint8_t> left = buffer_;
  while (!left.empty() && !failed()) {
    const ssize_t wrote = ::write(descriptor_, left.data(), left.size());
    if (wrote >= 0) left = left.subspan(static_cast<std::size_t>(wrote));
    if (wrote < 0 && errno != EINTR) error_ = errno;
  }
  buffer_.clear();
}

std::optional<Diagnostic> OutputFile::finish() {
  flush();
  // Some file systems tell of a full disk only here.
  if (close(std::exchange(descriptor_, -1)) != 0 && !failed()) error_ = errno;
  if (!aside_.empty() && !failed() && std::rename(aside_.c_str(), final_name_.c_str()) != 0) error_ = errno;
  if (!failed()) return std::nullopt;
  if (!aside_.empty()) unlink(aside_.c_str());
  return cannot_write(path_, error_);
}

}  // namespace slowlane
