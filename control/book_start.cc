#include <fmt/format.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "control/book_keeper.h"
#include "control/digest.h"
#include "control/load_rules.h"
#include "dataplane/classifier.h"

// How a box begins with a book, what it says of its books, and how it watches the configured file.

namespace slowlane {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Rules = Result<std::unique_ptr<const RuleSet>>;

std::string print(const Diagnostics& diagnostics) {
  const std::size_t more = diagnostics.size() - 1;
  return diagnostics.front().print() + (more == 0 ? "" : fmt::format(" (and {} more)", more));
}

std::string file_name_of(std::string text) {
  constexpr std::size_t kMost = 64;
  for (char& c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!plain) c = '_';
  }
  return text.substr(0, kMost);
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const fs::path whole = fs::absolute(path, error);
  return (error ? fs::path(path) : whole).lexically_normal().string();
}

// A file as stat(2) knows it; empty where it may still change within the same stamp, or is not there.
std::string stamp_of(const std::string& path, Nanos now) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return "";
  const Nanos changed = about.st_mtim.tv_sec * kSecond + about.st_mtim.tv_nsec;
  constexpr Nanos kSettled = 2 * kSecond;
  if (changed > now - kSettled && changed <= now) return "";
  return fmt::format("{} {} {} {}", about.st_dev, about.st_ino, about.st_size, changed);
}

}  // namespace

std::string books_folder(const Config& config) {
  if (config.control.books) return *config.control.books;
  constexpr std::size_t kEnough = 8;
  const std::string file = config.files.empty() ? "" : absolute(config.files.front());
  return "/var/lib/slowlane/books/" + file_name_of(config.name) + "-" + text_digest(file).substr(0, kEnough);
}

BookKeeper::Clocks BookKeeper::system_clocks() {
  const auto steady = [] {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return Nanos{now.tv_sec} * kSecond + now.tv_nsec;
  };
  return {steady, wall_time};
}

// The dictionary is made before any worker runs nDPI, whatever the first book asks for.
BookKeeper::BookKeeper(const Config& config, ChangeLog& log, Clocks clocks)
    : config_(config),
      clocks_(std::move(clocks)),
      log_(log),
      cache_(config.control.cache),
      store_(books_folder(config)),
      names_(Classifier(1).dictionary()) {}

std::string BookKeeper::configured_path() const { return absolute(config_.book); }

Rules BookKeeper::start(From from) {
  const BookState before = store_.state();
  const bool is_kept = from == From::kept && !before.confirmed.empty() && before.configured == configured_path();
  if (before.pending)
    log_.write(
        {box_caller(), "revert", "done"},
        {{"from", before.pending->digest}, {"to", before.confirmed}, {"note", "restarted before it was confirmed"}},
        clocks_.wall());
  if (is_kept && before.source != "file") {
    Rules rules = start_from_kept();
    if (rules) return rules;
    trouble_ =
        "the last confirmed book cannot be used any more, so the configured file runs: " + print(rules.diagnostics());
    return start_from_file();
  }
  Rules rules = start_from_file();
  if (rules || !is_kept) return rules;
  // A box that crashed must not stay down because somebody is editing the file.
  Rules last = start_from_kept();
  if (!last) return rules;
  trouble_ = "the configured file has mistakes, so the last confirmed book runs: " + print(rules.diagnostics());
  return last;
}

Rules BookKeeper::start_from_kept() {
  const BookState& state = store_.state();
  const Version* const version = state.find(state.confirmed);
  if (version == nullptr) return Diagnostic{state.confirmed, 0, "it is not in the list of versions"};
  auto bundle = store_.texts(version->digest);
  if (!bundle) return bundle.diagnostics();
  auto rules = load(*bundle, version->observe);
  if (!rules) return rules;
  note_start(*version, state.source, std::move(*bundle));
  look_at_file();
  return rules;
}

