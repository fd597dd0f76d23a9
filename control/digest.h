#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace slowlane {

// SHA-256 of what a report or a box speaks of, in lower-case hex.

std::string text_digest(std::string_view text);
// As `sha256sum FILE` prints it. Throws Failure where it cannot be read.
std::string file_digest(const std::string& path);

// A file of a book: its path as opened, and its digest.
struct FileDigest {
  std::string path;
  std::string digest;
};
// Of a book with its includes and lists, the book first, in the order of Book::files. Of a book that is one file: that
// file's. Else, in the book's folder, as `sha256sum - INCLUDES LISTS < BOOK | sha256sum` prints it: where the folder
// is and what the book itself is called does not count.
std::string book_digest(const std::vector<FileDigest>& files);
// The same of files on disk. Throws Failure where one cannot be read.
std::string book_digest(const std::vector<std::string>& paths);

}  // namespace slowlane
