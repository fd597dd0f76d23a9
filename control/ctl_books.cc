#include "control/ctl_books.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "control/bundle.h"
#include "control/check.h"
#include "control/text.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

constexpr Nanos kPatience = 300 * kSecond;  // a book of 10,000 expressions compiles for a while

struct Options {
  std::string book;
  std::string confirm;
  bool observe = false;
  std::string note;
  std::string wait = "3s";
  std::string digest;
};
using Shared = std::shared_ptr<Options>;

std::string text_of(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::string book_line(const Json& book) {
  constexpr std::size_t kShort = 12;
  return "\"" + text_of(book, "name") + "\" " + text_of(book, "digest").substr(0, kShort);
}

Exit tell(const Diagnostics& mistakes, Exit exit) {
  for (const Diagnostic& one : mistakes) std::fprintf(stderr, "%s\n", one.print().c_str());
  return exit;
}

// The refusal of a box, with every diagnostic it has.
Exit tell_refusal(const Json& answer) {
  const auto diagnostics = answer.find("diagnostics");
  if (diagnostics == answer.end() || diagnostics->empty()) {
    std::fprintf(stderr, "%s\n", text_of(answer, "error").c_str());
    return Exit::wrong_input;
  }
  for (const Json& one : *diagnostics)
    std::fprintf(stderr, "%s\n",
                 Diagnostic{text_of(one, "file"), one.value("line", 0), text_of(one, "text")}.print().c_str());
  std::fprintf(stderr, "%s; nothing was changed\n", counted(diagnostics->size(), "mistake", "mistakes").c_str());
  return Exit::wrong_input;
}

// Asks, prints what went wrong, and hands a good answer on.
Exit ask_and_print(const AskBox& ask, Print print, const Json& request, const std::function<void(Json&)>& show) {
  const auto line = ask(request, kPatience);
  if (!line) return tell(line.diagnostics(), Exit::machine);
  Json answer = Json::parse(*line, nullptr, false);
  const bool ok = answer.is_object() && answer.value("ok", Json(false)) == Json(true);
  if (ok) show(answer);
  if (print == Print::json) std::printf("%s\n", answer.is_discarded() ? line->c_str() : answer.dump().c_str());
  if (ok) return Exit::done;
  if (print == Print::json) return Exit::wrong_input;
  return answer.is_object() ? tell_refusal(answer) : tell({{"box", 0, *line}}, Exit::wrong_input);
}

std::map<std::string, Json> rules_by_name(const AskBox& ask) {
  std::map<std::string, Json> rules;
  const auto line = ask({{"command", "rules"}}, 5 * kSecond);
  const Json answer = line ? Json::parse(*line, nullptr, false) : Json();
  if (!answer.is_object() || !answer.contains("rules")) return rules;
  for (const Json& rule : answer["rules"]) rules[text_of(rule, "name")] = rule;
  return rules;
}

// What the rules that came or changed did since they were put in force.
Json first_hits(const AskBox& ask, const Json& answer, Nanos wait) {
  Json hits = Json::array();
  const Json& changes = answer["changes"]["rules"];
  if (wait == 0 || changes.empty()) return hits;
  const auto before = rules_by_name(ask);
  std::this_thread::sleep_for(std::chrono::nanoseconds(wait));
  const auto after = rules_by_name(ask);
  for (const Json& change : changes) {
    const std::string name = text_of(change, "name");
    const auto now = after.find(name);
    if (now == after.end()) continue;
    const auto was = text_of(change, "change") == "changed" ? before.find(name) : before.end();
    const auto grown = [&](const char* what) {
      const std::uint64_t base = was == before.end() ? 0 : was->second.value(what, std::uint64_t{0});
      return now->second.value(what, std::uint64_t{0}) - base;
    };
    hits.push_back({{"name", name},
                    {"hits", grown("hits")},
                    {"bytes", grown("bytes")},
                    {"would_drop_bytes", grown("would_drop_bytes")}});
  }
  return hits;
}

void print_hits(const Json& hits, const std::string& wait) {
  if (hits.empty()) return;
  std::printf("rules that are new or changed, in the first %s:\n", wait.c_str());
  for (const Json& one : hits)
    std::printf("  %s: %s, %s\n", text_of(one, "name").c_str(),
                counted(one["hits"].get<std::size_t>(), "flow", "flows").c_str(),
                human_bytes(one["bytes"].get<std::uint64_t>()).c_str());
}

void print_change(const Json& answer) {
  std::printf("%s -> %s%s\n%s", book_line(answer["from"]).c_str(), book_line(answer["to"]).c_str(),
              answer.value("observe", false) ? ", every rule only observes" : "",
              text_of(answer["changes"], "text").c_str());
  if (const std::string until = text_of(answer, "confirm_by"); !until.empty())
    std::printf("it is taken back at %s unless `slowlane ctl confirm` comes before\n", until.c_str());
}

Result<Nanos> time_of(const std::string& option, const std::string& text) {
  if (text == "0") return Nanos{0};
  const auto parsed = parse_time(text);
  if (const auto* why = std::get_if<std::string>(&parsed)) return Diagnostic{option, 0, *why};
  return std::get<Nanos>(parsed);
}

// The request that carries a book; "command" first, for a box looks there.
Result<Json> request_with(const char* command, const std::string& book) {
  const Bundle bundle = collect_bundle(book);
  if (!bundle.files.front().missing.empty()) return Diagnostic{book, 0, bundle.files.front().missing};
  if (Diagnostics mistakes = unsendable(bundle); !mistakes.empty()) return mistakes;
  Json request = {{"command", command}};
  request.update(to_json(bundle));
  return request;
}

Exit reload(const Options& options, const AskBox& ask, Print print) {
  const auto wait = time_of("--wait", options.wait);
  if (!wait) return tell(wait.diagnostics(), Exit::wrong_usage);
  auto request = request_with("reload", options.book);
  if (!request) return tell(request.diagnostics(), Exit::wrong_input);
  if (!options.confirm.empty()) (*request)["confirm"] = options.confirm;
  if (options.observe) (*request)["observe"] = true;
  if (!options.note.empty()) (*request)["note"] = options.note;
  return ask_and_print(ask, print, *request, [&](Json& answer) {
    if (print == Print::text) print_change(answer);
    std::fflush(stdout);
    answer["first_hits"] = first_hits(ask, answer, *wait);
    if (print == Print::text) print_hits(answer["first_hits"], options.wait);
  });
}

Exit compare(const Options& options, const AskBox& ask, Print print) {
  const auto request = request_with("diff", options.book);
  if (!request) return tell(request.diagnostics(), Exit::wrong_input);
  return ask_and_print(ask, print, *request, [&](const Json& answer) {
    if (print == Print::text) print_change(answer);
  });
}

Json with_digest(const char* command, const Options& options) {
  Json request = {{"command", command}};
  if (!options.digest.empty()) request["digest"] = options.digest;
  return request;
}

void print_versions(const Json& answer) {
  for (const Json& one : answer["versions"]) {
    const bool running = one.value("running", false);
    const bool confirmed = one.value("confirmed", false);
    const std::string note = text_of(one, "note");
    std::printf("%s %s  %s  %s%s%s%s\n", running ? "*" : " ", book_line(one).c_str(), text_of(one, "time").c_str(),
                text_of(one, "by").c_str(), one.value("observe", false) ? "  observes" : "",
                running && !confirmed ? "  not confirmed" : "", note.empty() ? "" : ("  " + note).c_str());
  }
}

void attach_pushes(CLI::App& ctl, const std::function<void(CtlAct)>& choose) {
  const auto options = std::make_shared<Options>();
  CLI::App* const push = ctl.add_subcommand("reload", "put a book in force, whole or not at all");
  push->add_option("BOOK", options->book, "a book here; it is sent with its includes and lists")->required();
  push->add_option("--confirm", options->confirm, "take it back after this time unless confirmed, as 5min")
      ->type_name("TIME");
  push->add_flag("--observe", options->observe, "every rule only observes");
  push->add_option("--note", options->note, "why, for whoever reads the versions")->type_name("TEXT");
  push->add_option("--wait", options->wait, "then tell what new rules did in this time; 0: do not")->type_name("TIME");
  push->callback([options, choose] {
    choose({[options](const AskBox& ask, Print print) { return reload(*options, ask, print); }});
  });
  CLI::App* const diff = ctl.add_subcommand("diff", "what a book would change, and change nothing");
  diff->add_option("BOOK", options->book, "a book here")->required();
  diff->callback([options, choose] {
    choose({[options](const AskBox& ask, Print print) { return compare(*options, ask, print); }});
  });
}

}  // namespace

