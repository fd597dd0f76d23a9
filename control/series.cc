#include "control/series.h"

#include <limits>

#include "control/text.h"

namespace slowlane {
namespace {

constexpr std::uint64_t kUnjudged = ~std::uint64_t{0};  // the key of packets without a flow

bool is_silent(std::uint64_t offered, std::uint64_t sent, std::uint64_t dropped, std::uint64_t held) {
  return (offered | sent | dropped | held) == 0;
}

const char* print_scope(Scope scope) {
  switch (scope) {
    case Scope::flow: return "flow";
    case Scope::host: return "host";
    case Scope::cls: break;
  }
  return "class";
}

// Gives `to` a cell of zeros for every key that has traffic in `from` and none there.
template <class Row>
void add_zeros(Row& to, const Row& from) {
  for (const auto& [key, cell] : from)
    if (!is_silent(cell.offered, cell.sent, cell.dropped, cell.held)) to.try_emplace(key).first->second.cls = cell.cls;
}

}  // namespace

Series::Series(Output& out, RowFormat format, const RuleSet& rules, const Config& config)
    : rows_(out, format,
            {"time_s", "key", "direction", "offered_bytes", "sent_bytes", "dropped_bytes", "held_bytes", "made_bytes",
             "rate_bps", "rate_scope"}),
      rules_(rules),
      config_(config) {}

Series::Cell& Series::cell(Interval interval, Key key, ClassId cls) {
  Cell& cell = open_[interval][key];
  cell.cls = cls;
  return cell;
}

Series::Key Series::key_of(const PacketRecord& record) const {
  if (record.flow_id == 0) return {kUnjudged, record.direction()};
  switch (config_.by) {
    case SeriesBy::cls: return {record.cls, record.direction()};
    case SeriesBy::rule: return {record.rule, record.direction()};
    case SeriesBy::flow: break;
  }
  return {record.flow_id, record.direction()};
}

void Series::record(const PacketRecord& record) noexcept {
  if (!record.is_ip) return;
  const Interval from = interval_of(record.arrival);
  const Interval to = interval_of(record.departure);
  // Later records arrive no earlier. Fragments that were held count from when their datagram was whole.
  if (!record.is_fragment) flush_before(from);
  const Key key = key_of(record);
  cell(from, key, record.cls).offered += record.bytes;
  for (Interval i = from; i < to; ++i) cell(i, key, record.cls).held += record.bytes;
  Cell& last = cell(to, key, record.cls);
  (record.sent ? last.sent : last.dropped) += record.bytes - record.cut_bytes;
}

void Series::finish() noexcept {
  flush_before(std::numeric_limits<Interval>::max());
  if (!last_.empty()) write(last_at_, last_);
  last_.clear();
}

void Series::flush_before(Interval end) {
  while (!open_.empty() && open_.begin()->first < end) {
    auto node = open_.extract(open_.begin());
    if (!last_.empty() && last_at_ + 1 == node.key())
      follow_at_once(std::move(node.mapped()));
    else
      follow_after_silence(node.key(), std::move(node.mapped()));
  }
}

void Series::follow_at_once(Row row) {
  add_zeros(last_, row);
  write(last_at_, last_);
  add_zeros(row, last_);
  last_ = std::move(row);
  ++last_at_;
}

void Series::follow_after_silence(Interval interval, Row row) {
  Row before;
  add_zeros(before, row);
  if (!last_.empty()) {
    write(last_at_, last_);
    Row after;
    add_zeros(after, last_);
    if (last_at_ + 1 == interval - 1)
      add_zeros(before, last_);
    else
      write(last_at_ + 1, after);
  }
  if (interval > 0) write(interval - 1, before);
  last_ = std::move(row);
  last_at_ = interval;
}

void Series::write(Interval interval, const Row& row) {
  const std::string time = print_short_seconds(interval * config_.every);
  for (const auto& [key, cell] : row) {
    rows_.literal(time);
    write_key(key.first);
    rows_.text(key.second == Direction::up ? "up" : "down");
    rows_.number(cell.offered).number(cell.sent).number(cell.dropped).number(cell.held).number(0);
    write_rate(cell.cls);
    rows_.end_row();
  }
}

void Series::write_key(std::uint64_t key) {
  if (key == kUnjudged) {
    rows_.text("unjudged");
    return;
  }
  switch (config_.by) {
    case SeriesBy::cls: rows_.text(rules_.classes()[key].name); return;
    case SeriesBy::rule: rows_.text(key < rules_.rules().size() ? rules_.rules()[key].name : "otherwise"); return;
    case SeriesBy::flow: rows_.number(key); return;
  }
}

void Series::write_rate(ClassId cls) {
  const ClassSpec& spec = rules_.classes()[cls];
  if (spec.police)
    rows_.number(spec.police->rate).text(print_scope(spec.police->scope));
  else if (spec.shape)
    rows_.number(spec.shape->rate).text(print_scope(spec.shape->scope));
  else
    rows_.null().null();
}

}  // namespace slowlane
