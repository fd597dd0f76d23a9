#include "control/ctl_server.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <future>
#include <list>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/ctl_commands.h"
#include "control/ctl_socket.h"
#include "hw/fd.h"

namespace slowlane {
namespace {

struct Client {
  Fd fd;
  Caller caller;
  Nanos active = 0;                  // when it last asked or read, or was being answered
  std::string in;                    // what it wrote and is not answered yet
  std::size_t read = 0;              // bytes of `in` that are known to have no line's end
  std::string out;                   // what it has not read yet
  std::future<std::string> later;    // valid: its answer is being worked on
  std::shared_ptr<Feed> feed;        // it is sent what comes
  std::optional<Nanos> large_since;  // its request is a large one
  bool finished = false;             // nothing more will be read from it; it goes once `out` is empty
  bool gone = false;
};

constexpr Nanos kAcceptRest = 200 * kMillisecond;  // where the system has no descriptor left

// Reads once: whatever else waits is read at the next turn.
void receive(Client& client, Nanos now, std::vector<char>& chunk) {
  const ssize_t got = ::recv(client.fd.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
  if (got > 0) {
    client.in.append(chunk.data(), static_cast<std::size_t>(got));
    client.active = now;
  } else if (got == 0) {
    client.finished = true;
    // A last line may lack its end.
    if (!client.in.empty() && !client.in.ends_with('\n')) client.in += '\n';
  } else if (errno != EAGAIN && errno != EINTR) {
    client.gone = true;
  }
}

void send(Client& client, Nanos now) {
  if (client.out.empty()) return;
  const ssize_t done = ::send(client.fd.get(), client.out.data(), client.out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (done > 0) {
    client.out.erase(0, static_cast<std::size_t>(done));
    client.active = now;
  } else if (done < 0 && errno != EAGAIN && errno != EINTR) {
    client.gone = true;
  }
}

bool has_line(const Client& client) { return client.in.find('\n', client.read) != std::string::npos; }

// The first line, without its end. Requires: there is one.
std::string take_line(Client& client) {
  const std::size_t end = client.in.find('\n', client.read);
  std::string rest = client.in.substr(end + 1);
  std::string line = std::move(client.in);
  line.resize(end);
  client.in = std::move(rest);
  client.read = 0;
  client.large_since.reset();
  return line;
}

// Nothing of a client is answered while an earlier answer waits.
bool may_ask(const Client& client) { return client.out.empty() && !client.later.valid() && !client.feed; }

// Sends what comes, as fast as the client reads. One that only listens is not idle, but it may hang up.
void take_feed(Client& client, Nanos now) {
  constexpr std::size_t kAtOnce = 64 << 10;
  pollfd end{client.fd.get(), 0, 0};
  if (::poll(&end, 1, 0) > 0 && (end.revents & (POLLHUP | POLLERR)) != 0) client.gone = true;
  if (!client.out.empty()) return;
  client.active = now;
  client.out = client.feed->take(kAtOnce);
  if (client.feed->over()) client.feed.reset();
  send(client, now);
}

void take_answer(Client& client, Nanos now) {
  client.active = now;  // whoever waits for the box is not idle
  if (client.later.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
  try {
    client.out = client.later.get() + "\n";
  } catch (const std::exception&) {
    client.out = "{\"ok\":false,\"error\":\"the box could not finish it\"}\n";
  }
}

}  // namespace

struct CtlServer::State {
  State(CtlSocket change, CtlSocket view, BoxControl& controlled, const Limits& most)
      : sockets{{{std::move(change), Rights::change}, {std::move(view), Rights::view}}},
        box(controlled),
        limits(most) {}

  std::size_t limit_of(const Client& client) const;
  std::string too_large(const Client& client);
  void refuse_large(Client& client, Nanos now);

  struct Listener {
    CtlSocket socket;
    Rights rights;
  };

  int wait(Nanos now, Nanos timeout);
  void admit(Listener& listener, Nanos now);
  void answer(Client& client, Nanos now);
  void drop_the_gone(Nanos now);
  std::vector<pollfd> polled(Nanos now) const;

  std::array<Listener, 2> sockets;
  BoxControl& box;
  const Limits limits;
  std::list<Client> clients;
  Nanos accepts_from = 0;  // until then new clients are not waited for
  std::vector<char> chunk = std::vector<char>(64 << 10);
};

std::vector<pollfd> CtlServer::State::polled(Nanos now) const {
  std::vector<pollfd> fds;
  const short newcomers = now < accepts_from ? 0 : POLLIN;
  for (const Listener& listener : sockets) fds.push_back({listener.socket.fd(), newcomers, 0});
  for (const Client& client : clients) {
    const bool asks = may_ask(client) && !client.finished;
    // One that hung up while its answer is worked on would be told of at once, again and again: it is left out (-1),
    // and its end is met when the answer is sent.
    const int fd = client.later.valid() ? -1 : client.fd.get();
    fds.push_back({fd, static_cast<short>((asks ? POLLIN : 0) | (client.out.empty() ? 0 : POLLOUT)), 0});
  }
  return fds;
}

// Waits until there is something to do, not at all where a client's next request was read already.
int CtlServer::State::wait(Nanos now, Nanos timeout) {
  const bool waiting =
      std::ranges::any_of(clients, [](const Client& client) { return may_ask(client) && has_line(client); });
  std::vector<pollfd> fds = polled(now);
  const Nanos milliseconds = waiting ? 0 : (std::max<Nanos>(timeout, 0) + kMillisecond - 1) / kMillisecond;
  return ::poll(fds.data(), fds.size(), static_cast<int>(std::min<Nanos>(milliseconds, 1000)));
}

void CtlServer::State::admit(Listener& listener, Nanos now) {
  // As many as there is room for: a flood of them cannot keep this loop going.
  for (std::size_t i = 0; i < limits.clients; ++i) {
    Fd fd = listener.socket.accept();
    if (fd.get() < 0) {
      // Without a descriptor for it (EMFILE and the like) a client goes on waiting, and poll would tell of it at once.
      if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) accepts_from = now + kAcceptRest;
      return;
    }
    const auto same = [&](const Client& client) { return client.caller.rights == listener.rights; };
    if (std::cmp_greater_equal(std::ranges::count_if(clients, same), limits.clients)) {
      auto oldest = clients.end();
      for (auto at = clients.begin(); at != clients.end(); ++at)
        if (same(*at) && (oldest == clients.end() || at->active < oldest->active)) oldest = at;
      clients.erase(oldest);
    }
    Client& client = clients.emplace_back();
    client.fd = std::move(fd);
    client.caller = caller_at(client.fd.get(), listener.rights);
    client.active = now;
  }
}

// One large request at a time, so that many clients together take no more memory than that.
std::size_t CtlServer::State::limit_of(const Client& client) const {
  const auto other = [&](const Client& one) { return &one != &client && one.large_since; };
  const bool may = client.caller.rights == Rights::change && std::ranges::none_of(clients, other);
  return may ? std::max(limits.line, limits.large) : limits.line;
}

void CtlServer::State::answer(Client& client, Nanos now) {
  send(client, now);
  if (client.later.valid()) take_answer(client, now);
  if (client.feed) take_feed(client, now);
  if (!client.finished && may_ask(client) && !has_line(client) && client.in.size() <= limit_of(client))
    receive(client, now, chunk);
  if (may_ask(client) && has_line(client)) {
    std::string line = take_line(client);
    if (line.find_first_not_of(" \t\r") != std::string::npos) {
      Reply reply = answer_line(box, client.caller, std::move(line));
      client.later = std::move(reply.later);
      client.feed = std::move(reply.feed);
      if (client.feed)
        take_feed(client, now);
      else if (!client.later.valid())
        client.out = std::move(reply.now) + "\n";
    }
    send(client, now);
  }
  if (has_line(client)) return;
  client.read = client.in.size();
  if (client.in.size() > limits.line) refuse_large(client, now);
}

std::string CtlServer::State::too_large(const Client& client) {
  if (client.caller.rights == Rights::view) {
    box.note_change(client.caller, "large request", "refused", {{"error", "the view socket may not"}});
    return "a request has at most " + std::to_string(limits.line) + " bytes: this socket may only look at the box";
  }
  return limit_of(client) == limits.line ? "another large request is coming in; ask again in a moment"
                                         : "a request has at most " + std::to_string(limit_of(client)) + " bytes";
}

// Requires: what the client began to ask is longer than a short request, and has no end yet.
void CtlServer::State::refuse_large(Client& client, Nanos now) {
  std::string why;
  if (client.in.size() > limit_of(client)) why = too_large(client);
  if (!client.large_since) client.large_since = now;
  if (why.empty() && now - *client.large_since >= limits.large_time) why = "the request took too long to come";
  if (why.empty()) return;
  client.in.clear();
  client.in.shrink_to_fit();
  client.read = 0;
  client.large_since.reset();
  client.finished = true;
  client.out += R"({"ok":false,"error":")" + why + "\"}\n";
  send(client, now);
}

void CtlServer::State::drop_the_gone(Nanos now) {
  std::erase_if(clients, [&](const Client& client) {
    const bool done = client.finished && may_ask(client) && !has_line(client);
    return client.gone || done || now - client.active >= limits.idle;
  });
}

Result<std::unique_ptr<CtlServer>> CtlServer::open(const ControlConfig& config, BoxControl& box, const Limits& limits) {
  auto change = CtlSocket::open(config.socket, config.socket_mode, config.group);
  if (!change) return change.diagnostics();
  auto view = CtlSocket::open(config.view_socket, config.view_socket_mode, config.group);
  if (!view) return view.diagnostics();
  return std::unique_ptr<CtlServer>(
      new CtlServer(std::make_unique<State>(std::move(*change), std::move(*view), box, limits)));
}

Result<std::unique_ptr<CtlServer>> CtlServer::open(const ControlConfig& config, BoxControl& box) {
  return open(config, box, Limits());
}

CtlServer::CtlServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
CtlServer::~CtlServer() = default;

void CtlServer::serve(Nanos now, Nanos timeout) {
  state_->wait(now, timeout);
  for (State::Listener& listener : state_->sockets) state_->admit(listener, now);
  for (Client& client : state_->clients) state_->answer(client, now);
  state_->drop_the_gone(now);
}

std::size_t CtlServer::clients() const { return state_->clients.size(); }

}  // namespace slowlane
