#pragma once

#include <cstddef>
#include <string>

namespace slowlane {

// Where the kernel tells of its hugepages.
inline constexpr const char* kHugepageFolder = "/sys/kernel/mm/hugepages";

// Bytes in free hugepages of all sizes; 0 where there are none.
std::size_t free_hugepage_memory(const std::string& folder);

}  // namespace slowlane
