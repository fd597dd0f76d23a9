#pragma once

#include <string>
#include <vector>

#include "rules/book.h"
#include "rules/node.h"
#include "rules/result.h"
#include "rules/source.h"

namespace slowlane {

// Reads a book (libconfig, contract §2) with its includes and list files. The answer is a whole book or every mistake
// in it, each with file, line, what was read, what is allowed and, for a misspelt word, the nearest allowed one.
// A syntax error is reported alone: libconfig stops there.
Result<Book> load_book(const std::string& path);
// The same with another way to files, for tests and the fuzzer.
Result<Book> load_book(const std::string& path, const ReadFile& read);

// Any libconfig text with its includes as a tree, for files that are no books.
struct Tree {
  Node root;
  std::vector<std::string> files;  // in reading order
};
Result<Tree> load_tree(const std::string& path, const ReadFile& read);

}  // namespace slowlane
