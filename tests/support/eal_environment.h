#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>

#include "hw/eal.h"
#include "hw/pool.h"

namespace slowlane {

// DPDK for a whole test binary: starts once before its first test. Including this file is all that a test needs to do
// before it makes a PacketPool; the pools of the tests together may take kMemory at a time.
class EalEnvironment : public testing::Environment {
 public:
  static constexpr std::size_t kMemory = std::size_t{256} << 20;

  void SetUp() override;
  void TearDown() override;

  // Processors this process could run on before DPDK started.
  int processors_before() const { return processors_before_; }

 private:
  int processors_before_ = 0;
  std::unique_ptr<Eal> eal_;
};

inline const EalEnvironment* const kEalEnvironment = [] {
  auto* environment = new EalEnvironment;
  testing::AddGlobalTestEnvironment(environment);  // owns it
  return environment;
}();

}  // namespace slowlane
