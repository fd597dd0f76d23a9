#pragma once

#include <memory>

#include "control/book_jobs.h"
#include "control/config.h"
#include "control/http_server.h"
#include "control/published.h"
#include "control/web_routes.h"
#include "rules/result.h"

namespace slowlane {

// The box over HTTP: the page, the metrics and the notice at control.http, the notice alone at control.notice. Whatever
// clients do, control only puts a publication on the board once a second.
class Web {
 public:
  // Nothing is served where the config names no address. Diagnostics: an address or the token cannot be had.
  static Result<std::unique_ptr<Web>> open(const ControlConfig& config);

  // Begins to answer; to be called when this thread has no privileges any more that it does not need.
  void start();
  // Control's thread, about once a second.
  void publish(const BoxFigures& figures, const Meters& meters, const BookReport& books);

 private:
  Web() = default;

  Board board_;
  std::shared_ptr<const RuleSet> rules_;  // that book_ is of
  std::shared_ptr<const Bundle> texts_;   // and its texts
  std::shared_ptr<const BookText> book_;
  std::unique_ptr<WebRoutes> all_, notice_;
  std::unique_ptr<HttpServer> http_server_, notice_server_;  // end first
};

// What is wrong with how the box tells what it does; empty: nothing. Benches have no public.
std::string notice_trouble(const Config& config);

}  // namespace slowlane
