#pragma once

#include <array>
#include <string>

namespace slowlane {

// A library whose version says how the program behaves.
struct LibraryVersion {
  const char* key;   // "ndpi", in records
  const char* name;  // "nDPI", as it calls itself
  std::string version;
};

// Of those that this program runs with.
std::array<LibraryVersion, 3> library_versions();

}  // namespace slowlane
