#include "control/book_keeper.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "control/check.h"
#include "control/diff.h"
#include "control/diff_print.h"
#include "rules/units.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShortDigest = 12;
constexpr std::size_t kHostsTold = 1000;  // of an answer; the text beside them has fewer
constexpr std::size_t kLongestNote = 500;
constexpr Nanos kTryAgain = 5 * kSecond;  // to take a book back

Json refusal(const std::string& why) { return {{"ok", false}, {"error", why}}; }

std::string shortened(const std::string& digest) { return digest.substr(0, kShortDigest); }

Json book_of(const std::string& name, const std::string& digest) { return {{"name", name}, {"digest", digest}}; }

Json told(const BookDiff& changes) {
  Json all = to_json(changes, kHostsTold);
  all["text"] = print(changes);
  return all;
}

const std::string* text_in(const Json& request, const char* name) {
  const auto at = request.find(name);
  return at == request.end() ? nullptr : at->get_ptr<const std::string*>();
}

// A member that may be absent or null, else must be a text.
bool is_text_or_absent(const Json& request, const char* name) {
  const auto at = request.find(name);
  return at == request.end() || at->is_null() || at->is_string();
}

Result<std::optional<Nanos>> confirm_time(const Json& request) {
  constexpr Nanos kMost = Nanos{24} * 3600 * kSecond;
  const Diagnostic wrong{"request", 0, "confirm takes a time from \"1s\" to \"24h\""};
  if (!is_text_or_absent(request, "confirm")) return wrong;
  const std::string* const text = text_in(request, "confirm");
  if (text == nullptr) return std::optional<Nanos>();
  const auto parsed = parse_time(*text);
  if (const auto* why = std::get_if<std::string>(&parsed)) return Diagnostic{"request", 0, "confirm: " + *why};
  const Nanos time = std::get<Nanos>(parsed);
  if (time < kSecond || time > kMost) return wrong;
  return std::optional(time);
}

}  // namespace

Json BookKeeper::answer(const Caller& by, Json request) {
  const std::string* const command = text_in(request, "command");
  if (force_ == nullptr || command == nullptr) return refusal("the box does not take books yet");
  if (*command == "reload") return reload(by, std::move(request));
  if (*command == "diff") return compare(request);
  if (*command == "rollback") return roll_back(by, request);
  if (*command == "confirm") return confirm(by, request);
  return refusal("a request of more than 16 KiB is reload or diff, with \"command\" as its first member");
}

Json BookKeeper::reload(const Caller& by, Json request) {
  Change change{.what = "push", .how = "push", .by = by, .version = {}, .confirm_within = {}, .listed = false};
  change.version.from = "push";
  const auto confirm = confirm_time(request);
  if (!confirm) return refused(change, confirm.diagnostics().front().text);
  change.confirm_within = *confirm;
  const Json observe = request.value("observe", Json(false));
  if (!observe.is_boolean()) return refused(change, "observe takes true or false");
  change.version.observe = observe.get<bool>();
  if (!is_text_or_absent(request, "note")) return refused(change, "note takes a text");
  if (const std::string* note = text_in(request, "note")) change.version.note = *note;
  if (change.version.note.size() > kLongestNote) return refused(change, "note takes at most 500 bytes");
  auto bundle = bundle_of(request);
  if (!bundle) return refused(change, bundle.diagnostics().front().text);
  request = nullptr;  // the texts once are enough while the book is loaded
  return bring_in(std::move(change), std::move(*bundle));
}

Json BookKeeper::reread() {
  Change change{
      .what = "reread", .how = "file", .by = box_caller(), .version = {}, .confirm_within = {}, .listed = false};
  change.version.from = "file";
  Bundle bundle = collect_bundle(config_.book);
  note_file(bundle);
  return bring_in(std::move(change), std::move(bundle));
}

Json BookKeeper::compare(const Json& request) {
  auto bundle = bundle_of(request);
  if (!bundle) return refusal(bundle.diagnostics().front().text);
  const auto rules = load(*bundle, false);
  if (!rules) {
    Json answer = refusal(counted(rules.diagnostics().size(), "mistake", "mistakes"));
    answer["diagnostics"] = to_json(rules.diagnostics());
    return answer;
  }
  const RuleSet& running = force_->running();
  return {{"ok", true},
          {"from", book_of(running.book().name, store_.state().running)},
          {"to", book_of((*rules)->book().name, version_digest(*bundle, LiveLoad::Force::as_written))},
          {"changes", told(diff(running, **rules, kHostsTold))}};
}

