#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dataplane/keyed_hash.h"
#include "rules/ip.h"
#include "rules/units.h"

namespace slowlane {

// A name that at least NameBoard::kClients clients asked for of late.
struct BusyName {
  std::string host;
  std::uint64_t flows = 0;
  std::uint64_t bytes = 0;  // IP bytes of those that ended
};

// Which names are asked for most in each class, for a few minutes: the last two windows are known, and all before is
// forgotten. Of clients it keeps nothing but that there were different ones, as hashes under a secret of this process.
// Bounded; what finds no room is not counted. Control's thread.
class NameBoard {
 public:
  static constexpr std::size_t kClients = 5;  // contract §7
  struct Limits {
    std::size_t names = 4096;  // of each window; the smaller half goes when it is full
    Nanos window = 120 * kSecond;
  };
  // `secret` must be random.
  NameBoard(std::uint64_t secret, const Limits& limits) : hash_(secret), limits_(limits) {}
  explicit NameBoard(std::uint64_t secret) : NameBoard(secret, Limits()) {}

  struct Seen {
    std::string_view cls;
    std::string_view host;
    Address client;  // the subscriber; addresses of one /64 of IPv6 are the same
    std::uint64_t flows = 0;
    std::uint64_t bytes = 0;
  };
  void note(const Seen& seen, Nanos now);
  // Forgets what is too old; to be called now and then.
  void age(Nanos now);
  // By bytes, then flows.
  std::vector<BusyName> top(std::string_view cls, std::size_t most) const;

 private:
  struct Entry {
    std::string cls;
    std::string host;
    std::uint64_t flows = 0;
    std::uint64_t bytes = 0;
    std::array<std::uint32_t, kClients> clients{};  // different ones; 0: none
  };
  using Window = std::unordered_map<std::string, Entry>;

  void make_room();
  static void add_client(Entry& entry, std::uint32_t client);

  const KeyedHash hash_;
  const Limits limits_;
  std::array<Window, 2> windows_;  // the current one first
  Nanos until_ = 0;                // of the current one
};

}  // namespace slowlane
