#pragma once

#include <span>
#include <string_view>

namespace slowlane {

// A file of the page, as it was built into the program.
struct PageAsset {
  std::string_view path;  // "/", "/page.js"
  std::string_view type;  // its Content-Type
  std::string_view bytes;
};

// All of them; none where the program was built without its page (SLOWLANE_PAGE in the root's CMakeLists.txt).
std::span<const PageAsset> page_assets();

}  // namespace slowlane
