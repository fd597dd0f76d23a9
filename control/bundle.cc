#include "control/bundle.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "control/text.h"
#include "rules/load.h"
#include "rules/utf8.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

Diagnostic wrong(const std::string& text) { return {"request", 0, text}; }

}  // namespace

Bundle collect_bundle(const std::string& book, const ReadFile& read) {
  Bundle bundle;
  std::set<std::string> seen;
  const ReadFile note = [&](const std::string& path) {
    Result<std::string> text = read(path);
    if (seen.insert(path).second)
      bundle.files.push_back({path, text ? *text : "", text ? "" : text.diagnostics().front().text});
    return text;
  };
  (void)load_book(book, note);
  return bundle;
}

Bundle collect_bundle(const std::string& book) { return collect_bundle(book, read_file); }

ReadFile reader_of(const Bundle& bundle) {
  return [&bundle](const std::string& path) -> Result<std::string> {
    const auto at = std::ranges::find(bundle.files, path, &Bundle::File::path);
    if (at == bundle.files.end()) return Diagnostic{path, 0, "it was not sent with the book"};
    if (!at->missing.empty()) return Diagnostic{path, 0, at->missing};
    return at->text;
  };
}

std::string bundle_digest(const Bundle& bundle) {
  std::vector<FileDigest> sums;
  for (const Bundle::File& file : bundle.files)
    if (file.missing.empty()) sums.push_back({file.path, text_digest(file.text)});
  return sums.empty() ? text_digest("") : book_digest(sums);
}

Json to_json(const Bundle& bundle) {
  Json files = Json::array();
  for (const Bundle::File& file : bundle.files) {
    Json one = {{"path", file.path}};
    one[file.missing.empty() ? "text" : "missing"] = file.missing.empty() ? file.text : file.missing;
    files.push_back(std::move(one));
  }
  return {{"files", std::move(files)}};
}

Result<Bundle> bundle_of(const Json& object) {
  const auto files = object.find("files");
  if (files == object.end() || !files->is_array() || files->empty() || files->size() > kMostBundleFiles)
    return wrong(R"(files takes 1 to 2000 of {"path": "book.cfg", "text": "..."}, the book first)");
  const auto text_in = [](const Json& file, const char* name) -> const std::string* {
    const auto at = file.find(name);
    return at == file.end() ? nullptr : at->get_ptr<const std::string*>();
  };
  Bundle bundle;
  std::set<std::string_view> paths;
  for (const Json& file : *files) {
    const std::string* const path = file.is_object() ? text_in(file, "path") : nullptr;
    const std::string* const text = path != nullptr ? text_in(file, "text") : nullptr;
    const std::string* const missing = path != nullptr ? text_in(file, "missing") : nullptr;
    if (path == nullptr || path->empty() || (text == nullptr) == (missing == nullptr))
      return wrong("each of files takes a path, and a text or why it is missing");
    if (path->size() > kLongestPath) return wrong("a path of files has at most 4096 bytes");
    if (!paths.insert(*path).second) return wrong("files has " + *path + " twice");
    const bool gone = text == nullptr;
    bundle.files.push_back({*path, gone ? "" : *text, !gone ? "" : missing->empty() ? "cannot be read" : *missing});
  }
  return bundle;
}

Diagnostics unsendable(const Bundle& bundle) {
  Diagnostics mistakes;
  std::size_t bytes = 0;
  for (const Bundle::File& file : bundle.files) {
    bytes += file.text.size();
    if (!is_utf8(file.path))
      mistakes.push_back({file.path, 0, "its name is not UTF-8, as a book that is sent must be"});
    if (const auto wrong = not_utf8(file.path, file.text)) mistakes.push_back(*wrong);
  }
  if (bytes > kMostBundle)
    mistakes.push_back({bundle.path(), 0,
                        "the book and its lists take " + human_bytes(bytes) + "; at most " + human_bytes(kMostBundle) +
                            " can be sent"});
  if (bundle.files.size() > kMostBundleFiles)
    mistakes.push_back({bundle.path(), 0, "the book reads more than 2000 files"});
  return mistakes;
}

}  // namespace slowlane
