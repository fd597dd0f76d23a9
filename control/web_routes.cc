#include "control/web_routes.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "control/html.h"
#include "control/metrics.h"
#include "control/notice.h"
#include "control/page_api.h"
#include "control/page_assets.h"

namespace slowlane {
namespace {

constexpr const char* kHtml = "text/html; charset=utf-8";
constexpr const char* kCss = "text/css; charset=utf-8";
constexpr const char* kJson = "application/json";

HttpAnswer answer_of(unsigned status, std::string_view type, std::shared_ptr<const std::string> body,
                     const char* cache = "no-store") {
  return {status, std::string(type), std::move(body), {{"Cache-Control", cache}}};
}

HttpAnswer answer_of(unsigned status, std::string_view type, std::string body, const char* cache = "no-store") {
  return answer_of(status, type, std::make_shared<const std::string>(std::move(body)), cache);
}

HttpAnswer not_found() { return answer_of(404, "text/plain; charset=utf-8", std::string("There is no such page.\n")); }

template <nlohmann::ordered_json (*View)(const Published&)>
std::string json_text(const Published& published) {
  return View(published).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

struct Route {
  std::string_view path;
  const char* type;
  std::string (*make)(const Published&);
};
constexpr Route kRoutes[] = {
    {"/metrics", kMetricsType, metrics_text},
    {"/api/now", kJson, json_text<page_now>},
    {"/api/history", kJson, json_text<page_history>},
    {"/api/book", kJson, json_text<page_book>},
};

std::string pageless() {
  return html_page("slowlane",
                   "<h1>slowlane</h1>\n<p>This program was built without its page. There is <a "
                   "href=\"/metrics\">/metrics</a> for Prometheus, <a href=\"/api/now\">/api/now</a> as JSON, and <a "
                   "href=\"/notice\">/notice</a>, which says what the box does.</p>\n");
}

}  // namespace

HttpAnswer WebRoutes::answer(const HttpRequest& request) {
  const bool notices = serves_ != Serves::all_but_notice;
  if (request.path == "/notice.css") return answer_of(200, kCss, std::string(plain_style()), "max-age=3600");
  if ((request.path == "/notice" && notices) || (request.path == "/" && serves_ == Serves::notice))
    return notice(request);
  if (serves_ == Serves::notice) return not_found();
  if (auto refusal = guard_.refuse(request)) return *std::move(refusal);
  return watch(request);
}

HttpAnswer WebRoutes::notice(const HttpRequest& request) {
  const auto published = board_.get();
  if (!published) return answer_of(503, kHtml, html_page("Not yet", "<p>The box has just begun. Ask again.</p>\n"));
  return answer_of(200, kHtml, notice_page(*published, desk_, request.argument("name")));
}

HttpAnswer WebRoutes::watch(const HttpRequest& request) {
  const auto assets = page_assets();
  if (const auto asset = std::ranges::find(assets, request.path, &PageAsset::path); asset != assets.end())
    return answer_of(200, asset->type, std::string(asset->bytes), "no-cache");
  if (request.path == "/") return answer_of(200, kHtml, pageless());
  const auto route = std::ranges::find(kRoutes, request.path, &Route::path);
  if (route == std::end(kRoutes)) return not_found();
  const auto published = board_.get();
  if (!published) return answer_of(503, "text/plain; charset=utf-8", std::string("the box has just begun\n"));
  return answer_of(200, route->type, made(published, request.path, route->make));
}

std::shared_ptr<const std::string> WebRoutes::made(const std::shared_ptr<const Published>& published,
                                                   const std::string& path, Make make) {
  if (published != made_of_.lock()) {
    made_.clear();
    made_of_ = published;
  }
  auto& body = made_[path];
  if (!body) body = std::make_shared<const std::string>(make(*published));
  return body;
}

}  // namespace slowlane
