#include "control/frame_facts.h"

#include <algorithm>
#include <charconv>

#include "control/capture_run.h"
#include "control/failure.h"
#include "dataplane/flow_facts.h"

namespace slowlane {
namespace {

// Stops at one frame and keeps a copy of its flow.
class FrameWitness : public Witness {
 public:
  explicit FrameWitness(std::uint64_t frame) : frame_(frame) {}

  void packet_done(const Packet& packet, Fate) noexcept override {
    if (packet.frame != frame_) return;
    kind_ = packet.parsed.kind;
    reached_ = true;
    if (packet.flow == nullptr) return;
    found_ = true;
    flow_ = *packet.flow;
  }
  void flow_done(const Flow&, FlowEnd) noexcept override {}

  bool reached() const { return reached_; }
  bool found() const { return found_; }
  Parsed::Kind kind() const { return kind_; }
  const Flow& flow() const { return flow_; }

 private:
  std::uint64_t frame_;
  bool reached_ = false;
  bool found_ = false;
  Parsed::Kind kind_ = Parsed::Kind::not_ip;
  Flow flow_;
};

// Keeps the initiator's first payload of one flow.
class PayloadWitness : public Witness {
 public:
  explicit PayloadWitness(std::uint64_t flow) : flow_(flow) {}

  void packet_done(const Packet& packet, Fate) noexcept override {
    if (done_ || packet.flow == nullptr || packet.flow_id != flow_ || packet.parsed.headers.payload_bytes == 0) return;
    if (packet.parsed.from_low != packet.flow->client_is_low) return;
    done_ = true;
    const auto bytes = packet.payload().first(std::min(packet.payload().size(), kPayloadLimit));
    payload_.assign(bytes.begin(), bytes.end());
  }
  void flow_done(const Flow&, FlowEnd) noexcept override {}

  bool done() const { return done_; }
  std::vector<std::uint8_t> take() { return std::move(payload_); }

 private:
  std::uint64_t flow_;
  bool done_ = false;
  std::vector<std::uint8_t> payload_;
};

Failure no_flow(const FrameName& frame, Parsed::Kind kind) {
  std::string why;
  switch (kind) {
    case Parsed::Kind::not_ip: why = "is not IP: it passes, and no rule is asked"; break;
    case Parsed::Kind::malformed: why = "cannot be read as IP: it passes, and no rule is asked"; break;
    case Parsed::Kind::ip: why = "belongs to no flow that was judged (a later fragment, or a full table)"; break;
  }
  return Failure(Exit::wrong_input, frame.capture + ": frame " + std::to_string(frame.number) + " " + why);
}

void fill(FrameFacts& out, const Flow& flow, const Names& names) {
  out.vlans.assign(flow.vlans.begin(), flow.vlans.begin() + flow.vlan_count);
  for (std::size_t i = 0; i < flow.name_count; ++i) out.texts.emplace_back(names.text(flow.names[i]));
  for (std::size_t i = 0; i < flow.name_count; ++i) out.names.push_back({out.texts[i], flow.name_sources[i]});
  out.facts = facts_of(flow, out.names);
  out.facts.vlans = out.vlans;
}

// The flow keeps its first payload only while rules wait for it, so the capture is read once more up to it.
std::vector<std::uint8_t> first_payload(const FrameName& frame, const std::string& book, std::uint64_t flow,
                                        PacketPool& pool) {
  PayloadWitness witness(flow);
  CaptureRun run({frame.capture}, load_untreated(book), {}, pool, witness);
  while (!witness.done() && run.step()) continue;
  return witness.take();
}

}  // namespace

FrameName read_frame_name(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  FrameName frame;
  if (colon != std::string::npos && colon > 0) {
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + colon + 1, end, frame.number);
    frame.capture = text.substr(0, colon);
    if (read.ec == std::errc() && read.ptr == end && frame.number > 0) return frame;
  }
  throw Failure(Exit::wrong_usage, "--frame takes a capture and a frame's number, like in.pcap:12, not " + text);
}

std::unique_ptr<FrameFacts> facts_at(const FrameName& frame, const std::string& book, PacketPool& pool) {
  auto out = std::make_unique<FrameFacts>();
  out->rules = load_untreated(book);
  FrameWitness witness(frame.number);
  CaptureRun run({frame.capture}, load_untreated(book), {}, pool, witness);
  while (!witness.reached() && run.step()) continue;
  if (!witness.reached())
    throw Failure(Exit::wrong_input, frame.capture + ": there is no frame " + std::to_string(frame.number));
  if (!witness.found()) throw no_flow(frame, witness.kind());
  fill(*out, witness.flow(), run.worker().names());
  if (out->facts.payload == Known::yes && out->rules->needs().payload)
    out->payload = first_payload(frame, book, witness.flow().id, pool);
  out->facts.payload_bytes = out->payload;
  return out;
}

}  // namespace slowlane
