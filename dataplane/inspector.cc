#include "dataplane/inspector.h"

#include <algorithm>

#include "dataplane/draw.h"
#include "dataplane/flow_facts.h"

namespace slowlane {
namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

bool has_names(std::uint8_t transport) { return transport == kTcp || transport == kUdp; }

// How many packets with payload, of both directions together, are looked at (fact C9).
std::uint32_t draw_window(const Flow& flow, const Inspection& how, std::uint64_t seed) {
  const std::uint64_t choices = std::uint64_t{how.max_packets_most} - how.max_packets + 1;
  return how.max_packets + static_cast<std::uint32_t>(draw(seed, flow.key, 0, Purpose::window) % choices);
}

}  // namespace

Inspector::Inspector(const Pools& pools, Names& names, Classifier* classifier, Counters& counters)
    : first_flight_(pools.looks, names, counters),
      payloads_(pools.payloads),
      names_(names),
      classifier_(classifier),
      counters_(counters) {}

void Inspector::begin(Flow& flow, const Needs& needs) noexcept {
  flow.looking = true;
  flow.wants_application = needs.application && classifier_ != nullptr;
  flow.wants_payload = needs.payload;
  if (flow.key.transport != kUdp) flow.quic = Known::absent;
  if (!has_names(flow.key.transport)) first_flight_.stop(flow, NotFound::unsupported_transport);
  if (!needs.application) flow.application = Known::absent;
  flow.asked_application = needs.application;
  flow.asked_payload = needs.payload;
}

void Inspector::renew(Flow& flow, const Needs& needs) noexcept {
  const bool new_application = needs.application && !flow.asked_application;
  const bool new_payload = needs.payload && !flow.asked_payload;
  const bool can_classify = flow.looking && classifier_ != nullptr;
  if (new_application && can_classify) {
    flow.application = Known::not_yet;
    flow.wants_application = true;
  }
  if (flow.payload == Known::not_yet) flow.wants_payload = needs.payload;
  if ((new_application && !can_classify) || (new_payload && flow.payload != Known::not_yet))
    counters_[Counter::not_inspected].add();
  flow.asked_application = flow.asked_application || needs.application;
  flow.asked_payload = flow.asked_payload || needs.payload;
}

bool Inspector::look(Flow& flow, const Packet& packet, bool from_client, const Inspection& how,
                     std::uint64_t seed) noexcept {
  const Headers& headers = packet.parsed.headers;
  const std::size_t from = from_client ? 0 : 1;
  if (flow.more_names) first_flight_.note_sequence(flow, headers, from);
  if (headers.payload_bytes == 0 && has_names(headers.transport)) return false;
  ++flow.inspected_packets;
  flow.inspected_bytes += headers.payload_bytes;
  bool grew = from_client && flow.payload == Known::not_yet && note_payload(flow, packet);
  if (flow.more_names) grew |= first_flight_.read(flow, packet, from, how);
  if (flow.application == Known::not_yet) grew |= classify(flow, packet, from_client, how);
  const bool drawn = how.max_packets_most != how.max_packets;
  if (drawn) flow.drawn_window = draw_window(flow, how, seed);
  const bool spent =
      flow.inspected_packets >= (drawn ? flow.drawn_window : how.max_packets) || flow.inspected_bytes >= how.max_bytes;
  if (!spent && !wants_nothing(flow)) return grew;
  end(flow, NotFound::budget);
  return true;
}

bool Inspector::wants_nothing(const Flow& flow) const noexcept {
  const bool application = flow.wants_application && flow.application == Known::not_yet;
  return !flow.more_names && !application && flow.payload != Known::not_yet;
}

