#pragma once

#include <map>
#include <string>
#include <utility>

#include "rules/load.h"

namespace slowlane {

// Files that exist in memory only.
inline ReadFile files_of(std::map<std::string, std::string> files) {
  return [files = std::move(files)](const std::string& path) -> Result<std::string> {
    const auto at = files.find(path);
    if (at == files.end()) return Diagnostic{path, 0, "there is no such file"};
    return at->second;
  };
}

// A libconfig text as a tree; "test.cfg" is its file. An empty group where it does not parse.
inline Node tree_of(const std::string& text) {
  auto tree = load_tree("test.cfg", files_of({{"test.cfg", text}}));
  return tree ? std::move(tree->root) : Node{};
}

// The value of the setting `x` in "x = ...;".
inline Node value_of(const std::string& text) {
  const Node root = tree_of("x = " + text + ";");
  const Node* value = root.child("x");
  return value != nullptr ? *value : Node{};
}

// All diagnostics as commands print them, a line each.
inline std::string printed(const Diagnostics& diagnostics) {
  std::string out;
  for (const Diagnostic& one : diagnostics) out += one.print() + "\n";
  return out;
}

inline Result<Book> book_of(const std::string& text) { return load_book("book.cfg", files_of({{"book.cfg", text}})); }

// Every mistake of a book, or nothing where it loads.
inline std::string mistakes_of(const std::string& text) {
  const auto book = book_of(text);
  return book ? "" : printed(book.diagnostics());
}

}  // namespace slowlane
