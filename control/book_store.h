#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "control/bundle.h"
#include "control/live_rules.h"
#include "hw/fd.h"
#include "rules/result.h"
#include "rules/units.h"

namespace slowlane {

// A book that is or was in force.
struct Version {
  std::string digest;  // version_digest()
  std::string name;    // the book's own
  std::string path;    // as whoever gave it wrote it
  std::string from;    // "file": the configured one; "push"
  std::string user;    // who, as the system knew him
  std::uint32_t uid = 0;
  Nanos time = 0;  // wall clock
  std::string note;
  bool observe = false;  // every rule observes
  std::string previous;  // digest of the version that ran before it; empty: none
};

// What a box knows about its books; the one thing in a store that changes.
struct BookState {
  std::vector<Version> versions;  // the oldest first, each digest once
  std::string running;            // digest
  std::string confirmed;          // digest of what a start begins with
  std::string source;             // how the confirmed one came: "file", "push", "rollback"
  std::string configured;         // the path of the configured book then
  Nanos since = 0;                // when the running one came into force, wall clock
  std::string user;               // who brought it into force
  std::string how;                // and how: "file", "push", "rollback", "revert"
  struct Pending {
    std::string digest;  // the version that waits to be confirmed
    Nanos until = 0;     // wall clock
  };
  std::optional<Pending> pending;

  const Version* find(const std::string& digest) const;
  // Drops the oldest versions but those that run, are confirmed or would be gone back to.
  void keep_last(std::size_t count);
};

// The books of a box on disk: a file for each version's texts, which never changes, and one that says which are in
// force, replaced whole. A process that ends at any moment leaves the state before or after a change; what it began to
// write is removed by the next one. One process at a time, one thread at a time.
class BookStore {
 public:
  // A folder that cannot be used, or none, leaves a store that forgets with the process and keeps fewer texts;
  // trouble() says so where one was asked for.
  explicit BookStore(const std::string& folder);

  const BookState& state() const { return state_; }
  // Keeps a version's texts, in memory where the disk does not take them, which has room for few. Call before a state
  // names it, or drop_unnamed() where none will.
  void keep(const std::string& digest, const Bundle& bundle);
  // The texts of a version, as they were; a diagnostic where they are gone or damaged.
  Result<Bundle> texts(const std::string& digest) const;
  // Takes a state over and drops texts that it does not name.
  void change(BookState state);
  void drop_unnamed();

  bool on_disk() const { return static_cast<bool>(lock_); }
  std::string trouble() const { return folder_trouble_ + state_trouble_ + texts_trouble_; }

 private:
  std::string texts_path(const std::string& digest) const;
  std::string state_path() const { return folder_ + "/state.json"; }
  void begin();
  void hold(const std::string& digest, const Bundle& bundle);

  std::string folder_;
  Fd lock_;  // the folder, locked; none: in memory
  std::string folder_trouble_;
  std::string state_trouble_;
  std::string texts_trouble_;
  BookState state_;
  std::vector<std::pair<std::string, Bundle>> in_memory_;  // what the disk did not take, the latest last
};

nlohmann::ordered_json to_json(const BookState& state);
std::optional<BookState> state_of(const std::string& text);

}  // namespace slowlane
