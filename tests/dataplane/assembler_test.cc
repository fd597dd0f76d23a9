#include "dataplane/assembler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "dataplane/hello.h"
#include "tests/support/hello_builder.h"

namespace slowlane {
namespace {

using Put = Assembler::Put;

struct Piece {
  std::size_t offset;
  Bytes bytes;
};

std::vector<std::uint8_t> copy(std::span<const std::uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

// The obvious answer: one optional byte per position, runs counted by walking.
class ByteMap {
 public:
  Put put(const Piece& piece) {
    std::vector<std::optional<std::uint8_t>> next = bytes_;
    bool taken = false;
    for (std::size_t i = 0; i < piece.bytes.size() && piece.offset + i < next.size(); ++i) {
      auto& byte = next[piece.offset + i];
      if (!byte) {
        byte = piece.bytes[i];
        taken = true;
      }
    }
    if (!taken) return Put::nothing;
    if (runs_beyond(next) > Assembler::kMaxPieces) return Put::no_room;
    bytes_ = next;
    return Put::taken;
  }
  Bytes prefix() const {
    Bytes out;
    for (std::size_t i = 0; i < bytes_.size() && bytes_[i]; ++i) out.push_back(*bytes_[i]);
    return out;
  }
  std::size_t held() const {
    return static_cast<std::size_t>(std::count_if(bytes_.begin(), bytes_.end(), [](const auto& b) { return !!b; }));
  }

 private:
  static std::size_t runs_beyond(const std::vector<std::optional<std::uint8_t>>& bytes) {
    std::size_t runs = 0;
    for (std::size_t i = 1; i < bytes.size(); ++i) runs += bytes[i] && !bytes[i - 1];
    return runs;
  }
  std::vector<std::optional<std::uint8_t>> bytes_ = std::vector<std::optional<std::uint8_t>>(Assembler::kCapacity);
};

class AssemblerTest : public testing::Test {
 protected:
  Put put(std::size_t offset, const Bytes& bytes) { return assembler_->put(offset, bytes); }
  Put put(std::size_t offset, std::string_view text) { return put(offset, bytes_of(text)); }
  std::string prefix() const {
    const auto bytes = assembler_->prefix();
    return {bytes.begin(), bytes.end()};
  }
  std::unique_ptr<Assembler> assembler_ = std::make_unique<Assembler>();
};

TEST_F(AssemblerTest, StartsEmpty) {
  EXPECT_TRUE(assembler_->prefix().empty());
  EXPECT_EQ(assembler_->held(), 0u);
}

TEST_F(AssemblerTest, APieceBehindAGapWaits) {
  EXPECT_EQ(put(4, "efgh"), Put::taken);
  EXPECT_EQ(prefix(), "");
  EXPECT_EQ(assembler_->held(), 4u);
  EXPECT_EQ(put(0, "abcd"), Put::taken);
  EXPECT_EQ(prefix(), "abcdefgh");
}

TEST_F(AssemblerTest, TheFirstCopyOfAByteWins) {
  put(2, "CD");
  EXPECT_EQ(put(0, "abcdef"), Put::taken);
  EXPECT_EQ(prefix(), "abCDef");
  EXPECT_EQ(put(0, "xxxxxx"), Put::nothing);
  EXPECT_EQ(prefix(), "abCDef");
}

TEST_F(AssemblerTest, EmptyPiecesAndPiecesOutsideAreNothing) {
  EXPECT_EQ(put(0, ""), Put::nothing);
  EXPECT_EQ(put(Assembler::kCapacity, "a"), Put::nothing);
  EXPECT_EQ(put(SIZE_MAX, "ab"), Put::nothing);
}

TEST_F(AssemblerTest, WhatPassesTheWindowIsCutOff) {
  EXPECT_EQ(put(Assembler::kCapacity - 1, "ab"), Put::taken);
  EXPECT_EQ(assembler_->held(), 1u);
  put(0, Bytes(2 * Assembler::kCapacity, 'x'));
  EXPECT_EQ(assembler_->prefix().size(), Assembler::kCapacity);
  EXPECT_EQ(assembler_->prefix().back(), 'a');
}

TEST_F(AssemblerTest, OneRunTooManyIsRefusedButOnesThatTouchAreNot) {
  put(0, "a");
  for (std::size_t i = 1; i <= Assembler::kMaxPieces; ++i) ASSERT_EQ(put(4 * i, "x"), Put::taken);
  EXPECT_EQ(put(4000, "x"), Put::no_room);
  EXPECT_EQ(assembler_->held(), Assembler::kMaxPieces + 1);
  EXPECT_EQ(put(5, "y"), Put::taken) << "grows a run";
  EXPECT_EQ(put(1, "bcd"), Put::taken) << "closes a gap";
  EXPECT_EQ(prefix(), "abcdxy");
  EXPECT_EQ(put(4000, "x"), Put::taken) << "there is room again";
}

TEST_F(AssemblerTest, TheFirstByteIsTakenEvenWhenFull) {
  for (std::size_t i = 1; i <= Assembler::kMaxPieces; ++i) ASSERT_EQ(put(4 * i, "x"), Put::taken);
  EXPECT_EQ(put(0, "a"), Put::taken);
  EXPECT_EQ(prefix(), "a");
}

TEST_F(AssemblerTest, ResetForgetsEverything) {
  put(0, "abc");
  put(8, "def");
  assembler_->reset();
  EXPECT_EQ(assembler_->held(), 0u);
  EXPECT_TRUE(assembler_->prefix().empty());
  put(0, "z");
  EXPECT_EQ(prefix(), "z");
}

TEST_F(AssemblerTest, AgreesWithAByteMapOnRandomPieces) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 12; ++round) {
    assembler_->reset();
    ByteMap map;
    const std::size_t longest = std::size_t{1} << (1 + round);
    const std::size_t spread = round % 3 == 0 ? Assembler::kCapacity + 100 : 600;
    for (int i = 0; i < 150; ++i) {
      Piece piece{random() % spread, Bytes(random() % longest)};
      for (auto& byte : piece.bytes) byte = static_cast<std::uint8_t>(random());
      ASSERT_EQ(assembler_->put(piece.offset, piece.bytes), map.put(piece));
      ASSERT_EQ(copy(assembler_->prefix()), map.prefix());
      ASSERT_EQ(assembler_->held(), map.held());
    }
  }
}

// --- a hello, however it is cut ---

class AssembledHello : public AssemblerTest {
 protected:
  void expect_hello(const char* how) {
    const auto bytes = assembler_->prefix();
    ASSERT_EQ(copy(bytes), message_) << how;
    const Hello hello = read_hello(bytes);
    ASSERT_EQ(hello.status, HelloStatus::complete) << how;
    ASSERT_EQ(hello.server_name, "www.example.com") << how;
  }
  Piece piece(std::size_t from, std::size_t to) const {
    return {from, Bytes(message_.begin() + static_cast<std::ptrdiff_t>(from),
                        message_.begin() + static_cast<std::ptrdiff_t>(to))};
  }
  const Bytes message_ = HelloBuilder().like_chrome("www.example.com").key_share(1216).message();
};

TEST_F(AssembledHello, EveryCutInTwoInEitherOrder) {
  for (std::size_t cut = 1; cut < message_.size(); ++cut) {
    for (const bool swapped : {false, true}) {
      assembler_->reset();
      const Piece parts[2] = {piece(0, cut), piece(cut, message_.size())};
      ASSERT_EQ(put(parts[swapped].offset, parts[swapped].bytes), Put::taken);
      ASSERT_NE(read_hello(assembler_->prefix()).status, HelloStatus::complete);
      ASSERT_EQ(put(parts[!swapped].offset, parts[!swapped].bytes), Put::taken);
      expect_hello("two pieces");
    }
  }
}

TEST_F(AssembledHello, RandomCutsReorderedDuplicatedAndOverlapping) {
  std::mt19937_64 random(12);
  for (int round = 0; round < 2000; ++round) {
    assembler_->reset();
    std::vector<Piece> pieces;
    for (std::size_t at = 0; at < message_.size();) {
      const std::size_t to = std::min(message_.size(), at + 1 + random() % (1 + message_.size() / (1 + random() % 40)));
      const std::size_t back = random() % 3 == 0 ? random() % (at + 1) : 0;  // overlaps what came before
      const std::size_t on = random() % 3 == 0 ? random() % (message_.size() - to + 1) : 0;  // ... and what comes
      pieces.push_back(piece(at - back, to + on));
      if (random() % 4 == 0) pieces.push_back(pieces[random() % pieces.size()]);
      at = to;
    }
    if (pieces.size() > Assembler::kMaxPieces) continue;
    std::shuffle(pieces.begin(), pieces.end(), random);
    for (const Piece& p : pieces) ASSERT_NE(put(p.offset, p.bytes), Put::no_room);
    expect_hello("random pieces");
  }
}

TEST_F(AssembledHello, ByteByByteBackwardsNeedsOneRun) {
  for (std::size_t at = message_.size(); at-- > 0;) {
    ASSERT_EQ(put(at, Bytes{message_[at]}), Put::taken);
  }
  expect_hello("backwards");
}

}  // namespace
}  // namespace slowlane
