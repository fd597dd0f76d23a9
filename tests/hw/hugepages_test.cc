#include "hw/hugepages.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_folder.h"

namespace slowlane {
namespace {

TEST(Hugepages, AddsUpWhatIsFreeInEverySize) {
  const TempFolder folder;
  for (const auto& [name, pages] : {std::pair{"hugepages-2048kB", 3}, {"hugepages-1048576kB", 1}, {"other", 9}}) {
    std::filesystem::create_directory(folder.file(name));
    std::ofstream(folder.file(name) + "/free_hugepages") << pages << "\n";
  }
  EXPECT_EQ(free_hugepage_memory(folder.file("")), (std::size_t{6} << 20) + (std::size_t{1} << 30));
}

TEST(Hugepages, AreNoneWhereTheKernelKnowsNone) { EXPECT_EQ(free_hugepage_memory("/nowhere/at/all"), 0u); }

}  // namespace
}  // namespace slowlane
