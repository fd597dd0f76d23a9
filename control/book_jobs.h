#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "control/book_keeper.h"
#include "control/caller.h"
#include "control/change_log.h"
#include "control/rules_in_force.h"

namespace slowlane {

// What control and its sockets know of books without asking the keeper.
struct BookReport {
  nlohmann::ordered_json status;    // BookKeeper::status()
  nlohmann::ordered_json versions;  // BookKeeper::versions()
  std::vector<std::string> degraded;
  std::shared_ptr<const Bundle> texts;
};

// Lines of the log that wait, for a disk that is slow or hangs.
struct LogRoom {
  std::size_t lines = 1000;    // while so many wait, nothing that would need one is done
  std::size_t refusals = 100;  // while so many wait, what is refused is not written down
};

// Books are loaded, compared and kept on a thread of its own, so that control goes on serving and watching meanwhile;
// what it changes in the box, control's thread does for it in serve(). Also writes control's changes down, in order.
// Made, served and ended by control's thread.
class BookJobs final : private RulesInForce {
 public:
  // All outlive it. `cores`: where its thread may run; empty: anywhere.
  BookJobs(BookKeeper& keeper, RulesInForce& box, ChangeLog& log, const std::vector<unsigned>& cores,
           const LogRoom& room = {});
  ~BookJobs() override;  // finishes what was begun
  BookJobs(const BookJobs&) = delete;
  BookJobs& operator=(const BookJobs&) = delete;

  // A request of one of the commands about books, as a line of JSON of any size; the answer comes later. One change at
  // a time: a further one is refused at once, and so is a second diff.
  std::future<std::string> ask(const Caller& by, std::string request);
  // The configured file, loaded again; `told` gets the answer, on the jobs' thread, or at once where can_note() is
  // false.
  void reread(std::function<void(const nlohmann::ordered_json&)> told);
  // Whether there is room for one more line; ask before anything is changed.
  bool can_note() const;
  // Writes down what was done, always, or what was refused, where there is room.
  void note(const ChangeLog::Entry& entry, nlohmann::ordered_json more);

  // Puts rules into force that were loaded meanwhile, once every worker goes by those before; tries after two seconds
  // anyway. Control calls it every few milliseconds to tens of them.
  void serve();
  BookReport report() const;

 private:
  struct Job {
    std::function<void()> run;
    enum class Kind : std::uint8_t { note, look, change } kind = Kind::note;
  };
  struct Put {
    std::unique_ptr<const RuleSet> rules;
    std::promise<Diagnostics> done;
    std::chrono::steady_clock::time_point patience;  // for workers that have not taken up the book before
  };

  const RuleSet& running() const override { return box_.running(); }
  Diagnostics put(std::unique_ptr<const RuleSet> rules) override;
  void run(const std::vector<unsigned>& cores);
  void attempt(const std::function<void()>& step);
  void publish();
  void finish();
  std::string why_not(Job::Kind kind) const;
  void add(Job job);

  BookKeeper& keeper_;
  RulesInForce& box_;
  ChangeLog& log_;
  const LogRoom room_;

  mutable std::mutex mutex_;  // of all below
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  Job::Kind running_ = Job::Kind::note;
  std::optional<Put> put_;
  bool ending_ = false;
  BookReport report_;

  std::thread thread_;
};

}  // namespace slowlane
