#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "dataplane/shaper.h"
#include "tests/dataplane/shaper_bench.h"

// The shaper beside a list that is searched from end to end, and its promises over random traffic.

namespace slowlane {
namespace {

using Admission = Shaper::Admission;
struct Waiting {
  std::uint64_t number;
  std::size_t flow;
  std::uint32_t bytes;
  Nanos delay;
  bool counted;
  Nanos due;  // kNever: in a queue, not at its head
};

struct NaiveFlow {
  std::vector<std::uint64_t> shaped;  // numbers
  std::vector<std::uint64_t> delayed;
  std::size_t queue = 0;
  Nanos last_due = 0;
};

class NaiveShaper {
 public:
  NaiveShaper(std::vector<QueuePlan> plans, std::size_t flows) : plans_(std::move(plans)), flows_(flows) {
    queues_.resize(plans_.size());
    buckets_.resize(plans_.size());
  }

  Admission admit(std::uint64_t number, std::uint32_t bytes, std::size_t flow_number, std::optional<std::size_t> wanted,
                  const Shaper::Wish& wish, const Shaper::Limits& limits, Nanos now) {
    NaiveFlow& flow = flows_[flow_number];
    const std::optional<std::size_t> queue = flow.shaped.empty() ? wanted : flow.queue;
    if (queue && bytes > plans_[*queue].rate.burst()) return Admission::over_burst;
    const bool waits =
        queue && (!queues_[*queue].empty() || *buckets_[*queue].ready_at(plans_[*queue].rate, bytes, now) > now);
    if (waits && queues_[*queue].size() >= plans_[*queue].max_packets) return Admission::queue_full;
    if (waits && bytes_in(*queue) + bytes > plans_[*queue].max_bytes) return Admission::queue_full;
    const bool stays = waits || wish.delay > 0 || !flow.delayed.empty();
    if (stays && wish.delay >= 0 && (count_ >= wish.delay_max_packets || count_bytes_ + bytes > wish.delay_max_bytes))
      return Admission::queue_full;
    if (stays && (all_.size() >= limits.held_packets || held_bytes() + bytes > limits.held_bytes))
      return Admission::held_full;
    if (queue && !waits) buckets_[*queue].spend(plans_[*queue].rate, bytes, now);
    if (!stays) return Admission::pass;
    all_[number] = {number, flow_number, bytes, wish.delay, wish.delay >= 0, kNever};
    if (wish.delay >= 0) ++count_, count_bytes_ += bytes;
    if (waits) {
      flow.queue = *queue;
      flow.shaped.push_back(number);
      queues_[*queue].push_back(number);
      if (queues_[*queue].size() == 1) head(*queue, now);
    } else {
      delay(number, now);
    }
    return Admission::held;
  }

  Nanos next_due() const {
    Nanos due = kNever;
    for (const auto& [number, waiting] : all_) due = std::min(due, waiting.due);
    return due;
  }

  Departures release(Nanos until) {
    Departures out;
    for (Nanos now = next_due(); now <= until; now = next_due()) {
      auto first = all_.begin();
      while (first->second.due != now) ++first;  // in order of numbers, which is that of admission
      const Waiting waiting = first->second;
      NaiveFlow& flow = flows_[waiting.flow];
      const bool was_shaped = !flow.shaped.empty() && flow.shaped.front() == waiting.number;
      if (was_shaped) {
        leave_queue(flow, now);
        if (waiting.delay > 0 || !flow.delayed.empty()) {
          delay(waiting.number, now);
          continue;
        }
      } else {
        flow.delayed.erase(flow.delayed.begin());
      }
      if (waiting.counted) --count_, count_bytes_ -= waiting.bytes;
      all_.erase(waiting.number);
      out.push_back({waiting.number, now});
    }
    return out;
  }

  std::size_t held() const { return all_.size(); }
  std::uint64_t held_bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [number, waiting] : all_) sum += waiting.bytes;
    return sum;
  }

