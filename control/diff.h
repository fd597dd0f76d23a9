#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rules/book.h"
#include "rules/ruleset.h"

namespace slowlane {

// What a setting was and is.
struct SettingChange {
  std::string name;
  std::string from;  // empty: it was not there
  std::string to;    // empty: it is not there any more
};

// A rule or a class of two books; the same one where the names are equal.
struct EntryChange {
  enum class What : std::uint8_t { added, removed, changed };
  What what = What::changed;
  std::string name;
  Place place;  // in the new book; of what was removed, in the old one
  std::vector<SettingChange> settings;
};

// A name that gets another class.
struct HostChange {
  std::string host;
  std::string host_from;
  std::string from_class;
  std::string from_rule;  // empty: none, "otherwise"
  std::string to_class;
  std::string to_rule;
};

struct BookDiff {
  std::vector<EntryChange> rules;
  bool order_changed = false;  // of rules that both books have
  std::vector<EntryChange> classes;
  std::vector<SettingChange> settings;  // otherwise, seed
  std::vector<HostChange> hosts;        // the first that were asked for
  std::size_t hosts_changed = 0;        // all of them
  std::size_t hosts_judged = 0;

  bool empty() const {
    return rules.empty() && !order_changed && classes.empty() && settings.empty() && hosts_changed == 0;
  }
};

// What changes from one book to another. Hosts are all names that either book writes out, lists too, each judged by
// both as the name of a flow of which nothing else is known; a pattern with a star stands for one name that fits it,
// and regular expressions for none. At most `most_hosts` of those that change are told.
constexpr std::size_t kAllHosts = static_cast<std::size_t>(-1);
BookDiff diff(const RuleSet& from, const RuleSet& to, std::size_t most_hosts = kAllHosts);

}  // namespace slowlane
