#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/http.h"
#include "rules/result.h"

namespace slowlane {

// Who may look at a box over HTTP.
class WebGuard {
 public:
  // `token` empty: nobody has to show one. `names`: what browsers may call the box besides addresses and localhost.
  WebGuard(std::string token, std::vector<std::string> names) : token_(std::move(token)), names_(std::move(names)) {}

  // Nothing where the request may go on, else the answer. Another site that has its own name point at this address
  // (DNS rebinding) is told by its Host. A token comes as Bearer, as cookie, or once as ?token=, which sets the cookie.
  std::optional<HttpAnswer> refuse(const HttpRequest& request) const;
  // The Host alone: for what everybody may read.
  std::optional<HttpAnswer> refuse_host(const HttpRequest& request) const;

 private:
  bool is_token(const std::string& shown) const;

  std::string token_;
  std::vector<std::string> names_;
};

// The only line of a file that its owner, and perhaps his group, may read: at least 16 characters without blanks.
Result<std::string> read_token(const std::string& path);

}  // namespace slowlane
