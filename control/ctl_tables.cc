#include "control/ctl_tables.h"

#include <nlohmann/json.hpp>

#include "control/columns.h"
#include "control/text.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;
using Align = Columns::Align;

Json member(const Json& object, const char* name) {
  return object.is_object() && object.contains(name) ? object[name] : Json();
}

std::uint64_t number(const Json& object, const char* name) {
  const Json value = member(object, name);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

std::string word(const Json& object, const char* name) {
  const Json value = member(object, name);
  return value.is_string() ? value.get<std::string>() : "-";
}

std::string rate_or_dash(std::uint64_t bits_per_second) {
  return bits_per_second == 0 ? "-" : human_rate(static_cast<double>(bits_per_second));
}

void add_direction(Columns& columns, const Json& cls, const char* direction) {
  const Json counted = member(cls, direction);
  const bool first = std::string(direction) == "up";
  columns.add({first ? word(cls, "name") : "", first ? word(cls, "does") : "",
               first ? human_count(number(cls, "flows")) : "", direction, human_bytes(number(counted, "offered_bytes")),
               human_bytes(number(counted, "sent_bytes")), human_bytes(number(counted, "dropped_bytes")),
               rate_or_dash(number(member(counted, "now"), "sent_bps")),
               rate_or_dash(number(member(counted, "minute"), "sent_bps"))});
}

}  // namespace

std::string classes_table(const Json& answer) {
  Columns columns({{"class", Align::left},
                   {"does", Align::left},
                   {"flows"},
                   {"", Align::left},
                   {"offered"},
                   {"sent"},
                   {"dropped"},
                   {"now"},
                   {"last minute"}});
  for (const Json& cls : member(answer, "classes")) {
    add_direction(columns, cls, "up");
    add_direction(columns, cls, "down");
  }
  return columns.print();
}

std::string rules_table(const Json& answer) {
  Columns columns({{"rule", Align::left},
                   {"class", Align::left},
                   {"mode", Align::left},
                   {"hits"},
                   {"bytes"},
                   {"would drop"},
                   {"last hit", Align::left},
                   {"where", Align::left}});
  for (const Json& rule : member(answer, "rules")) {
    const bool observed = word(rule, "mode") == "observe";
    const std::string last = word(rule, "last_hit");
    columns.add({word(rule, "name"), word(rule, "class"), word(rule, "mode"), human_count(number(rule, "hits")),
                 human_bytes(number(rule, "bytes")), observed ? human_bytes(number(rule, "would_drop_bytes")) : "",
                 last == "-" ? "never" : last, word(rule, "file") + ":" + std::to_string(number(rule, "line"))});
  }
  return columns.empty() ? "  The book has no rules.\n" : columns.print();
}

}  // namespace slowlane
