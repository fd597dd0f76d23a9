#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slowlane {

// A request and its answer, as the routes (control/web.h) see them, whatever library speaks HTTP.

struct HttpRequest {
  std::string path;                                                 // decoded, without the question
  std::vector<std::pair<std::string, std::string>> arguments = {};  // ?name=value, decoded
  std::optional<std::string> host = {};                             // the Host header
  std::string authorization = {};                                   // headers; empty: none
  std::string token_cookie = {};

  // The first of that name; nothing where there is none.
  std::optional<std::string> argument(std::string_view name) const {
    for (const auto& [key, value] : arguments)
      if (key == name) return value;
    return std::nullopt;
  }
};

struct HttpAnswer {
  unsigned status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::shared_ptr<const std::string> body;
  std::vector<std::pair<std::string, std::string>> headers = {};
};

// Called on a server's own thread, one request at a time.
using HttpHandler = std::function<HttpAnswer(const HttpRequest&)>;

inline constexpr const char* kTokenCookie = "slowlane_token";

}  // namespace slowlane
