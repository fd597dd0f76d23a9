#include "hw/cores.h"

#include <gmock/gmock.h>

#include <random>
#include <set>
#include <thread>

namespace slowlane {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint16_t kNone = Wire::kNoQueue;
const std::vector<CpuCore> kFour{{0, 0}, {1, 0}, {2, 1}, {3, 1}};

PortSeat port(std::uint16_t receive, std::uint16_t send, bool spreads = false, int socket = -1) {
  return {"p", receive, send, spreads, socket};
}

auto finding(Finding::Weight weight, const std::string& text) {
  return AllOf(Field(&Finding::weight, weight), Field(&Finding::text, HasSubstr(text)));
}
auto error(const std::string& text) { return finding(Finding::Weight::error, text); }
auto warning(const std::string& text) { return finding(Finding::Weight::warning, text); }

TEST(Cores, OneWorkerReadsAndSendsAll) {
  const std::vector ports{port(1, 1), port(1, 1)};
  const std::vector<WireEnds> wires{{0, 1}};
  const Plan plan = make_plan({{0}, {1}}, ports, wires);
  EXPECT_THAT(plan.cores, ElementsAre(1));
  ASSERT_EQ(plan.seats.size(), 1u);
  EXPECT_THAT(plan.seats[0][0].receive_queue, ElementsAre(0, 0));
  EXPECT_THAT(plan.seats[0][0].send_queue, ElementsAre(0, 0));
  EXPECT_EQ(plan.by, Spread::By::pair);
}

TEST(Cores, PortsOfOneQueueAreDealtOutInTurn) {
  const std::vector ports{port(1, 2), port(1, 2)};
  const std::vector<WireEnds> wires{{0, 1}};
  const Plan plan = make_plan({{0}, {1, 2}}, ports, wires);
  EXPECT_THAT(plan.seats[0][0].receive_queue, ElementsAre(0, kNone));
  EXPECT_THAT(plan.seats[1][0].receive_queue, ElementsAre(kNone, 0));
  EXPECT_THAT(plan.seats[1][0].send_queue, ElementsAre(1, 1));
  EXPECT_EQ(plan.by, Spread::By::pair) << "packets have to meet";
}

TEST(Cores, ANicThatSpreadsByPairNeedsNoRings) {
  const std::vector ports{port(2, 2, true), port(2, 2, true)};
  const std::vector<WireEnds> wires{{0, 1}};
  EXPECT_EQ(make_plan({{0}, {1, 2}}, ports, wires).by, Spread::By::port);
  EXPECT_EQ(make_plan({{0}, {1, 2}, Spread::By::inside}, ports, wires).by, Spread::By::inside) << "all flows of a host";
  EXPECT_EQ(make_plan({{0}, {1, 2, 3}}, ports, wires).by, Spread::By::pair) << "a worker would have no queue";
  EXPECT_EQ(make_plan({{0}, {1}}, ports, wires).by, Spread::By::pair) << "one worker has nothing to spread";
  const std::vector mixed{port(2, 2, true), port(2, 2, false)};
  EXPECT_EQ(make_plan({{0}, {1, 2}}, mixed, wires).by, Spread::By::pair);
}

TEST(Cores, AWorkerWithoutASendQueueHasOneThatSendsForIt) {
  const std::vector ports{port(1, 1), port(1, 2)};
  const std::vector<WireEnds> wires{{0, 1}};
  const Plan plan = make_plan({{0}, {1, 2, 3}}, ports, wires);
  EXPECT_THAT(plan.seats[2][0].send_queue, ElementsAre(kNone, kNone));
  EXPECT_THAT(plan.seats[2][0].sender, ElementsAre(0u, 0u));
  EXPECT_THAT(plan.seats[1][0].send_queue, ElementsAre(kNone, 1));
  EXPECT_THAT(plan.seats[1][0].sender, ElementsAre(0u, 1u));
}

// Whatever the numbers are, each queue has one reader, each send queue one user, and each sender a queue.
TEST(Cores, EveryQueueHasExactlyOneReader) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    CoreWish wish;
    const unsigned workers = 1 + static_cast<unsigned>(random()) % 6;
    for (unsigned i = 0; i < workers; ++i) wish.workers.push_back(i);
    std::vector<PortSeat> ports;
    std::vector<WireEnds> wires;
    for (std::size_t i = 0; i < 1 + random() % 3; ++i) {
      const bool mirror = random() % 4 == 0;
      wires.push_back({ports.size(), mirror ? std::nullopt : std::optional(ports.size() + 1)});
      for (int end = 0; end < (mirror ? 1 : 2); ++end)
        ports.push_back(port(static_cast<std::uint16_t>(1 + random() % workers),
                             static_cast<std::uint16_t>(1 + random() % workers)));
    }
    const Plan plan = make_plan(wish, ports, wires);
    for (std::size_t wire = 0; wire < wires.size(); ++wire)
      for (const std::size_t side : {0u, 1u}) {
        const PortSeat& end = ports[side == 0 ? wires[wire].inside : wires[wire].outside.value_or(wires[wire].inside)];
        std::multiset<std::uint16_t> read, sent;
        for (unsigned worker = 0; worker < workers; ++worker) {
          const WireSeat& seat = plan.seats[worker][wire];
          if (seat.receive_queue[side] != kNone) read.insert(seat.receive_queue[side]);
          if (seat.send_queue[side] != kNone) sent.insert(seat.send_queue[side]);
          ASSERT_LT(seat.sender[side], workers);
          EXPECT_NE(plan.seats[seat.sender[side]][wire].send_queue[side], kNone);
          if (seat.send_queue[side] != kNone) {
            EXPECT_EQ(seat.sender[side], worker) << "nobody else sends for it";
          }
        }
        EXPECT_EQ(read.size(), end.receive_queues);
        EXPECT_EQ(std::set(read.begin(), read.end()).size(), end.receive_queues);
        EXPECT_EQ(std::set(sent.begin(), sent.end()).size(), end.send_queues);
      }
  }
}

