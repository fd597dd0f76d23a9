#include "control/ctl_live.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "control/cli_checks.h"
#include "control/ctl_top.h"
#include "control/flow_lines.h"
#include "control/json_reading.h"
#include "dataplane/mailbox.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

constexpr Nanos kPatience = 15 * kSecond;  // a box answers within ten

struct Options {
  std::string host, cls, rule, address, protocol, sort;
  std::string client, server, lasts;
  std::optional<std::uint32_t> top, packets;  // none: the box's usual number
  bool once = false;
};
using Shared = std::shared_ptr<Options>;

Exit tell(const Diagnostics& mistakes) {
  for (const Diagnostic& one : mistakes) std::fprintf(stderr, "%s\n", one.print().c_str());
  return Exit::machine;
}

Exit refused(const Json& answer, const std::string& line) {
  std::fprintf(stderr, "%s\n", word(answer, "error", line.c_str()).c_str());
  return Exit::wrong_input;
}

void add(Json& request, const char* name, const std::string& value) {
  if (!value.empty()) request[name] = value;
}

Exit flows(const Options& options, const AskBox& ask, Print print) {
  Json request = {{"command", "flows"}};
  add(request, "host", options.host);
  add(request, "class", options.cls);
  add(request, "rule", options.rule);
  add(request, "address", options.address);
  add(request, "protocol", options.protocol);
  add(request, "sort", options.sort);
  if (options.top) request["top"] = *options.top;
  const auto line = ask(request, kPatience);
  if (!line) return tell(line.diagnostics());
  const Json answer = Json::parse(*line, nullptr, false);
  const bool ok = truth(answer, "ok");
  if (print == Print::json) std::printf("%s\n", line->c_str());
  if (print == Print::text && !ok) return refused(answer, *line);
  if (print == Print::text) std::fputs(flows_table(answer).c_str(), stdout);
  return ok ? Exit::done : Exit::wrong_input;
}

// Prints every line until the box ends the stream, or nobody reads what is printed.
Exit follow(const FollowBox& box, const Json& request, Print print, std::string (*show)(const Json&)) {
  Exit exit = Exit::done;
  const Diagnostics trouble = box(request, [&](const std::string& line) {
    const Json said = Json::parse(line, nullptr, false);
    const bool wrong = said.is_object() && said.contains("ok") && !truth(said, "ok");
    if (wrong) exit = print == Print::text ? refused(said, line) : Exit::wrong_input;
    if (print == Print::json) std::printf("%s\n", line.c_str());
    if (print == Print::text && !wrong && said.is_object()) std::fputs(show(said).c_str(), stdout);
    return std::fflush(stdout) == 0 && !wrong && !(said.is_object() && said.contains("ended"));
  });
  return trouble.empty() ? exit : tell(trouble);
}

Json trace_request(const Options& options) {
  Json request = {{"command", "trace"}};
  add(request, "host", options.host);
  add(request, "client", options.client);
  add(request, "server", options.server);
  add(request, "for", options.lasts);
  if (options.packets) request["packets"] = *options.packets;
  return request;
}

// From 1 on: with 0 a box would be asked for its usual number.
CLI::Validator up_to(std::uint16_t most) { return CLI::Range(1u, unsigned{most}).description(""); }

void attach_flows(CLI::App& ctl, const Shared& options, const std::function<void(CtlAct)>& choose) {
  CLI::App* const flows_app = ctl.add_subcommand("flows", "flows that run now, the largest first");
  flows_app->add_option("--host", options->host, "a name, .name or a pattern with stars")->type_name("NAME");
  flows_app->add_option("--class", options->cls, "those that a class has now")->type_name("NAME");
  flows_app->add_option("--rule", options->rule, "those that a rule decided, or observes")->type_name("NAME");
  flows_app->add_option("--address", options->address, "an end of theirs lies there")->type_name("PREFIX");
  flows_app->add_option("--protocol", options->protocol, "nDPI's name, unknown, tcp, udp, icmp")->type_name("NAME");
  flows_app->add_option("--top", options->top, "how many (50; 1000 at most)")
      ->check(up_to(Request::kMostFlows))
      ->type_name("N");
  flows_app->add_option("--sort", options->sort, "bytes, packets or age")->type_name("BY");
  flows_app->callback([options, choose] {
    choose({[options](const AskBox& ask, Print print) { return flows(*options, ask, print); }, true});
  });
}

void attach_trace(CLI::App& ctl, const Shared& options, const std::function<void(CtlAct)>& choose) {
  CLI::App* const trace = ctl.add_subcommand("trace", "the next packets of some flows, step by step");
  trace->add_option("--host", options->host, "a name, .name or a pattern with stars")->type_name("NAME");
  trace->add_option("--client", options->client, "an address or a prefix")->type_name("IP");
  trace->add_option("--server", options->server, "an address, with a port or not, or a prefix")->type_name("IP[:PORT]");
  trace->add_option("--packets", options->packets, "how many (20; 1000 at most)")
      ->check(up_to(Request::kMostPackets))
      ->type_name("N");
  trace->add_option("--for", options->lasts, "how long at most (10s; 60s at most)")
      ->check(not_a_time)
      ->type_name("TIME");
  trace->callback([options, choose] {
    CtlAct act;
    act.follow = [options](const FollowBox& box, Print print) {
      return follow(box, trace_request(*options), print, print_trace);
    };
    choose(std::move(act));
  });
}

}  // namespace

void attach_live_commands(CLI::App& ctl, const std::function<void(CtlAct)>& choose) {
  const auto options = std::make_shared<Options>();
  attach_flows(ctl, options, choose);
  attach_trace(ctl, options, choose);
  ctl.add_subcommand("watch", "what happens to flows, as it happens")->callback([choose] {
    CtlAct act;
    act.views = true;
    act.follow = [](const FollowBox& box, Print print) {
      return follow(box, {{"command", "watch"}}, print, print_event);
    };
    choose(std::move(act));
  });
  CLI::App* const top = ctl.add_subcommand("top", "a live view of the box; q ends it");
  top->add_flag("--once", options->once, "print one page and end");
  top->callback([options, choose] {
    choose({[options](const AskBox& ask, Print print) {
              return options->once || print == Print::json ? top_once(ask, print) : top_live(ask);
            },
            true});
  });
}

}  // namespace slowlane
