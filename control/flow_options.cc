#include "control/flow_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "control/failure.h"
#include "rules/sections.h"
#include "rules/suggest.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

// A value as the book's text would have it: digits are a number there.
Node value_node(std::string key, const std::string& text) {
  Node node;
  node.key = std::move(key);
  node.kind = Node::Kind::text;
  node.text = text;
  if (text.empty() || text.size() > 10 || text.find_first_not_of("0123456789") != std::string::npos) return node;
  node.kind = Node::Kind::integer;
  node.integer = std::stoll(text);
  node.number = static_cast<double>(node.integer);
  return node;
}

Node expect_line(const FlowOptions& options) {
  Node line;
  line.children.push_back(value_node("then", "pass"));
  for (const auto& [key, text] : options.texts)
    if (text) line.children.push_back(value_node(key, *text));
  if (options.ech) {
    Node ech;
    ech.key = "ech";
    ech.kind = Node::Kind::boolean;
    ech.boolean = true;
    line.children.push_back(ech);
  }
  if (!options.vlans.empty()) {
    Node vlans;
    vlans.key = "vlan";
    vlans.kind = Node::Kind::list;
    for (const std::string& tag : options.vlans) vlans.children.push_back(value_node("", tag));
    line.children.push_back(vlans);
  }
  return line;
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

// Hex digits; blanks and colons between bytes are stepped over, as Wireshark and xxd print them.
Result<std::vector<std::uint8_t>> read_hex(const std::string& text) {
  std::vector<std::uint8_t> bytes;
  std::optional<unsigned> high;
  for (const char c : text) {
    if ((c == ' ' || c == ':') && !high) continue;
    const std::optional<unsigned> digit = hex_digit(c);
    if (!digit) return Diagnostic{"", 0, "--payload-hex takes pairs of hex digits, not " + text};
    if (high) bytes.push_back(static_cast<std::uint8_t>(*high << 4 | *digit));
    high = high ? std::nullopt : digit;
  }
  if (high) return Diagnostic{"", 0, "--payload-hex: the last byte lacks a digit"};
  return bytes;
}

// A text, or a number as it is written.
std::optional<std::string> text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return value.dump();
  return {};
}

// One member into its place; what it takes where it is of another kind, else empty.
std::string take(FlowOptions& options, const std::string& name, const Json& value) {
  if (name == "ech") {
    if (!value.is_boolean()) return "true or false";
    options.ech = value.get<bool>();
    return {};
  }
  if (name == "vlan") {
    if (!value.is_array()) return "a list of VLAN tags, the outermost first";
    for (const Json& tag : value) {
      const auto text = text_of(tag);
      if (!text) return "a list of VLAN tags, the outermost first";
      options.vlans.push_back(*text);
    }
    return {};
  }
  const auto text = text_of(value);
  if (!text) return "a text";
  if (name == "payload_hex") options.payload = *text;
  for (auto& [key, place] : options.texts)
    if (name == key) place = *text;
  return {};
}

}  // namespace

bool FlowOptions::describe_a_flow() const {
  bool any = ech || !vlans.empty() || !payload.empty();
  for (const auto& [key, text] : texts) any = any || text.has_value();
  return any;
}

void add_flow_options(CLI::App& app, FlowOptions& options) {
  static constexpr const char* kHelp[][3] = {
      {"--host", "NAME", "the server name it shows"},
      {"--host-from", "WORD", "where the name is read: tls, quic, http, dns or socks (tls)"},
      {"--protocol", "NAME", "nDPI's name of the application, or unknown"},
      {"--transport", "WORD", "tcp, udp, icmp, icmp6, sctp or a number (by the name, else tcp)"},
      {"--server", "IP[:PORT]", "the end that answers"},
      {"--client", "IP[:PORT]", "the initiator"},
      {"--quic-version", "V", "v1, v2, draft-29 or a number"},
      {"--initiator", "SIDE", "inside or outside (inside)"},
  };
  for (std::size_t i = 0; i < options.texts.size(); ++i)
    app.add_option(kHelp[i][0], options.texts[i].second, kHelp[i][2])->type_name(kHelp[i][1])->group("The flow");
  app.add_option("--vlan", options.vlans, "a VLAN tag, outermost first; may be given again")
      ->allow_extra_args(false)
      ->type_name("N")
      ->group("The flow");
  app.add_flag("--ech", options.ech, "its hello is encrypted (ECH)")->group("The flow");
  app.add_option("--payload-hex", options.payload, "the initiator's first payload")
      ->type_name("HEX")
      ->group("The flow");
}

Result<FlowQuestion> read_question(const FlowOptions& options) {
  Node section;
  section.kind = Node::Kind::list;
  section.children.push_back(expect_line(options));
  Partly<std::vector<Expectation>> read = read_expects(section, {std::vector<std::string_view>{"pass"}});
  if (!read.mistakes.empty()) return std::move(read.mistakes);
  FlowQuestion question;
  question.flow = std::move(read.value.front());
  if (options.payload.empty()) return question;
  auto payload = read_hex(options.payload);
  if (!payload) return payload.diagnostics();
  question.payload = std::move(*payload);
  return question;
}

FlowQuestion question_of(const FlowOptions& options) {
  auto question = read_question(options);
  if (question) return std::move(*question);
  std::string text;
  for (const Diagnostic& one : question.diagnostics()) text += (text.empty() ? "" : "\n") + one.text;
  throw Failure(Exit::wrong_usage, text);
}

Json to_json(const FlowOptions& options) {
  Json members = Json::object();
  for (const auto& [key, text] : options.texts)
    if (text) members[key] = *text;
  if (!options.vlans.empty()) members["vlan"] = options.vlans;
  if (options.ech) members["ech"] = true;
  if (!options.payload.empty()) members["payload_hex"] = options.payload;
  return members;
}

Result<FlowOptions> flow_options_of(const Json& members) {
  FlowOptions options;
  std::vector<std::string_view> known = {"vlan", "ech", "payload_hex"};
  for (const auto& [key, text] : options.texts) known.emplace_back(key);
  Diagnostics mistakes;
  for (const auto& [name, value] : members.items()) {
    if (std::ranges::find(known, std::string_view(name)) == known.end()) {
      mistakes.push_back(
          {"", 0, "there is no \"" + name + "\"" + did_you_mean(name, known) + " (known: " + one_of(known) + ")"});
    } else if (const std::string takes = take(options, name, value); !takes.empty()) {
      mistakes.push_back({"", 0, name + " takes " + takes});
    }
  }
  if (!mistakes.empty()) return mistakes;
  return options;
}

}  // namespace slowlane
