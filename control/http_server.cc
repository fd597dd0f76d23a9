#include "control/http_server.h"

#include <fmt/format.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <list>
#include <thread>
#include <utility>

#include "control/privileges.h"

namespace slowlane {
namespace {

constexpr int kWait = 100;  // ms: how long the thread may take to notice that it is to end
constexpr int kBacklog = 64;
constexpr int kNice = 10;
constexpr unsigned kIdleRounds = 64;  // that bring nothing before the thread rests
constexpr unsigned kRest = 5000;      // us
constexpr unsigned kSpare = 32;       // connections that the library takes above ours, while those dropped close

// Nothing is loaded from elsewhere, framed, sniffed or kept; pages of other origins learn nothing.
constexpr std::pair<const char*, const char*> kHeaders[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
     "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

// The sockets API wants one type for all addresses.
struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&bytes); }
};

SocketAddress socket_address(const Endpoint& endpoint) {
  SocketAddress out;
  const auto& bytes = endpoint.address.bytes;
  if (endpoint.address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, bytes.data() + 12, 4);
    std::memcpy(&out.bytes, &v4, sizeof v4);
    out.size = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, bytes.data(), 16);
    std::memcpy(&out.bytes, &v6, sizeof v6);
    out.size = sizeof v6;
  }
  return out;
}

std::uint16_t port_of(int fd) {
  SocketAddress own;
  own.size = sizeof own.bytes;
  if (getsockname(fd, own.get(), &own.size) != 0) return 0;
  sockaddr_in v4{};  // both families have the port in the same place
  std::memcpy(&v4, &own.bytes, sizeof v4);
  return ntohs(v4.sin_port);
}

// A listening socket; -1 with errno where there is none.
int listen_on(const Endpoint& endpoint) {
  SocketAddress address = socket_address(endpoint);
  const int fd = socket(address.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.bytes.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(fd, address.get(), address.size) == 0 && listen(fd, kBacklog) == 0) return fd;
  const int why = errno;
  close(fd);
  errno = why;
  return -1;
}

Nanos steady_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct Connection {
  int fd = -1;
  Nanos answered = 0;  // when it began, or was answered last
  bool dropped = false;
};
using Connections = std::list<Connection>;  // the longest unanswered first

}  // namespace

struct HttpServer::State {
  HttpHandler handler;
  Limits limits;
  Endpoint address;
  MHD_Daemon* daemon = nullptr;
  Connections connections;  // of the server's thread
  std::atomic<std::size_t> count{0};
  std::uint64_t events = 0;  // connections and requests that came and went; of the server's thread
  std::atomic<bool> stop{false};
  std::thread thread;

  ~State() {
    stop.store(true);
    if (thread.joinable()) thread.join();
    if (daemon != nullptr) MHD_stop_daemon(daemon);
  }

  void run();
  void drop(Connection& connection);
  void drop_overdue();
  void begin(MHD_Connection* from, void** context);
  void end(void** context);
  MHD_Result answer(MHD_Connection* to, const std::string& path);

  // What the library calls, with a State.
  static MHD_Result on_request(void* state, MHD_Connection* connection, const char* path, const char* method,
                               const char* version, const char* body, std::size_t* size, void** context);
  static void on_connection(void* state, MHD_Connection* connection, void** context,
                            MHD_ConnectionNotificationCode code);
  static void on_completed(void* state, MHD_Connection* connection, void** context, MHD_RequestTerminationCode code);
};

namespace {

std::string text_of(const char* text) { return text == nullptr ? "" : text; }

MHD_Result keep_argument(void* to, MHD_ValueKind, const char* key, const char* value) {
  static_cast<HttpRequest*>(to)->arguments.emplace_back(text_of(key), text_of(value));
  return MHD_YES;
}

HttpRequest request_of(MHD_Connection* from, const std::string& path) {
  HttpRequest request;
  request.path = path;
  MHD_get_connection_values(from, MHD_GET_ARGUMENT_KIND, keep_argument, &request);
  if (const char* host = MHD_lookup_connection_value(from, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST)) request.host = host;
  request.authorization = text_of(MHD_lookup_connection_value(from, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION));
  request.token_cookie = text_of(MHD_lookup_connection_value(from, MHD_COOKIE_KIND, kTokenCookie));
  return request;
}

void forget_body(void* body) { delete static_cast<std::shared_ptr<const std::string>*>(body); }

// Many clients may read one body: it is shared, not copied.
MHD_Response* response_of(const HttpAnswer& answer) {
  auto body = std::make_unique<std::shared_ptr<const std::string>>(answer.body ? answer.body
                                                                               : std::make_shared<const std::string>());
  const std::string& text = **body;
  // The library reads it only.
  MHD_Response* response = MHD_create_response_from_buffer_with_free_callback_cls(
      text.size(), const_cast<char*>(text.data()), forget_body, body.get());
  if (response == nullptr) return nullptr;
  static_cast<void>(body.release());  // the library has it now
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.type.c_str());
  for (const auto& [name, value] : kHeaders) MHD_add_response_header(response, name, value);
  for (const auto& [name, value] : answer.headers) MHD_add_response_header(response, name.c_str(), value.c_str());
  return response;
}

HttpAnswer refusal(unsigned status, const char* why) {
  return {status, "text/plain; charset=utf-8", std::make_shared<const std::string>(why), {{"Connection", "close"}}};
}

bool has_body(MHD_Connection* from) {
  const char* length = MHD_lookup_connection_value(from, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
  return (length != nullptr && std::string_view(length) != "0") ||
         MHD_lookup_connection_value(from, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING) != nullptr;
}

MHD_Result queue(MHD_Connection* to, const HttpAnswer& answer) {
  MHD_Response* response = response_of(answer);
  if (response == nullptr) return MHD_NO;
  const MHD_Result queued = MHD_queue_response(to, answer.status, response);
  MHD_destroy_response(response);
  return queued;
}

}  // namespace

