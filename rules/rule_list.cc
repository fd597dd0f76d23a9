#include "rules/rule_list.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "rules/fields.h"
#include "rules/keys.h"
#include "rules/suggest.h"
#include "rules/verdict.h"

namespace slowlane {
namespace {

constexpr std::string_view kNot = "not";
constexpr std::string_view kHost = "host";
constexpr std::string_view kHostList = "host_list";

void append(Diagnostics& all, const Diagnostics& more) { all.insert(all.end(), more.begin(), more.end()); }

// The groups of a `not`: one, or a list of them of which none may hold.
std::vector<const Node*> groups_of(const Node& node) {
  if (node.kind != Node::Kind::list) return {&node};
  std::vector<const Node*> out;
  for (const Node& child : node.children) out.push_back(&child);
  return out;
}

// Announces to `lists` every use that a `when` will make of them.
void count_uses(const Node& when, HostLists& lists) {
  for (const Node& node : when.children) {
    if (node.key == kNot)
      for (const Node* group : groups_of(node)) count_uses(*group, lists);
    if (node.key != kHostList) continue;
    lists.expect_use(node.text);
    for (const Node& child : node.children) lists.expect_use(child.text);
  }
}

// Reads one `when` or one group of a `not`, once.
class ConditionReader {
 public:
  explicit ConditionReader(HostLists& lists) : lists_(lists) {}

  Partly<Condition> read(const Node& when) {
    if (when.kind != Node::Kind::group) {
      complain(when,
               (when.key == "when" ? "when: " : "") + ("takes a group { ... } of match keys, not " + describe(when)));
      return std::move(out_);
    }
    for (const Node& node : when.children) {
      if (node.key == kNot)
        read_not(node);
      else
        read_term(node);
    }
    return std::move(out_);
  }

 private:
  void complain(const Node& at, std::string text) { out_.mistakes.push_back(mistake(at, std::move(text))); }

  void read_not(const Node& node) {
    for (const Node* group : groups_of(node)) {
      auto negated = ConditionReader(lists_).read(*group);
      for (Diagnostic& one : negated.mistakes) one.text = "not: " + one.text;
      append(out_.mistakes, negated.mistakes);
      out_.value.negated.push_back(std::move(negated.value));
    }
  }

  void read_term(const Node& node) {
    const int row = find_key(node.key);
    if (row < 0) {
      std::vector<std::string_view> allowed{kNot};
      for (const Key& key : keys()) allowed.emplace_back(key.name);
      complain(node, "there is no match key \"" + node.key + "\"" + did_you_mean(node.key, allowed) +
                         " (allowed: " + one_of(allowed) + ")");
      return;
    }
    auto value = keys()[static_cast<std::size_t>(row)].read(node);
    if (!value) {
      for (const Diagnostic& one : value.diagnostics())
        out_.mistakes.push_back({one.file, one.line, node.key + ": " + one.text});
      return;
    }
    if (node.key == kHostList) *value = patterns_of(node, std::get<Texts>(*value));
    put({static_cast<std::uint8_t>(row), std::move(*value), node.place});
  }

  // `host` and `host_list` are one key: a name that either has.
  void put(Term term) {
    if (auto* patterns = std::get_if<HostPatterns>(&term.value)) {
      for (Term& there : out_.value.terms) {
        auto* present = std::get_if<HostPatterns>(&there.value);
        if (present == nullptr) continue;
        if (keys()[term.key].name == kHost) there.key = term.key;
        std::ranges::move(*patterns, std::back_inserter(*present));
        return;
      }
    }
    out_.value.terms.push_back(std::move(term));
  }

  HostPatterns patterns_of(const Node& node, const Texts& names) {
    HostPatterns out;
    for (const std::string& name : names) {
      if (!lists_.has(name)) {
        const auto allowed = lists_.names();
        const std::string which = allowed.empty() ? "; the book has no lists" : " (allowed: " + one_of(allowed) + ")";
        std::string why = "host_list: there is no list \"";
        why.append(name).append("\"").append(did_you_mean(name, allowed)).append(which);
        complain(node, std::move(why));
        continue;
      }
      HostPatterns list = lists_.take(name);
      if (out.empty())
        out = std::move(list);
      else
        std::ranges::move(list, std::back_inserter(out));
    }
    return out;
  }

  HostLists& lists_;
  Partly<Condition> out_;
};

Partly<Rule> read_rule(const Node& node, HostLists& lists, const std::vector<std::string_view>& classes) {
  Fields fields(node, "rule");
  Rule out;
  out.place = node.place;
  fields.require("name", "name = \"media\"");
  out.name = fields.text("name").value_or("");
  if (!out.name.empty()) fields.call(out.name);
  fields.require("when", "when = { host = \"example.com\"; }, or when = { } for every flow");
  if (const Node* when = fields.find("when")) {
    auto condition = ConditionReader(lists).read(*when);
    fields.add_in(condition.mistakes);
    out.when = std::move(condition.value);
  }
  fields.require("then", "the class it gets: then = \"pass\"");
  out.then = fields.text("then").value_or("");
  if (!out.then.empty()) fields.add_in(check_class(*fields.find("then"), classes));
  out.mode = fields.word<Mode>("mode", {{"enforce", Mode::enforce}, {"observe", Mode::observe}, {"off", Mode::off}})
                 .value_or(out.mode);
  return {std::move(out), fields.finish()};
}

}  // namespace

Partly<std::vector<Rule>> read_rules(const Node& section, HostLists& lists,
                                     const std::vector<std::string_view>& classes) {
  Partly<std::vector<Rule>> out;
  auto groups = read_groups(section, "rules");
  out.mistakes = std::move(groups.mistakes);
  for (const Node* group : groups.value)
    if (const Node* when = group->child("when")) count_uses(*when, lists);
  for (const Node* group : groups.value) {
    auto rule = read_rule(*group, lists, classes);
    append(out.mistakes, rule.mistakes);
    out.value.push_back(std::move(rule.value));
  }
  append(out.mistakes, find_duplicates(groups.value, "rule"));
  if (out.value.size() >= kNoRule)
    out.mistakes.push_back(mistake(section, "a book has at most " + std::to_string(kNoRule) + " rules, not " +
                                                std::to_string(out.value.size()) + "; put names in lists"));
  return out;
}

}  // namespace slowlane
