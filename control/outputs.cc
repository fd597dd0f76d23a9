#include "control/outputs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "control/failure.h"

namespace slowlane {
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 16;

Failure failed(const std::string& path, int error) {
  return Failure(Exit::machine, "cannot write " + path + ": " + std::strerror(error));
}

// Pipes, terminals and devices cannot be renamed over; they are opened as they are.
bool is_special(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

// A link is followed, so that the file it names is what gets replaced.
std::string real_name(const std::string& path) {
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  return error ? path : real.string();
}

// In the same folder, so that the rename is one step; with the same ending, which tells a writer the format.
std::string aside_name(const std::string& path) {
  const std::filesystem::path real = real_name(path);
  const std::string name = ".part" + std::to_string(::getpid()) + "." + real.filename().string();
  return (real.parent_path() / name).string();
}

std::string same_file_key(const std::string& path) {
  std::error_code error;
  const auto real = std::filesystem::weakly_canonical(path, error);
  return error ? path : real.string();
}

bool same_file(const std::string& one, const std::string& other) {
  if (one == "-" || other == "-") return one == other;
  std::error_code error;
  if (std::filesystem::equivalent(one, other, error)) return !is_special(one);
  return !is_special(one) && same_file_key(one) == same_file_key(other);
}

}  // namespace

Aside::Aside(std::string path) : path_(std::move(path)) {
  if (path_ == "-") {
    name_ = "/dev/stdout";
    in_place_ = true;
    return;
  }
  in_place_ = is_special(path_);
  name_ = in_place_ ? path_ : aside_name(path_);
  if (in_place_) {
    if (std::filesystem::is_directory(path_)) throw Failure(Exit::machine, "cannot write " + path_ + ": a directory");
    return;
  }
  const int file = ::open(name_.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) throw failed(path_, errno);
  ::close(file);
}

Aside::~Aside() {
  if (!in_place_ && !done_) ::unlink(name_.c_str());
}

void Aside::commit() {
  if (!in_place_ && ::rename(name_.c_str(), real_name(path_).c_str()) != 0) throw failed(path_, errno);
  done_ = true;
}

Output::Output(const std::string& path) : aside_(path) {
  file_ = path == "-" ? stdout : std::fopen(aside_.name().c_str(), "wb");
  if (file_ == nullptr) throw failed(path, errno);
  buffer_.reserve(kBuffer + kBuffer / 4);
}

Output::~Output() {
  if (file_ != nullptr && file_ != stdout) std::fclose(file_);
}

void Output::write(std::string_view text) noexcept {
  buffer_ += text;
  if (buffer_.size() >= kBuffer) flush();
}

void Output::flush() noexcept {
  if (error_ == 0 && std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size()) error_ = errno;
  buffer_.clear();
}

void Output::commit() {
  flush();
  if (error_ == 0 && std::fflush(file_) != 0) error_ = errno;
  if (file_ != stdout) {
    if (std::fclose(file_) != 0 && error_ == 0) error_ = errno;
    file_ = nullptr;
  }
  if (error_ != 0) throw failed(aside_.path(), error_);
  aside_.commit();
}

void refuse_overwriting(const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].empty()) continue;
    for (const std::string& input : inputs)
      if (same_file(outputs[i], input))
        throw Failure(Exit::wrong_usage, outputs[i] + " is an input; it will not be overwritten");
    for (std::size_t j = 0; j < i; ++j)
      if (!outputs[j].empty() && same_file(outputs[i], outputs[j]))
        throw Failure(Exit::wrong_usage, outputs[i] + " is asked for by two outputs");
  }
}

}  // namespace slowlane
