#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "control/book_store.h"
#include "control/caller.h"
#include "control/change_log.h"
#include "control/config.h"
#include "control/live_rules.h"
#include "control/pattern_folder.h"
#include "control/rules_in_force.h"
#include "rules/dictionary.h"

namespace slowlane {

// Which books a box had, has and goes back to: loads what is pushed, puts it in force whole or not at all, keeps it,
// takes back what nobody confirms. Every change and every refusal goes to the log. One thread at a time; loading a big
// book takes seconds.
class BookKeeper {
 public:
  struct Clocks {
    std::function<Nanos()> steady;  // goes forward while the machine sleeps too
    std::function<Nanos()> wall;    // since the epoch
  };
  static Clocks system_clocks();

  // `log` outlives it.
  BookKeeper(const Config& config, ChangeLog& log, Clocks clocks);

  // The rules a box starts with: the last confirmed book where it was pushed or gone back to, else the configured file,
  // which is also taken where a kept book cannot be used any more or another file is configured than at that time.
  // kept: what was said; file: the file alone. Call once, before anything else.
  enum class From : std::uint8_t { kept, file };
  Result<std::unique_ptr<const RuleSet>> start(From from);
  // What start() put into force may be changed from now on. `force` outlives the keeper's use.
  void attach(RulesInForce& force) { force_ = &force; }

  // A request of the commands reload, diff, rollback and confirm, and its answer.
  nlohmann::ordered_json answer(const Caller& by, nlohmann::ordered_json request);
  // Loads the configured file again (SIGHUP). The answer is that of a push.
  nlohmann::ordered_json reread();
  // Takes back what was not confirmed in time, and looks whether the configured file is still what runs. Now and then.
  void tick();

  // For `status`: the running book. For `versions`: all that are kept, the newest first.
  nlohmann::ordered_json status() const;
  nlohmann::ordered_json versions() const;
  // What is not as it should be, one sentence each.
  std::vector<std::string> degraded() const;
  // The texts of the running book.
  std::shared_ptr<const Bundle> texts() const { return texts_; }

 private:
  using Json = nlohmann::ordered_json;
  // One attempt to bring a book into force.
  struct Change {
    const char* what;  // for the log
    const char* how;   // as BookState::how
    Caller by;
    Version version;  // as far as it is known before loading
    std::optional<Nanos> confirm_within;
    bool listed;  // the version is one of those kept, and stays where it is in their list
  };
  // What takes back a book that nobody confirms.
  struct Revert {
    Nanos at = 0;         // steady clock
    std::string refused;  // why it did not go at the last attempt
  };

  Json reload(const Caller& by, Json request);
  Json compare(const Json& request);
  Json roll_back(const Caller& by, const Json& request);
  Json confirm(const Caller& by, const Json& request);
  void revert();

  Result<std::unique_ptr<const RuleSet>> load(const Bundle& bundle, bool observe);
  Json bring_in(Change change, Bundle bundle);
  Json put(Change change, Bundle bundle, std::unique_ptr<const RuleSet> rules);
  void note_running(const Change& change);
  Json refused(const Change& change, const Diagnostics& diagnostics);
  Json refused(const Change& change, const std::string& why);
  void log(const Change& change, const char* result, const Json& more);
  Result<std::unique_ptr<const RuleSet>> start_from_kept();
  Result<std::unique_ptr<const RuleSet>> start_from_file();
  void note_start(Version version, std::string source, Bundle bundle);
  std::string find_version(const std::string& prefix, std::string& digest) const;
  std::string configured_path() const;
  void look_at_file();
  void note_file(const Bundle& bundle);

  const Config config_;
  const Clocks clocks_;
  ChangeLog& log_;
  PatternFolder cache_;
  BookStore store_;
  const Dictionary names_;
  RulesInForce* force_ = nullptr;
  std::shared_ptr<const Bundle> texts_;      // of the running book
  std::shared_ptr<const Bundle> confirmed_;  // of the confirmed one, while another waits to be confirmed
  std::optional<Revert> revert_;
  std::string trouble_;  // with the start or a revert

  // The configured book as it was last read.
  std::string file_digest_;
  std::map<std::string, std::string> file_stamps_;  // path -> size and times
};

// Where a box keeps its books: as configured, else a folder named after the appliance and its file.
std::string books_folder(const Config& config);

}  // namespace slowlane
