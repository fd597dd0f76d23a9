#include "control/run_command.h"

#include <sys/signalfd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <memory>
#include <string>

#include "control/box_books.h"
#include "control/box_run.h"
#include "control/failure.h"
#include "control/privileges.h"
#include "hw/fd.h"

namespace slowlane {
namespace {

template <class T>
T value_of(Result<T> result, Exit exit) {
  if (result) return std::move(*result);
  std::string text;
  for (const Diagnostic& one : result.diagnostics()) text += (text.empty() ? "" : "\n") + one.print();
  throw Failure(exit, text);
}

// Blocked before any thread begins, so that all of them are read in one place.
Fd listen_to_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return Fd(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
}

void insist(const Diagnostics& mistakes, const Config& config) {
  for (const Diagnostic& one : mistakes) throw Failure(Exit::machine, config.files.front() + ": " + one.text);
}

// A wire reflects the link of each side to the other; a tap only looks.
KeepLinks links_of(const Config& config) {
  const auto is_wire = [](const WireConfig& wire) { return wire.mode == WireConfig::Mode::wire; };
  return std::ranges::any_of(config.wires, is_wire) ? KeepLinks::yes : KeepLinks::no;
}

Exit run_box(const std::string& file, BookKeeper::From from) {
  Config config = value_of(load_config(file, Machine::here()), Exit::wrong_input);
  const Fd signals = listen_to_signals();
  BoxBooks books(config);
  auto rules = value_of(books.start(from), Exit::wrong_input);
  const std::unique_ptr<Appliance> box = value_of(build_appliance(std::move(config), std::move(rules)), Exit::machine);
  books.give_to(box->config.user);
  insist(become_user(box->config.user), box->config);
  const std::unique_ptr<BoxRun> run = value_of(BoxRun::open(*box, books), Exit::machine);
  insist(drop_privileges(links_of(box->config)), box->config);
  run->run(signals.get());
  return Exit::done;
}

}  // namespace

Command run_command() {
  return {"run", "the inline box: bridges two ports and treats what crosses", [](CLI::App& options) -> Command::Run {
            auto file = std::make_shared<std::string>();
            options.add_option("APPLIANCE", *file, "the appliance file")->required();
            auto from = std::make_shared<BookKeeper::From>(BookKeeper::From::kept);
            options.add_flag_callback(
                "--book-from-file", [from] { *from = BookKeeper::From::file; },
                "begin with the configured book, not with one that was pushed since");
            options.footer("Says what it does on standard error; SIGTERM sends what is held and ends it.");
            return [file, from] { return run_box(*file, *from); };
          }};
}

}  // namespace slowlane
