#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "control/appliance.h"
#include "control/box_books.h"
#include "control/box_control.h"
#include "control/box_status.h"
#include "control/ctl_server.h"
#include "control/event_writer.h"
#include "control/live_desk.h"
#include "control/meters.h"
#include "control/notify.h"
#include "control/running_rules.h"
#include "control/sparing.h"
#include "control/watchdog.h"
#include "control/web.h"

namespace slowlane {

// A box while it runs: control's thread. Starts the workers, serves the sockets, writes records down, watches, and
// ends everything in order.
class BoxRun final : public BoxControl {
 public:
  // Opens the sockets and the log. Diagnostics: what stands in the way; nothing was started then.
  static Result<std::unique_ptr<BoxRun>> open(Appliance& box, BoxBooks& books);
  ~BoxRun() override;

  // Until somebody says stop, or `signals` (a signalfd) does. Aborts the process where a worker hangs: nobody else can
  // forward from its queues, and a service manager starts it again.
  void run(int signals);

  nlohmann::ordered_json status() const override;
  nlohmann::ordered_json counters() const override;
  nlohmann::ordered_json classes() const override;
  nlohmann::ordered_json rules() const override;
  void set_bypass(const BypassOrder& order) override;
  std::future<std::string> ask_books(const Caller& by, std::string request) override;
  nlohmann::ordered_json versions() const override;
  nlohmann::ordered_json explain(const nlohmann::ordered_json& request) const override;
  bool can_note() const override { return books_.can_note(); }
  void note_change(const Caller& by, const char* what, const char* result, nlohmann::ordered_json more) override;
  Reply flows(const nlohmann::ordered_json& request) override { return desk_.flows(request); }
  Reply trace(const nlohmann::ordered_json& request) override { return desk_.trace(request, box_.clock.now()); }
  Reply watch(const nlohmann::ordered_json& request) override { return desk_.watch(request); }
  void stop() override { stopping_ = true; }

 private:
  BoxRun(Appliance& box, BoxBooks& books);

  void start();
  void step(Nanos now);
  void read_signals(int signals);
  void end_bypass(Nanos now);
  bool is_starved(std::size_t worker) const;
  void watch(Nanos now);
  void reflect_links();
  void write_records(Nanos now);
  void end();
  RunState state() const;
  BoxFigures figures() const;

  Appliance& box_;
  BoxBooks& books_;
  RunningRules rules_;
  Notify notify_;
  Watchdog watchdog_;
  Meters meters_;
  Sparing refusals_;  // of the view socket, that are written down
  LiveDesk desk_;
  std::unique_ptr<EventWriter> events_;
  std::unique_ptr<CtlServer> server_;
  std::unique_ptr<Web> web_;
  std::vector<std::uint64_t> turns_;
  std::vector<Nanos> cpu_at_turn_;  // of workers: what each had used when it was last seen to turn
  std::vector<bool> taken_down_;    // ports whose link the box itself took down
  std::string bypass_reason_;
  std::optional<Nanos> bypass_ends_;
  Nanos next_second_ = 0;
  Nanos next_alive_ = 0;
  bool stopping_ = false;
};

}  // namespace slowlane
