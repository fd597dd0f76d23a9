#include "control/live_book.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <memory>
#include <thread>

#include "dataplane/clock.h"
#include "tests/support/box.h"
#include "tests/support/loose_packet.h"

namespace slowlane {
namespace {

// One side of a wire with no end of packets, of some hundred flows; what leaves is freed.
class BusyPort final : public Port {
 public:
  explicit BusyPort(int flows) {
    for (int i = 0; i < flows; ++i)
      frames_.push_back(Frame()
                            .ethernet()
                            .ip("192.0.2." + std::to_string(1 + i % 16), "198.51.100." + std::to_string(1 + i % 7))
                            .udp(static_cast<std::uint16_t>(5000 + i), static_cast<std::uint16_t>(50 + i % 3))
                            .payload(Bytes(100 + static_cast<std::size_t>(i), 0x55))
                            .build());
  }
  void receive(std::uint16_t, Burst& burst) noexcept override {
    for (int i = 0; i < 8 && !frames_.empty(); ++i) burst.add(make_loose(frames_[next_++ % frames_.size()]).release());
  }
  void send(std::uint16_t, Burst& burst) noexcept override {
    for (Packet* packet : burst) free_packet(packet);
    burst.clear();
  }

 private:
  std::vector<Bytes> frames_;
  std::size_t next_ = 0;
};

std::string book(int number) {
  const std::string rate = std::to_string(1 + number % 7) + "mbit";
  const char* const scope = number % 5 == 0 ? "flow" : number % 3 == 0 ? "host" : "class";
  return "book = \"b\"; classes = ( { name = \"slow\"; police = { rate = \"" + rate + "\"; scope = \"" + scope +
         "\"; }; }, { name = \"smooth\"; shape = { rate = \"" + rate + "\"; queue = \"16KiB\"; scope = \"" + scope +
         "\"; }; }, { name = \"c" + std::to_string(number % 11) +
         "\"; delay = { time = \"1ms\"; }; } ); rules = ( { name = \"a\"; when = { server_port = 50; }; then = \"" +
         (number % 2 == 0 ? "slow" : "smooth") + "\"; }, { name = \"r" + std::to_string(number) +
         "\"; when = { server_port = 51; }; then = \"" + (number % 4 == 0 ? "pass" : "c") +
         (number % 4 == 0 ? std::string() : std::to_string(number % 11)) +
         "\"; }, { name = \"o\"; when = { server_port = 52; }; then = \"slow\"; mode = \"observe\"; } );";
}

// Two workers in threads of their own, as a box has them, under all the packets that they can take.
class Running {
 public:
  Running() {
    for (std::uint32_t i = 0; i < 2; ++i) {
      Worker::Config config = small_config();
      config.index = i;
      config.arrivals = Worker::Config::Arrivals::of_turn;
      config.rules = static_cast<std::uint32_t>(book_.slots().rules());
      Wire wire;
      wire.inside = &inside_[i];
      wire.outside = &outside_[i];
      workers_.push_back(
          std::make_unique<Worker>(config, std::vector<Wire>{wire}, book_.snapshot(), commons_, nullptr));
    }
    book_.attach(commons_, {workers_[0].get(), workers_[1].get()});
    for (auto& worker : workers_)
      threads_.emplace_back([this, &worker] {
        const Clock clock;
        while (!stop_) worker->turn(clock.now());
      });
  }
  ~Running() { stop(); }
  void stop() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  // Ends all, and says how many packets neither left nor were dropped by what a book says, or because the machine had
  // no time for one of the threads.
  std::uint64_t lost() {
    stop();
    for (int round = 0; round < 2; ++round)
      for (auto& worker : workers_) worker->drain();
    std::uint64_t received = 0;
    std::uint64_t gone = 0;
    for (auto& worker : workers_) {
      worker->finish();
      const Counters& counters = worker->counters();
      received += counters[Counter::received_packets].read();
      gone += counters[Counter::sent_packets].read();
      for (const DropReason reason : {DropReason::police, DropReason::over_burst, DropReason::queue_full,
                                      DropReason::held_full, DropReason::spread_full})
        gone += counters.dropped_packets[static_cast<std::size_t>(reason)].read();
    }
    EXPECT_GT(received, 0u);
    return received - gone;
  }
  LiveBook& book() { return book_; }
  // A machine with other work may let a thread wait for longer than put() does.
  bool taken_up() {
    for (int i = 0; i < 10'000 && !book_.taken_up(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return book_.taken_up();
  }

 private:
  LiveBook book_{rules_of(slowlane::book(0)), 2, {24, 16}};
  Commons commons_{book_.snapshot(), 2, Spread::By::inside, book_.slots().classes()};
  BusyPort inside_[2] = {BusyPort(200), BusyPort(200)};
  BusyPort outside_[2] = {BusyPort(0), BusyPort(0)};
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stop_{false};
};

std::size_t resident_pages() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  file >> all >> resident;
  return resident;
}

// Sanitizers keep what was freed for a while.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

TEST(LiveBook, AThousandBooksUnderFullLoadLoseNothingAndGrowNothing) {
  const std::size_t loose = loose_packets();
  Running running;
  std::size_t pages = 0;
  int refused = 0;
  for (int i = 1; i <= 1000; ++i) {
    if (i == 200) pages = resident_pages();
    if (i % 10 == 0) {
      const Diagnostics wrong = running.book().put(rules_of("book = \"k\"; flows = { key = \"vlan\"; };"));
      ASSERT_EQ(wrong.size(), 1u);
      ++refused;
      continue;
    }
    ASSERT_TRUE(running.taken_up());
    const Diagnostics wrong = running.book().put(rules_of(book(i)));
    ASSERT_TRUE(wrong.empty()) << i << ": " << wrong[0].text;
    running.book().step();
  }
  EXPECT_EQ(running.book().generation(), 901u);
  if (!kSanitized) {
    EXPECT_LT(resident_pages(), pages + (8u << 20) / static_cast<std::size_t>(sysconf(_SC_PAGESIZE)));
  }
  EXPECT_EQ(running.lost(), 0u);
  for (const ClassTotal& total : running.book().class_totals()) {
    EXPECT_EQ(total.flows_now, 0u) << total.name;
    EXPECT_EQ(total.held_packets, 0u) << total.name;
  }
  EXPECT_EQ(loose_packets(), loose);
}

// A book that names many hosts, others each time.
std::string large_book(int number) {
  std::string names;
  for (int i = 0; i < 20'000; ++i)
    names += (i == 0 ? "\"" : ", \"") + ("n" + std::to_string(i)) + ".b" + std::to_string(number) + ".example\"";
  return "book = \"b\"; classes = ( { name = \"slow\"; drop = {}; } ); rules = ( { name = \"many\"; when = { host = "
         "[ " +
         names + " ]; }; then = \"slow\"; } );";
}

// By what is in use: resident memory also has what the allocator keeps. Packets under way make it go up and down, so
// the least of some rounds counts.
TEST(LiveBook, LargeBooksAreGivenBack) {
  if (kSanitized) GTEST_SKIP() << "sanitizers have an allocator of their own";
  Running running;
  const auto least_of = [&running](int rounds) {
    std::size_t least = SIZE_MAX;
    for (int i = 0; i < rounds; ++i) {
      for (const std::string& text : {large_book(i), book(i % 2)}) {
        EXPECT_TRUE(running.taken_up());
        EXPECT_TRUE(running.book().put(rules_of(text)).empty());
      }
      EXPECT_TRUE(running.taken_up());
      running.book().step();
      const auto now = mallinfo2();
      least = std::min(least, now.uordblks + now.hblkhd);
    }
    return least;
  };
  const std::size_t early = least_of(6);
  EXPECT_LT(least_of(6), early + (1u << 20));
}

TEST(LiveBook, TotalsOfWhatStaysGoOn) {
  Running running;
  const auto total = [&](const char* name) {
    for (const ClassTotal& one : running.book().class_totals())
      if (one.name == name) return one.offered_packets[0];
    return std::uint64_t{0};
  };
  while (total("slow") < 1000) std::this_thread::yield();
  const std::uint64_t before = total("slow");
  ASSERT_TRUE(running.book().put(rules_of(book(6))).empty());  // another rate and another scope
  EXPECT_GE(total("slow"), before);
  EXPECT_EQ(running.book().rule_totals()[0].rule->name, "a");
  EXPECT_GT(running.book().rule_totals()[0].hits, 0u);
  EXPECT_GT(running.book().rule_totals()[0].last_hit, 0);
  EXPECT_EQ(running.lost(), 0u);
}

// A push, its rollback, and the same push again: what the rule did before is no news.
TEST(LiveBook, TotalsOfARuleThatComesBackBeginAnew) {
  LiveBook book(rules_of("book = \"without\";"), 1);
  Commons commons(book.snapshot(), 1, Spread::By::pair, book.slots().classes());
  BusyPort inside(100);
  BusyPort outside(0);
  Worker::Config config = small_config();
  config.arrivals = Worker::Config::Arrivals::of_turn;
  config.rules = static_cast<std::uint32_t>(book.slots().rules());
  Worker worker(config, {Wire{&inside, &outside, {}}}, book.snapshot(), commons, nullptr);
  book.attach(commons, {&worker});
  Nanos now = kSecond;
  const auto put = [&](const std::string& text) {
    EXPECT_TRUE(book.put(rules_of(text)).empty());
    worker.turn(now += kMillisecond);
  };
  const auto with = [](const char* mode) {
    return std::string("book = \"with\"; rules = ( { name = \"a\"; when = { server_port = 50; }; then = \"pass\"; ") +
           "mode = \"" + mode + "\"; } );";
  };
  put(with("enforce"));
  for (int i = 0; i < 100; ++i) worker.turn(now += kMillisecond);
  EXPECT_GT(book.rule_totals()[0].hits, 0u);
  EXPECT_GT(book.rule_totals()[0].last_hit, 0);
  for (const char* mode : {"off", "enforce", "enforce"}) {
    put("book = \"without\";");
    EXPECT_TRUE(book.put(rules_of(with(mode))).empty());
    const RuleTotal total = book.rule_totals()[0];
    EXPECT_EQ(total.hits, 0u);
    EXPECT_EQ(total.bytes, 0u);
    EXPECT_EQ(total.last_hit, 0);
    worker.turn(now += kMillisecond);
  }
  worker.drain();
  worker.finish();
}

TEST(LiveBook, AWorkerThatDoesNotTurnRefusesTheBookAfterTheNext) {
  LiveBook book(rules_of(slowlane::book(0)), 1);
  Commons commons(book.snapshot(), 1, Spread::By::pair, book.slots().classes());
  BusyPort port(0);
  Worker::Config config = small_config();
  config.rules = static_cast<std::uint32_t>(book.slots().rules());
  Worker worker(config, {Wire{&port, &port, {}}}, book.snapshot(), commons, nullptr);
  book.attach(commons, {&worker});
  EXPECT_TRUE(book.put(rules_of(slowlane::book(1))).empty());
  EXPECT_FALSE(book.taken_up());
  const Diagnostics refused = book.put(rules_of(slowlane::book(2)));
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(book.generation(), 2u);
  worker.turn(kSecond);
  EXPECT_TRUE(book.taken_up());
  EXPECT_TRUE(book.put(rules_of(slowlane::book(2))).empty());
}

TEST(LiveBook, AHostScopedClassNeedsABoxThatBeganWithOne) {
  const std::string hosts =
      "book = \"h\"; classes = ( { name = \"h\"; police = { rate = \"1mbit\"; scope = \"host\"; }; } );";
  for (const Spread::By by : {Spread::By::pair, Spread::By::inside}) {
    LiveBook book(rules_of("book = \"n\";"), 2);
    Commons commons(book.snapshot(), 2, by, book.slots().classes());
    book.attach(commons, {});
    const Diagnostics refused = book.put(rules_of(hosts));
    EXPECT_EQ(refused.empty(), by == Spread::By::inside);
    EXPECT_EQ(book.generation(), refused.empty() ? 2u : 1u);
  }
}

}  // namespace
}  // namespace slowlane
