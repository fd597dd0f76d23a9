#include "control/bench.h"

#include <algorithm>
#include <ctime>

namespace slowlane::bench {

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {median, values.front(), values.back()};
}

std::vector<Spread> in_turn(int rounds, const std::vector<std::function<double()>>& parts) {
  std::vector<std::vector<double>> values(parts.size());
  for (int round = -1; round < rounds; ++round)
    for (std::size_t part = 0; part < parts.size(); ++part) {
      const double value = parts[part]();
      if (round >= 0) values[part].push_back(value);
    }
  std::vector<Spread> out;
  out.reserve(values.size());
  for (std::vector<double>& part : values) out.push_back(spread_of(std::move(part)));
  return out;
}

// Processor time of this thread, not the clock on the wall: what else the machine does takes turns with us.
double nanoseconds(const std::function<void()>& work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
  };
  const double begin = now();
  work();
  return now() - begin;
}

std::string short_count(std::uint64_t count) {
  if (count >= 1'000'000 && count % 1'000'000 == 0) return std::to_string(count / 1'000'000) + " M";
  if (count >= 1000 && count % 1000 == 0) return std::to_string(count / 1000) + " k";
  return std::to_string(count);
}

}  // namespace slowlane::bench
