#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/book.h"
#include "rules/node.h"
#include "rules/result.h"
#include "rules/source.h"

namespace slowlane {

// What could be read of a section, and every mistake in it: the reading goes on behind a mistake, so that a book's
// mistakes are all found at once.
template <class T>
struct Partly {
  T value;
  Diagnostics mistakes;
};

// The members of a section that is a list of groups: rules = ( { ... }, { ... } ).
Partly<std::vector<const Node*>> read_groups(const Node& section, std::string_view name);

// Two entries with the same `name`, each told where the first one stands.
Diagnostics find_duplicates(const std::vector<const Node*>& groups, std::string_view what);

// Every allowed answer of a rule: "pass", and the names of the classes, those with mistakes too.
std::vector<std::string_view> class_names(const std::vector<const Node*>& classes);
// What is wrong with a class name in `then` or `otherwise`.
Diagnostics check_class(const Node& node, const std::vector<std::string_view>& classes);

// The lists of a book. A list is copied out for each rule that names it but the last, which gets the list itself.
class HostLists {
 public:
  void add(std::string name, HostPatterns patterns);
  std::vector<std::string_view> names() const;
  bool has(const std::string& name) const { return lists_.contains(name); }
  // Announces one take().
  void expect_use(const std::string& name);
  HostPatterns take(const std::string& name);

 private:
  struct List {
    HostPatterns patterns;
    std::size_t uses = 0;
  };
  std::map<std::string, List> lists_;
};

struct ListsRead {
  HostLists lists;
  std::vector<std::string> files;
};
Partly<ListsRead> read_lists(const Node& section, const ReadFile& read);

Partly<std::vector<Expectation>> read_expects(const Node& section, const std::vector<std::string_view>& classes);

}  // namespace slowlane
