#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "control/flow_record.h"
#include "control/live_book.h"
#include "dataplane/classifier.h"
#include "dataplane/mailbox.h"

namespace slowlane {

// What names in a question mean. All must outlive it; `dictionary` may be null.
struct QuestionContext {
  const LiveBook& book;
  const Dictionary* dictionary = nullptr;
  Addresses addresses = Addresses::truncated;
};

// Whether a prefix tells more of an address than is shown where addresses are cut.
bool says_more_than_is_shown(const Prefix& prefix);

// A request about flows or packets, read; or a sentence that says what was read and what to write.
using ReadRequest = std::variant<Request, std::string>;

// {"host": PATTERN, "class": NAME, "rule": NAME, "address": PREFIX, "protocol": NAME, "top": N, "sort": "bytes"}. Where
// addresses are cut, an address that says more than what is shown is refused: it would tell whose flow it is.
ReadRequest read_flows(const nlohmann::ordered_json& request, const QuestionContext& context);

// {"host": PATTERN, "client": ADDRESS, "server": ADDRESS[:PORT], "packets": N}. Where addresses are cut, whole ones
// may be asked for, but no names with them; see trace_record.h for what is told then.
ReadRequest read_trace(const nlohmann::ordered_json& request, const QuestionContext& context);

}  // namespace slowlane
