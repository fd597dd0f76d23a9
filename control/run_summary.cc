#include "control/run_summary.h"

#include <fmt/format.h>

#include <algorithm>

namespace slowlane {
namespace {

const char* per_scope(Scope scope) {
  switch (scope) {
    case Scope::flow: return "per flow";
    case Scope::host: return "per host";
    case Scope::cls: break;
  }
  return "per class";
}

}  // namespace

std::uint64_t configured_rate(const ClassSpec& spec) {
  if (spec.police && spec.shape) return std::min(spec.police->rate, spec.shape->rate);
  if (spec.police) return spec.police->rate;
  return spec.shape ? spec.shape->rate : 0;
}

std::string describe(const ClassSpec& spec) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (spec.mark) add(fmt::format("mark dscp {}", spec.mark->dscp));
  if (spec.allow) add("allow");
  if (spec.drop) add("drop");
  if (spec.reset) add("reset");
  if (spec.lose) add(fmt::format("lose {:g}%", spec.lose->share * 100));
  if (spec.police) add("police " + print_rate(spec.police->rate) + " " + per_scope(spec.police->scope));
  if (spec.shape) add("shape " + print_rate(spec.shape->rate) + " " + per_scope(spec.shape->scope));
  if (spec.delay) add("delay " + print_time(spec.delay->time));
  return text.empty() ? "pass" : text;
}

const char* program_version() { return SLOWLANE_VERSION; }

std::string program_name() { return std::string("slowlane ") + program_version(); }

}  // namespace slowlane
