#pragma once

#include <nlohmann/json.hpp>
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

  nlohmann::ordered_json state = {{"state", "running"}};
  mutable int asked = 0;
  std::vector<BypassOrder> orders;
  bool stopped = false;
};

}  // namespace slowlane
