#pragma once

#include <future>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/book_jobs.h"
#include "control/book_keeper.h"
#include "control/change_log.h"
#include "control/config.h"
#include "control/rules_in_force.h"

namespace slowlane {

// The books of a running box: chosen before it is built, changed while it runs. Control's thread.
class BoxBooks {
 public:
  explicit BoxBooks(const Config& config);

  // What the box begins with; see BookKeeper.
  Result<std::unique_ptr<const RuleSet>> start(BookKeeper::From from) { return keeper_.start(from); }
  // Gives what the box keeps to the user that it becomes; does nothing where the process is not root or the name empty.
  void give_to(const std::string& user);
  // From here on books can be changed; `rules` outlive this. By the thread that serves, once it gave up its privileges:
  // the one that loads books is given none of them either.
  void attach(RulesInForce& rules);
  // Finishes what was begun; nothing can be asked any more.
  void detach() { jobs_.reset(); }

  std::future<std::string> ask(const Caller& by, std::string request) { return jobs_->ask(by, std::move(request)); }
  // Loads the configured file again; every diagnostic goes to standard error.
  void reread();
  bool can_note() const { return jobs_->can_note(); }
  void note(const ChangeLog::Entry& entry, nlohmann::ordered_json more) { jobs_->note(entry, std::move(more)); }
  void serve() { jobs_->serve(); }
  BookReport report() const { return jobs_->report(); }

 private:
  const Config config_;
  ChangeLog log_;
  BookKeeper keeper_;
  std::unique_ptr<BookJobs> jobs_;
};

}  // namespace slowlane
