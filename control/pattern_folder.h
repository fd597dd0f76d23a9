#pragma once

#include <string>

#include "rules/pattern_cache.h"

namespace slowlane {

// Compiled patterns in a folder, one file a database, named by the digest of what it was compiled from and led by the
// digest of its bytes: what is damaged, or belongs to another user, counts as not there. The least recently used go
// first. A folder that cannot be used is no cache. One thread at a time; several boxes may share it.
class PatternFolder final : public PatternCache {
 public:
  explicit PatternFolder(std::string folder);

  std::optional<std::string> find(std::string_view key) override;
  void keep(std::string_view key, std::string_view bytes) override;

  static constexpr std::size_t kMostFiles = 64;
  static constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // of one database

 private:
  std::string path_of(std::string_view key) const;
  void prune() const;

  const std::string folder_;
  bool usable_ = false;
};

}  // namespace slowlane
