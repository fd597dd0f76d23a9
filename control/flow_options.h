#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/explain.h"
#include "rules/result.h"

namespace CLI {
class App;
}

namespace slowlane {

// A flow as the options of `slowlane explain` and `slowlane ctl explain` describe it, unread.
struct FlowOptions {
  // Keys of an `expect` line, with the option's text.
  std::vector<std::pair<const char*, std::optional<std::string>>> texts = {
      {"host", {}},   {"host_from", {}}, {"protocol", {}},     {"transport", {}},
      {"server", {}}, {"client", {}},    {"quic_version", {}}, {"initiator", {}},
  };
  std::vector<std::string> vlans;
  bool ech = false;
  std::string payload;  // hex digits

  bool describe_a_flow() const;
};

// `options` outlives the parsing.
void add_flow_options(CLI::App& app, FlowOptions& options);

// They say what an `expect` line says, and are read by its reader. Diagnostics: sentences of no file.
Result<FlowQuestion> read_question(const FlowOptions& options);
// The same for a command line: throws Failure (wrong usage) with all of them.
FlowQuestion question_of(const FlowOptions& options);

// As members of a request to a box: {"host": NAME, "vlan": [N, ...], "ech": true, "payload_hex": HEX, ...}. Numbers may
// be written as such. Diagnostics: a member that is none of these, or of the wrong kind.
nlohmann::ordered_json to_json(const FlowOptions& options);
Result<FlowOptions> flow_options_of(const nlohmann::ordered_json& members);

}  // namespace slowlane