// The digest of the one version that begins so, or why there is none.
std::string BookKeeper::find_version(const std::string& prefix, std::string& digest) const {
  std::size_t found = 0;
  for (const Version& one : store_.state().versions)
    if (!prefix.empty() && one.digest.starts_with(prefix)) digest = one.digest, ++found;
  if (found == 0) return "no kept version's digest begins with \"" + prefix + "\"; `versions` lists them";
  return found == 1 ? "" : std::to_string(found) + " versions' digests begin with \"" + prefix + "\"";
}

Json BookKeeper::roll_back(const Caller& by, const Json& request) {
  Change change{.what = "rollback", .how = "rollback", .by = by, .version = {}, .confirm_within = {}, .listed = false};
  if (!is_text_or_absent(request, "digest")) return refused(change, "digest takes the beginning of a digest");
  std::string digest;
  if (const std::string* prefix = text_in(request, "digest")) {
    if (const std::string why = find_version(*prefix, digest); !why.empty()) return refused(change, why);
  } else {
    const Version* const now = store_.state().find(store_.state().running);
    if (now == nullptr || store_.state().find(now->previous) == nullptr)
      return refused(change, "no version before the running one is kept");
    digest = now->previous;
  }
  change.version = *store_.state().find(digest);
  change.listed = true;
  auto bundle = store_.texts(digest);
  if (!bundle) return refused(change, bundle.diagnostics());
  return bring_in(std::move(change), std::move(*bundle));
}

Json BookKeeper::confirm(const Caller& by, const Json& request) {
  Change change{.what = "confirm", .how = "confirm", .by = by, .version = {}, .confirm_within = {}, .listed = false};
  BookState state = store_.state();
  if (!state.pending) return refused(change, "nothing waits to be confirmed");
  if (!is_text_or_absent(request, "digest")) return refused(change, "digest takes the beginning of a digest");
  if (const std::string* prefix = text_in(request, "digest"); prefix != nullptr && !state.running.starts_with(*prefix))
    return refused(change, "what waits to be confirmed is " + shortened(state.running));
  state.confirmed = state.running;
  state.source = state.how;
  state.pending.reset();
  revert_.reset();
  trouble_.clear();
  confirmed_.reset();
  store_.change(std::move(state));
  log(change, "done", {{"digest", store_.state().running}});
  return {{"ok", true}, {"confirmed", book_of(force_->running().book().name, store_.state().running)}};
}

Result<std::unique_ptr<const RuleSet>> BookKeeper::load(const Bundle& bundle, bool observe) {
  const auto force = observe ? LiveLoad::Force::observe : LiveLoad::Force::as_written;
  return load_live_rules(config_, bundle, {.force = force, .names = &names_, .cache = &cache_});
}

Json BookKeeper::bring_in(Change change, Bundle bundle) {
  auto rules = load(bundle, change.version.observe);
  if (!rules) return refused(change, rules.diagnostics());
  return put(std::move(change), std::move(bundle), std::move(*rules));
}

Json BookKeeper::put(Change change, Bundle bundle, std::unique_ptr<const RuleSet> rules) {
  const auto force = change.version.observe ? LiveLoad::Force::observe : LiveLoad::Force::as_written;
  change.version.digest = version_digest(bundle, force);
  change.version.name = rules->book().name;
  change.version.path = bundle.path();
  const RuleSet& running = force_->running();
  const Json from = book_of(running.book().name, store_.state().running);
  const BookDiff changes = diff(running, *rules, kHostsTold);
  store_.keep(change.version.digest, bundle);
  if (const Diagnostics wrong = force_->put(std::move(rules)); !wrong.empty()) {
    store_.drop_unnamed();
    return refused(change, wrong);
  }
  if (change.confirm_within && confirmed_ == nullptr) confirmed_ = texts_;
  if (!change.confirm_within) confirmed_.reset();
  texts_ = std::make_shared<const Bundle>(std::move(bundle));
  note_running(change);
  trouble_.clear();
  const auto& pending = store_.state().pending;
  const Json confirm_by = pending ? Json(print_wall_time(pending->until)) : Json();
  log(change, "done",
      {{"from", from["digest"]},
       {"to", change.version.digest},
       {"book", change.version.name},
       {"note", change.version.note},
       {"observe", change.version.observe},
       {"confirm_by", confirm_by}});
  return {{"ok", true},
          {"from", from},
          {"to", book_of(change.version.name, change.version.digest)},
          {"observe", change.version.observe},
          {"confirm_by", confirm_by},
          {"changes", told(changes)}};
}

