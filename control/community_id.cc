#include "control/community_id.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

namespace slowlane {
namespace {

constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kIcmp6 = 58;

// What the specification puts where TCP has a port. One-way: the message has no answer, so that the two ends are not
// put in order.
struct End {
  Address address;
  std::uint16_t port = 0;
};
struct Tuple {
  End source;
  End destination;
  bool has_ports = true;
  bool one_way = false;
};

struct Pair {
  std::uint8_t asks;
  std::uint8_t answers;
};

// Requests and the answers to them (Community ID specification, "ICMP").
constexpr std::array kIcmpPairs{Pair{8, 0},   Pair{0, 8},   Pair{10, 9},  Pair{9, 10},  Pair{13, 14},
                                Pair{14, 13}, Pair{15, 16}, Pair{16, 15}, Pair{17, 18}, Pair{18, 17}};
constexpr std::array kIcmp6Pairs{Pair{128, 129}, Pair{129, 128}, Pair{130, 131}, Pair{131, 130},
                                 Pair{133, 134}, Pair{134, 133}, Pair{135, 136}, Pair{136, 135},
                                 Pair{139, 140}, Pair{140, 139}, Pair{144, 145}, Pair{145, 144}};

std::optional<std::uint8_t> counterpart(std::span<const Pair> pairs, std::uint8_t type) {
  for (const Pair& pair : pairs)
    if (pair.asks == type) return pair.answers;
  return std::nullopt;
}

Tuple tuple_of(const Flow& flow, IcmpHead icmp) {
  Tuple tuple{{flow.client(), flow.client_port()}, {flow.server(), flow.server_port()}};
  const std::uint8_t transport = flow.key.transport;
  if (transport == kIcmp || transport == kIcmp6) {
    const auto answer = counterpart(transport == kIcmp ? std::span<const Pair>(kIcmpPairs) : kIcmp6Pairs, icmp.type);
    tuple.source.port = icmp.type;
    tuple.destination.port = answer ? *answer : icmp.code;
    tuple.one_way = !answer.has_value();
  } else {
    tuple.has_ports = transport == 6 || transport == 17 || transport == 132;
  }
  return tuple;
}

void append(std::vector<std::uint8_t>& bytes, const Address& address) {
  const std::size_t skip = address.is_v4() ? 12 : 0;
  bytes.insert(bytes.end(), address.bytes.begin() + static_cast<std::ptrdiff_t>(skip), address.bytes.end());
}

void append(std::vector<std::uint8_t>& bytes, std::uint16_t number) {
  bytes.push_back(static_cast<std::uint8_t>(number >> 8));
  bytes.push_back(static_cast<std::uint8_t>(number & 0xff));
}

std::string base64(std::span<const unsigned char> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace

std::string community_id(const Flow& flow, IcmpHead icmp) {
  Tuple tuple = tuple_of(flow, icmp);
  if (!tuple.one_way &&
      std::tie(tuple.destination.address, tuple.destination.port) < std::tie(tuple.source.address, tuple.source.port))
    std::swap(tuple.source, tuple.destination);
  std::vector<std::uint8_t> bytes;
  append(bytes, std::uint16_t{0});  // the seed
  append(bytes, tuple.source.address);
  append(bytes, tuple.destination.address);
  bytes.push_back(flow.key.transport);
  bytes.push_back(0);
  if (tuple.has_ports) {
    append(bytes, tuple.source.port);
    append(bytes, tuple.destination.port);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) return {};
  return "1:" + base64(std::span(digest).first(size));
}

}  // namespace slowlane
