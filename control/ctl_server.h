#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "control/box_control.h"
#include "control/config.h"
#include "rules/result.h"
#include "rules/units.h"

namespace slowlane {

// The box's two UNIX sockets: one that may change it, one that may only look. JSON lines: a request, its answer, in
// order. Belongs to control's thread, which calls serve(): each call reads once from every client and answers one
// request of each, so that no client, however slow, many or talkative, keeps control from its other work. Memory is
// bounded: a short request and an answer of each client, and one large request.
class CtlServer {
 public:
  struct Limits {
    std::size_t clients = 16;         // of each socket; a further one takes the place of the one idle longest
    std::size_t line = 16 << 10;      // bytes of a request; a client with a longer one is told so and dropped
    std::size_t large = 64 << 20;     // of a request on the changing socket, from one client at a time
    Nanos large_time = 60 * kSecond;  // that such a request may take to come
    Nanos idle = 60 * kSecond;        // a client that neither asks nor reads for so long is dropped; one that has not
                                      // read an answer gets no other
  };

  // Makes the sockets. Diagnostics: another process serves there, the path cannot be made, the group is not known.
  // A socket that nobody serves is replaced.
  static Result<std::unique_ptr<CtlServer>> open(const ControlConfig& config, BoxControl& box, const Limits& limits);
  static Result<std::unique_ptr<CtlServer>> open(const ControlConfig& config, BoxControl& box);
  ~CtlServer();  // takes the sockets away
  CtlServer(const CtlServer&) = delete;
  CtlServer& operator=(const CtlServer&) = delete;

  // Waits at most `timeout` for clients, then answers what is there. `now` is any clock that goes forward.
  void serve(Nanos now, Nanos timeout);

  std::size_t clients() const;

 private:
  struct State;
  explicit CtlServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace slowlane
