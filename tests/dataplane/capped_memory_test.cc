#include "dataplane/capped_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

namespace slowlane {
namespace {

constexpr std::size_t kMiB = 1 << 20;

class CappedMemoryTest : public testing::Test {
 protected:
  // Other tests of this process may hold pieces and depend on their limit.
  ~CappedMemoryTest() override { CappedMemory::limit(512 * kMiB); }
  const std::size_t before_ = CappedMemory::used();
};

TEST_F(CappedMemoryTest, WhatIsTakenIsCountedUntilGivenBack) {
  CappedMemory::limit(before_ + kMiB);
  void* const piece = CappedMemory::take(1000);
  ASSERT_NE(piece, nullptr);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(piece) % alignof(std::max_align_t), 0u);
  std::memset(piece, 1, 1000);
  EXPECT_GE(CappedMemory::used(), before_ + 1000);
  CappedMemory::give_back(piece);
  EXPECT_EQ(CappedMemory::used(), before_);
  CappedMemory::give_back(nullptr);
}

TEST_F(CappedMemoryTest, BeyondTheCapThereIsNone) {
  CappedMemory::limit(before_ + kMiB);
  void* const most = CappedMemory::take(kMiB / 2);
  ASSERT_NE(most, nullptr);
  EXPECT_EQ(CappedMemory::take(kMiB / 2), nullptr);
  EXPECT_EQ(CappedMemory::take(SIZE_MAX), nullptr);
  EXPECT_EQ(CappedMemory::take(SIZE_MAX - 64), nullptr);
  EXPECT_EQ(CappedMemory::take_zeroed(SIZE_MAX / 2, 3), nullptr);
  CappedMemory::give_back(most);
  EXPECT_EQ(CappedMemory::used(), before_) << "what was refused is not counted";
}

TEST_F(CappedMemoryTest, ZeroedAndResizedPiecesKeepTheirBytes) {
  CappedMemory::limit(before_ + kMiB);
  auto* piece = static_cast<unsigned char*>(CappedMemory::take_zeroed(10, 10));
  ASSERT_NE(piece, nullptr);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(piece[i], 0);
  piece[99] = 7;
  piece = static_cast<unsigned char*>(CappedMemory::resize(piece, 200));
  ASSERT_NE(piece, nullptr);
  EXPECT_EQ(piece[99], 7);
  piece = static_cast<unsigned char*>(CappedMemory::resize(piece, 10));
  ASSERT_NE(piece, nullptr);
  EXPECT_EQ(CappedMemory::resize(piece, 2 * kMiB), nullptr) << "and the old piece stays";
  CappedMemory::give_back(piece);
  CappedMemory::give_back(CappedMemory::resize(nullptr, 5));
  EXPECT_EQ(CappedMemory::used(), before_);
}

}  // namespace
}  // namespace slowlane
