#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "control/book_text.h"
#include "control/box_figures.h"
#include "control/meters.h"

namespace slowlane {

// What control shows of the box to those who must not touch it: made once a second, immutable.
struct Published {
  BoxFigures figures;
  Meters meters;
  std::shared_ptr<const BookText> book;
};

// Where control puts the latest, and servers' threads take it.
class Board {
 public:
  void put(std::shared_ptr<const Published> latest) {
    const std::lock_guard lock(mutex_);
    latest_.swap(latest);
  }
  // Null before the first second of a run.
  std::shared_ptr<const Published> get() const {
    const std::lock_guard lock(mutex_);
    return latest_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Published> latest_;
};

}  // namespace slowlane