 private:
  std::uint64_t bytes_in(std::size_t queue) const {
    std::uint64_t sum = 0;
    for (const std::uint64_t number : queues_[queue]) sum += all_.at(number).bytes;
    return sum;
  }
  void head(std::size_t queue, Nanos now) {
    if (queues_[queue].empty()) return;
    Waiting& waiting = all_.at(queues_[queue].front());
    waiting.due = *buckets_[queue].ready_at(plans_[queue].rate, waiting.bytes, now);
  }
  void leave_queue(NaiveFlow& flow, Nanos now) {
    const std::size_t queue = flow.queue;
    buckets_[queue].spend(plans_[queue].rate, all_.at(queues_[queue].front()).bytes, now);
    queues_[queue].pop_front();
    flow.shaped.erase(flow.shaped.begin());
    head(queue, now);
  }
  void delay(std::uint64_t number, Nanos now) {
    Waiting& waiting = all_.at(number);
    NaiveFlow& flow = flows_[waiting.flow];
    waiting.due = now + std::max<Nanos>(0, waiting.delay);
    if (!flow.delayed.empty()) waiting.due = std::max(waiting.due, flow.last_due);
    flow.last_due = waiting.due;
    flow.delayed.push_back(number);
  }

  std::vector<QueuePlan> plans_;
  std::vector<Bucket> buckets_;
  std::vector<std::deque<std::uint64_t>> queues_;
  std::vector<NaiveFlow> flows_;
  std::map<std::uint64_t, Waiting> all_;
  std::uint32_t count_ = 0;
  std::uint64_t count_bytes_ = 0;
};

// Random packets under verdicts that change at random, in both at once.
class Comparison {
 public:
  static constexpr std::size_t kFlows = 12;

  Comparison(std::uint64_t seed, const Shaper::Limits& limits_)
      : limits(limits_), random(seed), bench(limits_), naive(plans(), kFlows), states(kFlows), wishes(kFlows) {
    for (const QueuePlan& plan : plans()) queues.push_back(bench.shaper.open_queue(plan));
  }

  void packet() {
    now += random() % 3 == 0 ? 0 : static_cast<Nanos>(random() % (400 * kMicrosecond));
    const std::size_t flow = random() % kFlows;
    if (random() % 20 == 0) change_verdict(flow);
    Shaper::Wish wish = wishes[flow].first;
    if (wish.delay > 0) wish.delay = static_cast<Nanos>(random() % static_cast<std::uint64_t>(2 * wish.delay));
    const auto bytes = static_cast<std::uint32_t>(random() % 8 == 0 ? 1600 : 40 + random() % 1461);
    const Admission expected = naive.admit(++number, bytes, flow, wishes[flow].second, wish, limits, now);
    ASSERT_EQ(bench.admit(number, bytes, states[flow], wish, now, &load), expected) << "packet " << number;
    ++seen[static_cast<std::size_t>(expected)];
    flow_of[number] = flow;
    if (expected == Admission::pass) leaves({number, now});
  }

  void release() {
    const Departures expected = naive.release(now);
    ASSERT_EQ(bench.release(now, static_cast<std::uint16_t>(1 + random() % Burst::kCapacity)), expected);
    for (const Departure& departure : expected) leaves(departure);
    ASSERT_EQ(bench.shaper.next_due(), naive.next_due());
    ASSERT_EQ(bench.shaper.held_packets(), naive.held());
    ASSERT_EQ(bench.shaper.held_bytes(), naive.held_bytes());
    ASSERT_LE(bench.shaper.held_bytes(), limits.held_bytes);
  }

  void finish() {
    now += 1000 * kSecond;
    release();
    EXPECT_EQ(bench.shaper.held_packets(), 0u);
    EXPECT_EQ(bench.shaper.held_bytes(), 0u);
    EXPECT_EQ(load.packets, 0u);
    EXPECT_EQ(load.bytes, 0u);
    for (const HeldState& state : states) EXPECT_EQ(state.shaped + state.delayed, 0u);
    EXPECT_EQ(left, seen[static_cast<std::size_t>(Admission::pass)] + seen[static_cast<std::size_t>(Admission::held)]);
  }

  std::array<std::uint64_t, 5> seen{};

