#include "control/name_board.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

namespace slowlane {
namespace {

constexpr unsigned kSubscriber6 = 64;  // bits of IPv6: behind them a subscriber's addresses change (RFC 8981)

std::string key_of(std::string_view cls, std::string_view host) {
  std::string key(cls);
  key += '\n';
  return key += host;
}

bool larger(const BusyName& a, const BusyName& b) {
  if (a.bytes != b.bytes) return a.bytes > b.bytes;
  return a.flows != b.flows ? a.flows > b.flows : a.host < b.host;
}

}  // namespace

void NameBoard::age(Nanos now) {
  if (now < until_) return;
  // After a longer pause both are too old.
  if (now - until_ >= limits_.window) windows_[0].clear();
  std::swap(windows_[0], windows_[1]);
  windows_[0].clear();
  until_ = now + limits_.window;
}

void NameBoard::make_room() {
  Window& window = windows_[0];
  std::vector<std::pair<std::uint64_t, std::uint64_t>> sizes;
  sizes.reserve(window.size());
  for (const auto& [key, entry] : window) sizes.emplace_back(entry.bytes, entry.flows);
  const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
  std::ranges::nth_element(sizes, middle);
  const auto least = *middle;
  for (auto at = window.begin(); at != window.end() && window.size() > limits_.names / 2;)
    at = std::pair(at->second.bytes, at->second.flows) <= least ? window.erase(at) : std::next(at);
}

void NameBoard::add_client(Entry& entry, std::uint32_t client) {
  for (std::uint32_t& known : entry.clients) {
    if (known == client) return;
    if (known != 0) continue;
    known = client;
    return;
  }
}

void NameBoard::note(const Seen& seen, Nanos now) {
  age(now);
  if (seen.host.empty()) return;
  Window& window = windows_[0];
  if (window.size() >= limits_.names) make_room();
  Entry& entry = window[key_of(seen.cls, seen.host)];
  if (entry.host.empty()) {
    entry.cls = seen.cls;
    entry.host = seen.host;
  }
  entry.flows += seen.flows;
  entry.bytes += seen.bytes;
  const auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(truncate(seen.client, 32, kSubscriber6).bytes);
  add_client(entry, static_cast<std::uint32_t>(hash_(halves)) | 1u);
}

std::vector<BusyName> NameBoard::top(std::string_view cls, std::size_t most) const {
  Window both;
  for (const Window& window : windows_) {
    for (const auto& [key, entry] : window) {
      if (entry.cls != cls) continue;
      Entry& sum = both[key];
      sum.host = entry.host;
      sum.flows += entry.flows;
      sum.bytes += entry.bytes;
      for (const std::uint32_t client : entry.clients)
        if (client != 0) add_client(sum, client);
    }
  }
  std::vector<BusyName> all;
  for (const auto& [key, entry] : both)
    if (entry.clients.back() != 0) all.push_back({entry.host, entry.flows, entry.bytes});
  std::ranges::sort(all, larger);
  if (all.size() > most) all.resize(most);
  return all;
}

}  // namespace slowlane
