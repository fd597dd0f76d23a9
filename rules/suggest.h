#pragma once

#include <span>
#include <string>
#include <string_view>

namespace slowlane {

// The allowed word that a misspelt one was most likely meant to be; empty where none is near. Case does not count.
std::string_view nearest(std::string_view word, std::span<const std::string_view> allowed);

// The same as the end of a message: `; did you mean "police"?`, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> allowed);

// "a, b or c".
std::string one_of(std::span<const std::string_view> allowed);

}  // namespace slowlane
