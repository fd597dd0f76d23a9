#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "control/box_figures.h"

namespace slowlane {

// Rates from totals that are looked at about once a second; keeps the last minute of each class of the running book, by
// name, so that a class goes on over a change of books. Its size is bounded by the book. Control's thread.
class Meters {
 public:
  static constexpr std::size_t kMinute = 60;  // looks
  struct Rates {
    double offered_bps = 0, sent_bps = 0, dropped_bps = 0;
  };
  struct Load {
    double share = 0;  // of its core's time: 0 to 1
    double received_pps = 0;
    Nanos longest_turn = 0;  // of the last minute
    Nanos longest_ever = 0;
  };

  void look(const BoxFigures& figures);

  // Over the last two looks; over the last minute, or as long as there was. Zeros for a class that is not known.
  Rates now(std::string_view name, Direction direction) const { return over(2, name, direction); }
  Rates minute(std::string_view name, Direction direction) const { return over(kMinute, name, direction); }
  // Of each of the last kMinute looks, the oldest first; none from before the class was known.
  std::vector<Rates> history(std::string_view name, Direction direction) const;
  // When those looks were, as far back as the longest history.
  std::vector<Nanos> times() const;

  // When the latest hit of a rule of these figures was first seen, by a look or by them; 0: never.
  Nanos last_hit(const BoxFigures& figures, RuleId rule) const;
  Load load(std::size_t worker) const { return worker < loads_.size() ? loads_[worker] : Load{}; }

 private:
  static constexpr std::size_t kRing = kMinute + 1;
  struct Totals {
    std::uint64_t offered = 0, sent = 0, dropped = 0;
  };
  struct Track {
    std::uint64_t since = 0;  // the first look that saw it
    std::uint64_t seen = 0;   // the last
    std::array<std::array<Totals, 2>, kRing> totals{};
  };
  struct Hit {
    std::uint64_t hits = 0;
    Nanos last = 0;
  };

  void look_at_classes(const BoxFigures& figures);
  void look_at_rules(const BoxFigures& figures);
  void look_at_workers(const BoxFigures& figures);
  Rates over(std::uint64_t looks, std::string_view name, Direction direction) const;
  Rates between(const Track& track, std::uint64_t from, std::uint64_t to, Direction direction) const;

  std::uint64_t look_ = 0;  // number of the last one, from 1
  std::array<Nanos, kRing> times_{};
  std::map<std::string, Track, std::less<>> tracks_;
  std::shared_ptr<const RuleSet> rules_;  // that hits_ are of
  std::vector<Hit> hits_;
  std::vector<WorkerFigures> workers_;  // of the look before
  std::vector<Load> loads_;
  std::vector<std::array<Nanos, kMinute>> longest_turns_;  // of each worker, by look
};

}  // namespace slowlane