 private:
  static std::vector<QueuePlan> plans() {
    return {{RatePlan(2'000'000, 3000), 20'000, 100},
            {RatePlan(8'000'000, 1500), 1 << 20, 12},
            {RatePlan(999'983, 4000), 50'000, 1000}};
  }
  void change_verdict(std::size_t flow) {
    auto& [wish, queue] = wishes[flow];
    wish =
        random() % 2 == 0 ? delay_wish(static_cast<Nanos>(random() % (30 * kMillisecond)), 40'000, 60) : Shaper::Wish{};
    queue = random() % 3 == 0 ? std::nullopt : std::optional<std::size_t>(random() % queues.size());
    if (queue) wish.queue = queues[*queue];
  }
  void leaves(const Departure& departure) {
    ++left;
    std::uint64_t& last = last_of[flow_of.at(departure.number)];
    ASSERT_GT(departure.number, last) << "reordered";
    last = departure.number;
    ASSERT_LE(departure.time, now);
  }

  Shaper::Limits limits;
  std::mt19937_64 random;
  ShaperBench bench;
  NaiveShaper naive;
  std::vector<HeldState> states;
  std::vector<std::pair<Shaper::Wish, std::optional<std::size_t>>> wishes;
  std::vector<std::uint32_t> queues;
  Shaper::DelayLoad load;
  Nanos now = Nanos{1} << 40;
  std::uint64_t number = 0;
  std::uint64_t left = 0;
  std::map<std::uint64_t, std::size_t> flow_of;
  std::map<std::size_t, std::uint64_t> last_of;
};

TEST(Shaper, AgreesWithAListUnderChangingVerdicts) {
  std::array<std::uint64_t, 5> seen{};
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    Comparison both(seed, seed % 2 == 0 ? Shaper::Limits{1 << 20, 4096, 4} : Shaper::Limits{60'000, 90, 4});
    for (int step = 0; step < 1500; ++step) {
      both.packet();
      if (step % 3 == 0) both.release();
      if (HasFatalFailure()) FAIL() << "seed " << seed << " step " << step;
    }
    both.finish();
    for (std::size_t i = 0; i < seen.size(); ++i) seen[i] += both.seen[i];
  }
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_GT(seen[i], 100u) << "answer " << i << " was hardly met";
}

// Over any interval a queue sends at most rate * interval + burst, and a backlogged one at least 99.9 % of the rate.
TEST(Shaper, KeepsItsRateOverEveryInterval) {
  std::mt19937_64 random(5);
  for (const std::uint64_t rate : {64'000ull, 2'000'000ull, 999'999'937ull, 10'000'000'000ull}) {
    const std::uint64_t burst = std::max<std::uint64_t>(3000, rate / 4000);
    ShaperBench bench({1ull << 30, 4096, 4});
    const std::uint32_t queue = bench.shaper.open_queue({RatePlan(rate, burst), 1ull << 30, 4096});
    std::array<HeldState, 3> flows;
    std::map<std::uint64_t, std::uint32_t> bytes;
    Departures sent;
    for (std::uint64_t number = 0; number < 2000; ++number) {
      bytes[number] = static_cast<std::uint32_t>(40 + random() % 1461);
      if (bench.admit(number, bytes[number], flows[random() % 3], queue_wish(queue), 0) == Admission::pass)
        sent.push_back({number, 0});
    }
    for (const Departure& departure : bench.release(kNever - 1)) sent.push_back(departure);
    ASSERT_EQ(sent.size(), 2000u);
    for (std::size_t from = 0; from < sent.size(); from += 7) {
      __int128 sum = 0;
      for (std::size_t to = from; to < sent.size(); ++to) {
        sum += bytes[sent[to].number];
        const __int128 interval = sent[to].time - sent[from].time;
        ASSERT_LE(sum * 8'000'000'000, __int128{rate} * interval + __int128{burst} * 8'000'000'000);
      }
    }
    __int128 all = 0;
    for (const auto& [number, size] : bytes) all += size;
    EXPECT_GE(all * 8'000'000'000 * 1000, __int128{rate} * sent.back().time * 999) << rate;
  }
}

}  // namespace
}  // namespace slowlane
