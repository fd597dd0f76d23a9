// What a browser may ask a box over HTTP, as the library hands it over: lines of path, host, authorization, cookie, and
// a name and value each of what is asked. Nobody reads anything but the notice without the token, no page takes markup
// from whoever asks, and no header takes a line's end.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "control/web_routes.h"
#include "tests/support/figures.h"

using namespace slowlane;

namespace {

constexpr const char* kToken = "0123456789abcdef";

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

const Board& board() {
  static Board made;
  if (made.get()) return made;
  Published published;
  published.figures = figures_of(kTwoRules, kSecond);
  published.meters.look(published.figures);
  auto book = std::make_shared<BookText>();
  book->digest = "d1ge57";
  book->files = {{"b.cfg", std::string(kTwoRules)}};
  published.book = std::move(book);
  made.put(std::make_shared<const Published>(std::move(published)));
  return made;
}

std::string take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string line(rest.substr(0, end));
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  return line;
}

HttpRequest request_of(std::string_view rest) {
  HttpRequest request;
  request.path = take_line(rest);
  if (std::string host = take_line(rest); !host.empty()) request.host = std::move(host);
  request.authorization = take_line(rest);
  request.token_cookie = take_line(rest);
  while (!rest.empty()) {
    std::string name = take_line(rest);
    request.arguments.emplace_back(std::move(name), take_line(rest));
  }
  return request;
}

bool shows_token(const HttpRequest& request) {
  return request.authorization == std::string("Bearer ") + kToken || request.token_cookie == kToken ||
         request.argument("token") == kToken;
}

void check(const HttpRequest& request, const HttpAnswer& answer, bool guarded) {
  const bool open = request.path == "/notice" || request.path == "/notice.css";
  require(!guarded || open || answer.status != 200 || shows_token(request),
          "who shows no token reads the notice alone");
  for (const auto& [name, value] : answer.headers)
    require((name + value).find_first_of("\r\n") == std::string::npos, "a header is one line");
  if (request.path != "/notice" || !answer.body) return;
  const std::string& page = *answer.body;
  for (const char* markup : {"<script", "<img", "<svg", "<iframe"})
    require(page.find(markup) == std::string::npos, "a page takes no markup from who asks");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const HttpRequest request = request_of({reinterpret_cast<const char*>(data), size});
  for (const bool guarded : {true, false}) {
    static WebRoutes closed(board(), WebGuard(kToken, {"box.example"}), WebRoutes::Serves::all);
    static WebRoutes open(board(), WebGuard("", {}), WebRoutes::Serves::all);
    check(request, (guarded ? closed : open).answer(request), guarded);
  }
  static WebRoutes notice(board(), WebGuard("", {}), WebRoutes::Serves::notice);
  check(request, notice.answer(request), false);
  return 0;
}
