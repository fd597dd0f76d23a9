#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "dataplane/snapshot.h"
#include "rules/load.h"
#include "tests/support/box.h"

namespace slowlane {

// A book from its file, ready for a Box. Throws with the first mistake.
inline std::shared_ptr<const Snapshot> snapshot_of_file(const std::string& path) {
  auto book = load_book(path);
  if (!book) throw std::runtime_error(book.diagnostics().front().print());
  const std::uint64_t seed = book->seed;
  auto rules = RuleSet::compile(std::move(*book), {});
  if (!rules) throw std::runtime_error(rules.diagnostics().front().print());
  return Snapshot::make(std::move(*rules), 1, seed);
}

// A box with that book and room for many flows; 10.0.0.0/8 is its inside.
inline Box box_of_file(const std::string& path) {
  Worker::Config config = small_config();
  config.flows = 4096;
  return Box(snapshot_of_file(path), config, {*parse_prefix("10.0.0.0/8")});
}

}  // namespace slowlane
