#include "dataplane/fragments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "dataplane/datagrams.h"
#include "tests/support/loose_packet.h"

namespace slowlane {
namespace {

using Fate = Fragments::Released::Fate;
constexpr Nanos kNever = std::numeric_limits<Nanos>::max();

Frame datagram(bool v6, std::uint16_t client_port = 40000) {
  Frame frame = Frame().ethernet();
  if (v6)
    frame.ipv6("2001:db8::1", "2001:db8::2");
  else
    frame.ipv4("192.0.2.1", "198.51.100.7");
  return frame.udp(client_port, 443).payload_size(100);
}

LoosePacket packet_of(const Bytes& frame, Nanos arrival = 0) {
  return make_loose(frame, LinkType::ethernet, 0, arrival);
}

// The pieces of a datagram of 108 bytes behind the IP header, 24 bytes each: five fragments.
std::vector<LoosePacket> pieces(bool v6, std::uint32_t id = 1, Nanos arrival = 0) {
  std::vector<LoosePacket> out;
  for (const Bytes& frame : datagram(v6).fragments(24, id)) out.push_back(packet_of(frame, arrival));
  return out;
}

std::vector<LoosePacket> own(Packet* chain) {
  std::vector<LoosePacket> out;
  for (; chain != nullptr; chain = chain->next) out.emplace_back(chain);
  return out;
}

std::vector<std::uint16_t> offsets(const std::vector<LoosePacket>& packets) {
  std::vector<std::uint16_t> out;
  for (const LoosePacket& packet : packets) out.push_back(packet->parsed.headers.fragment_offset);
  return out;
}

class FragmentsOf : public testing::TestWithParam<bool> {
 protected:
  // Hands a packet over and takes what comes back.
  Fate hold(LoosePacket packet) {
    const Fragments::Released released = cache_.hold(packet.release(), inspection_);
    reason_ = released.reason;
    released_ = own(released.chain);
    return released.fate;
  }
  Fate expire(Nanos now) {
    const Fragments::Released released = cache_.expired(now, inspection_);
    reason_ = released.reason;
    released_ = own(released.chain);
    return released.fate;
  }

