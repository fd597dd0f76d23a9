#pragma once

#include <string>
#include <vector>

#include "control/packet_record.h"
#include "control/rows.h"
#include "rules/ruleset.h"

namespace slowlane {

// --packets: one row a packet, in the order of reception. `time_out` is when it left or was dropped; `bytes` are its
// IP bytes as received; `change` says what a rewrite did; `seq` and `payload` are of TCP.
class PacketRows : public RecordSink {
 public:
  PacketRows(Output& out, RowFormat format, const RuleSet& rules, std::vector<std::string> captures);
  void record(const PacketRecord& record) noexcept override;

 private:
  RowWriter rows_;
  const RuleSet& rules_;
  std::vector<std::string> captures_;
};

// The words a packet's record uses for it, here and in --annotate.
const char* fate_word(const PacketRecord& record);
const char* change_word(const PacketRecord& record);  // "", "mark", "reset", "mark+reset"

}  // namespace slowlane
