#include "rules/patterns_database.h"

#include <hs.h>

#include <cstdlib>

namespace slowlane {

void FreeDatabase::operator()(hs_database* database) const { hs_free_database(database); }

DatabaseKey::DatabaseKey(std::string_view how) {
  hs_platform_info_t platform{};
  hs_populate_platform(&platform);
  text_ = std::string("slowlane patterns 1\n") + hs_version() + "\n" + std::to_string(platform.tune) + " " +
          std::to_string(platform.cpu_features) + "\n" + std::string(how) + "\n";
}

// The size in front of each pattern keeps two patterns apart from one that holds both.
void DatabaseKey::add(std::string_view pattern, unsigned flags) {
  text_ += std::to_string(flags) + " " + std::to_string(pattern.size()) + " ";
  text_ += pattern;
  text_ += "\n";
}

Database find_database(PatternCache* cache, const DatabaseKey& key) {
  if (cache == nullptr) return nullptr;
  const auto bytes = cache->find(key.text());
  if (!bytes) return nullptr;
  hs_database_t* database = nullptr;
  const hs_error_t code = hs_deserialize_database(bytes->data(), bytes->size(), &database);
  return Database(code == HS_SUCCESS ? database : nullptr);
}

void keep_database(PatternCache* cache, const DatabaseKey& key, const Database& database) {
  if (cache == nullptr || database == nullptr) return;
  char* bytes = nullptr;
  std::size_t size = 0;
  if (hs_serialize_database(database.get(), &bytes, &size) != HS_SUCCESS) return;
  struct Free {
    void operator()(char* memory) const { std::free(memory); }  // hs_set_misc_allocator is never called
  };
  const std::unique_ptr<char, Free> owned(bytes);
  cache->keep(key.text(), {bytes, size});
}

}  // namespace slowlane
