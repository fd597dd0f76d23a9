#pragma once

#include <future>
#include <memory>
#include <string>

#include "control/feed.h"

namespace slowlane {

// An answer to one request, one line without its end: now, or, where `later` is valid, from there; or, where there is a
// feed, as many lines as come.
struct Reply {
  std::string now;
  std::future<std::string> later;
  std::shared_ptr<Feed> feed{};
};

}  // namespace slowlane