void attach_book_commands(CLI::App& ctl, const std::function<void(CtlAct)>& choose) {
  attach_pushes(ctl, choose);
  const auto options = std::make_shared<Options>();
  CLI::App* const confirm = ctl.add_subcommand("confirm", "keep the book that would be taken back");
  confirm->add_option("DIGEST", options->digest, "the beginning of its digest, to be sure");
  confirm->callback([options, choose] {
    choose({[options](const AskBox& ask, Print print) {
      return ask_and_print(ask, print, with_digest("confirm", *options), [&](const Json& answer) {
        if (print == Print::text) std::printf("confirmed: %s\n", book_line(answer["confirmed"]).c_str());
      });
    }});
  });
  CLI::App* const back = ctl.add_subcommand("rollback", "go back to a version, or to the one before");
  back->add_option("DIGEST", options->digest, "the beginning of its digest; see versions");
  back->callback([options, choose] {
    choose({[options](const AskBox& ask, Print print) {
      return ask_and_print(ask, print, with_digest("rollback", *options), [&](const Json& answer) {
        if (print == Print::text) print_change(answer);
      });
    }});
  });
  const auto list = [](const AskBox& ask, Print print) {
    return ask_and_print(ask, print, {{"command", "versions"}}, [&](const Json& answer) {
      if (print == Print::text) print_versions(answer);
    });
  };
  ctl.add_subcommand("versions", "books that can be gone back to, the newest first")->callback([choose, list] {
    choose({list, true});
  });
}

}  // namespace slowlane