TEST(Cores, MistakesAreSentences) {
  EXPECT_THAT(check_cores({{0}, {1, 3}}, kFour, {}), IsEmpty());
  EXPECT_THAT(check_cores({{0}, {}}, kFour, {}), ElementsAre(error("no core is given to a worker")));
  EXPECT_THAT(check_cores({{0}, {1, 1}}, kFour, {}), ElementsAre(error("core 1 is given to two workers")));
  EXPECT_THAT(check_cores({{0}, {9}}, kFour, {}),
              ElementsAre(error("there is no core 9 for us; there are 0, 1, 2, 3")));
  EXPECT_THAT(check_cores({{9}, {1}}, kFour, {}), ElementsAre(error("there is no core 9")));
  EXPECT_THAT(check_cores({{1}, {1}}, kFour, {}), ElementsAre(warning("core 1 is a worker's and control's")));
}

TEST(Cores, APortOnTheOtherSocketIsAWarning) {
  const std::vector near{port(1, 1, false, 0)};
  EXPECT_THAT(check_cores({{0}, {1}}, kFour, near), IsEmpty());
  EXPECT_THAT(check_cores({{0}, {2}}, kFour, near),
              ElementsAre(warning("core 2 is on socket 1 and port p on socket 0")));
}

TEST(Cores, AThreadRunsWhereItIsTold) {
  const std::vector<CpuCore> cores = cores_of_this_machine();
  ASSERT_FALSE(cores.empty());
  std::thread([&] {
    ASSERT_TRUE(run_on(cores.back().id));
    EXPECT_EQ(cores_of_this_machine().size(), 1u);
    EXPECT_FALSE(run_on(1'000'000));
  }).join();
}

}  // namespace
}  // namespace slowlane
