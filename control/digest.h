#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace slowlane {

// SHA-256 of what a report speaks of, in lower-case hex. Throws Failure where a file cannot be read.

// As `sha256sum FILE` prints it.
std::string file_digest(const std::string& path);
// Of a book: as `cat BOOK INCLUDES LISTS | sha256sum` prints it, in the order of Book::files.
std::string book_digest(const std::vector<std::string>& files);

}  // namespace slowlane
