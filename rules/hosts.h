#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

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
  // Every name under it, but not that name itself: what the glob "*.example.com" asks for.
  void add_under(std::string_view name, HostSetId set);
  // Lays the names out for look-up. Call once, after the last add.
  void build();

  // Calls `found(HostSetId)` for every set that holds `name` (lower case), possibly more than once for one set.
  // Requires: build() was called.
  template <class F>
  void look_up(std::string_view name, F&& found) const {
    Walk walk{name, name.size(), 0, false};
    std::span<const HostSetId> hits[kMaxHits];
    while (!walk.done) {
      const std::size_t count = step(walk, hits);
      for (std::size_t i = 0; i < count; ++i)
        for (const HostSetId set : hits[i]) found(set);
    }
  }

  std::size_t size() const;    // names
  std::size_t memory() const;  // bytes

 private:
  // Where a look-up stands: labels from `at` on are hashed already.
  struct Walk {
    std::string_view name;
    std::size_t at;
    std::uint64_t hash;
    bool done;
  };
  static constexpr std::size_t kMaxHits = 16;
  // Looks up the next at most kMaxHits suffixes of the name, shortest first.
  std::size_t step(Walk& walk, std::span<const HostSetId> (&hits)[kMaxHits]) const noexcept;

  struct Table;
  std::unique_ptr<Table> table_;
};

}  // namespace slowlane
