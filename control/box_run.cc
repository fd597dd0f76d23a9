#include "control/box_run.h"

#include <fmt/format.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "control/book_question.h"
#include "control/check.h"
#include "control/live_record.h"
#include "control/views.h"

namespace slowlane {
namespace {

constexpr Nanos kServe = 50 * kMillisecond;     // at most between two looks at the workers
constexpr Nanos kServeSoon = 5 * kMillisecond;  // while somebody waits for workers
constexpr Nanos kDrain = kSecond;               // contract: at most that to send what is held
constexpr std::uint32_t kRecordsAtOnce = 1000;  // of one worker, before others and the sockets have their turn

void say(const std::string& text) {
  std::fputs(("slowlane: " + text + "\n").c_str(), stderr);
  std::fflush(stderr);
}

// Who sent a signal. That of a key at a terminal is the kernel's, which says no more: the box's own user has it.
Caller sender_of(const signalfd_siginfo& info) {
  if (info.ssi_code > 0) return box_caller();
  return {Rights::change, info.ssi_uid, static_cast<pid_t>(info.ssi_pid)};
}

}  // namespace

Result<std::unique_ptr<BoxRun>> BoxRun::open(Appliance& box, BoxBooks& books) {
  std::unique_ptr<BoxRun> run(new BoxRun(box, books));
  if (!box.config.events.file.empty()) {
    auto log = EventWriter::open(box.config.events, box.clock.now());
    if (!log) return log.diagnostics();
    run->events_ = std::move(*log);
  }
  auto server = CtlServer::open(box.config.control, *run);
  if (!server) return server.diagnostics();
  run->server_ = std::move(*server);
  auto web = Web::open(box.config.control);
  if (!web) return web.diagnostics();
  run->web_ = std::move(*web);
  return run;
}

BoxRun::BoxRun(Appliance& box, BoxBooks& books)
    : box_(box),
      books_(books),
      rules_(*box.book),
      notify_(notify_environment()),
      watchdog_(box.cores.size(), box.clock.now()),
      desk_(box),
      turns_(box.cores.size()),
      cpu_at_turn_(box.cores.size()),
      taken_down_(box.ports.size()) {}

BoxRun::~BoxRun() { books_.detach(); }

void BoxRun::run(int signals) {
  start();
  while (!stopping_) {
    server_->serve(box_.clock.now(), desk_.busy() ? kServeSoon : kServe);
    read_signals(signals);
    step(box_.clock.now());
  }
  end();
}

void BoxRun::start() {
  books_.attach(rules_);
  for (Core& core : box_.cores) core.loop->start();
  if (events_) events_->start();
  web_->start();
  const std::string text =
      fmt::format("{}: {}, {}, book {}", box_.config.name, counted(box_.config.wires.size(), "wire", "wires"),
                  counted(box_.cores.size(), "worker", "workers"), books_.report().status.value("name", ""));
  say(text + "; it forwards");
  say(dead_process_note(box_.config));
  notify_.ready(text);
}

void BoxRun::step(Nanos now) {
  watch(now);
  end_bypass(now);
  books_.serve();
  write_records(now);
  box_.book->step();
  desk_.step(now);
  reflect_links();
  if (const auto every = notify_.alive_every(); every && now >= next_alive_) {
    notify_.alive();
    next_alive_ = now + *every;
  }
  if (now < next_second_) return;
  next_second_ = now + kSecond;
  BoxFigures latest = figures();
  for (std::size_t i = 0; i < box_.cores.size(); ++i)
    latest.workers[i].longest_turn = box_.cores[i].loop->take_longest_turn();
  meters_.look(latest);
  web_->publish(latest, meters_, books_.report());
  if (events_) events_->tick(now);
}

void BoxRun::read_signals(int signals) {
  signalfd_siginfo info;
  while (read(signals, &info, sizeof(info)) == sizeof(info)) {
    if (info.ssi_signo == SIGHUP) {
      books_.reread();
    } else if (!stopping_) {
      stopping_ = true;
      note_change(sender_of(info), "stop", "done", {{"signal", info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM"}});
    }
  }
}

// It would turn if it had a processor: ending the box would help nobody.
bool BoxRun::is_starved(std::size_t worker) const {
  const CoreLoop& loop = *box_.cores[worker].loop;
  return loop.is_runnable() && loop.cpu_time() - cpu_at_turn_[worker] < watchdog_.still(worker) / 2;
}

void BoxRun::watch(Nanos now) {
  for (std::size_t i = 0; i < turns_.size(); ++i) turns_[i] = box_.cores[i].worker->turns();
  const std::optional<std::size_t> hung = watchdog_.look(turns_, now);
  for (std::size_t i = 0; i < turns_.size(); ++i)
    if (watchdog_.still(i) == 0) cpu_at_turn_[i] = box_.cores[i].loop->cpu_time();
  if (!hung) return;
  if (is_starved(*hung)) {
    say(fmt::format("worker {} was given no time on core {} for {} ms: the machine is too busy, or its host is", *hung,
                    box_.cores[*hung].loop->core(), watchdog_.still(*hung) / kMillisecond));
    watchdog_.excuse(*hung);
    return;
  }
  say(fmt::format("worker {} on core {} has not turned for {} ms; nobody else can forward from its queues: aborting",
                  *hung, box_.cores[*hung].loop->core(), watchdog_.still(*hung) / kMillisecond));
  std::abort();
}

void BoxRun::set_bypass(const BypassOrder& order) {
  box_.commons->bypass.store(order.on, std::memory_order_relaxed);
  bypass_reason_ = order.on ? order.reason : "";
  bypass_ends_.reset();
  if (order.on && order.lasts) bypass_ends_ = box_.clock.now() + *order.lasts;
  say(order.on ? "bypass on: forwarding without looking" : "bypass off");
  notify_.status(order.on ? "bypass" : "running");
}

void BoxRun::end_bypass(Nanos now) {
  if (!bypass_ends_ || now < *bypass_ends_) return;
  set_bypass({false, {}, {}});
  note_change(box_caller(), "bypass", "done", {{"request", {{"state", "off"}}}, {"note", "its time was over"}});
}

// What is down on one side of a wire is down on the other too, where the driver can: neighbours look at their links.
void BoxRun::reflect_links() {
  for (const WireConfig& wire : box_.config.wires) {
    if (wire.mode == WireConfig::Mode::tap || !wire.outside) continue;
    for (const auto& [from, to] : {std::pair{wire.inside, *wire.outside}, std::pair{*wire.outside, wire.inside}}) {
      if (taken_down_[from]) continue;  // its own link says nothing while the box keeps it down
      const bool up = box_.ports[from]->link_up();
      if (up == !taken_down_[to]) continue;
      if (!box_.ports[to]->set_link_up(up)) continue;
      taken_down_[to] = !up;
      say(fmt::format("wire {}: {} is {}, so {} is taken {}", wire.name, box_.config.ports[from].spec.name,
                      up ? "up" : "down", box_.config.ports[to].spec.name, up ? "up" : "down"));
    }
  }
}

void BoxRun::write_records(Nanos now) {
  const bool wanted = desk_.watched() || events_;
  for (Core& core : box_.cores) {
    const LiveContext context{box_.book->slots(), core.worker->classifier(), box_.config.events.addresses};
    for (std::uint32_t i = 0; i < kRecordsAtOnce; ++i) {
      const FlowEvent* event = core.events->front();
      if (event == nullptr) break;
      desk_.note(*event, context, now);
      if (wanted) {
        const std::string record =
            live_record(*event, context).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
        if (events_) events_->write(record, now);
        desk_.tell(record);
      }
      core.events->pop();
    }
  }
}

void BoxRun::end() {
  say("stopping: sending what is held");
  notify_.stopping("draining");
  for (Core& core : box_.cores) core.loop->stop();
  const Nanos until = box_.clock.now() + kDrain;
  const auto all_stopped = [this] {
    for (const Core& core : box_.cores)
      if (!core.loop->stopped()) return false;
    return true;
  };
  while (!all_stopped() && box_.clock.now() < until) {
    write_records(box_.clock.now());
    usleep(1000);
  }
  if (!all_stopped()) {
    say("a worker does not end: aborting");
    std::abort();
  }
  for (Core& core : box_.cores) core.loop->join();
  write_records(box_.clock.now());
  for (std::size_t i = 0; i < box_.ports.size(); ++i)
    if (taken_down_[i]) box_.ports[i]->set_link_up(true);
  if (events_ && !events_->finish()) say("the disk does not answer: the last records of flows are lost");
  books_.detach();
  say("stopped");
}

std::future<std::string> BoxRun::ask_books(const Caller& by, std::string request) {
  return books_.ask(by, std::move(request));
}

nlohmann::ordered_json BoxRun::versions() const { return books_.report().versions; }

nlohmann::ordered_json BoxRun::explain(const nlohmann::ordered_json& request) const {
  return answer_book_question(request, box_.book->running(), books_.report().status.value("digest", ""));
}

void BoxRun::note_change(const Caller& by, const char* what, const char* result, nlohmann::ordered_json more) {
  if (by.rights == Rights::view) {
    const auto left_out = refusals_.pass(box_.clock.now());
    if (!left_out) return;
    if (*left_out > 0) more["left_out"] = *left_out;
  }
  books_.note({by, what, result}, std::move(more));
}

RunState BoxRun::state() const {
  RunState run;
  run.books = books_.report();
  run.state = stopping_ ? "draining" : box_.commons->bypass.load(std::memory_order_relaxed) ? "bypass" : "running";
  run.bypass_reason = bypass_reason_;
  run.notice_trouble = notice_trouble(box_.config);
  run.events = events_.get();
  return run;
}

BoxFigures BoxRun::figures() const {
  BoxFigures figures = read_figures(box_, state());
  for (ClassFigures& cls : figures.classes) cls.names = desk_.names(cls.name);
  return figures;
}

nlohmann::ordered_json BoxRun::status() const {
  nlohmann::ordered_json status = box_status(box_, state());
  for (std::size_t i = 0; i < status["workers"].size(); ++i) {
    const Meters::Load load = meters_.load(i);
    status["workers"][i]["load"] = std::round(load.share * 1000) / 1000;
    status["workers"][i]["received_pps"] = std::llround(load.received_pps);
    status["workers"][i]["longest_turn_us"] = {{"minute", load.longest_turn / kMicrosecond},
                                               {"ever", load.longest_ever / kMicrosecond}};
    status["workers"][i]["take_ups"] = box_.cores[i].loop->take_ups();
    status["workers"][i]["longest_take_up_us"] = box_.cores[i].loop->longest_take_up() / kMicrosecond;
  }
  return status;
}

nlohmann::ordered_json BoxRun::counters() const { return box_counters(box_, state()); }
nlohmann::ordered_json BoxRun::classes() const { return classes_view(figures(), meters_); }
nlohmann::ordered_json BoxRun::rules() const { return rules_view(read_figures(box_, state()), meters_); }

}  // namespace slowlane