// The new state; what was pushed stands at the end of the list, also where it was there before.
void BookKeeper::note_running(const Change& change) {
  BookState state = store_.state();
  const std::string user = user_name(change.by.uid);
  Version version = change.version;
  if (!change.listed) {
    const Version* const known = state.find(version.digest);
    if (state.running != version.digest)
      version.previous = state.running;
    else if (known != nullptr)
      version.previous = known->previous;
    version.time = clocks_.wall();
    version.uid = change.by.uid;
    version.user = user;
    std::erase_if(state.versions, [&](const Version& one) { return one.digest == version.digest; });
    state.versions.push_back(version);
  }
  state.running = version.digest;
  state.since = clocks_.wall();
  state.user = user;
  state.how = change.how;
  state.pending.reset();
  revert_.reset();
  if (change.confirm_within) {
    state.pending = {version.digest, clocks_.wall() + *change.confirm_within};
    revert_ = {clocks_.steady() + *change.confirm_within, ""};
  } else {
    state.confirmed = version.digest;
    // Going back by itself is no choice of anybody's: the next start does what it would have done.
    if (std::string_view(change.how) != "revert") state.source = change.how;
    state.configured = configured_path();
  }
  state.keep_last(config_.control.keep_books);
  store_.change(std::move(state));
}

void BookKeeper::tick() {
  if (force_ == nullptr) return;
  if (revert_ && clocks_.steady() >= revert_->at) revert();
  look_at_file();
}

// Until it goes, or somebody confirms or pushes: whoever asked for it may be cut off by the very book.
void BookKeeper::revert() {
  revert_->at = clocks_.steady() + kTryAgain;
  const std::string again = "a book that nobody confirmed is not taken back yet; it is tried every 5 s";
  trouble_ = again;  // unless it goes, or ends in an exception
  Change change{
      .what = "revert", .how = "revert", .by = box_caller(), .version = {}, .confirm_within = {}, .listed = true};
  const BookState& state = store_.state();
  const Version* const back_to = state.find(state.confirmed);
  if (back_to != nullptr) change.version = *back_to;
  change.version.note = "nobody confirmed it in time";
  auto bundle = confirmed_ != nullptr ? Result<Bundle>(*confirmed_) : store_.texts(state.confirmed);
  const Json answer = back_to == nullptr ? refused(change, "the version to go back to is not kept")
                      : !bundle          ? refused(change, bundle.diagnostics())
                                         : bring_in(change, std::move(*bundle));
  if (answer["ok"] == true) return;
  *revert_ = {clocks_.steady() + kTryAgain, answer["error"].get<std::string>()};
  trouble_ = again + ": " + revert_->refused;
}

Json BookKeeper::refused(const Change& change, const Diagnostics& diagnostics) {
  Json answer = refused(change, counted(diagnostics.size(), "mistake", "mistakes") +
                                    "; the running book stays: " + diagnostics.front().print());
  answer["diagnostics"] = to_json(diagnostics);
  return answer;
}

Json BookKeeper::refused(const Change& change, const std::string& why) {
  // The log is never rotated: what is tried again and again is a line for each reason.
  const bool known = std::string_view(change.what) == "revert" && revert_ && revert_->refused == why;
  if (!known) log(change, "refused", {{"running", store_.state().running}, {"error", why}});
  return refusal(why);
}

void BookKeeper::log(const Change& change, const char* result, const Json& more) {
  log_.write({change.by, change.what, result}, more, clocks_.wall());
}

}  // namespace slowlane
