#include "hw/byte_window.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cerrno>
#include <random>

#include "tests/support/capture_bytes.h"
#include "tests/support/temp_folder.h"

namespace slowlane {
namespace {

using testing::ElementsAreArray;
using testing::IsEmpty;

TEST(ByteWindow, ReadsAFileInWhateverSteps) {
  const TempFolder folder;
  const Bytes content = some_bytes(3 * ByteWindow::kChunk + 12345);
  const std::string path = folder.write("content", content);
  std::mt19937_64 random(1);
  ByteWindow window(open(path.c_str(), O_RDONLY), content.size());
  std::size_t at = 0;
  while (at < content.size()) {
    const std::size_t looked = random() % 300000;
    const auto seen = window.peek(looked);
    ASSERT_EQ(seen.size(), std::min(looked, content.size() - at));
    ASSERT_TRUE(std::equal(seen.begin(), seen.end(), content.begin() + static_cast<std::ptrdiff_t>(at)));
    const std::size_t step = random() % 200000;
    EXPECT_EQ(window.skip(step), step <= content.size() - at);
    at = std::min(at + step, content.size());
    EXPECT_EQ(window.position(), at);
  }
  EXPECT_THAT(window.peek(1), IsEmpty());
  EXPECT_EQ(window.error(), 0);
}

TEST(ByteWindow, ReadsAPipeThatGivesLittleAtATime) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Bytes content = some_bytes(1000);
  ASSERT_EQ(write(ends[1], content.data(), 400), 400);
  ByteWindow window(ends[0], 0);
  EXPECT_THAT(window.peek(10), ElementsAreArray(std::span(content).first(10)));
  EXPECT_TRUE(window.skip(390));
  ASSERT_EQ(write(ends[1], content.data() + 400, 600), 600);
  close(ends[1]);
  EXPECT_THAT(window.peek(5000), ElementsAreArray(std::span(content).subspan(390)));
}

TEST(ByteWindow, WhatWasPeekedSurvivesASkip) {
  const Bytes content = some_bytes(100);
  const TempFolder folder;
  ByteWindow window(open(folder.write("content", content).c_str(), O_RDONLY), 100);
  const auto seen = window.peek(100);
  window.skip(100);
  EXPECT_THAT(seen, ElementsAreArray(content));
}

TEST(ByteWindow, ReadsMemory) {
  const Bytes content = some_bytes(100);
  ByteWindow window(content);
  EXPECT_EQ(window.size(), 100u);
  EXPECT_TRUE(window.skip(90));
  EXPECT_THAT(window.peek(20), ElementsAreArray(std::span(content).last(10)));
  EXPECT_FALSE(window.skip(11));
}

TEST(ByteWindow, KeepsTheErrorOfAFailedRead) {
  ByteWindow window(open("/", O_RDONLY), 0);
  EXPECT_THAT(window.peek(1), IsEmpty());
  EXPECT_EQ(window.error(), EISDIR);
}

}  // namespace
}  // namespace slowlane
