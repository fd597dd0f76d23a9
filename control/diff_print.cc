#include "control/diff_print.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "control/text.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownHosts = 40;

const char* name_of(EntryChange::What what) {
  switch (what) {
    case EntryChange::What::added: return "added";
    case EntryChange::What::removed: return "removed";
    case EntryChange::What::changed: return "changed";
  }
  return "";
}

const char* sign_of(EntryChange::What what) {
  switch (what) {
    case EntryChange::What::added: return "+";
    case EntryChange::What::removed: return "-";
    case EntryChange::What::changed: return "~";
  }
  return "";
}

std::string print(const SettingChange& change) {
  if (change.from.empty()) return change.name + " + " + change.to;
  if (change.to.empty()) return change.name + " - " + change.from;
  return change.name + " " + change.from + " -> " + change.to;
}

std::string print(const std::vector<EntryChange>& entries, const char* title) {
  std::string text;
  for (const EntryChange& entry : entries) {
    if (text.empty()) text = std::string(title) + ":\n";
    text += std::string("  ") + sign_of(entry.what) + " \"" + entry.name + "\" (" + entry.place.file + ":" +
            std::to_string(entry.place.line) + ")\n";
    for (const SettingChange& change : entry.settings) text += "      " + print(change) + "\n";
  }
  return text;
}

std::string by(const std::string& rule) { return rule.empty() ? "" : " (" + rule + ")"; }

std::string print_hosts(const BookDiff& books) {
  std::string text = "hosts that change class, of " + human_count(books.hosts_judged) +
                     " written out: " + (books.hosts_changed == 0 ? "none" : human_count(books.hosts_changed)) + "\n";
  for (std::size_t i = 0; i < std::min(books.hosts.size(), kShownHosts); ++i) {
    const HostChange& one = books.hosts[i];
    text += "  " + one.host + (one.host_from == "tls" ? "" : " by " + one.host_from) + ": " + one.from_class +
            by(one.from_rule) + " -> " + one.to_class + by(one.to_rule) + "\n";
  }
  if (books.hosts_changed > kShownHosts) text += "  and " + human_count(books.hosts_changed - kShownHosts) + " more\n";
  return text;
}

Json to_json(const std::vector<SettingChange>& changes) {
  const auto value = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  Json list = Json::array();
  for (const SettingChange& one : changes)
    list.push_back({{"setting", one.name}, {"from", value(one.from)}, {"to", value(one.to)}});
  return list;
}

Json to_json(const std::vector<EntryChange>& entries) {
  Json list = Json::array();
  for (const EntryChange& entry : entries)
    list.push_back({{"name", entry.name},
                    {"change", name_of(entry.what)},
                    {"file", entry.place.file},
                    {"line", entry.place.line},
                    {"settings", to_json(entry.settings)}});
  return list;
}

Json to_json(const std::vector<HostChange>& hosts, std::size_t most) {
  const auto rule = [](const std::string& name) { return name.empty() ? Json() : Json(name); };
  Json list = Json::array();
  for (const HostChange& one : std::span(hosts).first(std::min(most, hosts.size())))
    list.push_back({{"host", one.host},
                    {"host_from", one.host_from},
                    {"from", {{"class", one.from_class}, {"rule", rule(one.from_rule)}}},
                    {"to", {{"class", one.to_class}, {"rule", rule(one.to_rule)}}}});
  return list;
}

}  // namespace

std::string print(const BookDiff& books) {
  std::string text = print(books.rules, "rules");
  if (books.order_changed) text += "rules that both books have stand in another order\n";
  text += print(books.classes, "classes");
  for (const SettingChange& change : books.settings) text += print(change) + "\n";
  if (books.empty()) text += "the books ask for the same\n";
  return text + print_hosts(books);
}

Json to_json(const BookDiff& books, std::size_t most_hosts) {
  return {{"rules", to_json(books.rules)},
          {"order_changed", books.order_changed},
          {"classes", to_json(books.classes)},
          {"settings", to_json(books.settings)},
          {"hosts_judged", books.hosts_judged},
          {"hosts_changed", books.hosts_changed},
          {"hosts", to_json(books.hosts, most_hosts)}};
}

}  // namespace slowlane
