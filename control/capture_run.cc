#include "control/capture_run.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "control/failure.h"
#include "control/load_rules.h"
#include "rules/load.h"

namespace slowlane {
namespace {

template <class T>
T value_of(Result<T> result) {
  if (result) return std::move(result.value());
  std::string text;
  for (const Diagnostic& one : result.diagnostics()) text += (text.empty() ? "" : "\n") + one.print();
  throw Failure(Exit::wrong_input, text);
}

std::unique_ptr<const Snapshot> snapshot_of(std::unique_ptr<const RuleSet> rules) {
  const std::uint64_t seed = rules->book().seed;
  return Snapshot::make(std::move(rules), 1, seed);
}

Worker::Config config_of(const CapturePort& port) {
  Worker::Config config;
  config.burst = 1;
  config.start = port.next_arrival() == CapturePort::kNever ? 0 : port.next_arrival();
  return config;
}

}  // namespace

CaptureRun::CaptureRun(const std::vector<std::string>& files, std::unique_ptr<const RuleSet> rules,
                       const std::vector<Prefix>& inside, PacketPool& pool, Witness& witness)
    : port_(value_of(CapturePort::open(files, pool))),
      snapshot_(snapshot_of(std::move(rules))),
      worker_(config_of(*port_), {port_.get(), port_.get(), inside}, *snapshot_, &witness) {
  port_->set_burst(1);
  port_->set_limit(CapturePort::kNever - 1);
}

bool CaptureRun::step() {
  const Nanos next = std::min(port_->next_arrival(), worker_.next_due());
  if (next == CapturePort::kNever) return false;
  if (worker_.turn(next) == 0 && port_->starved())
    throw Failure(Exit::machine, "more packets are held back than there is room for");
  return true;
}

std::unique_ptr<const RuleSet> load_untreated(const std::string& path) {
  Book book = value_of(load_book(path));
  for (ClassSpec& spec : book.classes) {
    ClassSpec bare;
    bare.name = spec.name;
    bare.place = spec.place;
    spec = bare;
  }
  book.expects.clear();
  book.inspection.fragments = Inspection::Fragments::follow;
  const Dictionary names = application_names(book);
  return value_of(RuleSet::compile(std::move(book), names));
}

}  // namespace slowlane
