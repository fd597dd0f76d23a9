#include "control/diff_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "control/capture_run.h"
#include "control/diff_print.h"
#include "control/failure.h"
#include "control/load_rules.h"
#include "control/text.h"
#include "hw/eal.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

std::string print(const TrafficDiff& traffic) {
  std::string text = "traffic of the capture that changes class, of " + human_count(traffic.flows) + " flows with " +
                     human_bytes(traffic.bytes) + ":" + (traffic.changes.empty() ? " none" : "") + "\n";
  for (const TrafficChange& change : traffic.changes) {
    text += "  " + (change.from_class.empty() ? "no flow" : change.from_class) + " -> " + change.to_class + ": " +
            human_count(change.flows) + (change.flows == 1 ? " flow, " : " flows, ") + human_bytes(change.bytes);
    for (std::size_t i = 0; i < change.hosts.size(); ++i) text += (i == 0 ? ": " : ", ") + change.hosts[i];
    text += "\n";
  }
  return text;
}

Json to_json(const TrafficDiff& traffic) {
  Json list = Json::array();
  for (const TrafficChange& change : traffic.changes)
    list.push_back({{"from", change.from_class},
                    {"to", change.to_class},
                    {"flows", change.flows},
                    {"bytes", change.bytes},
                    {"hosts", change.hosts}});
  return {{"flows", traffic.flows}, {"bytes", traffic.bytes}, {"changes", list}};
}

struct Options {
  std::string from;
  std::string to;
  std::vector<std::string> captures;
  std::vector<std::string> inside;
  bool json = false;
};

std::unique_ptr<const RuleSet> load(const std::string& book) {
  auto rules = load_rules(book, std::nullopt);
  if (rules) return std::move(*rules);
  std::string text;
  for (const Diagnostic& one : rules.diagnostics()) text += (text.empty() ? "" : "\n") + one.print();
  throw Failure(Exit::wrong_input, text);
}

std::vector<Prefix> read_inside(const std::vector<std::string>& texts) {
  std::vector<Prefix> inside;
  for (const std::string& text : texts) {
    const std::optional<Prefix> prefix = parse_prefix(text);
    if (!prefix) throw Failure(Exit::wrong_usage, "--inside: " + text + " is no prefix such as 192.0.2.0/24");
    inside.push_back(*prefix);
  }
  return inside;
}

std::optional<TrafficDiff> traffic_of(const Options& options) {
  constexpr std::uint32_t kPackets = 1024;
  if (options.captures.empty()) return std::nullopt;
  const std::vector<Prefix> inside = read_inside(options.inside);
  const Eal eal(PacketPool::memory(kPackets));
  PacketPool pool(kPackets);
  return diff_traffic(load_untreated(options.from), load_untreated(options.to), options.captures, inside, pool);
}

Exit run(const Options& options) {
  const BookDiff books = diff(*load(options.from), *load(options.to));
  const std::optional<TrafficDiff> traffic = traffic_of(options);
  const std::string text =
      options.json ? to_json(books, traffic).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
                   : print(books, traffic);
  std::fputs(text.c_str(), stdout);
  return Exit::done;
}

Command::Run attach(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("OLD", options->from, "a book")->required()->type_name("");
  app.add_option("NEW", options->to, "the book that is to follow it")->required()->type_name("");
  app.add_option("--capture", options->captures, "also tell the flows and bytes of captures that change class")
      ->allow_extra_args(false)
      ->type_name("FILE");
  app.add_option("--inside", options->inside, "where the capture's subscribers are")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("PREFIX,...");
  app.add_flag("--json", options->json, "print one JSON object");
  app.footer(
      "Rules and classes are the same where their names are. Hosts are all names that either book writes out,\n"
      "judged by both as TLS names of flows of which nothing else is known. --json has all of them.");
  return [options] { return run(*options); };
}

}  // namespace

std::string print(const BookDiff& books, const std::optional<TrafficDiff>& traffic) {
  return print(books) + (traffic ? print(*traffic) : "");
}

nlohmann::ordered_json to_json(const BookDiff& books, const std::optional<TrafficDiff>& traffic) {
  Json all = to_json(books);
  all["traffic"] = traffic ? to_json(*traffic) : Json();
  return all;
}

Command diff_command() { return {"diff", "say what changes from one book to another", attach}; }

}  // namespace slowlane
