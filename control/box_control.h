#pragma once

#include <future>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "control/caller.h"
#include "control/reply.h"
#include "rules/units.h"

namespace slowlane {

// What an operator asks of forwarding without looking.
struct BypassOrder {
  bool on = true;
  std::optional<Nanos> lasts;  // none: until it is switched off
  std::string reason;
};

// Why a change is refused while a disk that is slow or hangs takes no line of the log.
constexpr const char* kNoRoomToNote =
    "too many changes wait to be written down (control.log), so nothing more is done; ask again in a moment";

// A running box as control's commands see it (the table in control/ctl_commands.cc). Control's thread alone calls it;
// nothing here may wait for a worker longer than a moment.
class BoxControl {
 public:
  virtual ~BoxControl() = default;

  // How the box is: state, ports, workers, what is degraded and what a dead process does to the wires. An object.
  virtual nlohmann::ordered_json status() const = 0;
  // Everything counted, by dotted names ("worker.0.sent_packets"): an object of numbers.
  virtual nlohmann::ordered_json counters() const = 0;
  // Classes and rules of the running book with what was measured of them (control/views.h): lists.
  virtual nlohmann::ordered_json classes() const = 0;
  virtual nlohmann::ordered_json rules() const = 0;
  virtual void set_bypass(const BypassOrder& order) = 0;
  // A request about books (reload, diff, rollback, confirm), a whole line; its answer, also a line, comes later.
  virtual std::future<std::string> ask_books(const Caller& by, std::string request) = 0;
  // The versions that are kept, the newest first: a list.
  virtual nlohmann::ordered_json versions() const = 0;
  // What the running book says of a flow that the request describes (control/book_question.h).
  virtual nlohmann::ordered_json explain(const nlohmann::ordered_json& request) const = 0;
  // Whether what is changed now could be written down; where not (kNoRoomToNote), nothing may be.
  virtual bool can_note() const = 0;
  // Writes down who changed what; `result` is "done" or "refused", `more` an object.
  virtual void note_change(const Caller& by, const char* what, const char* result, nlohmann::ordered_json more) = 0;
  // Flows that run, a trace of packets, events as they come (control/live_desk.h): refused now, or answered later.
  virtual Reply flows(const nlohmann::ordered_json& request) = 0;
  virtual Reply trace(const nlohmann::ordered_json& request) = 0;
  virtual Reply watch(const nlohmann::ordered_json& request) = 0;
  // Begins to drain and to end; returns at once.
  virtual void stop() = 0;
};

}  // namespace slowlane