bool Inspector::note_payload(Flow& flow, const Packet& packet) noexcept {
  flow.payload = Known::yes;
  flow.payload_size = packet.parsed.headers.payload_bytes;
  if (!flow.wants_payload) return true;
  const std::uint32_t slot = payloads_.take();
  if (slot == kNoSlot) {
    counters_[Counter::looks_no_memory].add();
    return true;
  }
  const auto bytes = packet.payload().first(std::min<std::size_t>(packet.payload().size(), kPayloadLimit));
  std::copy(bytes.begin(), bytes.end(), payloads_[slot].bytes.begin());
  payloads_[slot].size = static_cast<std::uint32_t>(bytes.size());
  flow.kept_payload = slot;
  return true;
}

// A name that our readers found is enough for nDPI's host table; dissection is for flows that we do not understand.
bool Inspector::classify(Flow& flow, const Packet& packet, bool from_client, const Inspection& how) noexcept {
  if (!flow.wants_application) return false;
  if (!flow.more_names && flow.name_count > 0) return classify_by_name(flow);
  if (flow.more_names && flow.spoken != 0xff) return false;
  if (flow.probe == kNoIndex) {
    flow.probe = classifier_->begin();
    if (flow.probe == Classifier::kNoProbe) {
      counters_[Counter::probes_no_memory].add();
      flow.application = Known::absent;
      return true;
    }
  }
  const auto ip_packet = packet.bytes().subspan(packet.parsed.headers.l3);
  const Classifier::Answer seen = classifier_->look(flow.probe, ip_packet, from_client, packet.arrival);
  ++flow.probed_packets;
  if (!seen.done && flow.probed_packets < how.ndpi_packets) return false;
  answer(flow, seen.done ? seen : classifier_->give_up(flow.probe));
  return true;
}

bool Inspector::classify_by_name(Flow& flow) noexcept {
  const std::size_t last = flow.name_count - 1u;
  const Endpoint server{flow.server(), flow.server_port()};
  answer(flow, classifier_->by_name(names_.text(flow.names[last]), flow.name_sources[last], server));
  return true;
}

void Inspector::answer(Flow& flow, const Classifier::Answer& answer) noexcept {
  flow.application = Known::yes;
  flow.master = answer.master;
  flow.app = answer.app;
  flow.category = answer.category;
  if (flow.probe == kNoIndex) return;
  classifier_->end(flow.probe);
  flow.probe = kNoIndex;
}

Facts Inspector::facts(const Flow& flow) noexcept {
  for (std::size_t i = 0; i < flow.name_count; ++i) host_names_[i] = {names_.text(flow.names[i]), flow.name_sources[i]};
  Facts facts = facts_of(flow, {host_names_.data(), flow.name_count});
  if (flow.kept_payload != kNoIndex) {
    const KeptPayload& kept = payloads_[flow.kept_payload];
    facts.payload_bytes = {kept.bytes.data(), kept.size};
  }
  return facts;
}

std::optional<HostName> Inspector::glance(const Flow& flow, const Packet& packet, const Inspection& how) noexcept {
  return first_flight_.glance(flow, packet, how);
}

void Inspector::end(Flow& flow, NotFound why) noexcept {
  // A more telling reason than "budget" was noted while looking.
  const bool told = flow.not_found != NotFound::none && flow.not_found != NotFound::no_payload;
  if (flow.more_names) first_flight_.stop(flow, told ? flow.not_found : why);
  if (flow.probe != kNoIndex) answer(flow, classifier_->give_up(flow.probe));
  if (flow.application == Known::not_yet && flow.wants_application && flow.name_count > 0) classify_by_name(flow);
  if (flow.application == Known::not_yet) flow.application = Known::absent;
  if (flow.payload == Known::not_yet) flow.payload = Known::absent;
  flow.looking = false;
}

void Inspector::settle(Flow& flow) noexcept {
  if (flow.kept_payload == kNoIndex) return;
  payloads_.give_back(flow.kept_payload);
  flow.kept_payload = kNoIndex;
}

void Inspector::forget(Flow& flow) noexcept {
  if (flow.looking) end(flow, NotFound::no_payload);
  settle(flow);
  for (std::size_t i = 0; i < flow.name_count; ++i) names_.release(flow.names[i]);
  flow.name_count = 0;
}

}  // namespace slowlane
