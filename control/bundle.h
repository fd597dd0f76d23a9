#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "control/digest.h"
#include "rules/result.h"
#include "rules/source.h"

namespace slowlane {

// A book with every file it reads, so that it can be sent, kept and loaded where those files are not.
struct Bundle {
  struct File {
    std::string path;  // as opened: diagnostics name it
    std::string text;
    std::string missing;  // why it could not be read; empty: it could
  };
  std::vector<File> files;  // in the order read, each once; the book first, so never empty
  const std::string& path() const { return files.front().path; }
};

// Reads a book's files as far as they can be found: a mistake in the book may hide some, and whoever loads the bundle
// meets the same mistake.
Bundle collect_bundle(const std::string& book);
Bundle collect_bundle(const std::string& book, const ReadFile& read);

// What load_book() reads a bundle with: the diagnostics are those of the files themselves. Nothing else is opened.
// `bundle` must outlive it.
ReadFile reader_of(const Bundle& bundle);

// book_digest() of the files that are there.
std::string bundle_digest(const Bundle& bundle);

// {"files": [{"path": …, "text": …} or {"path": …, "missing": …}]}.
nlohmann::ordered_json to_json(const Bundle& bundle);
// Diagnostics: what of that is not there.
Result<Bundle> bundle_of(const nlohmann::ordered_json& object);
// What keeps a bundle from being sent: files that are no UTF-8, for JSON has no other texts, and too many bytes.
Diagnostics unsendable(const Bundle& bundle);

constexpr std::size_t kMostBundle = std::size_t{60} << 20;  // bytes of all texts
constexpr std::size_t kMostBundleFiles = 2000;
constexpr std::size_t kLongestPath = 4096;  // of a file that was sent, in bytes

}  // namespace slowlane
