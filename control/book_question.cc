#include "control/book_question.h"

#include <nlohmann/json.hpp>

#include "control/explain.h"
#include "control/flow_options.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

Json refusal(const Diagnostics& mistakes) {
  std::string text;
  for (const Diagnostic& one : mistakes) text += (text.empty() ? "" : "\n") + one.text;
  return {{"ok", false}, {"error", text}};
}

}  // namespace

Json answer_book_question(Json request, const RuleSet& rules, const std::string& digest) {
  const Json as_text = request.value("text", Json(false));
  if (!as_text.is_boolean()) return refusal({{"", 0, "text takes true or false"}});
  request.erase("command");
  request.erase("text");
  const auto options = flow_options_of(request);
  if (!options) return refusal(options.diagnostics());
  const auto question = read_question(*options);
  if (!question) return refusal(question.diagnostics());
  HostName name;
  const Facts known = facts_of(rules, *question, name);
  const Explanation explanation = explain(rules, known);
  Json answer = {{"ok", true}, {"book", rules.book().name}, {"digest", digest}};
  if (as_text.get<bool>())
    answer["text"] = print(explanation);
  else
    answer.update(to_json(explanation));
  return answer;
}

}  // namespace slowlane
