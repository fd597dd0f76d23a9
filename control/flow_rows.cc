#include "control/flow_rows.h"

#include <nlohmann/json.hpp>

namespace slowlane {
namespace {

constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kIcmp6 = 58;

bool is_icmp(std::uint8_t transport) { return transport == kIcmp || transport == kIcmp6; }

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) line += (i > 0 ? "," : "") + csv_quoted(cells[i]);
  return line + "\n";
}

}  // namespace

FlowRows::FlowRows(Output& out, RowFormat format, const FlowContext& context)
    : out_(out), format_(format), context_(context) {
  if (format_ == RowFormat::csv) out_.write(csv_line(flow_columns()));
}

void FlowRows::packet(const Packet& packet) noexcept {
  const Headers& headers = packet.parsed.headers;
  if (packet.flow_id == 0 || !is_icmp(headers.transport) || headers.l4 == 0) return;
  const std::span<const std::uint8_t> bytes = packet.bytes();
  if (bytes.size() < headers.l4 + 2u) return;
  icmp_.try_emplace(packet.flow_id, IcmpHead{bytes[headers.l4], bytes[headers.l4 + 1u]});
}

void FlowRows::flow(const Flow& flow, FlowEnd why) noexcept {
  IcmpHead head;
  if (is_icmp(flow.key.transport)) {
    if (const auto known = icmp_.extract(flow.id); !known.empty()) head = known.mapped();
  }
  const nlohmann::ordered_json record = flow_record(flow, why, head, context_);
  out_.write(format_ == RowFormat::csv
                 ? csv_line(flow_cells(record))
                 : record.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace slowlane
