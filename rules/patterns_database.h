#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "rules/pattern_cache.h"

struct hs_database;  // Hyperscan's; hs.h stays behind its door

namespace slowlane {

struct FreeDatabase {
  void operator()(hs_database* database) const;
};
using Database = std::unique_ptr<hs_database, FreeDatabase>;

// What a compiled database depends on: its patterns with their flags in their order, how they are read, Hyperscan's
// version and the machine it was compiled for.
class DatabaseKey {
 public:
  explicit DatabaseKey(std::string_view how);
  void add(std::string_view pattern, unsigned flags);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// A database from a cache; null where it is not there or Hyperscan does not take it. `cache` may be null.
Database find_database(PatternCache* cache, const DatabaseKey& key);
void keep_database(PatternCache* cache, const DatabaseKey& key, const Database& database);

}  // namespace slowlane
