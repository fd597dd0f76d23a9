#include "control/diff_traffic.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "control/capture_run.h"
#include "control/flow_record.h"

namespace slowlane {
namespace {

constexpr std::size_t kShownHosts = 5;

// A flow by the frame it began with, which begins no other.
struct FlowStart {
  std::uint64_t frame;
  std::uint16_t capture;
  bool operator==(const FlowStart&) const = default;
};
struct HashStart {
  std::size_t operator()(const FlowStart& start) const {
    return (start.frame << 8 ^ start.capture) * 0x9e3779b97f4a7c15u;
  }
};

// The class each flow ended in.
class OldClasses : public Witness {
 public:
  void use(const RuleSet& rules) { rules_ = &rules; }
  void packet_done(const Packet&, Fate) noexcept override {}
  void flow_done(const Flow& flow, FlowEnd) noexcept override {
    classes_[{flow.first_frame, flow.first_capture}] = std::string(shown_class(*rules_, flow.cls));
  }
  // Empty: the old rules saw no flow begin there.
  std::string at(const Flow& flow) const {
    const auto found = classes_.find({flow.first_frame, flow.first_capture});
    return found == classes_.end() ? "" : found->second;
  }

 private:
  const RuleSet* rules_ = nullptr;
  std::unordered_map<FlowStart, std::string, HashStart> classes_;
};

// The flows whose class is another one now.
class NewClasses : public Witness {
 public:
  explicit NewClasses(const OldClasses& old) : old_(old) {}
  void use(const CaptureRun& run) { run_ = &run; }

  void packet_done(const Packet&, Fate) noexcept override {}
  void flow_done(const Flow& flow, FlowEnd) noexcept override {
    const std::uint64_t bytes = flow.bytes[0] + flow.bytes[1];
    ++flows_;
    bytes_ += bytes;
    const std::string from = old_.at(flow);
    const std::string to(shown_class(run_->rules(), flow.cls));
    if (from == to) return;
    Sum& sum = sums_[{from, to}];
    ++sum.flows;
    sum.bytes += bytes;
    const int name = shown_name(flow);
    if (name >= 0)
      sum.hosts[std::string(run_->worker().names().text(flow.names[static_cast<std::size_t>(name)]))] += bytes;
  }

  TrafficDiff answer() const {
    TrafficDiff diff{flows_, bytes_, {}};
    for (const auto& [classes, sum] : sums_)
      diff.changes.push_back({classes.first, classes.second, sum.flows, sum.bytes, top(sum.hosts)});
    std::stable_sort(diff.changes.begin(), diff.changes.end(),
                     [](const TrafficChange& a, const TrafficChange& b) { return a.bytes > b.bytes; });
    return diff;
  }

 private:
  using HostBytes = std::map<std::string, std::uint64_t>;
  struct Sum {
    std::uint64_t flows = 0;
    std::uint64_t bytes = 0;
    HostBytes hosts;
  };

  static std::vector<std::string> top(const HostBytes& hosts) {
    std::vector<std::pair<std::string, std::uint64_t>> order(hosts.begin(), hosts.end());
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    std::vector<std::string> names;
    for (std::size_t i = 0; i < std::min(order.size(), kShownHosts); ++i) names.push_back(order[i].first);
    return names;
  }

  const OldClasses& old_;
  const CaptureRun* run_ = nullptr;
  std::uint64_t flows_ = 0;
  std::uint64_t bytes_ = 0;
  std::map<std::pair<std::string, std::string>, Sum> sums_;
};

void run_to_the_end(CaptureRun& run) {
  while (run.step()) continue;
  run.finish();
}

}  // namespace

TrafficDiff diff_traffic(std::unique_ptr<const RuleSet> from, std::unique_ptr<const RuleSet> to,
                         const std::vector<std::string>& captures, const std::vector<Prefix>& inside,
                         PacketPool& pool) {
  OldClasses old;
  old.use(*from);
  {
    CaptureRun run(captures, std::move(from), inside, pool, old);
    run_to_the_end(run);
  }
  NewClasses now(old);
  CaptureRun run(captures, std::move(to), inside, pool, now);
  now.use(run);
  run_to_the_end(run);
  return now.answer();
}

}  // namespace slowlane
