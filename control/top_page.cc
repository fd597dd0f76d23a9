#include "control/top_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "control/flow_lines.h"
#include "control/json_reading.h"
#include "control/text.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;
using Lines = std::vector<std::string>;

// Whole characters of UTF-8, at most `width` of them; control characters, which a name could smuggle into a terminal,
// become "?".
std::string fit(const std::string& text, std::size_t width) {
  std::string out;
  std::size_t shown = 0;
  for (const char one : text) {
    const auto byte = static_cast<unsigned char>(one);
    const bool begins = (byte & 0xc0) != 0x80;
    if (begins && shown++ == width) break;
    out += byte < 0x20 || byte == 0x7f ? '?' : one;
  }
  return out;
}

std::string cell(const std::string& text, std::size_t width) {
  const std::string shown = fit(text, width);
  const auto characters =
      static_cast<std::size_t>(std::ranges::count_if(shown, [](char one) { return (one & 0xc0) != 0x80; }));
  return shown + std::string(width - std::min(width, characters), ' ');
}

std::string bar(double share, std::size_t width) {
  const auto full = static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(width)));
  return "[" + std::string(full, '#') + std::string(width - full, '.') + "]";
}

std::string uptime(std::uint64_t seconds) {
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string title(const Json& status, const Json& flows) {
  constexpr std::size_t kShort = 8;
  const Json book = member(status, "book");
  return fmt::format("{}  {}  up {}  book \"{}\" {}  {} flows", word(status, "appliance"), word(status, "state"),
                     uptime(whole(status, "uptime_s")), word(book, "name"), word(book, "digest").substr(0, kShort),
                     human_count(whole(flows, "total")));
}

void add_workers(Lines& lines, const Json& status, std::size_t columns) {
  constexpr std::size_t kEach = 40;
  const std::size_t in_line = std::max<std::size_t>(1, columns / kEach);
  std::string line;
  std::size_t count = 0;
  for (const Json& worker : member(status, "workers")) {
    const double load = real(worker, "load");
    line += cell(fmt::format("worker {:<2} {} {:>3.0f}% {:>7}/s", whole(worker, "worker"), bar(load, 10), load * 100,
                             human_count(static_cast<std::uint64_t>(real(worker, "received_pps")))),
                 kEach);
    if (++count % in_line != 0) continue;
    lines.push_back(line);
    line.clear();
  }
  if (!line.empty()) lines.push_back(line);
}

void add_degraded(Lines& lines, const Json& status) {
  constexpr std::size_t kMost = 3;
  const Json all = member(status, "degraded");
  for (std::size_t i = 0; i < std::min(all.size(), kMost); ++i)
    if (all[i].is_string()) lines.push_back("! " + all[i].get<std::string>());
  if (all.size() > kMost) lines.push_back(fmt::format("! and {} more (ctl status)", all.size() - kMost));
}

std::uint64_t now_of(const Json& cls, const char* direction, const char* what) {
  return whole(member(member(cls, direction), "now"), what);
}

// The busier direction: a rate limits each by itself, or one of them.
const char* busier(const Json& cls) {
  return now_of(cls, "up", "sent_bps") > now_of(cls, "down", "sent_bps") ? "up" : "down";
}

std::string class_line(const Json& cls, std::size_t columns) {
  const char* const direction = busier(cls);
  const std::uint64_t sent = now_of(cls, direction, "sent_bps");
  const std::uint64_t dropped = now_of(cls, direction, "dropped_bps");
  const std::uint64_t configured = whole(cls, "configured_bps");
  // Of a rate that each flow has for itself, the sum is no bound.
  const Json limits = member(cls, "limits");
  const std::string scope = limits.empty() ? "" : word(limits[0], "scope", "");
  const std::size_t width = columns >= 100 ? 26 : 6;
  std::string line = cell(word(cls, "name"), 12) + " " + cell(human_count(whole(cls, "flows")), 7) +
                     fmt::format("{:<5}{:>12}", direction, human_rate(static_cast<double>(sent)));
  if (configured == 0) return line + (dropped > 0 ? "  drops " + human_rate(static_cast<double>(dropped)) : "");
  line += scope == "class" ? " " + bar(static_cast<double>(sent) / static_cast<double>(configured), width) + " of "
                           : ", each " + (scope.empty() ? std::string("flow") : scope) + " ";
  line += human_rate(static_cast<double>(configured));
  return line + (dropped > 0 ? ", drops " + human_rate(static_cast<double>(dropped)) : "");
}

bool is_busy(const Json& cls) {
  return now_of(cls, "up", "offered_bps") + now_of(cls, "down", "offered_bps") > 0 ||
         whole(cls, "configured_bps") > 0 || word(cls, "name") == "pass";
}

void add_classes(Lines& lines, const Json& classes, std::size_t columns) {
  lines.push_back(cell("CLASS", 12) + " " + cell("FLOWS", 7) + "NOW");
  for (const Json& cls : member(classes, "classes"))
    if (is_busy(cls)) lines.push_back(class_line(cls, columns));
}

void add_names(Lines& lines, const Json& classes) {
  constexpr std::size_t kMost = 5;
  Lines rows;
  for (const Json& cls : member(classes, "classes")) {
    const Json names = member(cls, "names");
    for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i)
      rows.push_back(fmt::format("{} {} {:>8} flows {:>10}", cell(word(cls, "name"), 14),
                                 cell(word(names[i], "host"), 36), human_count(whole(names[i], "flows")),
                                 human_bytes(whole(names[i], "bytes"))));
  }
  if (rows.empty()) return;
  lines.emplace_back("NAMES that five clients or more asked for, of late");
  lines.insert(lines.end(), rows.begin(), rows.end());
}

void add_flows(Lines& lines, const Json& flows, std::size_t columns) {
  const Json all = member(flows, "flows");
  if (all.empty()) return;
  const std::size_t room = columns > 80 ? columns - 80 : 0;
  const std::size_t host = 23 + room / 2;
  const std::size_t ends = 20 + (room + 1) / 2;
  lines.push_back(cell("FLOWS by bytes", 14) + " " + cell("host", host) + " " + cell("server", ends) +
                  "       up      down");
  for (const Json& flow : all) {
    const std::string pair = print_ends(flow);
    lines.push_back(cell(word(flow, "class"), 14) + " " + cell(word(flow, "host"), host) + " " +
                    cell(pair.substr(pair.find('>') + 2), ends) +
                    fmt::format("{:>10}{:>10}", human_bytes(whole(member(flow, "up"), "bytes")),
                                human_bytes(whole(member(flow, "down"), "bytes"))));
  }
}

}  // namespace

std::vector<std::string> top_page(const TopAnswers& answers, const TopSize& size) {
  Lines lines{title(answers.status, answers.flows)};
  add_workers(lines, answers.status, size.columns);
  add_degraded(lines, answers.status);
  lines.emplace_back();
  add_classes(lines, answers.classes, size.columns);
  lines.emplace_back();
  const std::size_t before = lines.size();
  add_names(lines, answers.classes);
  if (lines.size() > before) lines.emplace_back();
  add_flows(lines, answers.flows, size.columns);
  if (lines.size() > size.rows) lines.resize(size.rows);
  for (std::string& line : lines) line = fit(line, size.columns);
  return lines;
}

}  // namespace slowlane
