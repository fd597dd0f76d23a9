#include "control/flow_lines.h"

#include <fmt/format.h>

#include <cstdlib>

#include "control/columns.h"
#include "control/json_reading.h"
#include "control/text.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;
using Align = Columns::Align;

double seconds_of(const Json& record, const char* name) {
  return std::strtod(word(record, name, "0").c_str(), nullptr);
}

std::string age_of(const Json& record) {
  const double age = seconds_of(record, "time") - seconds_of(record, "first");
  return human_time(static_cast<Nanos>(age > 0 ? age : 0) * kSecond);
}

std::string end_of(const Json& record, const char* address, const char* port) {
  std::string text = word(record, address);
  const std::uint64_t number = whole(record, port);
  if (number == 0) return text;
  return text.find(':') == std::string::npos ? fmt::format("{}:{}", text, number)
                                             : fmt::format("[{}]:{}", text, number);
}

std::uint64_t of_both(const Json& record, const char* name) {
  return whole(member(record, "up"), name) + whole(member(record, "down"), name);
}

std::string protocol_of(const Json& record) {
  const std::string protocol = word(record, "protocol", "");
  return protocol.empty() ? word(record, "transport") : protocol;
}

std::string headers_line(const Json& headers) {
  std::string text =
      fmt::format("{} on {}, {} {} ({} sends), {} B", word(headers, "direction"), word(headers, "wire"),
                  word(headers, "transport"), print_ends(headers), word(headers, "from"), whole(headers, "ip_bytes"));
  if (const Json tcp = member(headers, "tcp"); tcp.is_object())
    text += fmt::format(", flags {}, seq {}, ack {}", word(tcp, "flags"), whole(tcp, "seq"), whole(tcp, "ack"));
  return text + fmt::format(", payload {}", whole(headers, "payload_bytes"));
}

std::string flow_line(const Json& flow) {
  if (!flow.is_object()) return "    no flow: the table had no room, so it was not judged\n";
  const std::string which = flow.contains("id") ? fmt::format("flow {}", whole(flow, "id")) : "a flow";
  std::string text = fmt::format("    {} of worker {}: {}, {}", which, whole(flow, "worker"),
                                 truth(flow, "new") ? "new" : fmt::format("packet {}", whole(flow, "packets")),
                                 truth(flow, "looking") ? "still looked at" : "no longer looked at");
  if (const std::string found = word(flow, "found", ""); !found.empty()) text += ", found " + found;
  if (const std::string host = word(flow, "host", ""); !host.empty())
    text += fmt::format(", host {} ({})", host, word(flow, "host_from"));
  if (const std::string protocol = word(flow, "protocol", ""); !protocol.empty()) text += ", " + protocol;
  return text + "\n";
}

std::string rule_line(const Json& rule) {
  std::string text =
      fmt::format("      {} (line {}): {}", word(rule, "rule"), whole(rule, "line"), word(rule, "answer"));
  if (word(rule, "mode") == "observe") text += ", only observes";
  for (const Json& term : member(rule, "terms"))
    text += fmt::format("; {} = {}: {}", word(term, "key"), word(term, "expected"), word(term, "answer"));
  return text + "\n";
}

std::string verdict_lines(const Json& verdict) {
  if (!verdict.is_object()) return "";
  std::string text = "    class " + word(verdict, "class", "not told");
  if (const std::string rule = word(verdict, "rule", ""); !rule.empty()) text += " by rule " + rule;
  if (!truth(verdict, "settled")) text += ", more could change it";
  if (truth(verdict, "trigger")) text += ", brought by this packet";
  text += truth(verdict, "judged") ? "\n" : ", as before\n";
  for (const Json& rule : member(verdict, "rules")) text += rule_line(rule);
  return text;
}

std::string treatment_line(const Json& treatment) {
  const std::string fate = word(treatment, "fate");
  std::string text = "    " + (fate == "not_told" ? "not told: an answer of the worker found no room" : fate);
  if (const std::string reason = word(treatment, "reason", ""); !reason.empty()) text += ": " + reason;
  if (treatment.contains("in_box_ms")) text += fmt::format(", {} ms in the box", real(treatment, "in_box_ms"));
  if (const Json bucket = member(treatment, "bucket"); bucket.is_object())
    text += fmt::format(", bucket {} of {} B", whole(bucket, "bytes"), whole(bucket, "burst"));
  const Json queue = member(treatment, "queue");
  if (const std::uint64_t waits = whole(queue, "flow_packets"); waits > 0)
    text += fmt::format(", {} packets of the flow wait", waits);
  if (const std::uint64_t waits = whole(queue, "class_packets"); waits > 0)
    text += fmt::format(", {} in the class's queue", waits);
  if (truth(treatment, "marked")) text += ", marked";
  if (truth(treatment, "reset")) text += ", rewritten into a reset";
  return text + "\n";
}

}  // namespace

std::string print_ends(const Json& record) {
  return end_of(record, "client", "client_port") + " > " + end_of(record, "server", "server_port");
}

std::string flows_table(const Json& answer) {
  Columns columns({{"class", Align::left},
                   {"rule", Align::left},
                   {"host", Align::left},
                   {"client > server", Align::left},
                   {"protocol", Align::left},
                   {"up"},
                   {"down"},
                   {"dropped"},
                   {"age"}});
  for (const Json& flow : member(answer, "flows"))
    columns.add({word(flow, "class"), word(flow, "rule"), word(flow, "host"), print_ends(flow), protocol_of(flow),
                 human_bytes(whole(member(flow, "up"), "bytes")), human_bytes(whole(member(flow, "down"), "bytes")),
                 human_bytes(of_both(flow, "dropped_bytes")), age_of(flow)});
  std::string text = columns.empty() ? "" : columns.print();
  text += fmt::format("  {} of {} flows that fit, of {} in the box, first by {}{}\n", member(answer, "flows").size(),
                      human_count(whole(answer, "matched")), human_count(whole(answer, "total")), word(answer, "sort"),
                      truth(answer, "whole") ? "" : "; some worker did not answer in time");
  return text;
}

std::string print_trace(const Json& line) {
  if (line.contains("ended"))
    return fmt::format("the trace is over ({}): {} packets, {} missed\n", word(line, "ended"), whole(line, "packets"),
                       whole(line, "missed"));
  if (line.contains("lost")) return fmt::format("{} packets were not shown\n", whole(line, "lost"));
  if (line.contains("ok"))
    return fmt::format("tracing {} packets, for {} s at most\n", whole(line, "packets"), real(line, "for_s"));
  return fmt::format("#{} at {:.3f} ms: {}\n", whole(line, "packet"), real(line, "at_ms"),
                     headers_line(member(line, "headers"))) +
         flow_line(member(line, "flow")) + verdict_lines(member(line, "verdict")) +
         treatment_line(member(line, "treatment"));
}

std::string print_event(const Json& line) {
  if (line.contains("lost")) return fmt::format("{} events were not shown\n", whole(line, "lost"));
  if (line.contains("ok")) return fmt::format("watching {} flows\n", word(line, "watching"));
  return fmt::format("{:<10} {:<12} {:<30} {} {}, {} up, {} down, {} dropped\n", word(line, "event"),
                     word(line, "class"), word(line, "host"), protocol_of(line), print_ends(line),
                     human_bytes(whole(member(line, "up"), "bytes")), human_bytes(whole(member(line, "down"), "bytes")),
                     human_bytes(of_both(line, "dropped_bytes")));
}

}  // namespace slowlane
