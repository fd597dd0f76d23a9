#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "control/packet_record.h"
#include "control/rows.h"
#include "rules/ruleset.h"

namespace slowlane {

enum class SeriesBy : std::uint8_t { cls, rule, flow };

// --series: what was offered, sent, dropped and held per interval, key and direction. A packet is offered in the
// interval it arrives in, sent or dropped in that it departs in, and held at the end of every interval between. An
// interval without traffic has no row, but the ones right before and after traffic have a row of zeros, so that lines
// drawn through the rows are right. Packets that are not IP do not count. `rate_bps` and `rate_scope` are those of the
// class's policer or shaper.
class Series : public RecordSink {
 public:
  struct Config {
    Nanos start = 0;  // of the run: time_s counts from it
    Nanos every = 100 * kMillisecond;
    SeriesBy by = SeriesBy::cls;
  };
  Series(Output& out, RowFormat format, const RuleSet& rules, const Config& config);

  void record(const PacketRecord& record) noexcept override;
  void finish() noexcept;

 private:
  struct Cell {
    std::uint64_t offered = 0;
    std::uint64_t sent = 0;
    std::uint64_t dropped = 0;
    std::uint64_t held = 0;
    ClassId cls = kPass;
  };
  using Key = std::pair<std::uint64_t, Direction>;  // class, rule or flow id
  using Row = std::map<Key, Cell>;
  using Interval = std::int64_t;

  Interval interval_of(Nanos time) const { return (time - config_.start) / config_.every; }
  Key key_of(const PacketRecord& record) const;
  Cell& cell(Interval interval, Key key, ClassId cls);
  void flush_before(Interval end);
  void follow_at_once(Row row);
  void follow_after_silence(Interval interval, Row row);
  void write(Interval interval, const Row& row);
  void write_key(std::uint64_t key);
  void write_rate(ClassId cls);

  RowWriter rows_;
  const RuleSet& rules_;
  Config config_;
  std::map<Interval, Row> open_;  // may still change
  Interval last_at_ = -1;         // the latest that cannot: not yet written, for the next may ask it for zeros
  Row last_;
};

}  // namespace slowlane
