#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace slowlane {

// Number of one set of host patterns (one `host` term of one rule), given out by the rule set that compiles them.
using HostSetId = std::uint32_t;

// Exact names and label-aware suffixes in one hash table: which sets does a name belong to? Built once, then const and
// shared by all cores. About 100-250 ns a look-up at 10^6 names.
class HostTable {
 public:
  HostTable();
  ~HostTable();
  HostTable(HostTable&&) noexcept;
  HostTable& operator=(HostTable&&) noexcept;

  // `name` is lower case, without a leading dot. Adding the same name to the same set twice is harmless.
  void add_exact(std::string_view name, HostSetId set);
  // That name and every name under it, label by label: "example.com" takes www.example.com, not notexample.com.
  void add_suffix(std::string_view name, HostSetId set);
  // Lays the names out for look-up. Call once, after the last add.
  void build();

  // Calls `found(HostSetId)` for every set that holds `name` (lower case), possibly more than once for one set.
  template <class F>
  void look_up(std::string_view name, F&& found) const {
    Hit hits[kMaxHits];
    const std::size_t count = collect(name, hits);
    for (std::size_t i = 0; i < count; ++i)
      for (const HostSetId* set = hits[i].begin; set != hits[i].end; ++set) found(*set);
  }

  std::size_t size() const;    // entries
  std::size_t memory() const;  // bytes

 private:
  struct Hit {
    const HostSetId* begin;
    const HostSetId* end;
  };
  static constexpr std::size_t kMaxHits = 130;  // a name has at most 127 labels (RFC 1035 §2.3.4), and the exact one
  std::size_t collect(std::string_view name, Hit* hits) const noexcept;

  struct Table;
  std::unique_ptr<Table> table_;
};

}  // namespace slowlane
