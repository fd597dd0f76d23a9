#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "control/http.h"
#include "rules/ip.h"
#include "rules/result.h"
#include "rules/units.h"

namespace slowlane {

// A read-only HTTP server on a thread of its own, of a lower priority than everything else of the box: it only calls
// its handler. GET and HEAD alone, no bodies. Slow, huge, malformed and many clients neither stall the others nor make
// it grow: each connection has bounded memory and time, and when there are too many, the one that was last answered
// longest ago makes room. The only door to libmicrohttpd.
class HttpServer {
 public:
  struct Limits {
    unsigned connections = 96;      // a further one takes the place of the idlest
    std::size_t memory = 16 << 10;  // bytes of a connection: request line and headers
    Nanos answered = 30 * kSecond;  // a connection that was not answered for so long, or did not read, is dropped
  };

  // Listens; nothing is answered before start(). Diagnostics: the address cannot be had.
  static Result<std::unique_ptr<HttpServer>> open(const Endpoint& address, HttpHandler handler, const Limits& limits);
  static Result<std::unique_ptr<HttpServer>> open(const Endpoint& address, HttpHandler handler);
  ~HttpServer();  // ends the thread
  // Begins the thread, which has no capabilities whatever its maker has.
  void start();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Where it listens; of a port 0 the one that it got.
  Endpoint address() const;
  std::size_t connections() const;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace slowlane
