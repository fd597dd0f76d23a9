#pragma once

#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "rules/book.h"
#include "rules/node.h"
#include "rules/result.h"

namespace slowlane {

using Treatment = std::variant<Mark, Allow, Drop, Reset, Lose, Police, Shape, Delay>;

// One row of the table of treatments.
struct TreatmentRow {
  const char* name;
  const char* allowed;  // one line for messages and the manual: its settings
  Result<Treatment> (*read)(const Node& options);
};

// The table, in the order in which the treatments of one class act.
std::span<const TreatmentRow> treatments();
std::vector<std::string_view> treatment_names();

// A class of a book: its name and one treatment or more; every mistake in it.
Result<ClassSpec> read_class(const Node& node);

// Bounds where a book names none. Bursts: contract §2. Queues: what the rate sends in a quarter of a second, 64 KiB to
// 16 MiB for shape, 16 MiB for delay, which has no rate; 4,096 packets, or more where the bytes hold more of 512.
std::uint64_t default_police_burst(std::uint64_t rate);
std::uint64_t default_shape_burst(std::uint64_t rate);
std::uint64_t default_queue_bytes(std::uint64_t rate);
std::uint32_t default_queue_packets(std::uint64_t queue_bytes);

}  // namespace slowlane
