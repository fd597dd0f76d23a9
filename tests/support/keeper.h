#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "control/book_keeper.h"
#include "tests/support/text_files.h"

namespace slowlane {

// Rules in force that only remember what was put.
class FakeForce final : public RulesInForce {
 public:
  explicit FakeForce(std::unique_ptr<const RuleSet> first) : rules_(std::move(first)) {}
  const RuleSet& running() const override { return *rules_; }
  Diagnostics put(std::unique_ptr<const RuleSet> rules) override {
    if (fails) throw std::runtime_error("no memory");
    if (!refusal.empty()) return {{"box", 0, refusal}};
    rules_ = std::move(rules);
    ++puts;
    return {};
  }
  std::string refusal;
  bool fails = false;
  int puts = 0;

 private:
  std::unique_ptr<const RuleSet> rules_;
};

// The books of a box that is started again and again; time is what the test says.
class Keeper : public testing::Test {
 protected:
  using Json = nlohmann::ordered_json;
  Keeper() {
    config_.name = "bench-1";
    config_.bench = true;
    config_.book = write_text(folder_, "book.cfg", book("configured"));
    config_.files = {folder_.file("box.cfg")};
    config_.control.books = folder_.file("books");
    config_.control.log = folder_.file("changes.jsonl");
    config_.control.cache = "";
    config_.control.keep_books = 4;
  }

  static std::string book(const std::string& name, const std::string& rate = "1mbit") {
    return "book = \"" + name + "\";\nclasses = ( { name = \"slow\"; police = { rate = \"" + rate +
           "\"; scope = \"flow\"; }; } );\n"
           "rules = ( { name = \"media\"; when = { host = \"t.example\"; }; then = \"slow\"; } );\n"
           "expect = ( { host = \"t.example\"; then = \"slow\"; } );\n";
  }
  // Starts the box, as after a crash where there was one before.
  void start(BookKeeper::From from = BookKeeper::From::kept) {
    keeper_.reset();
    log_.emplace(config_.control.log, config_.name);
    keeper_ = std::make_unique<BookKeeper>(config_, *log_,
                                           BookKeeper::Clocks{[this] { return now_; }, [this] { return kDay + now_; }});
    auto rules = keeper_->start(from);
    ASSERT_TRUE(rules) << rules.diagnostics().front().print();
    force_ = std::make_unique<FakeForce>(std::move(*rules));
    keeper_->attach(*force_);
  }
  Json push(const std::string& text, const Json& more = Json::object()) {
    Json request = {{"command", "reload"}, {"files", Json::array({{{"path", "pushed.cfg"}, {"text", text}}})}};
    request.update(more);
    return keeper_->answer(alice_, request);
  }
  Json ask(const Json& request) { return keeper_->answer(alice_, request); }
  std::string running() const { return force_->running().book().name; }
  std::vector<std::string> log() const {
    std::vector<std::string> said;
    for (const std::string& line : lines_of(read_text(folder_, "changes.jsonl"))) {
      const Json entry = Json::parse(line);
      said.push_back(entry["what"].get<std::string>() + " " + entry["result"].get<std::string>());
    }
    return said;
  }

  static constexpr Nanos kDay = Nanos{86'400} * kSecond;
  TempFolder folder_;
  Config config_;
  Caller alice_{Rights::change, 4'000'001, 55};
  Nanos now_ = 1000 * kSecond;
  std::optional<ChangeLog> log_;
  std::unique_ptr<BookKeeper> keeper_;
  std::unique_ptr<FakeForce> force_;
};

}  // namespace slowlane
