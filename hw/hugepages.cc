#include "hw/hugepages.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace slowlane {

std::size_t free_hugepage_memory(const std::string& folder) {
  constexpr std::string_view kPrefix = "hugepages-";
  std::size_t total = 0;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(kPrefix)) continue;
    const std::size_t kibibytes = std::strtoull(name.c_str() + kPrefix.size(), nullptr, 10);
    std::size_t pages = 0;
    std::ifstream(entry.path() / "free_hugepages") >> pages;
    total += pages * kibibytes * 1024;
  }
  return total;
}

}  // namespace slowlane
