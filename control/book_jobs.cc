#include "control/book_jobs.h"

#include <malloc.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "control/box_control.h"
#include "control/json_reading.h"
#include "control/privileges.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds kTick{1000};
constexpr std::chrono::seconds kPatience{2};  // a machine may be so busy that a worker is kept waiting
constexpr unsigned kTicksToTidy = 2;          // after a change: the book before it is freed by then

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// What a request asks for is read without parsing all of it: only a look at a book leaves room for a change.
bool only_looks(std::string_view request) {
  constexpr std::size_t kHead = 200;
  const std::string_view head = request.substr(0, kHead);
  const std::size_t command = head.find("\"command\"");
  if (command == std::string_view::npos) return false;
  const std::size_t value = head.find_first_not_of(" \t:", command + std::string_view("\"command\"").size());
  return value != std::string_view::npos && head.substr(value).starts_with("\"diff\"");
}

void settle_on(const std::vector<unsigned>& cores) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  for (const unsigned core : cores)
    if (core < CPU_SETSIZE) CPU_SET(core, &allowed);
  if (CPU_COUNT(&allowed) > 0) pthread_setaffinity_np(pthread_self(), sizeof(allowed), &allowed);
}

// A request may be of many megabytes: nothing of it is kept longer than needed.
Json answer_of(BookKeeper& keeper, const Caller& by, std::string request) {
  Json parsed = parse_request(request);
  std::string().swap(request);
  if (!parsed.is_object()) return {{"ok", false}, {"error", R"(a request is one line like {"command": "status"})"}};
  try {
    return keeper.answer(by, std::move(parsed));
  } catch (const std::exception& error) {
    return {{"ok", false}, {"error", std::string("the box could not do it: ") + error.what()}};
  }
}

}  // namespace

BookJobs::BookJobs(BookKeeper& keeper, RulesInForce& box, ChangeLog& log, const std::vector<unsigned>& cores,
                   const LogRoom& room)
    : keeper_(keeper), box_(box), log_(log), room_(room) {
  keeper_.attach(*this);
  publish();
  thread_ = std::thread([this, cores] { run(cores); });
}

BookJobs::~BookJobs() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    if (put_) put_->done.set_value({{"box", 0, "it ends"}});
    put_.reset();
  }
  wake_.notify_all();
  thread_.join();
}

std::string BookJobs::why_not(Job::Kind kind) const {
  const auto busy_with = [this](Job::Kind other) {
    return running_ == other || std::ranges::find(jobs_, other, &Job::kind) != jobs_.end();
  };
  if (ending_) return "the box ends";
  if (busy_with(Job::Kind::change)) return "another change of books is being worked on; ask again in a moment";
  if (kind == Job::Kind::look && busy_with(Job::Kind::look)) return "another diff is being worked on; ask again later";
  return "";
}

std::future<std::string> BookJobs::ask(const Caller& by, std::string request) {
  const auto promised = std::make_shared<std::promise<std::string>>();
  std::future<std::string> answer = promised->get_future();
  const Job::Kind kind = only_looks(request) ? Job::Kind::look : Job::Kind::change;
  const std::lock_guard lock(mutex_);
  if (const std::string why = why_not(kind); !why.empty()) {
    promised->set_value(dump({{"ok", false}, {"error", why}}));
    if (kind == Job::Kind::change && jobs_.size() < room_.refusals)
      jobs_.push_back({[this, by, why, now = wall_time()] {
                         log_.write({by, "change of books", "refused"}, {{"error", why}}, now);
                       },
                       Job::Kind::note});
    return answer;
  }
  const auto text = std::make_shared<std::string>(std::move(request));
  jobs_.push_back({[this, by, promised, text] {
                     const Json said = answer_of(keeper_, by, std::move(*text));
                     // Whoever asks next knows of it, and is not told that this is still being worked on.
                     publish();
                     finish();
                     promised->set_value(dump(said));
                   },
                   kind});
  wake_.notify_all();
  return answer;
}

void BookJobs::reread(std::function<void(const Json&)> told) {
  if (!can_note()) return told({{"ok", false}, {"error", kNoRoomToNote}});
  add({[this, told = std::move(told)] {
         const Json said = keeper_.reread();
         publish();
         finish();
         told(said);
       },
       Job::Kind::change});
}

bool BookJobs::can_note() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size() < room_.lines;
}

// A flood of refusals finds its end here; one of changes where can_note() is asked.
void BookJobs::note(const ChangeLog::Entry& entry, Json more) {
  if (std::string_view(entry.result) == "refused") {
    const std::lock_guard lock(mutex_);
    if (jobs_.size() >= room_.refusals) return;
  }
  add({[this, entry, more = std::move(more), now = wall_time()] { log_.write(entry, more, now); }, Job::Kind::note});
}

void BookJobs::add(Job job) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(job));
  wake_.notify_all();
}

Diagnostics BookJobs::put(std::unique_ptr<const RuleSet> rules) {
  std::future<Diagnostics> done;
  {
    const std::lock_guard lock(mutex_);
    if (ending_) return {{"box", 0, "it ends"}};
    put_.emplace().rules = std::move(rules);
    put_->patience = std::chrono::steady_clock::now() + kPatience;
    done = put_->done.get_future();
  }
  return done.get();
}

void BookJobs::serve() {
  std::optional<Put> put;
  {
    const std::lock_guard lock(mutex_);
    if (put_ && !box_.ready() && std::chrono::steady_clock::now() < put_->patience) return;
    put.swap(put_);
  }
  if (put) put->done.set_value(box_.put(std::move(put->rules)));
}

void BookJobs::finish() {
  const std::lock_guard lock(mutex_);
  running_ = Job::Kind::note;
}

BookReport BookJobs::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

void BookJobs::publish() {
  BookReport report{keeper_.status(), keeper_.versions(), keeper_.degraded(), keeper_.texts()};
  const std::lock_guard lock(mutex_);
  report_ = std::move(report);
}

// Whatever went wrong in there, the box forwards.
void BookJobs::attempt(const std::function<void()>& step) {
  try {
    step();
  } catch (const std::exception& error) {
    const std::lock_guard lock(mutex_);
    report_.degraded = {std::string("books: ") + error.what()};
  }
}

void BookJobs::run(const std::vector<unsigned>& cores) {
  using Time = std::chrono::steady_clock;
  settle_on(cores);
  drop_all_capabilities();
  Time::time_point next_tick = Time::now() + kTick;
  unsigned ticks_to_tidy = 0;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait_until(lock, next_tick, [this] { return ending_ || !jobs_.empty(); });
    if (jobs_.empty() && ending_) return;
    Job job;
    if (!jobs_.empty()) {
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    running_ = job.kind;
    lock.unlock();
    if (job.run) attempt(job.run);
    if (Time::now() >= next_tick) {
      attempt([this] {
        keeper_.tick();
        publish();
      });
      next_tick = Time::now() + kTick;
      // A large book leaves hundreds of megabytes that the allocator keeps otherwise. Workers never wait for it.
      if (ticks_to_tidy > 0 && --ticks_to_tidy == 0) ::malloc_trim(0);
    }
    if (job.kind == Job::Kind::change && ticks_to_tidy == 0) ticks_to_tidy = kTicksToTidy;
    finish();
    lock.lock();
  }
}

}  // namespace slowlane
