#include "control/annotate.h"

#include <fmt/format.h>

#include "control/failure.h"
#include "control/packets.h"
#include "control/run_summary.h"
#include "control/text.h"

namespace slowlane {

Annotator::Annotator(const std::string& path, const std::vector<std::string>& captures, const RuleSet& rules)
    : rules_(rules) {
  if (CaptureWriter::format_of(path) == CaptureWriter::Format::pcap)
    throw Failure(Exit::wrong_usage, path + ": only pcapng has room for comments; use a name that ends in .pcapng");
  for (const std::string& file : captures) {
    if (file == "-") throw Failure(Exit::wrong_usage, "--annotate reads the captures twice and cannot do so from -");
    auto reader = CaptureReader::open(file);
    if (!reader) throw Failure(Exit::wrong_input, reader.diagnostics().front().print());
    readers_.push_back(std::move(reader.value()));
  }
  auto writer = CaptureWriter::create(path, CaptureWriter::Format::pcapng, program_name());
  if (!writer) throw Failure(Exit::machine, writer.diagnostics().front().print());
  writer_ = std::move(writer.value());
}

const CapturedFrame* Annotator::next_frame() noexcept {
  while (current_ < readers_.size()) {
    if (const CapturedFrame* frame = readers_[current_]->next()) {
      ++read_;
      return frame;
    }
    ++current_;
  }
  return nullptr;
}

void Annotator::write(const CapturedFrame& frame, Side side, const std::string& comment) noexcept {
  WrittenFrame written;
  written.time = frame.time;
  written.side = side;
  written.dlt = frame.dlt;
  written.wire_length = frame.wire_length;
  written.bytes = frame.bytes;
  written.comment = comment;
  writer_->write(written);
}

void Annotator::write_held(std::uint64_t before) noexcept {
  while (read_ + 1 < before)
    if (const CapturedFrame* frame = next_frame())
      write(*frame, Side::inside, fmt::format("frame={} fate=held", frame->number));
    else
      return;
}

void Annotator::record(const PacketRecord& record) noexcept {
  write_held(record.number);
  if (const CapturedFrame* frame = next_frame()) write(*frame, record.side, comment(record, rules_));
}

void Annotator::commit(std::uint64_t packets) {
  write_held(packets + 1);
  if (const auto wrong = writer_->finish()) throw Failure(Exit::machine, wrong->print());
}

std::string Annotator::comment(const PacketRecord& record, const RuleSet& rules) {
  std::string text = fmt::format("frame={} fate={}", record.frame, fate_word(record));
  if (!record.sent) text += fmt::format(" reason={}", name_of(record.reason));
  text += fmt::format(" class={}", rules.classes()[record.cls].name);
  if (record.rule < rules.rules().size()) text += " rule=" + rules.rules()[record.rule].name;
  if (*change_word(record) != '\0') text += fmt::format(" change={}", change_word(record));
  if (record.departure > record.arrival) text += " held_s=" + print_short_seconds(record.departure - record.arrival);
  return text;
}

}  // namespace slowlane
