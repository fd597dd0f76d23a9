#include "control/book_store.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "control/whole_file.h"

namespace slowlane {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view kTexts = ".book.json";
constexpr unsigned kOwnerAndGroup = 0640;  // names may be nobody else's business
// 1,000 versions, each with the longest path, name and note, every byte of them escaped.
constexpr std::size_t kMostState = std::size_t{64} << 20;
constexpr std::size_t kMostTexts = std::size_t{512} << 20;  // kMostBundle with every character escaped
constexpr std::size_t kInMemory = 3;                        // versions' texts that the disk does not take

Json to_json(const Version& one) {
  return {{"digest", one.digest},   {"name", one.name},        {"path", one.path}, {"from", one.from},
          {"user", one.user},       {"uid", one.uid},          {"time", one.time}, {"note", one.note},
          {"observe", one.observe}, {"previous", one.previous}};
}

Version version_of(const Json& one) {
  return {one.at("digest"), one.at("name"), one.at("path"), one.at("from"),    one.at("user"),
          one.at("uid"),    one.at("time"), one.at("note"), one.at("observe"), one.at("previous")};
}

std::string dump(const Json& json) { return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"; }

Fd locked(const std::string& folder, std::string& trouble) {
  std::error_code error;
  if (fs::create_directories(folder, error))
    fs::permissions(folder, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec, error);
  Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    trouble = folder + ": " + (error ? error.message() : std::strerror(errno));
  } else if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    trouble = folder + ": another box keeps its books there";
    return {};
  } else if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    trouble = folder + ": " + std::strerror(errno);
    return {};
  }
  return fd;
}

}  // namespace

const Version* BookState::find(const std::string& digest) const {
  const auto at = std::ranges::find(versions, digest, &Version::digest);
  return at == versions.end() ? nullptr : &*at;
}

void BookState::keep_last(std::size_t count) {
  const Version* const now = find(running);
  const std::string before = now == nullptr ? "" : now->previous;
  for (auto at = versions.begin(); at != versions.end() && versions.size() > count;) {
    const bool needed = at->digest == running || at->digest == confirmed || at->digest == before;
    at = needed ? std::next(at) : versions.erase(at);
  }
}

Json to_json(const BookState& state) {
  Json versions = Json::array();
  for (const Version& one : state.versions) versions.push_back(to_json(one));
  return {
      {"schema", 1},
      {"running", state.running},
      {"confirmed", state.confirmed},
      {"source", state.source},
      {"configured", state.configured},
      {"since", state.since},
      {"user", state.user},
      {"how", state.how},
      {"pending", state.pending ? Json{{"digest", state.pending->digest}, {"until", state.pending->until}} : Json()},
      {"versions", std::move(versions)}};
}

std::optional<BookState> state_of(const std::string& text) try {
  const Json json = Json::parse(text);
  if (json.at("schema") != 1) return std::nullopt;
  BookState state;
  state.running = json.at("running");
  state.confirmed = json.at("confirmed");
  state.source = json.at("source");
  state.configured = json.at("configured");
  state.since = json.at("since");
  state.user = json.at("user");
  state.how = json.at("how");
  if (const Json& pending = json.at("pending"); !pending.is_null())
    state.pending = {pending.at("digest").get<std::string>(), pending.at("until").get<Nanos>()};
  for (const Json& one : json.at("versions")) state.versions.push_back(version_of(one));
  return state;
} catch (const Json::exception&) {
  return std::nullopt;
}

BookStore::BookStore(const std::string& folder) : folder_(folder) {
  if (!folder_.empty()) lock_ = locked(folder_, folder_trouble_);
  if (on_disk()) begin();
}

// What an earlier process left: a state or none, and perhaps the beginning of something.
void BookStore::begin() {
  std::error_code error;
  if (const auto text = read_whole(state_path(), kMostState)) {
    if (auto state = state_of(*text)) {
      state_ = std::move(*state);
    } else {
      fs::rename(state_path(), state_path() + ".damaged", error);
      state_trouble_ = state_path() + ": damaged; it was put aside, and the books begin anew";
      return;  // whoever repairs it needs the texts
    }
  } else if (fs::exists(state_path(), error)) {
    folder_trouble_ = state_path() + ": cannot be read";
    lock_ = {};
    return;
  }
  drop_unnamed();
}

std::string BookStore::texts_path(const std::string& digest) const {
  return folder_ + "/" + digest + std::string(kTexts);
}

void BookStore::keep(const std::string& digest, const Bundle& bundle) {
  std::erase_if(in_memory_, [&](const auto& one) { return one.first == digest; });
  if (on_disk()) {
    if (texts(digest)) return;
    const std::string text = slowlane::to_json(bundle).dump(-1, ' ', false, Json::error_handler_t::replace);
    const auto wrong = write_whole(texts_path(digest), text, kOwnerAndGroup);
    texts_trouble_ = wrong ? wrong->print() : "";
    if (!wrong) return;
  }
  hold(digest, bundle);
}

// However often the disk refuses, and whatever becomes of the book: bundles are large.
void BookStore::hold(const std::string& digest, const Bundle& bundle) {
  in_memory_.emplace_back(digest, bundle);
  const auto needed = [this](const auto& one) { return one.first == state_.running || one.first == state_.confirmed; };
  for (auto at = in_memory_.begin(); at != in_memory_.end() && in_memory_.size() > kInMemory;)
    at = needed(*at) ? std::next(at) : in_memory_.erase(at);
}

Result<Bundle> BookStore::texts(const std::string& digest) const {
  const auto held = std::ranges::find(in_memory_, digest, &std::pair<std::string, Bundle>::first);
  if (held != in_memory_.end()) return held->second;
  if (!on_disk()) return Diagnostic{digest, 0, "its texts are no longer kept"};
  const std::string path = texts_path(digest);
  const auto text = read_whole(path, kMostTexts);
  if (!text) return Diagnostic{path, 0, "cannot be read"};
  const Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object()) return Diagnostic{path, 0, "damaged"};
  auto bundle = bundle_of(json);
  if (!bundle || (version_digest(*bundle, LiveLoad::Force::as_written) != digest &&
                  version_digest(*bundle, LiveLoad::Force::observe) != digest))
    return Diagnostic{path, 0, "damaged"};
  return bundle;
}

void BookStore::change(BookState state) {
  state_ = std::move(state);
  if (on_disk()) {
    const auto wrong = write_whole(state_path(), dump(to_json(state_)), kOwnerAndGroup);
    state_trouble_ = wrong ? wrong->print() : "";
  }
  drop_unnamed();
}

// Not where the state could not be written: that on disk may still name what this one does not.
void BookStore::drop_unnamed() {
  if (!on_disk() || !state_trouble_.empty()) return;
  std::error_code error;
  for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    const bool unnamed = name.ends_with(kTexts) && state_.find(name.substr(0, name.size() - kTexts.size())) == nullptr;
    std::error_code ignored;
    if (unnamed || name.ends_with(kPartEnding)) fs::remove(at->path(), ignored);
  }
}

}  // namespace slowlane