  Fragments cache_{64, 1 << 20, 1};
  Inspection inspection_;
  DropReason reason_{};
  std::vector<LoosePacket> released_;
};
INSTANTIATE_TEST_SUITE_P(IPv4AndIPv6, FragmentsOf, testing::Bool(),
                         [](const auto& version) { return version.param ? "IPv6" : "IPv4"; });

TEST_P(FragmentsOf, LaterFragmentsFollowTheFirst) {
  std::vector<LoosePacket> parts = pieces(GetParam());
  ASSERT_EQ(parts.size(), 5u);
  EXPECT_FALSE(cache_.follow(*parts[1])) << "its first was not seen";
  EXPECT_TRUE(cache_.learn(*parts[0]));
  for (std::size_t i = 1; i < parts.size(); ++i) {
    ASSERT_TRUE(cache_.follow(*parts[i]));
    EXPECT_EQ(parts[i]->parsed.key, parts[0]->parsed.key);
    EXPECT_EQ(parts[i]->parsed.from_low, parts[0]->parsed.from_low);
  }
  EXPECT_EQ(parts[1]->parsed.key.low_port + parts[1]->parsed.key.high_port, 40443);
}

TEST_P(FragmentsOf, FollowsOnlyTheSameDatagram) {
  EXPECT_TRUE(cache_.learn(*pieces(GetParam(), 1)[0]));
  EXPECT_FALSE(cache_.follow(*pieces(GetParam(), 2)[1])) << "another identification";
  EXPECT_FALSE(cache_.follow(*pieces(!GetParam(), 1)[1])) << "other addresses";
}

TEST_P(FragmentsOf, FollowsForHalfAMinute) {
  EXPECT_TRUE(cache_.learn(*pieces(GetParam(), 1, 0)[0]));
  EXPECT_TRUE(cache_.follow(*pieces(GetParam(), 1, 30 * kSecond - 1)[1]));
  EXPECT_FALSE(cache_.follow(*pieces(GetParam(), 1, 30 * kSecond)[1]));
}

TEST_P(FragmentsOf, ANewFirstFragmentWithAnOldIdentificationReplacesIt) {
  EXPECT_TRUE(cache_.learn(*pieces(GetParam())[0]));
  const LoosePacket second = packet_of(datagram(GetParam(), 50000).fragments(24, 1)[0]);
  EXPECT_TRUE(cache_.learn(*second));
  LoosePacket later = std::move(pieces(GetParam())[2]);
  EXPECT_TRUE(cache_.follow(*later));
  EXPECT_EQ(later->parsed.key, second->parsed.key);
}

TEST_P(FragmentsOf, TheOldestMakesRoomAndThatIsSaid) {
  Fragments small(4, 1 << 20, 1);
  for (std::uint32_t id = 1; id <= 4; ++id) EXPECT_TRUE(small.learn(*pieces(GetParam(), id, id)[0]));
  EXPECT_FALSE(small.learn(*pieces(GetParam(), 5, 5)[0]));
  EXPECT_FALSE(small.follow(*pieces(GetParam(), 1, 6)[1]));
  EXPECT_TRUE(small.follow(*pieces(GetParam(), 2, 6)[1]));
  EXPECT_TRUE(small.follow(*pieces(GetParam(), 5, 6)[1]));
  EXPECT_TRUE(small.learn(*pieces(GetParam(), 6, 40 * kSecond)[0])) << "the others were over";
}

TEST_P(FragmentsOf, HoldsADatagramUntilItIsCompleteInAnyOrder) {
  std::vector<std::size_t> order = {0, 1, 2, 3, 4};
  do {
    std::vector<LoosePacket> parts = pieces(GetParam());
    for (std::size_t i = 0; i < 4; ++i) {
      ASSERT_EQ(hold(std::move(parts[order[i]])), Fate::none);
      ASSERT_EQ(cache_.held_packets(), i + 1);
    }
    ASSERT_EQ(hold(std::move(parts[order[4]])), Fate::send);
    ASSERT_EQ(offsets(released_), (std::vector<std::uint16_t>{0, 24, 48, 72, 96}));
    ASSERT_EQ(cache_.held_packets(), 0u);
    ASSERT_EQ(cache_.held_bytes(), 0u);
    ASSERT_EQ(cache_.next_due(), kNever);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_P(FragmentsOf, DropsAWholeDatagramForARepeatedPieceAndWhatStillComesOfIt) {
  std::vector<LoosePacket> parts = pieces(GetParam());
  std::vector<LoosePacket> again = pieces(GetParam(), 1, 29 * kSecond);
  std::vector<LoosePacket> late = pieces(GetParam(), 1, 30 * kSecond);
  EXPECT_EQ(hold(std::move(parts[0])), Fate::none);
  EXPECT_EQ(hold(std::move(parts[2])), Fate::none);
  EXPECT_EQ(hold(std::move(again[2])), Fate::drop);
  EXPECT_EQ(released_.size(), 3u);
  EXPECT_EQ(reason_, DropReason::fragment_limit);
  EXPECT_EQ(hold(std::move(again[1])), Fate::drop);
  EXPECT_EQ(released_.size(), 1u);
  EXPECT_EQ(cache_.held_packets(), 0u);
  EXPECT_EQ(cache_.next_due(), kNever);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(hold(std::move(late[i])), Fate::none);
  EXPECT_EQ(hold(std::move(late[4])), Fate::send) << "its timeout is over";
}

TEST_P(FragmentsOf, DropsADatagramWhosePiecesOverlapOrContradictEachOther) {
  // Cut at 24 and at 32 bytes: pieces of the two do not fit each other.
  const std::vector<Bytes> by24 = datagram(GetParam()).fragments(24, 1);
  const std::vector<Bytes> by32 = datagram(GetParam()).fragments(32, 1);
  const auto dropped = [&](std::uint32_t id, std::vector<Bytes> frames) {
    Fate fate = Fate::none;
    for (const Bytes& frame : frames) {
      LoosePacket packet = packet_of(frame);
      packet->parsed.headers.fragment_id = id;
      fate = hold(std::move(packet));
    }
    return fate == Fate::drop;
  };
  EXPECT_TRUE(dropped(11, {by24[0], by24[1], by32[1]})) << "32-64 over 24-48";
  EXPECT_TRUE(dropped(12, {by32[1], by24[1]})) << "24-48 over 32-64";
  EXPECT_TRUE(dropped(13, {by24[4], by32[3]})) << "two last pieces";
  const Bytes longer = datagram(GetParam()).payload_size(200).fragments(24, 1).back();
  EXPECT_TRUE(dropped(14, {by24[4], longer})) << "a piece behind the end";
  EXPECT_TRUE(dropped(15, {longer, by24[4]})) << "an end before a piece";
  const Bytes beyond = datagram(GetParam()).payload_size(200).fragments(24, 1)[6];
  EXPECT_TRUE(dropped(16, {by24[4], beyond})) << "more to come behind the end";
}

TEST_P(FragmentsOf, TakesAsManyFragmentsAsTheLimitAllows) {
  inspection_.fragment_limit = 5;
  std::vector<LoosePacket> five = pieces(GetParam(), 1);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(hold(std::move(five[i])), Fate::none);
  EXPECT_EQ(hold(std::move(five[4])), Fate::send);
  inspection_.fragment_limit = 4;
  std::vector<LoosePacket> more = pieces(GetParam(), 2);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(hold(std::move(more[i])), Fate::none);
  EXPECT_EQ(hold(std::move(more[4])), Fate::drop);
  EXPECT_EQ(released_.size(), 5u);
  EXPECT_EQ(reason_, DropReason::fragment_limit);
}

TEST_P(FragmentsOf, DropsWhatIsIncompleteAfterTheTimeout) {
  inspection_.fragment_timeout = 5 * kSecond;
  EXPECT_EQ(hold(std::move(pieces(GetParam(), 1, 0)[0])), Fate::none);
  EXPECT_EQ(hold(std::move(pieces(GetParam(), 2, kSecond)[1])), Fate::none);
  EXPECT_EQ(hold(std::move(pieces(GetParam(), 1, 4 * kSecond)[1])), Fate::none);
  EXPECT_EQ(cache_.next_due(), 5 * kSecond);
  EXPECT_EQ(expire(5 * kSecond - 1), Fate::none);
  EXPECT_EQ(expire(6 * kSecond), Fate::drop);
  EXPECT_EQ(released_.size(), 2u);
  EXPECT_EQ(reason_, DropReason::fragment_timeout);
  EXPECT_EQ(expire(6 * kSecond), Fate::drop);
  EXPECT_EQ(expire(6 * kSecond), Fate::none);
  EXPECT_EQ(cache_.held_packets(), 0u);
}

TEST_P(FragmentsOf, AShorterTimeoutOfANewBookComesFirst) {
  hold(std::move(pieces(GetParam(), 1, 0)[0]));
  inspection_.fragment_timeout = 5 * kSecond;
  hold(std::move(pieces(GetParam(), 2, kSecond)[0]));
  EXPECT_EQ(cache_.next_due(), 6 * kSecond);
  EXPECT_EQ(expire(6 * kSecond), Fate::drop);
  EXPECT_EQ(cache_.next_due(), 30 * kSecond);
}

TEST_P(FragmentsOf, WritesTheFirstTtlIntoTheOthersWhereAsked) {
  for (const bool asked : {false, true}) {
    inspection_.fragment_ttl_first = asked;
    std::vector<LoosePacket> parts = pieces(GetParam());
    for (std::size_t i = 0; i < parts.size(); ++i) set_ttl(*parts[i], static_cast<std::uint8_t>(i == 0 ? 3 : 64 + i));
    for (LoosePacket& part : parts) hold(std::move(part));
    ASSERT_EQ(released_.size(), 5u);
    for (std::size_t i = 1; i < 5; ++i) {
      const LoosePacket& part = released_[i];
      const std::size_t ip = part->parsed.headers.l3;
      EXPECT_EQ(part->bytes()[ip + (GetParam() ? 7u : 8u)], asked ? 3 : 64 + i);
      EXPECT_TRUE(GetParam() || ipv4_checksum_holds(part->bytes().subspan(ip, 20)));
    }
  }
}

TEST_P(FragmentsOf, KeepsItsBoundInBytesAndDropsTheNewest) {
  std::vector<LoosePacket> parts = pieces(GetParam());
  std::vector<LoosePacket> big;
  for (const Bytes& frame : datagram(GetParam()).payload_size(6000).fragments(2048, 1)) big.push_back(packet_of(frame));
  Fragments by_packets(4, 2048, 1);
  Fragments by_bytes(4, 5000, 1);
  const auto give = [&](Fragments& cache, LoosePacket packet) {
    const Fragments::Released released = cache.hold(packet.release(), inspection_);
    released_ = own(released.chain);
    return released.fate == Fate::none || released.reason == DropReason::held_full ? released.fate : Fate::send;
  };
  EXPECT_EQ(give(by_bytes, std::move(big[0])), Fate::none);
  EXPECT_EQ(give(by_bytes, std::move(big[1])), Fate::none);
  EXPECT_EQ(give(by_bytes, std::move(big[2])), Fate::drop);
  EXPECT_EQ(released_.size(), 1u);
  EXPECT_EQ(give(by_packets, std::move(parts[0])), Fate::none);
  EXPECT_EQ(give(by_packets, std::move(parts[1])), Fate::none);
  EXPECT_EQ(give(by_packets, std::move(parts[2])), Fate::drop);
  EXPECT_EQ(released_.size(), 1u);
  EXPECT_EQ(by_packets.held_packets(), 2u);
}

TEST_P(FragmentsOf, ADroppedDatagramMakesRoomForALivingOne) {
  Fragments small(1, 1 << 20, 1);
  const auto give = [&](LoosePacket packet) {
    const Fragments::Released released = small.hold(packet.release(), inspection_);
    released_ = own(released.chain);
    return released.fate;
  };
  EXPECT_EQ(give(std::move(pieces(GetParam(), 1)[1])), Fate::none);
  EXPECT_EQ(give(std::move(pieces(GetParam(), 2)[1])), Fate::drop) << "the only place is taken";
  EXPECT_EQ(give(std::move(pieces(GetParam(), 1)[1])), Fate::drop) << "repeated: remembered to be dropped";
  EXPECT_EQ(give(std::move(pieces(GetParam(), 2)[1])), Fate::none);
}

TEST_P(FragmentsOf, FreesWhatItStillHolds) {
  const std::size_t before = loose_packets();
  {
    Fragments cache(4, 1 << 20, 1);
    cache.hold(pieces(GetParam())[0].release(), inspection_);
    cache.hold(pieces(GetParam())[3].release(), inspection_);
    EXPECT_EQ(loose_packets(), before + 2);
  }
  EXPECT_EQ(loose_packets(), before);
}

TEST(Fragments, CountTheDataBehindExtensionHeaders) {
  // The first fragment's transport header lies behind destination options that are part of the datagram.
  const LoosePacket first = packet_of(Frame()
                                          .ethernet()
                                          .ipv6("2001:db8::1", "2001:db8::2")
                                          .hop_by_hop()
                                          .fragment6(9, 0, true)
                                          .destination_options(1)
                                          .udp(1, 2)
                                          .payload_size(16)
                                          .build());
  const auto range = range_of(*first);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->begin, 0u);
  EXPECT_EQ(range->end, 16u + 8 + 16);
}

TEST(Fragments, RefuseImpossiblePieces) {
  const auto piece = [](std::uint16_t offset, bool more, std::size_t size) {
    return packet_of(Frame()
                         .ethernet()
                         .ipv4("192.0.2.1", "198.51.100.7")
                         .protocol(17)
                         .fragment(offset, more)
                         .payload_size(size)
                         .build());
  };
  EXPECT_TRUE(range_of(*piece(24, true, 16)));
  EXPECT_TRUE(range_of(*piece(24, false, 13)));
  EXPECT_FALSE(range_of(*piece(24, true, 13))) << "only the last one may have an odd length";
  EXPECT_FALSE(range_of(*piece(65528, false, 100))) << "behind the longest datagram";
  EXPECT_FALSE(range_of(*piece(24, true, 0)));
}

TEST(Fragments, SetTtlKeepsEveryChecksumRight) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const LoosePacket packet = make_loose(Frame()
                                              .ethernet()
                                              .ipv4("10.0.0." + std::to_string(random() % 256), "198.51.100.7")
                                              .ttl(static_cast<std::uint8_t>(random()))
                                              .ip_id(static_cast<std::uint16_t>(random()))
                                              .udp(1, 2));
    set_ttl(*packet, static_cast<std::uint8_t>(random()));
    ASSERT_TRUE(ipv4_checksum_holds(packet->bytes().subspan(14, 20)));
  }
}

// Datagrams in random pieces, some of them lost, doubled or late: every packet comes back once, and a datagram is sent
// if and only if all of it came once.
TEST(Fragments, GiveEveryPacketBackOnce) {
  std::mt19937_64 random(3);
  Fragments cache(32, 40'000, 5);
  Inspection inspection;
  inspection.fragment_timeout = kSecond;
  Nanos now = 0;
  std::size_t given = 0;
  std::size_t back = 0;
  std::array<std::size_t, 3> fates{};
  const auto take = [&](const Fragments::Released& released) {
    ++fates[static_cast<std::size_t>(released.fate)];
    const std::vector<LoosePacket> chain = own(released.chain);
    back += chain.size();
    std::uint32_t end = 0;
    for (const LoosePacket& packet : chain) {
      if (released.fate != Fate::send) break;
      const auto range = range_of(*packet);
      ASSERT_EQ(range->begin, end);
      end = range->end;
    }
  };
  std::vector<std::pair<std::uint32_t, Bytes>> waiting;
  for (std::uint32_t id = 0; id < 3000 || !waiting.empty(); ++id) {
    if (id < 3000) {
      for (const Bytes& frame : datagram(random() % 2 == 0).fragments(8 * (1 + random() % 6), id)) {
        if (random() % 50 != 0) waiting.emplace_back(id, frame);
        if (random() % 80 == 0) waiting.emplace_back(id, frame);
      }
    }
    for (int i = 0; i < 8 && !waiting.empty(); ++i) {
      now += static_cast<Nanos>(random() % (2 * kMillisecond));
      while (cache.next_due() <= now) take(cache.expired(now, inspection));
      std::swap(waiting[random() % std::min<std::size_t>(waiting.size(), 40)], waiting.back());
      take(cache.hold(packet_of(waiting.back().second, now).release(), inspection));
      waiting.pop_back();
      ++given;
      ASSERT_EQ(given, back + cache.held_packets());
      ASSERT_LE(cache.held_bytes(), 40'000u);
    }
  }
  while (cache.next_due() != kNever) take(cache.expired(cache.next_due(), inspection));
  EXPECT_EQ(given, back);
  for (const std::size_t count : fates) EXPECT_GT(count, 100u);
}

}  // namespace
}  // namespace slowlane
