#pragma once

#include <string>

#include "rules/book.h"
#include "rules/result.h"

namespace slowlane {

// Reads a book (libconfig, contract §2) with its includes and list files. The answer is a whole book or every mistake
// in it, each with file, line, what was read, what is allowed and, for a misspelt word, the nearest allowed one.
// A syntax error is reported alone: libconfig stops there.
Result<Book> load_book(const std::string& path);

}  // namespace slowlane
