#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "rules/dictionary.h"
#include "rules/facts.h"
#include "rules/ip.h"
#include "rules/units.h"

namespace slowlane {

// nDPI, contained: one module per worker, flow structs from a pool of fixed size, memory from a capped arena. The only
// file that knows nDPI. Labels may depend on earlier flows (nDPI's caches).
class Classifier {
 public:
  // Caps what nDPI may allocate in this process: beyond it, nDPI is told that there is no memory, and recognises less.
  // A module needs about 8 MB. Call once, before the first Classifier.
  static void limit_memory(std::size_t bytes);
  // What nDPI holds now; 0 without a limit.
  static std::size_t used_memory();

  // `probes` flow structs. Throws std::runtime_error where nDPI cannot start.
  explicit Classifier(std::uint32_t probes);
  ~Classifier();
  Classifier(const Classifier&) = delete;
  Classifier& operator=(const Classifier&) = delete;

  // A protocol alone (TLS) stands in `master`, an application over it (TLS.YouTube) in `app`. Guesses by port or
  // address are no answer.
  struct Answer {
    bool done = false;  // nothing more will be learned
    ProtocolId master = kUnknownProtocol;
    ProtocolId app = kUnknownProtocol;
    std::uint16_t category = 0;

    bool operator==(const Answer&) const = default;
  };

  // A struct for one flow; kNoProbe where all are taken.
  static constexpr std::uint32_t kNoProbe = 0xffffffff;
  std::uint32_t begin() noexcept;
  // Shows one packet from its innermost IP header on. `from_client` by the flow's own reckoning.
  Answer look(std::uint32_t probe, std::span<const std::uint8_t> ip_packet, bool from_client, Nanos now) noexcept;
  // What can be said without further packets.
  Answer give_up(std::uint32_t probe) noexcept;
  void end(std::uint32_t probe) noexcept;

  // The application of a flow whose name our own readers found: about 200 ns, no dissection. Always done; `master` is
  // that of the source.
  Answer by_name(std::string_view host, NameSource source) noexcept;
  // The same; where the name says nothing, the owner of the server's IPv4 address does, and DNS on its relatives' ports
  // is MDNS or LLMNR, as in nDPI's own dissectors.
  Answer by_name(std::string_view host, NameSource source, const Endpoint& server) noexcept;

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
