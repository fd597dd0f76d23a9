#include "control/web_guard.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include "rules/dictionary.h"
#include "rules/ip.h"
#include "rules/source.h"

namespace slowlane {
namespace {

constexpr std::size_t kLeastToken = 16;
constexpr std::string_view kBearer = "Bearer ";

HttpAnswer text(unsigned status, std::string body) {
  return {.status = status, .body = std::make_shared<const std::string>(std::move(body))};
}

// "box.example:9180" and "[::1]:9180" without the port and brackets, in lower case.
std::string host_name(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return std::string(host.substr(1, end == host.npos ? host.npos : end - 1));
  }
  return lower_case(host.substr(0, host.find(':')));
}

bool is_local_name(std::string_view name) { return name == "localhost" || name.ends_with(".localhost"); }

}  // namespace

std::optional<HttpAnswer> WebGuard::refuse_host(const HttpRequest& request) const {
  if (!request.host) return std::nullopt;  // HTTP/1.0; browsers always send one
  const std::string name = host_name(*request.host);
  if (is_local_name(name) || parse_address(name) || std::ranges::find(names_, name) != names_.end())
    return std::nullopt;
  return text(421,
              "This box does not go by that name. Call it by its address, or add the name to control.http_names.\n");
}

std::optional<HttpAnswer> WebGuard::refuse(const HttpRequest& request) const {
  if (auto refusal = refuse_host(request)) return refusal;
  if (token_.empty()) return std::nullopt;
  if (request.authorization.starts_with(kBearer) && is_token(request.authorization.substr(kBearer.size())))
    return std::nullopt;
  if (is_token(request.token_cookie)) return std::nullopt;
  if (const auto shown = request.argument("token"); shown && is_token(*shown)) {
    // The token does not stay in the address bar, nor in the history.
    HttpAnswer answer = text(303, "");
    answer.headers = {{"Location", "/"},
                      {"Set-Cookie", std::string(kTokenCookie) + "=" + token_ + "; HttpOnly; SameSite=Strict; Path=/"},
                      {"Cache-Control", "no-store"}};
    return answer;
  }
  HttpAnswer answer = text(401, "This box asks for its token: Authorization: Bearer TOKEN, or once ?token=TOKEN.\n");
  answer.headers = {{"WWW-Authenticate", "Bearer"}};
  return answer;
}

// In a time that does not tell how much of it was right.
bool WebGuard::is_token(const std::string& shown) const {
  unsigned different = shown.size() == token_.size() ? 0 : 1;
  for (std::size_t i = 0; i < token_.size(); ++i)
    different |= static_cast<unsigned char>(token_[i]) ^ static_cast<unsigned char>(i < shown.size() ? shown[i] : '\0');
  return different == 0;
}

Result<std::string> read_token(const std::string& path) {
  struct stat about {};
  if (stat(path.c_str(), &about) == 0 && (about.st_mode & S_IRWXO) != 0)
    return Diagnostic{path, 0, "everybody may read this token; make it its owner's: chmod 640"};
  const auto text = read_file(path);
  if (!text) return text.diagnostics();
  std::string token = *text;
  while (!token.empty() && std::isspace(static_cast<unsigned char>(token.back())) != 0) token.pop_back();
  const bool plain = std::ranges::all_of(token, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("-._~+/=").find(c) != std::string_view::npos;
  });
  if (token.size() < kLeastToken || !plain)
    return Diagnostic{path, 1,
                      "takes one line of at least 16 letters, digits or -._~+/=, as `openssl rand -hex 32` prints it"};
  return token;
}

}  // namespace slowlane
