#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "rules/book.h"
#include "rules/facts.h"
#include "rules/key_values.h"
#include "rules/node.h"
#include "rules/result.h"

namespace slowlane {

// The slow fact a key waits for; `none`: known from the first packet on.
enum class Fact : std::uint8_t { none, name, application, ech, quic, payload };
const char* name_of(Fact fact);

// What the rule set's compiled matchers say for one term and one flow.
struct TermContext {
  bool fits = false;                   // host: a name that counts fits; payload: a pattern fits
  std::uint8_t sources = 0;            // host, host_from: bit (1 << NameSource) of the names that count
  std::span<const std::uint32_t> ids;  // protocol: master << 16 | app, 0 in either half = any; category: numbers
  bool wants_unknown = false;          // protocol: "unknown" is among the names
  std::uint64_t seed = 0;              // the book's, for share
};

// One row of the table of match keys: the whole of what a key is.
struct Key {
  const char* name;
  Fact needs;
  const char* allowed;  // one line for messages and the manual: what a value looks like
  ReadTerm (*read)(const Node& value);
  Tri (*test)(const TermValue& value, const Facts& facts, const TermContext& context) noexcept;
};

// The table. A term's `key` is its row.
std::span<const Key> keys();
// Row of a name, or -1.
int find_key(std::string_view name);

}  // namespace slowlane
