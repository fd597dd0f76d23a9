#include "rules/sections.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "rules/fields.h"
#include "rules/host_pattern.h"
#include "rules/keys.h"
#include "rules/suggest.h"

namespace slowlane {
namespace {

Result<std::string> read_host_name(const Node& node) {
  const auto text = read_text(node);
  if (!text) return text.diagnostics();
  auto read = read_host_pattern(*text);
  if (auto* sentence = std::get_if<std::string>(&read)) return mistake(node, std::move(*sentence));
  auto& pattern = std::get<HostPattern>(read);
  if (pattern.kind != HostPattern::Kind::exact)
    return mistake(node, "takes one whole name like \"www.example.com\", not " + describe(node));
  return std::move(pattern.text);
}

Result<Endpoint> read_endpoint(const Node& node) {
  if (node.kind == Node::Kind::text)
    if (const auto endpoint = parse_endpoint(node.text)) return *endpoint;
  return mistake(node,
                 "takes an address with or without a port, like \"192.0.2.1:443\" or \"[2001:db8::1]:443\", not " +
                     describe(node));
}

// The one number of a key that otherwise takes ranges.
Result<std::uint64_t> read_one(const Node& node, ReadTerm (*read)(const Node&)) {
  const auto value = read(node);
  if (!value) return value.diagnostics();
  const auto& ranges = std::get<NumberRanges>(*value);
  if (ranges.size() == 1 && ranges[0].first == ranges[0].last) return ranges[0].first;
  return mistake(node, "takes one value here, not several");
}

Result<std::vector<std::uint16_t>> read_tags(const Node& node) {
  const auto items = read_items(node);
  if (!items) return items.diagnostics();
  std::vector<std::uint16_t> out;
  for (const Node* item : *items) {
    const auto tag = read_one(*item, read_vlans);
    if (!tag) return tag.diagnostics();
    out.push_back(static_cast<std::uint16_t>(*tag));
  }
  return out;
}

// QUIC and DNS names come over UDP unless the line says otherwise.
std::uint8_t usual_transport(const Expectation& flow) {
  const bool udp =
      flow.quic_version || (flow.host && (flow.host_source == NameSource::quic || flow.host_source == NameSource::dns));
  return udp ? 17 : 6;
}

Partly<Expectation> read_expect(const Node& node, const std::vector<std::string_view>& classes) {
  Fields fields(node, "expect");
  Expectation out;
  out.place = node.place;
  out.host = fields.with("host", read_host_name);
  const auto source = fields.with("host_from", [](const Node& value) {
    return read_word(value, {"tls", "quic", "http", "dns", "socks"});
  });
  if (source) out.host_source = static_cast<NameSource>(*source);
  out.protocol = fields.text("protocol");
  out.server = fields.with("server", read_endpoint);
  out.client = fields.with("client", read_endpoint);
  out.initiator =
      fields.word<Side>("initiator", {{"inside", Side::inside}, {"outside", Side::outside}}).value_or(out.initiator);
  out.ech = fields.boolean("ech");
  const auto version =
      fields.with("quic_version", [](const Node& value) { return read_one(value, read_quic_versions); });
  if (version) out.quic_version = static_cast<std::uint32_t>(*version);
  const auto transport = fields.with("transport", [](const Node& value) { return read_one(value, read_transports); });
  out.transport = transport ? static_cast<std::uint8_t>(*transport) : usual_transport(out);
  out.vlans = fields.with("vlan", read_tags).value_or(out.vlans);
  fields.require("then", "the class it must get: then = \"pass\"");
  if (const auto then = fields.text("then")) out.then = *then;
  if (!out.then.empty()) fields.add_in(check_class(*node.child("then"), classes));
  return {std::move(out), fields.finish()};
}

std::string name_of_group(const Node& group) {
  const Node* name = group.kind == Node::Kind::group ? group.child("name") : nullptr;
  return name != nullptr && name->kind == Node::Kind::text ? name->text : "";
}

}  // namespace

Partly<std::vector<const Node*>> read_groups(const Node& section, std::string_view name) {
  Partly<std::vector<const Node*>> out;
  if (section.kind != Node::Kind::list) {
    out.mistakes.push_back(mistake(section, std::string(name) + " takes a list of groups, " + std::string(name) +
                                                " = ( { ... }, { ... } ), not " + describe(section)));
    return out;
  }
  for (const Node& child : section.children) out.value.push_back(&child);
  return out;
}

Diagnostics find_duplicates(const std::vector<const Node*>& groups, std::string_view what) {
  Diagnostics out;
  std::map<std::string, Place> seen;
  for (const Node* group : groups) {
    const std::string name = name_of_group(*group);
    if (name.empty()) continue;
    const auto [first, fresh] = seen.emplace(name, group->place);
    if (fresh) continue;
    out.push_back(mistake(*group, "there are two of " + std::string(what) + " \"" + name + "\"; the first is at " +
                                      first->second.file + ":" + std::to_string(first->second.line)));
  }
  return out;
}

std::vector<std::string_view> class_names(const std::vector<const Node*>& classes) {
  std::vector<std::string_view> out{"pass"};
  for (const Node* node : classes) {
    const Node* name = node->kind == Node::Kind::group ? node->child("name") : nullptr;
    const bool named = name != nullptr && name->kind == Node::Kind::text && !name->text.empty();
    if (named && std::ranges::find(out, name->text) == out.end()) out.emplace_back(name->text);
  }
  return out;
}

Diagnostics check_class(const Node& node, const std::vector<std::string_view>& classes) {
  constexpr std::size_t kListed = 12;
  for (const std::string_view name : classes)
    if (name == node.text) return {};
  std::string allowed = did_you_mean(node.text, classes);
  if (classes.size() <= kListed) allowed += " (allowed: " + one_of(classes) + ")";
  return {mistake(node, "there is no class \"" + node.text + "\"" + allowed)};
}

void HostLists::add(std::string name, HostPatterns patterns) {
  lists_.insert_or_assign(std::move(name), List{std::move(patterns), 0});
}

std::vector<std::string_view> HostLists::names() const {
  std::vector<std::string_view> out;
  for (const auto& [name, list] : lists_) out.emplace_back(name);
  return out;
}

void HostLists::expect_use(const std::string& name) {
  if (const auto at = lists_.find(name); at != lists_.end()) ++at->second.uses;
}

HostPatterns HostLists::take(const std::string& name) {
  List& list = lists_.at(name);
  if (list.uses <= 1) return std::exchange(list.patterns, {});
  --list.uses;
  return list.patterns;
}

Partly<ListsRead> read_lists(const Node& section, const ReadFile& read) {
  Partly<ListsRead> out;
  auto groups = read_groups(section, "lists");
  out.mistakes = std::move(groups.mistakes);
  for (const Node* group : groups.value) {
    Fields fields(*group, "list");
    fields.require("name", "name = \"video\"");
    fields.require("file", "file = \"lists/video.txt\"");
    const std::string name = fields.text("name").value_or("");
    if (!name.empty()) fields.call(name);
    HostPatterns patterns;
    if (const auto file = fields.text("file")) {
      const std::string path = beside(group->child("file")->place.file, *file);
      const auto text = read(path);
      if (text) {
        out.value.files.push_back(path);
        auto list = read_host_list(path, *text);
        if (list)
          patterns = std::move(*list);
        else
          fields.add(list.diagnostics());
      } else {
        std::string why = "list \"" + name + "\": \"" + *file + "\": ";
        why.append(text.diagnostics().front().text).append(" (").append(path).append(")");
        fields.add(mistake(*group->child("file"), std::move(why)));
      }
    }
    if (!name.empty()) out.value.lists.add(name, std::move(patterns));
    const Diagnostics mistakes = fields.finish();
    out.mistakes.insert(out.mistakes.end(), mistakes.begin(), mistakes.end());
  }
  const Diagnostics twice = find_duplicates(groups.value, "list");
  out.mistakes.insert(out.mistakes.end(), twice.begin(), twice.end());
  return out;
}

Partly<std::vector<Expectation>> read_expects(const Node& section, const std::vector<std::string_view>& classes) {
  Partly<std::vector<Expectation>> out;
  auto groups = read_groups(section, "expect");
  out.mistakes = std::move(groups.mistakes);
  for (const Node* group : groups.value) {
    auto expect = read_expect(*group, classes);
    out.value.push_back(std::move(expect.value));
    out.mistakes.insert(out.mistakes.end(), expect.mistakes.begin(), expect.mistakes.end());
  }
  return out;
}

}  // namespace slowlane
