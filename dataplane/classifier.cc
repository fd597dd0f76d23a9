#include "dataplane/classifier.h"

#include <ndpi_api.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "dataplane/capped_memory.h"

namespace slowlane {
namespace {

using Module = ndpi_detection_module_struct;
using Probe = ndpi_flow_struct;
static_assert(std::is_trivially_copyable_v<Probe>, "a probe is zeroed as memory");

// --- nDPI's interface, which changes from release to release: what compiles is called. Seen: 4.2 to 4.10, and 5.0's
// header.

#if NDPI_MAJOR >= 5
void set_allocator() {
  ndpi_set_memory_alloction_functions(CappedMemory::take, CappedMemory::give_back, CappedMemory::take_zeroed,
                                      CappedMemory::resize, nullptr, nullptr, CappedMemory::take,
                                      CappedMemory::give_back);
}
void ask_for_everything(Module*) {}  // is the default
#else
void set_allocator() {
  set_ndpi_malloc(CappedMemory::take);
  set_ndpi_free(CappedMemory::give_back);
  set_ndpi_flow_malloc(CappedMemory::take);
  set_ndpi_flow_free(CappedMemory::give_back);
}
void ask_for_everything(Module* module) {
  NDPI_PROTOCOL_BITMASK all;
  NDPI_BITMASK_SET_ALL(all);
  ndpi_set_protocol_detection_bitmask2(module, &all);
}
#endif

template <class M>
unsigned protocol_count(M* module) {
  if constexpr (requires { ndpi_get_num_protocols(module); }) {
    return ndpi_get_num_protocols(module);
  } else {
    return ndpi_get_ndpi_num_supported_protocols(module);
  }
}

template <class M>
ndpi_protocol process(M* module, Probe* probe, std::span<const std::uint8_t> packet, bool from_client, u_int64_t ms) {
  const auto size = static_cast<unsigned short>(std::min<std::size_t>(packet.size(), 0xffff));
  if constexpr (requires { ndpi_detection_process_packet(module, probe, packet.data(), size, ms); }) {
    return ndpi_detection_process_packet(module, probe, packet.data(), size, ms);
  } else {
    struct ndpi_flow_input_info info {};
    info.in_pkt_dir = from_client ? 0 : 1;
    return ndpi_detection_process_packet(module, probe, packet.data(), size, ms, &info);
  }
}

template <class M>
ndpi_protocol conclude(M* module, Probe* probe) {
  u_int8_t guessed = 0;
  if constexpr (requires { ndpi_detection_giveup(module, probe, 0, &guessed); }) {
    return ndpi_detection_giveup(module, probe, 0, &guessed);
  } else if constexpr (requires { ndpi_detection_giveup(module, probe, &guessed); }) {
    return ndpi_detection_giveup(module, probe, &guessed);
  } else {
    return ndpi_detection_giveup(module, probe);
  }
}

template <class M>
ndpi_protocol_match_result match_host(M* module, Probe* probe, std::span<char> name, ProtocolId master) {
  ndpi_protocol_match_result result{};
  const auto size = static_cast<u_int>(name.size());
  if constexpr (requires { ndpi_match_host_subprotocol(module, probe, name.data(), size, &result, master); }) {
    ndpi_match_host_subprotocol(module, probe, name.data(), size, &result, master);
  } else {
    ndpi_match_host_subprotocol(module, probe, name.data(), size, &result, master, 1);
  }
  return result;
}

template <class P>
std::pair<ProtocolId, ProtocolId> ids_of(const P& protocol) {
  if constexpr (requires { protocol.master_protocol; }) {
    return {protocol.master_protocol, protocol.app_protocol};
  } else {
    return {protocol.proto.master_protocol, protocol.proto.app_protocol};
  }
}

template <class P>
P protocol_of(ProtocolId master, ProtocolId app) {
  P protocol{};
  if constexpr (requires { protocol.master_protocol; }) {
    protocol.master_protocol = master;
    protocol.app_protocol = app;
  } else {
    protocol.proto.master_protocol = master;
    protocol.proto.app_protocol = app;
  }
  return protocol;
}

// --- answers

template <class Confidence>
bool is_guess(Confidence confidence) {
  if (confidence == Confidence::NDPI_CONFIDENCE_UNKNOWN) return true;
  if constexpr (requires { Confidence::NDPI_CONFIDENCE_MATCH_BY_IP; }) {
    if (confidence == Confidence::NDPI_CONFIDENCE_MATCH_BY_IP) return true;
  }
  return confidence == Confidence::NDPI_CONFIDENCE_MATCH_BY_PORT;
}

Classifier::Answer answer_of(Module* module, const ndpi_protocol& protocol) {
  Classifier::Answer answer;
  const auto [master, app] = ids_of(protocol);
  answer.master = master != kUnknownProtocol ? master : app;
  if (app != answer.master) answer.app = app;
  const auto category = protocol.category != NDPI_PROTOCOL_CATEGORY_UNSPECIFIED
                            ? protocol.category
                            : ndpi_get_proto_category(module, protocol);
  answer.category = static_cast<std::uint16_t>(category);
  return answer;
}

// The relatives of DNS have names of their own in nDPI, and no applications (RFC 6762, RFC 4795).
ProtocolId master_of(NameSource source, std::uint16_t port) {
  if (source == NameSource::dns && port == 5353) return NDPI_PROTOCOL_MDNS;
  if (source == NameSource::dns && port == 5355) return NDPI_PROTOCOL_LLMNR;
  return Classifier::id_of(source);
}

// nDPI's list of address ranges by owner; 0 for those that nobody there owns.
ProtocolId owner_of(Module* module, const Address& address) {
  in_addr network{};
  std::memcpy(&network.s_addr, address.bytes.data() + 12, sizeof network.s_addr);
  return ndpi_network_ptree_match(module, &network);
}

Dictionary make_dictionary(Module* module) {
  Dictionary dictionary;
  for (unsigned id = 0; id < protocol_count(module); ++id) {
    const char* const name = ndpi_get_proto_name(module, static_cast<u_int16_t>(id));
    if (name == nullptr || *name == '\0') continue;
    dictionary.protocols.emplace(lower_case(name), static_cast<ProtocolId>(id));
    const auto protocol = protocol_of<ndpi_protocol>(kUnknownProtocol, static_cast<ProtocolId>(id));
    dictionary.category_of.emplace(static_cast<ProtocolId>(id),
                                   static_cast<std::uint16_t>(ndpi_get_proto_category(module, protocol)));
  }
  for (unsigned id = 0; id < NDPI_PROTOCOL_NUM_CATEGORIES; ++id) {
    const char* const name = ndpi_category_get_name(module, static_cast<ndpi_protocol_category_t>(id));
    if (name != nullptr && *name != '\0')
      dictionary.categories.emplace(lower_case(name), static_cast<std::uint16_t>(id));
  }
  return dictionary;
}

struct ModuleDeleter {
  void operator()(Module* module) const { ndpi_exit_detection_module(module); }
};

}  // namespace

struct Classifier::State {
  explicit State(std::uint32_t count) : probes(count), taken(count, false) {
    if (!module) throw std::runtime_error("nDPI cannot start: no memory");
    ask_for_everything(module.get());
    (void)ndpi_finalize_initialization(module.get());
    dictionary = make_dictionary(module.get());
    for (std::uint32_t i = count; i > 0; --i) free.push_back(i - 1);
  }
  ~State() {
    for (std::size_t i = 0; i < probes.size(); ++i) {
      if (taken[i]) ndpi_free_flow_data(&probes[i]);
    }
  }

