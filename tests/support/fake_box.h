#pragma once

#include <future>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "control/box_control.h"

namespace slowlane {

// A running box that only remembers what it was told.
class FakeBox : public BoxControl {
 public:
  nlohmann::ordered_json status() const override {
    ++asked;
    return state;
  }
  nlohmann::ordered_json counters() const override { return {{"received_packets", 12}, {"sent_packets", 0}}; }
  nlohmann::ordered_json classes() const override { return nlohmann::ordered_json::array({{{"name", "slow"}}}); }
  nlohmann::ordered_json rules() const override { return nlohmann::ordered_json::array({{{"name", "media"}}}); }
  void set_bypass(const BypassOrder& order) override { orders.push_back(order); }
  void stop() override { stopped = true; }
  std::future<std::string> ask_books(const Caller& by, std::string request) override {
    askers.push_back(by);
    book_requests.push_back(std::move(request));
    return book_answers.emplace_back().get_future();
  }
  Reply flows(const nlohmann::ordered_json& request) override {
    looks.push_back(request.dump());
    return {R"({"ok":false,"error":"flows: no"})", {}};
  }
  Reply trace(const nlohmann::ordered_json& request) override { return watch(request); }
  Reply watch(const nlohmann::ordered_json& request) override {
    looks.push_back(request.dump());
    feeds.push_back(std::make_shared<Feed>());
    return {"", {}, feeds.back()};
  }
  nlohmann::ordered_json versions() const override { return nlohmann::ordered_json::array({{{"digest", "abc"}}}); }
  nlohmann::ordered_json explain(const nlohmann::ordered_json&) const override {
    return {{"ok", true}, {"class", "slow"}};
  }
  bool can_note() const override { return has_room; }
  void note_change(const Caller&, const char* what, const char* result, nlohmann::ordered_json more) override {
    noted.push_back(std::string(what) + " " + result + " " + more.dump());
  }

  nlohmann::ordered_json state = {{"state", "running"}};
  mutable int asked = 0;
  std::vector<BypassOrder> orders;
  bool stopped = false;
  bool has_room = true;
  std::vector<Caller> askers;
  std::vector<std::string> book_requests;
  std::vector<std::promise<std::string>> book_answers;  // that the test gives
  std::vector<std::string> noted;
  std::vector<std::string> looks;            // requests for flows, traces and events
  std::vector<std::shared_ptr<Feed>> feeds;  // that the test fills
};

}  // namespace slowlane
