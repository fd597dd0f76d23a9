#include "control/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "hw/fd.h"

namespace slowlane {
namespace {

Diagnostic cannot(const std::string& path, int error) {
  return {path, 0, std::string("cannot be written: ") + std::strerror(error)};
}

bool write_all(const Fd& fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = ::write(fd.get(), text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

// A rename is on the disk once the folder is.
bool sync_folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  const Fd fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd && ::fsync(fd.get()) == 0;
}

}  // namespace

std::optional<Diagnostic> write_whole(const std::string& path, std::string_view text, unsigned mode) {
  const std::string aside = path + std::string(kPartEnding);
  {
    const Fd fd(::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!fd) return cannot(path, errno);
    if (!write_all(fd, text) || ::fsync(fd.get()) != 0) {
      const int error = errno;
      ::unlink(aside.c_str());
      return cannot(path, error);
    }
  }
  if (::rename(aside.c_str(), path.c_str()) != 0 || !sync_folder_of(path)) {
    const int error = errno;
    ::unlink(aside.c_str());
    return cannot(path, error);
  }
  return std::nullopt;
}

std::optional<std::string> read_whole(const std::string& path, std::size_t most) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat about {};
  if (!fd || ::fstat(fd.get(), &about) != 0 || !S_ISREG(about.st_mode)) return std::nullopt;
  if (about.st_size < 0 || static_cast<std::size_t>(about.st_size) > most) return std::nullopt;
  std::string text(static_cast<std::size_t>(about.st_size), '\0');
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t got = ::read(fd.get(), text.data() + at, text.size() - at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    at += static_cast<std::size_t>(got);
  }
  return text;
}

}  // namespace slowlane
