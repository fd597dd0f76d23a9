#include "control/book_text.h"

#include <algorithm>
#include <set>
#include <utility>

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

std::shared_ptr<const BookText> book_text_of(const RuleSet& rules, const Bundle& texts, std::string digest) {
  auto book = std::make_shared<BookText>();
  book->path = texts.path();
  book->digest = std::move(digest);
  const std::set<std::string> wanted = files_with_rules(rules.book());
  std::size_t room = BookText::kMost;
  for (const Bundle::File& file : texts.files) {
    if (!wanted.contains(file.path)) continue;
    book->whole = book->whole && file.text.size() <= room;
    if (file.text.size() > room) continue;
    room -= file.text.size();
    book->files.push_back({file.path, file.text});
  }
  return book;
}

}  // namespace slowlane
