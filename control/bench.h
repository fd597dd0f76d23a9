#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace slowlane::bench {

// What `slowlane bench` measures (contract §6). One core, packets in memory, no NIC.

// Of several runs of the same thing.
struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};
Spread spread_of(std::vector<double> values);

// One line of the answer: a number and, beside it, what cannot be had for less, measured in the same rounds.
struct Figure {
  struct Floor {
    std::string name;
    Spread value;
  };
  std::string name;
  std::string unit;
  Spread value;
  std::vector<Floor> floors;
};

struct Settings {
  bool quick = false;  // fewer rounds, no sizes that take long
  int rounds = 7;
};

constexpr std::uint32_t kPackets = 16384;  // of the pool that a case is given

// Runs every part once a round, in turn, so that what disturbs the machine disturbs them alike. A round before the
// first warms up and does not count.
std::vector<Spread> in_turn(int rounds, const std::vector<std::function<double()>>& parts);

// Nanoseconds of this thread's processor time that a piece of work takes.
double nanoseconds(const std::function<void()>& work);

// "1 k", "100 k", "4 M".
std::string short_count(std::uint64_t count);

}  // namespace slowlane::bench
