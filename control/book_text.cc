#include "control/book_text.h"

#include <algorithm>
#include <set>

#include "control/digest.h"
#include "control/failure.h"
#include "rules/source.h"

namespace slowlane {
namespace {

// Lists of names, which may be huge, have none.
std::set<std::string> files_with_rules(const Book& book) {
  std::set<std::string> files;
  for (const ClassSpec& cls : book.classes) files.insert(cls.place.file);
  for (const Rule& rule : book.rules) files.insert(rule.place.file);
  if (!book.files.empty()) files.insert(book.files.front());
  return files;
}

}  // namespace

std::shared_ptr<const BookText> read_book_text(const RuleSet& rules, const std::string& path) {
  auto book = std::make_shared<BookText>();
  book->path = path;
  try {
    book->digest = book_digest(rules.book().files);
  } catch (const Failure&) {
    book->whole = false;
  }
  const std::set<std::string> wanted = files_with_rules(rules.book());
  std::size_t room = BookText::kMost;
  for (const std::string& file : rules.book().files) {
    if (!wanted.contains(file)) continue;
    const auto text = read_file(file);
    book->whole = book->whole && text && text->size() <= room;
    if (!text || text->size() > room) continue;
    room -= text->size();
    book->files.push_back({file, *text});
  }
  return book;
}

}  // namespace slowlane