MHD_Result HttpServer::State::answer(MHD_Connection* to, const std::string& path) {
  try {
    return queue(to, handler(request_of(to, path)));
  } catch (const std::exception&) {
    return queue(to, refusal(500, "the box could not answer that\n"));
  }
}

void HttpServer::State::begin(MHD_Connection* from, void** context) {
  const MHD_ConnectionInfo* info = MHD_get_connection_info(from, MHD_CONNECTION_INFO_CONNECTION_FD);
  if (info == nullptr) return;
  if (count.load() >= limits.connections)
    for (Connection& oldest : connections)
      if (!oldest.dropped) {
        drop(oldest);
        break;
      }
  const auto added = connections.insert(connections.end(), {info->connect_fd, steady_now(), false});
  *context = new Connections::iterator(added);
  count.fetch_add(1);
}

void HttpServer::State::end(void** context) {
  const std::unique_ptr<Connections::iterator> ended(static_cast<Connections::iterator*>(*context));
  *context = nullptr;
  if (!ended) return;
  if (!(*ended)->dropped) count.fetch_sub(1);
  connections.erase(*ended);
}

// The library sees the end of the connection and closes it.
void HttpServer::State::drop(Connection& connection) {
  shutdown(connection.fd, SHUT_RDWR);
  connection.dropped = true;
  count.fetch_sub(1);
}

void HttpServer::State::drop_overdue() {
  const Nanos now = steady_now();
  for (Connection& connection : connections) {
    if (now - connection.answered < limits.answered) break;
    if (!connection.dropped) drop(connection);
  }
}

void HttpServer::State::run() {
  pthread_setname_np(pthread_self(), "http");
  drop_all_capabilities();
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  unsigned idle = 0;
  while (!stop.load(std::memory_order_relaxed)) {
    const std::uint64_t before = events;
    const Nanos begun = steady_now();
    MHD_run_wait(daemon, kWait);
    drop_overdue();
    // Where the process has no descriptor left for a client, the library tries again without a pause.
    idle = events == before && steady_now() - begun < kMillisecond ? idle + 1 : 0;
    if (idle >= kIdleRounds) usleep(kRest);
  }
}

MHD_Result HttpServer::State::on_request(void* state, MHD_Connection* connection, const char* path, const char* method,
                                         const char*, const char*, std::size_t*, void** seen) {
  ++static_cast<State*>(state)->events;
  const std::string_view verb = method;
  if (verb != MHD_HTTP_METHOD_GET && verb != MHD_HTTP_METHOD_HEAD) {
    HttpAnswer answer = refusal(405, "the box can only be looked at here: GET or HEAD\n");
    answer.headers.emplace_back("Allow", "GET, HEAD");
    return queue(connection, answer);
  }
  if (has_body(connection)) return queue(connection, refusal(413, "a request has no body here\n"));
  // Called once the headers are there, and again at the end of the request. What is answered the first time ends the
  // connection, whatever was asked behind it.
  if (*seen == nullptr) {
    *seen = state;
    return MHD_YES;
  }
  return static_cast<State*>(state)->answer(connection, text_of(path));
}

void HttpServer::State::on_connection(void* state, MHD_Connection* connection, void** context,
                                      MHD_ConnectionNotificationCode code) {
  auto* const server = static_cast<State*>(state);
  ++server->events;
  if (code == MHD_CONNECTION_NOTIFY_STARTED)
    server->begin(connection, context);
  else
    server->end(context);
}

void HttpServer::State::on_completed(void* state, MHD_Connection* connection, void**, MHD_RequestTerminationCode) {
  const MHD_ConnectionInfo* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  if (info == nullptr || info->socket_context == nullptr) return;
  auto* const server = static_cast<State*>(state);
  const Connections::iterator one = *static_cast<Connections::iterator*>(info->socket_context);
  one->answered = steady_now();
  server->connections.splice(server->connections.end(), server->connections, one);
}

Result<std::unique_ptr<HttpServer>> HttpServer::open(const Endpoint& address, HttpHandler handler) {
  return open(address, std::move(handler), Limits());
}

Result<std::unique_ptr<HttpServer>> HttpServer::open(const Endpoint& address, HttpHandler handler,
                                                     const Limits& limits) {
  const std::string name =
      fmt::format(fmt::runtime(address.address.is_v4() ? "{}:{}" : "[{}]:{}"), address.address.print(), address.port);
  const int fd = listen_on(address);
  if (fd < 0) return Diagnostic{name, 0, fmt::format("cannot listen: {}", std::strerror(errno))};
  auto state = std::make_unique<State>();
  state->handler = std::move(handler);
  state->limits = limits;
  state->address = {address.address, port_of(fd)};
  constexpr unsigned kFlags = MHD_USE_EPOLL;
  state->daemon = MHD_start_daemon(
      kFlags, 0, nullptr, nullptr, State::on_request, state.get(), MHD_OPTION_LISTEN_SOCKET, fd,
      MHD_OPTION_CONNECTION_LIMIT, limits.connections + kSpare, MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits.memory,
      MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, State::on_connection, state.get(),
      MHD_OPTION_NOTIFY_COMPLETED, State::on_completed, state.get(), MHD_OPTION_END);
  if (state->daemon == nullptr) {
    close(fd);
    return Diagnostic{name, 0, "the HTTP server cannot be started"};
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpServer::~HttpServer() = default;

void HttpServer::start() {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

Endpoint HttpServer::address() const { return state_->address; }
std::size_t HttpServer::connections() const { return state_->count.load(); }

}  // namespace slowlane
