#include "control/replay_outputs.h"

#include <algorithm>

#include "control/failure.h"
#include "control/run_summary.h"

namespace slowlane {
namespace {

std::unique_ptr<CaptureWriter> open_writer(const std::string& path) {
  if (path.empty()) return nullptr;
  if (!CaptureWriter::format_of(path))
    throw Failure(Exit::wrong_usage, path + ": a capture is written to a name that ends in .pcapng or .pcap, or to -");
  auto writer = CaptureWriter::create(path, program_name());
  if (!writer) throw Failure(Exit::machine, writer.diagnostics().front().print());
  return std::move(writer.value());
}

void commit_writer(CaptureWriter* writer) {
  if (writer == nullptr) return;
  if (const auto wrong = writer->finish()) throw Failure(Exit::machine, wrong->print());
}

void open(std::optional<Output>& file, const std::string& path) {
  if (!path.empty()) file.emplace(path);
}

}  // namespace

ReplayOutputs::ReplayOutputs(const ReplayOptions& options, const RuleSet& rules, Nanos start)
    : options_(options),
      rules_(rules),
      times_(rules.classes().size()),
      leaving_(open_writer(options.write)),
      dropped_(open_writer(options.write_dropped)) {
  open(report_file_, options.report);
  open(flows_file_, options.flows);
  open(series_file_, options.series);
  open(packets_file_, options.packets);
  if (!options.annotate.empty()) {
    annotator_ = std::make_unique<Annotator>(options.annotate, options.captures, rules);
    order_.add_sink(*annotator_);
  }
  if (series_file_) {
    const Series::Config config{start, options.every, options.by};
    series_.emplace(*series_file_, row_format_of(options.series, RowFormat::csv), rules, config);
    order_.add_sink(*series_);
  }
  if (packets_file_) {
    packets_.emplace(*packets_file_, row_format_of(options.packets, RowFormat::csv), rules, options.captures);
    order_.add_sink(*packets_);
  }
}

void ReplayOutputs::attach(const Worker& worker) {
  name_texts_ = &worker.names();
  if (!flows_file_) return;
  const FlowContext context{rules_, worker.names(), worker.classifier(), options_.addresses};
  flows_.emplace(*flows_file_, row_format_of(options_.flows, RowFormat::jsonl), context);
}

void ReplayOutputs::packet_done(const Packet& packet, Fate fate) noexcept {
  if (packet.flow_id != 0) times_[packet.cls].packet(packet, fate);
  if (flows_) flows_->packet(packet);
  if (dropped_ && !fate.sent) dropped_->write(WrittenFrame::dropped(packet));
  if (order_.has_sinks()) order_.add(PacketRecord::of(packet, fate));
}

void ReplayOutputs::flow_done(const Flow& flow, FlowEnd why) noexcept {
  if (flows_) flows_->flow(flow, why);
  for (std::size_t i = 0; i < 2; ++i) {
    Nanos& longest = times_[flow.cls].longest_gap[i];
    longest = std::max(longest, flow.longest_gap[i]);
  }
  const int shown = shown_name(flow);
  if (shown < 0) return;
  NameTotals totals;
  totals.host = name_texts_->text(flow.names[static_cast<std::size_t>(shown)]);
  totals.cls = flow.cls == kPending ? kPass : flow.cls;
  totals.flows = 1;
  totals.bytes = flow.bytes[0] + flow.bytes[1];
  totals.dropped_bytes = flow.dropped_bytes[0] + flow.dropped_bytes[1];
  totals.delayed_packets = std::uint64_t{flow.delayed_packets[0]} + flow.delayed_packets[1];
  names_.add(totals);
}

void ReplayOutputs::commit(std::uint64_t packets, const std::string& report) {
  order_.finish();
  if (series_) series_->finish();
  if (report_file_) report_file_->write(report);
  commit_writer(leaving_.get());
  commit_writer(dropped_.get());
  if (annotator_) annotator_->commit(packets);
  for (std::optional<Output>* file : {&flows_file_, &series_file_, &packets_file_, &report_file_})
    if (*file) (*file)->commit();
}

}  // namespace slowlane
