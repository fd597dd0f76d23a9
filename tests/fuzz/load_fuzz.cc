// The book loader on any text. The input is the book; behind a zero byte each, the file it may include and the list
// it may name follow. No file is opened: every other name does not exist.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "rules/load.h"

namespace {

using slowlane::Diagnostic;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

std::vector<std::string> parts_of(std::string_view input) {
  std::vector<std::string> out;
  while (out.size() < 2) {
    const std::size_t zero = input.find('\0');
    out.emplace_back(input.substr(0, zero));
    if (zero == std::string_view::npos) return out;
    input.remove_prefix(zero + 1);
  }
  out.emplace_back(input);
  return out;
}

}  // namespace

// libconfig 1.5 loses a text that it has read when a syntax error follows it: some bytes for each book refused.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libconfig++\n"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::string> parts = parts_of({reinterpret_cast<const char*>(data), size});
  const std::vector<std::string> names{"b.cfg", "i.cfg", "l.txt"};
  const slowlane::ReadFile read = [&](const std::string& path) -> slowlane::Result<std::string> {
    for (std::size_t i = 0; i < parts.size(); ++i)
      if (path == names[i]) return parts[i];
    return Diagnostic{path, 0, "there is no such file"};
  };
  const auto book = slowlane::load_book("b.cfg", read);
  if (book) {
    require(!book->files.empty() && book->files.front() == "b.cfg", "a book names its own file first");
    for (const auto& rule : book->rules) require(!rule.then.empty() && rule.place.line > 0, "a rule is whole");
    return 0;
  }
  require(!book.diagnostics().empty(), "a book that does not load says why");
  for (const Diagnostic& one : book.diagnostics()) {
    require(!one.text.empty(), "a diagnostic says something");
    require(one.file == "b.cfg" || one.file == "i.cfg" || one.file == "l.txt", "a diagnostic names a file");
  }
  return 0;
}
