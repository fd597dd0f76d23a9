#include "control/top_names.h"

#include <algorithm>
#include <tuple>

namespace slowlane {
namespace {

auto rank(const NameTotals& totals) {
  const bool treated = totals.cls != kPass && totals.cls != kPending;
  return std::tuple(totals.dropped_bytes, totals.delayed_packets, treated ? totals.bytes : 0, totals.bytes);
}

// A total order, so that equal runs print equal lists.
bool before(const NameTotals& one, const NameTotals& other) {
  if (rank(one) != rank(other)) return rank(one) > rank(other);
  return std::tie(one.host, one.cls) < std::tie(other.host, other.cls);
}

}  // namespace

void TopNames::add(const NameTotals& totals) {
  NameTotals& sum = totals_[std::to_string(totals.cls) + " " + totals.host];
  sum.host = totals.host;
  sum.cls = totals.cls;
  sum.flows += totals.flows;
  sum.bytes += totals.bytes;
  sum.dropped_bytes += totals.dropped_bytes;
  sum.delayed_packets += totals.delayed_packets;
  if (totals_.size() > capacity_) forget_smaller_half();
}

void TopNames::forget_smaller_half() {
  exact_ = false;
  std::vector<NameTotals> all = most_affected(totals_.size());
  for (std::size_t i = all.size() / 2; i < all.size(); ++i)
    totals_.erase(std::to_string(all[i].cls) + " " + all[i].host);
}

std::vector<NameTotals> TopNames::most_affected(std::size_t limit) const {
  std::vector<NameTotals> all;
  for (const auto& [key, totals] : totals_) all.push_back(totals);
  std::sort(all.begin(), all.end(), before);
  if (all.size() > limit) all.resize(limit);
  return all;
}

}  // namespace slowlane
