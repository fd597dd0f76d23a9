#include "control/pattern_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "control/digest.h"
#include "control/whole_file.h"

namespace slowlane {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".hsdb";
constexpr std::size_t kDigest = 64;

// Root takes what belongs to the user that it is about to become.
bool is_trusted(const struct stat& about) { return about.st_uid == ::geteuid() || ::geteuid() == 0; }

// Hyperscan trusts the bytes it is given, so nobody else may write them.
bool is_own(const std::string& folder) {
  struct stat about {};
  return ::lstat(folder.c_str(), &about) == 0 && S_ISDIR(about.st_mode) && is_trusted(about) &&
         (about.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

}  // namespace

PatternFolder::PatternFolder(std::string folder) : folder_(std::move(folder)) {
  std::error_code error;
  if (folder_.empty()) return;
  if (fs::create_directories(folder_, error)) fs::permissions(folder_, fs::perms::owner_all, error);
  usable_ = !error && is_own(folder_) && ::access(folder_.c_str(), W_OK | X_OK) == 0;
}

std::string PatternFolder::path_of(std::string_view key) const {
  return folder_ + "/" + text_digest(key) + std::string(kEnding);
}

std::optional<std::string> PatternFolder::find(std::string_view key) {
  if (!usable_) return std::nullopt;
  const std::string path = path_of(key);
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0 || !is_trusted(about)) return std::nullopt;
  auto text = read_whole(path, kMostBytes + kDigest);
  if (!text || text->size() < kDigest) return std::nullopt;
  if (text_digest(std::string_view(*text).substr(kDigest)) != text->substr(0, kDigest)) return std::nullopt;
  text->erase(0, kDigest);
  std::error_code ignored;
  fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
  return text;
}

void PatternFolder::keep(std::string_view key, std::string_view bytes) {
  if (!usable_ || bytes.size() > kMostBytes) return;
  (void)write_whole(path_of(key), text_digest(bytes) + std::string(bytes), 0600);
  prune();
}

void PatternFolder::prune() const {
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  std::error_code error;
  for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    std::error_code unknown;
    if (at->path().extension() == kEnding) files.emplace_back(at->last_write_time(unknown), at->path());
  }
  if (files.size() <= kMostFiles) return;
  std::ranges::sort(files);
  for (std::size_t i = 0; i < files.size() - kMostFiles; ++i) fs::remove(files[i].second, error);
}

}  // namespace slowlane