  std::unique_ptr<Module, ModuleDeleter> module{ndpi_init_detection_module({})};
  std::vector<Probe> probes;
  std::vector<bool> taken;
  std::vector<std::uint32_t> free;  // as a stack: the warmest struct is taken first
  Probe by_name{};                  // nDPI's host table wants a flow to write into
  Dictionary dictionary;
};

void Classifier::limit_memory(std::size_t bytes) {
  CappedMemory::limit(bytes);
  set_allocator();
}

std::size_t Classifier::used_memory() { return CappedMemory::used(); }

Classifier::Classifier(std::uint32_t probes) : state_(std::make_unique<State>(probes)) {}
Classifier::~Classifier() = default;

std::uint32_t Classifier::begin() noexcept {
  if (state_->free.empty()) return kNoProbe;
  const std::uint32_t probe = state_->free.back();
  state_->free.pop_back();
  state_->taken[probe] = true;
  std::memset(&state_->probes[probe], 0, sizeof(Probe));
  return probe;
}

Classifier::Answer Classifier::look(std::uint32_t probe, std::span<const std::uint8_t> ip_packet, bool from_client,
                                    Nanos now) noexcept {
  Module* const module = state_->module.get();
  Probe& flow = state_->probes[probe];
  const auto ms = static_cast<u_int64_t>(now / 1'000'000);
  const ndpi_protocol protocol = process(module, &flow, ip_packet, from_client, ms);
  if (ids_of(protocol).second == NDPI_PROTOCOL_UNKNOWN || is_guess(flow.confidence)) return {};
  Answer answer = answer_of(module, protocol);
  // An application that is known may still become another one: a certificate, a second request.
  answer.done = !ndpi_extra_dissection_possible(module, &flow);
  return answer;
}

Classifier::Answer Classifier::give_up(std::uint32_t probe) noexcept {
  Module* const module = state_->module.get();
  Probe& flow = state_->probes[probe];
  const ndpi_protocol protocol = conclude(module, &flow);
  Answer answer;
  if (!is_guess(flow.confidence)) answer = answer_of(module, protocol);
  answer.done = true;
  return answer;
}

void Classifier::end(std::uint32_t probe) noexcept {
  ndpi_free_flow_data(&state_->probes[probe]);
  state_->taken[probe] = false;
  state_->free.push_back(probe);  // never more than were taken: it does not grow
}

Classifier::Answer Classifier::by_name(std::string_view host, NameSource source) noexcept {
  return by_name(host, source, Endpoint{});
}

Classifier::Answer Classifier::by_name(std::string_view host, NameSource source, const Endpoint& server) noexcept {
  Module* const module = state_->module.get();
  Answer answer{.done = true, .master = master_of(source, server.port)};
  std::array<char, 256> name;
  if (answer.master == id_of(source) && !host.empty() && host.size() < name.size()) {
    std::copy(host.begin(), host.end(), name.begin());  // nDPI compares without case, and takes no const
    name[host.size()] = '\0';
    std::memset(&state_->by_name, 0, sizeof(Probe));
    const auto match = match_host(module, &state_->by_name, {name.data(), host.size()}, answer.master);
    answer.app = static_cast<ProtocolId>(match.protocol_id);
    answer.category = static_cast<std::uint16_t>(match.protocol_category);
    if (answer.app == kUnknownProtocol && server.address.is_v4()) answer.app = owner_of(module, server.address);
  }
  if (answer.app == answer.master) answer.app = kUnknownProtocol;
  if (answer.category == NDPI_PROTOCOL_CATEGORY_UNSPECIFIED) {
    const bool alone = answer.app == kUnknownProtocol;
    const auto protocol =
        protocol_of<ndpi_protocol>(alone ? kUnknownProtocol : answer.master, alone ? answer.master : answer.app);
    answer.category = static_cast<std::uint16_t>(ndpi_get_proto_category(module, protocol));
  }
  return answer;
}

const Dictionary& Classifier::dictionary() const { return state_->dictionary; }

std::string Classifier::print(ProtocolId master, ProtocolId app) const {
  const auto name = [this](ProtocolId id) { return std::string(ndpi_get_proto_name(state_->module.get(), id)); };
  if (app == kUnknownProtocol || app == master) return name(master);
  return master == kUnknownProtocol ? name(app) : name(master) + "." + name(app);
}

std::string Classifier::category_name(std::uint16_t category) const {
  return ndpi_category_get_name(state_->module.get(), static_cast<ndpi_protocol_category_t>(category));
}

ProtocolId Classifier::id_of(NameSource source) {
  switch (source) {
    case NameSource::tls: return NDPI_PROTOCOL_TLS;
    case NameSource::quic: return NDPI_PROTOCOL_QUIC;
    case NameSource::http: return NDPI_PROTOCOL_HTTP;
    case NameSource::dns: return NDPI_PROTOCOL_DNS;
    case NameSource::socks: return NDPI_PROTOCOL_SOCKS;
  }
  return kUnknownProtocol;
}

std::string Classifier::version() { return ndpi_revision(); }

}  // namespace slowlane
