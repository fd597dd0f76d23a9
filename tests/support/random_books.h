#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

#include "rules/book.h"
#include "rules/dictionary.h"
#include "tests/support/slow_judge.h"

namespace slowlane {

// Small books and flows from small alphabets, so that rules often match, overlap and wait for each other.
class RandomBooks {
 public:
  explicit RandomBooks(std::uint64_t seed) : random_(seed) {}

  Book book();
  // A flow of which everything is known.
  SlowFlow whole_flow();
  // The same flow with some of it not yet known.
  SlowFlow part_of(const SlowFlow& whole);
  // A step from `part` towards `whole`: one fact or name more. False: they are equal.
  bool grow(SlowFlow& part, const SlowFlow& whole);
  static Dictionary dictionary();

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  Condition condition(unsigned depth);
  Term term(std::size_t kind);
  HostPattern pattern();
  std::string name();

  std::mt19937_64 random_;
};

}  // namespace slowlane
