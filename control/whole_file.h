#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rules/result.h"

namespace slowlane {

// Writes a small or large file so that after a crash at any moment its old text or its new one is there, whole: aside,
// fsync, rename, fsync of the folder. One writer a file. `mode` as chmod takes it. What went wrong, if anything did.
std::optional<Diagnostic> write_whole(const std::string& path, std::string_view text, unsigned mode);

// What a file that write_whole() did not finish is called.
constexpr std::string_view kPartEnding = ".part";

// All of a regular file of at most `most` bytes that is no symbolic link; nothing where it cannot be read.
std::optional<std::string> read_whole(const std::string& path, std::size_t most);

}  // namespace slowlane
