#include "control/web.h"

#include <utility>

namespace slowlane {
namespace {

Result<std::unique_ptr<HttpServer>> serve(const Endpoint& address, WebRoutes& routes) {
  return HttpServer::open(address, [&routes](const HttpRequest& request) { return routes.answer(request); });
}

}  // namespace

Result<std::unique_ptr<Web>> Web::open(const ControlConfig& config) {
  std::unique_ptr<Web> web(new Web());
  std::string token;
  if (config.http && !config.token_file.empty()) {
    auto read = read_token(config.token_file);
    if (!read) return read.diagnostics();
    token = std::move(*read);
  }
  if (config.http) {
    web->all_ =
        std::make_unique<WebRoutes>(web->board_, WebGuard(std::move(token), config.http_names),
                                    config.notice_off ? WebRoutes::Serves::all_but_notice : WebRoutes::Serves::all);
    auto server = serve(*config.http, *web->all_);
    if (!server) return server.diagnostics();
    web->http_server_ = std::move(*server);
  }
  if (config.notice) {
    web->notice_ = std::make_unique<WebRoutes>(web->board_, WebGuard({}, {}), WebRoutes::Serves::notice);
    auto server = serve(*config.notice, *web->notice_);
    if (!server) return server.diagnostics();
    web->notice_server_ = std::move(*server);
  }
  return web;
}

void Web::start() {
  for (const auto& server : {http_server_.get(), notice_server_.get()})
    if (server != nullptr) server->start();
}

void Web::publish(const BoxFigures& figures, const Meters& meters, const BookReport& books) {
  if (!http_server_ && !notice_server_) return;
  if ((figures.rules != rules_ || books.texts != texts_) && books.texts != nullptr) {
    rules_ = figures.rules;
    texts_ = books.texts;
    book_ = book_text_of(*rules_, *texts_, books.status.value("digest", ""));
  }
  board_.put(std::make_shared<const Published>(Published{figures, meters, book_}));
}

std::string notice_trouble(const Config& config) {
  const ControlConfig& control = config.control;
  if (control.notice_off) return "the notice is off: nobody is told what this box does (control.notice)";
  if (config.bench || control.http || control.notice) return "";
  return "there is no notice of what this box does; name an address: control.notice = \"192.0.2.1:80\"";
}

}  // namespace slowlane
