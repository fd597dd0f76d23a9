#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "control/http.h"
#include "control/name_question.h"
#include "control/published.h"
#include "control/web_guard.h"

namespace slowlane {

// What a box answers over HTTP, path by path. Belongs to one server's thread; reads the board and nothing else of the
// box. What can be answered once for all is made once for each publication, whoever asks; no publication, and so no
// book, is kept between two requests.
class WebRoutes {
 public:
  // notice: that page alone. Everybody may read it; the rest is for whom the guard lets pass.
  enum class Serves : std::uint8_t { all, all_but_notice, notice };
  WebRoutes(const Board& board, WebGuard guard, Serves serves)
      : board_(board), guard_(std::move(guard)), serves_(serves) {}

  HttpAnswer answer(const HttpRequest& request);

 private:
  using Make = std::string (*)(const Published&);
  std::shared_ptr<const std::string> made(const std::shared_ptr<const Published>& published, const std::string& path,
                                          Make make);
  HttpAnswer notice(const HttpRequest& request);
  HttpAnswer watch(const HttpRequest& request);

  const Board& board_;
  WebGuard guard_;
  Serves serves_;
  NameDesk desk_;
  std::weak_ptr<const Published> made_of_;
  std::unordered_map<std::string, std::shared_ptr<const std::string>> made_;
};

}  // namespace slowlane
