#include "dataplane/datagrams.h"

#include <algorithm>
#include <cstring>

namespace slowlane {
namespace {

constexpr std::uint8_t kFragmentHeader = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint32_t kLongestDatagram = 65535;
constexpr int kMaxHeaders = 16;

// Where the data of an IPv6 fragment begins: behind its fragment header (RFC 8200 §4.5). A first fragment may have
// more extension headers between that and the transport header, so the parser's offsets do not tell.
std::optional<std::size_t> data_of_ipv6(std::span<const std::uint8_t> frame, std::size_t ip) noexcept {
  if (ip + 40 > frame.size()) return std::nullopt;
  std::uint8_t next = frame[ip + 6];
  std::size_t at = ip + 40;
  for (int i = 0; i < kMaxHeaders && at + 8 <= frame.size(); ++i) {
    if (next == kFragmentHeader) return at + 8;
    const std::size_t words = frame[at + 1];
    const std::size_t length = next == kAuthentication ? (words + 2) * 4 : (words + 1) * 8;
    next = frame[at];
    at += length;
  }
  return std::nullopt;
}

std::optional<std::size_t> data_of(const Packet& fragment) noexcept {
  const std::span<const std::uint8_t> frame = fragment.bytes();
  const std::size_t ip = fragment.parsed.headers.l3;
  if (fragment.parsed.headers.version == 6) return data_of_ipv6(frame, ip);
  if (ip + 20 > frame.size()) return std::nullopt;
  return ip + (frame[ip] & 15u) * 4u;
}

}  // namespace

DatagramId datagram_of(const Packet& fragment) noexcept {
  const Parsed& parsed = fragment.parsed;
  DatagramId id;
  id.source = parsed.from_low ? parsed.key.low : parsed.key.high;
  id.destination = parsed.from_low ? parsed.key.high : parsed.key.low;
  id.id = parsed.headers.fragment_id;
  id.vlan = parsed.key.vlan;
  id.version = parsed.headers.version;
  // The protocol field of every IPv4 fragment is that of the datagram; headers behind it are in the first one only.
  const std::size_t protocol = std::size_t{parsed.headers.l3} + 9;
  if (id.version == 4 && protocol < fragment.bytes().size()) id.transport = fragment.bytes()[protocol];
  return id;
}

std::optional<FragmentRange> range_of(const Packet& fragment) noexcept {
  const Headers& headers = fragment.parsed.headers;
  const std::optional<std::size_t> data = data_of(fragment);
  if (!data || *data - headers.l3 >= headers.ip_bytes) return std::nullopt;
  FragmentRange range;
  range.begin = headers.fragment_offset;
  range.end = range.begin + static_cast<std::uint32_t>(headers.ip_bytes - (*data - headers.l3));
  if (range.end > kLongestDatagram || (headers.more_fragments && range.end % 8 != 0)) return std::nullopt;
  return range;
}

void set_ttl(Packet& packet, std::uint8_t ttl) noexcept {
  const std::span<std::uint8_t> frame = packet.bytes();
  const std::size_t ip = packet.parsed.headers.l3;
  if (ip + 20 > frame.size()) return;
  packet.parsed.headers.ttl = ttl;
  if (packet.parsed.headers.version == 6) {
    frame[ip + 7] = ttl;
    return;
  }
  // HC' = ~(~HC + ~m + m'), where m is the word of TTL and protocol.
  const std::uint32_t old_word = static_cast<std::uint32_t>(frame[ip + 8] << 8 | frame[ip + 9]);
  frame[ip + 8] = ttl;
  const std::uint32_t new_word = static_cast<std::uint32_t>(frame[ip + 8] << 8 | frame[ip + 9]);
  const std::uint32_t checksum = static_cast<std::uint32_t>(frame[ip + 10] << 8 | frame[ip + 11]);
  std::uint32_t sum = (~checksum & 0xffff) + (~old_word & 0xffff) + new_word;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
  frame[ip + 10] = static_cast<std::uint8_t>(sum >> 8);
  frame[ip + 11] = static_cast<std::uint8_t>(sum & 0xff);
}

Datagrams::Datagrams(std::uint32_t capacity, std::uint64_t seed)
    : capacity_(std::max<std::uint32_t>(1, capacity)), hash_(seed), buckets_(capacity_), records_(capacity_) {}

std::uint64_t Datagrams::hash_of(const DatagramId& id) const noexcept {
  std::array<std::uint64_t, 5> words;
  std::memcpy(words.data(), &id, sizeof(words));
  return hash_(words);
}

Datagrams::Record* Datagrams::find(const DatagramId& id) noexcept {
  const std::uint32_t index = buckets_.find(hash_of(id), [&](std::uint32_t i) { return records_[i].id == id; });
  return index == TagBuckets::kNothing ? nullptr : &records_[index];
}

Datagrams::Record* Datagrams::add(const DatagramId& id, Nanos due) noexcept {
  if (free_ == kNoIndex && used_ == capacity_) return nullptr;
  const std::uint64_t hash = hash_of(id);
  if (!buckets_.make_room(hash, [this](std::uint32_t i) { return hash_of(records_[i].id); })) return nullptr;
  const std::uint32_t index = free_ != kNoIndex ? free_ : used_++;
  if (index == free_) free_ = records_[index].later;
  records_[index] = Record{};
  records_[index].id = id;
  records_[index].due = due;
  buckets_.put(hash, index);
  link(index, List::live);
  return &records_[index];
}

void Datagrams::remove(Record& record) noexcept {
  const std::uint32_t index = index_of(record);
  buckets_.remove(hash_of(record.id), index);
  unlink(index);
  record.later = free_;
  free_ = index;
}

void Datagrams::move(Record& record, List list) noexcept {
  unlink(index_of(record));
  link(index_of(record), list);
}

Datagrams::Record* Datagrams::soonest(List list) noexcept {
  const std::uint32_t index = lists_[static_cast<std::size_t>(list)].soonest;
  return index == kNoIndex ? nullptr : &records_[index];
}

// Times come nearly in order: the place is at the end, or close to it where a new book has a shorter timeout.
void Datagrams::link(std::uint32_t index, List list) noexcept {
  Ends& ends = lists_[static_cast<std::size_t>(list)];
  Record& record = records_[index];
  std::uint32_t before = ends.latest;
  while (before != kNoIndex && records_[before].due > record.due) before = records_[before].sooner;
  record.list = list;
  record.sooner = before;
  record.later = before == kNoIndex ? ends.soonest : records_[before].later;
  (before == kNoIndex ? ends.soonest : records_[before].later) = index;
  (record.later == kNoIndex ? ends.latest : records_[record.later].sooner) = index;
}

void Datagrams::unlink(std::uint32_t index) noexcept {
  const Record& record = records_[index];
  Ends& ends = lists_[static_cast<std::size_t>(record.list)];
  (record.sooner == kNoIndex ? ends.soonest : records_[record.sooner].later) = record.later;
  (record.later == kNoIndex ? ends.latest : records_[record.later].sooner) = record.sooner;
}

}  // namespace slowlane
