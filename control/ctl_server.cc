#include "control/ctl_server.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <list>
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
  Rights rights = Rights::view;
  Nanos active = 0;       // when it last asked or read
  std::string in;         // what it wrote and is not answered yet
  std::string out;        // what it has not read yet
  bool finished = false;  // nothing more will be read from it; it goes once `out` is empty
  bool gone = false;
};

// Reads once: whatever else waits is read at the next turn.
void receive(Client& client, Nanos now) {
  std::array<char, 4096> chunk;
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

bool has_line(const Client& client) { return client.in.find('\n') != std::string::npos; }

}  // namespace

struct CtlServer::State {
  State(CtlSocket change, CtlSocket view, BoxControl& controlled, const Limits& most)
      : sockets{{{std::move(change), Rights::change}, {std::move(view), Rights::view}}},
        box(controlled),
        limits(most) {}

  struct Listener {
    CtlSocket socket;
    Rights rights;
  };

  int wait(Nanos timeout);
  void admit(Listener& listener, Nanos now);
  void answer(Client& client, Nanos now);
  void drop_the_gone(Nanos now);
  std::vector<pollfd> polled() const;

  std::array<Listener, 2> sockets;
  BoxControl& box;
  const Limits limits;
  std::list<Client> clients;
};

std::vector<pollfd> CtlServer::State::polled() const {
  std::vector<pollfd> fds;
  for (const Listener& listener : sockets) fds.push_back({listener.socket.fd(), POLLIN, 0});
  for (const Client& client : clients) {
    const bool asks = client.out.empty() && !client.finished;
    fds.push_back({client.fd.get(), static_cast<short>((asks ? POLLIN : 0) | (client.out.empty() ? 0 : POLLOUT)), 0});
  }
  return fds;
}

// Waits until there is something to do, not at all where a client's next request was read already.
int CtlServer::State::wait(Nanos timeout) {
  const bool waiting =
      std::ranges::any_of(clients, [](const Client& client) { return client.out.empty() && has_line(client); });
  std::vector<pollfd> fds = polled();
  const Nanos milliseconds = waiting ? 0 : (std::max<Nanos>(timeout, 0) + kMillisecond - 1) / kMillisecond;
  return ::poll(fds.data(), fds.size(), static_cast<int>(std::min<Nanos>(milliseconds, 1000)));
}

void CtlServer::State::admit(Listener& listener, Nanos now) {
  // As many as there is room for: a flood of them cannot keep this loop going.
  for (std::size_t i = 0; i < limits.clients; ++i) {
    Fd fd = listener.socket.accept();
    if (fd.get() < 0) return;
    const auto same = [&](const Client& client) { return client.rights == listener.rights; };
    if (std::cmp_greater_equal(std::ranges::count_if(clients, same), limits.clients)) {
      auto oldest = clients.end();
      for (auto at = clients.begin(); at != clients.end(); ++at)
        if (same(*at) && (oldest == clients.end() || at->active < oldest->active)) oldest = at;
      clients.erase(oldest);
    }
    Client& client = clients.emplace_back();
    client.fd = std::move(fd);
    client.rights = listener.rights;
    client.active = now;
  }
}

void CtlServer::State::answer(Client& client, Nanos now) {
  send(client, now);
  if (!client.finished && client.out.empty() && client.in.size() <= limits.line) receive(client, now);
  if (client.out.empty() && has_line(client)) {
    const std::size_t end = client.in.find('\n');
    const std::string line = client.in.substr(0, end);
    client.in.erase(0, end + 1);
    if (line.find_first_not_of(" \t\r") != std::string::npos) client.out = answer_line(box, client.rights, line) + "\n";
    send(client, now);
  }
  if (client.in.size() > limits.line && !has_line(client)) {
    client.in.clear();
    client.finished = true;
    client.out += R"({"ok":false,"error":"a request has at most )" + std::to_string(limits.line) + " bytes\"}\n";
    send(client, now);
  }
}

void CtlServer::State::drop_the_gone(Nanos now) {
  std::erase_if(clients, [&](const Client& client) {
    const bool done = client.finished && client.out.empty() && !has_line(client);
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
  state_->wait(timeout);
  for (State::Listener& listener : state_->sockets) state_->admit(listener, now);
  for (Client& client : state_->clients) state_->answer(client, now);
  state_->drop_the_gone(now);
}

std::size_t CtlServer::clients() const { return state_->clients.size(); }

}  // namespace slowlane
