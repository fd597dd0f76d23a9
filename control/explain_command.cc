#include "control/explain_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "control/capture_run.h"
#include "control/explain.h"
#include "control/failure.h"
#include "control/frame_facts.h"
#include "hw/eal.h"
#include "rules/sections.h"

namespace slowlane {
namespace {

struct Options {
  std::string book;
  std::string frame;
  std::string payload;
  bool ech = false;
  bool json = false;
  // Keys of an `expect` line, with the option's text.
  std::vector<std::pair<const char*, std::optional<std::string>>> texts = {
      {"host", {}},   {"host_from", {}}, {"protocol", {}},     {"transport", {}},
      {"server", {}}, {"client", {}},    {"quic_version", {}}, {"initiator", {}},
  };
  std::vector<std::string> vlans;

  bool describes_a_flow() const {
    bool any = ech || !vlans.empty() || !payload.empty();
    for (const auto& [key, text] : texts) any = any || text.has_value();
    return any;
  }
};

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

// The options say what an `expect` line says, and are read by its reader.
Expectation read_flow(const Options& options) {
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
  Node section;
  section.kind = Node::Kind::list;
  section.children.push_back(line);
  Partly<std::vector<Expectation>> read = read_expects(section, {std::vector<std::string_view>{"pass"}});
  if (read.mistakes.empty()) return read.value.front();
  std::string text;
  for (const Diagnostic& one : read.mistakes) text += (text.empty() ? "" : "\n") + one.text;
  throw Failure(Exit::wrong_usage, text);
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

// Hex digits; blanks and colons between bytes are stepped over, as Wireshark and xxd print them.
std::vector<std::uint8_t> read_hex(const std::string& text) {
  std::vector<std::uint8_t> bytes;
  std::optional<unsigned> high;
  for (const char c : text) {
    if ((c == ' ' || c == ':') && !high) continue;
    const std::optional<unsigned> digit = hex_digit(c);
    if (!digit) throw Failure(Exit::wrong_usage, "--payload-hex takes pairs of hex digits, not " + text);
    if (high) bytes.push_back(static_cast<std::uint8_t>(*high << 4 | *digit));
    high = high ? std::nullopt : digit;
  }
  if (high) throw Failure(Exit::wrong_usage, "--payload-hex: the last byte lacks a digit");
  return bytes;
}

Exit say(const Options& options, const Explanation& explanation) {
  const std::string text =
      options.json ? to_json(explanation).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
                   : print(explanation);
  std::fputs(text.c_str(), stdout);
  return Exit::done;
}

Exit explain_options(const Options& options) {
  FlowQuestion question;
  question.flow = read_flow(options);
  if (!options.payload.empty()) question.payload = read_hex(options.payload);
  const std::unique_ptr<const RuleSet> rules = load_untreated(options.book);
  HostName name;
  const Facts known = facts_of(*rules, question, name);
  return say(options, explain(*rules, known));
}

Exit explain_frame(const Options& options) {
  constexpr std::uint32_t kPackets = 1024;
  const FrameName frame = read_frame_name(options.frame);
  const Eal eal(PacketPool::memory(kPackets));
  PacketPool pool(kPackets);
  const std::unique_ptr<FrameFacts> known = facts_at(frame, options.book, pool);
  return say(options, explain(*known->rules, known->facts));
}

Exit run(const Options& options) {
  if (options.frame.empty()) return explain_options(options);
  if (options.describes_a_flow())
    throw Failure(Exit::wrong_usage, "--frame says all about the flow; leave the other options out");
  return explain_frame(options);
}

void add_keys(CLI::App& app, Options& options) {
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
  app.add_option("--frame", options.frame, "the flow of a frame, as far as that frame shows it")
      ->type_name("CAPTURE:N")
      ->group("The flow");
}

Command::Run attach(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--book", options->book, "the rules")->required()->type_name("FILE");
  add_keys(app, *options);
  app.add_flag("--json", options->json, "print one JSON object");
  app.footer(
      "Says which rule decides, why each one above it does not, and which facts could still change that. What\n"
      "the options do not say is not yet known; the first line is the answer if nothing more is learned.");
  return [options] { return run(*options); };
}

}  // namespace

Command explain_command() { return {"explain", "say which rule a flow falls under, and why", attach}; }

}  // namespace slowlane
