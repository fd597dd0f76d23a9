#include "control/ctl_top.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "control/top_page.h"
#include "hw/fd.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

constexpr Nanos kPatience = 15 * kSecond;

TopSize terminal_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

Result<TopAnswers> ask_all(const AskBox& ask) {
  TopAnswers answers;
  const std::pair<Json, Json*> questions[] = {{{{"command", "status"}}, &answers.status},
                                              {{{"command", "classes"}}, &answers.classes},
                                              {{{"command", "flows"}, {"top", 40}}, &answers.flows}};
  for (const auto& [request, answer] : questions) {
    auto line = ask(request, kPatience);
    if (!line) return line.diagnostics();
    *answer = Json::parse(*line, nullptr, false);
  }
  return answers;
}

// Keys come one by one and unseen, the page has a screen of its own; all as before when it goes.
class RawTerminal {
 public:
  RawTerminal() {
    ::tcgetattr(STDIN_FILENO, &before_);
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    show("\x1b[?1049h\x1b[?25l");
  }
  ~RawTerminal() {
    show("\x1b[?25h\x1b[?1049l");
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

  static void show(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
  }

 private:
  termios before_{};
};

// The signals that end it or let it pause, to be read where keys are read.
Fd awaited_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH}) sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  return Fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

void draw(const TopAnswers& answers) {
  std::string text = "\x1b[H";
  const TopSize size = terminal_size();
  const auto lines = top_page(answers, size);
  for (std::size_t i = 0; i < lines.size(); ++i) text += lines[i] + "\x1b[K" + (i + 1 < size.rows ? "\r\n" : "");
  RawTerminal::show(text + "\x1b[J");
}

enum class Next : std::uint8_t { draw, pause, end };

// Waits a second for a key or a signal.
Next wait_for_user(const Fd& signals) {
  pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {signals.get(), POLLIN, 0}};
  if (::poll(fds, 2, 1000) <= 0) return Next::draw;
  signalfd_siginfo info;
  if (fds[1].revents != 0 && ::read(signals.get(), &info, sizeof info) == sizeof info && info.ssi_signo != SIGWINCH)
    return info.ssi_signo == SIGTSTP ? Next::pause : Next::end;
  if (fds[0].revents == 0) return Next::draw;
  char key = 'q';  // the terminal is gone: nobody looks
  if (::read(STDIN_FILENO, &key, 1) <= 0) return Next::end;
  return key == 'q' || key == 'Q' ? Next::end : Next::draw;
}

struct Drawn {
  Next next = Next::draw;
  Diagnostics trouble;  // why the box does not answer
};

// Draws every second until somebody wants something else.
Drawn draw_on(const AskBox& ask, const Fd& signals) {
  const RawTerminal terminal;
  Next next = Next::draw;
  while (next == Next::draw) {
    const auto answers = ask_all(ask);
    if (!answers) return {Next::end, answers.diagnostics()};
    draw(*answers);
    next = wait_for_user(signals);
  }
  return {next, {}};
}

}  // namespace

Exit top_once(const AskBox& ask, Print print) {
  const auto answers = ask_all(ask);
  if (!answers) {
    std::fprintf(stderr, "%s\n", answers.diagnostics().front().print().c_str());
    return Exit::machine;
  }
  if (print == Print::json) {
    const Json all = {{"status", answers->status}, {"classes", answers->classes["classes"]}, {"flows", answers->flows}};
    std::printf("%s\n", all.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
    return Exit::done;
  }
  for (const std::string& line : top_page(*answers, ::isatty(STDOUT_FILENO) != 0 ? terminal_size() : TopSize()))
    std::printf("%s\n", line.c_str());
  return Exit::done;
}

Exit top_live(const AskBox& ask) {
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0) return top_once(ask, Print::text);
  const Fd signals = awaited_signals();
  Drawn drawn = draw_on(ask, signals);
  // Ctrl-Z: the shell has its terminal back until it lets this process go on.
  for (; drawn.next == Next::pause; drawn = draw_on(ask, signals)) ::raise(SIGSTOP);
  if (drawn.trouble.empty()) return Exit::done;
  std::fprintf(stderr, "%s\n", drawn.trouble.front().print().c_str());
  return Exit::machine;
}

}  // namespace slowlane