Rules BookKeeper::start_from_file() {
  Bundle bundle = collect_bundle(config_.book);
  note_file(bundle);
  auto rules = load(bundle, false);
  if (!rules) return rules;
  Version version;
  version.digest = version_digest(bundle, LiveLoad::Force::as_written);
  version.name = (*rules)->book().name;
  version.path = bundle.path();
  version.from = "file";
  note_start(std::move(version), "file", std::move(bundle));
  return rules;
}

void BookKeeper::note_start(Version version, std::string source, Bundle bundle) {
  BookState state = store_.state();
  const Caller box = box_caller();
  const std::string digest = version.digest;
  if (state.find(digest) == nullptr) {
    version.time = clocks_.wall();
    version.uid = box.uid;
    version.user = user_name(box.uid);
    version.previous = state.confirmed;
    state.versions.push_back(std::move(version));
  }
  const bool goes_on = state.running == digest && !state.pending;
  state.running = state.confirmed = digest;
  state.pending.reset();
  state.source = std::move(source);
  state.configured = configured_path();
  if (!goes_on) {
    state.since = clocks_.wall();
    state.user = user_name(box.uid);
    state.how = state.source;
  }
  state.keep_last(config_.control.keep_books);
  store_.keep(digest, bundle);
  store_.change(std::move(state));
  texts_ = std::make_shared<const Bundle>(std::move(bundle));
  log_.write({box, "start", "done"}, {{"to", digest}}, clocks_.wall());
}

void BookKeeper::note_file(const Bundle& bundle) {
  file_digest_ = version_digest(bundle, LiveLoad::Force::as_written);
  file_stamps_.clear();
  for (const Bundle::File& file : bundle.files) file_stamps_[file.path] = stamp_of(file.path, clocks_.wall());
}

void BookKeeper::look_at_file() {
  const bool same = std::ranges::all_of(file_stamps_, [this](const auto& file) {
    return !file.second.empty() && file.second == stamp_of(file.first, clocks_.wall());
  });
  if (!same || file_stamps_.empty()) note_file(collect_bundle(config_.book));
}

Json BookKeeper::status() const {
  const BookState& state = store_.state();
  const Version* const now = state.find(state.running);
  if (now == nullptr) return Json::object();
  return {{"name", now->name},
          {"digest", now->digest},
          {"path", now->path},
          {"from", state.how},
          {"since", print_wall_time(state.since)},
          {"by", state.user},
          {"note", now->note},
          {"observe", now->observe},
          {"confirm_by", state.pending ? Json(print_wall_time(state.pending->until)) : Json()},
          {"confirmed", state.confirmed},
          {"previous", now->previous.empty() ? Json() : Json(now->previous)},
          {"file", config_.book},
          {"file_differs", file_digest_ != now->digest},
          {"kept", store_.on_disk()}};
}

Json BookKeeper::versions() const {
  const BookState& state = store_.state();
  Json all = Json::array();
  for (auto at = state.versions.rbegin(); at != state.versions.rend(); ++at)
    all.push_back({{"digest", at->digest},
                   {"name", at->name},
                   {"path", at->path},
                   {"from", at->from},
                   {"time", print_wall_time(at->time)},
                   {"by", at->user},
                   {"note", at->note},
                   {"observe", at->observe},
                   {"running", at->digest == state.running},
                   {"confirmed", at->digest == state.confirmed},
                   {"previous", at->previous.empty() ? Json() : Json(at->previous)}});
  return all;
}

std::vector<std::string> BookKeeper::degraded() const {
  std::vector<std::string> all;
  if (!trouble_.empty()) all.push_back(trouble_);
  if (const std::string why = store_.trouble(); !why.empty())
    all.push_back("pushed books are not kept over a restart (control.books): " + why);
  if (const std::string why = log_.trouble(); !why.empty())
    all.push_back("changes are not written down (control.log): " + why);
  return all;
}

}  // namespace slowlane
