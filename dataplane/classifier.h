#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "rules/facts.h"
#include "rules/ruleset.h"
#include "rules/units.h"

namespace slowlane {

// nDPI, contained: one module per worker, flow structs from a pool of fixed size, memory from a capped arena. The only
// file that knows nDPI. Labels may depend on earlier flows (nDPI's caches).
class Classifier {
 public:
  // Caps what nDPI may allocate in this process. Call once, before the first Classifier.
  static void limit_memory(std::size_t bytes);

  // `probes` flow structs. Throws std::runtime_error where nDPI cannot start.
  explicit Classifier(std::uint32_t probes);
  ~Classifier();
  Classifier(const Classifier&) = delete;
  Classifier& operator=(const Classifier&) = delete;

  struct Answer {
    bool done = false;  // nothing more will be learned
    ProtocolId master = kUnknownProtocol;
    ProtocolId app = kUnknownProtocol;
    std::uint16_t category = 0;
  };

  // A struct for one flow; kNoProbe where all are taken.
  static constexpr std::uint32_t kNoProbe = 0xffffffff;
  std::uint32_t begin() noexcept;
  // Shows one packet from its innermost IP header on. `from_client` by the flow's own reckoning.
  Answer look(std::uint32_t probe, std::span<const std::uint8_t> ip_packet, bool from_client, Nanos now) noexcept;
  // What can be said without further packets; no guessing by port or address.
  Answer give_up(std::uint32_t probe) noexcept;
  void end(std::uint32_t probe) noexcept;

  // The application of a flow whose name our own readers found: about 200 ns, no dissection.
  Answer by_name(std::string_view host, NameSource source) noexcept;

  const Dictionary& dictionary() const;
  // "TLS", "TLS.YouTube", "Unknown": master, or master.application.
  std::string print(ProtocolId master, ProtocolId app) const;
  std::string category_name(std::uint16_t category) const;
  static ProtocolId id_of(NameSource source);  // TLS, QUIC, HTTP, DNS, SOCKS
  static std::string version();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slowlane
