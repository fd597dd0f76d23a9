#include "control/packets.h"

#include <array>

#include "control/text.h"

namespace slowlane {

PacketRows::PacketRows(Output& out, RowFormat format, const RuleSet& rules, std::vector<std::string> captures)
    : rows_(out, format,
            {"file", "frame", "time_in", "time_out", "flow", "direction", "bytes", "fate", "reason", "rule", "class",
             "change", "cut_bytes", "seq", "payload"}),
      rules_(rules),
      captures_(std::move(captures)) {}

void PacketRows::record(const PacketRecord& record) noexcept {
  rows_.text(record.capture < captures_.size() ? captures_[record.capture] : "").number(record.frame);
  rows_.literal(print_seconds(record.arrival)).literal(print_seconds(record.departure));
  record.flow_id != 0 ? rows_.number(record.flow_id) : rows_.null();
  record.is_ip ? rows_.text(record.direction() == Direction::up ? "up" : "down") : rows_.null();
  rows_.number(record.bytes).text(fate_word(record));
  record.sent ? rows_.null() : rows_.text(name_of(record.reason));
  record.rule < rules_.rules().size() ? rows_.text(rules_.rules()[record.rule].name) : rows_.null();
  rows_.text(rules_.classes()[record.cls].name).text(change_word(record)).number(record.cut_bytes);
  if (record.is_tcp)
    rows_.number(record.tcp_seq).number(record.payload_bytes);
  else
    rows_.null().null();
  rows_.end_row();
}

const char* fate_word(const PacketRecord& record) { return record.sent ? "sent" : "dropped"; }

const char* change_word(const PacketRecord& record) {
  static constexpr std::array kWords = {"", "mark", "reset", "mark+reset"};
  return kWords[(record.marked ? 1u : 0u) + (record.reset ? 2u : 0u)];
}

}  // namespace slowlane
