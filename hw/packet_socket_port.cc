#include "hw/packet_socket_port.h"

#include <time.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <variant>

#include "hw/port_options.h"
#include "rules/units.h"

namespace slowlane {
namespace {

constexpr std::int64_t kLookEvery = 200'000'000;  // ns
constexpr std::int64_t kLately = 60'000'000'000;  // for what is said to be wrong now

// To some milliseconds, and next to free.
std::int64_t coarse_now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

constexpr std::uint64_t kLeastRing = 1 << 20;
constexpr std::uint64_t kMostRing = 1 << 30;

// The memory of a port's ring, 0 where nothing was asked for; or what is wrong with its options.
Reading<std::uint32_t> ring_of(const PortSpec& spec) {
  const PortOptions options(spec.options);
  for (const auto& [name, value] : options.all())
    if (name != "ring") return "kind af_packet has no option " + name + "; there is ring=SIZE, like ring=64MiB";
  const auto text = options.get("ring");
  if (!text) return 0U;
  const ParsedSize size = parse_size(*text);
  if (const auto* wrong = std::get_if<std::string>(&size)) return "ring: " + *wrong;
  const std::uint64_t bytes = std::get<std::uint64_t>(size);
  if (bytes < kLeastRing || bytes > kMostRing) return "ring: " + *text + " is not between 1MiB and 1GiB";
  return static_cast<std::uint32_t>(bytes);
}

bool lately(const std::atomic<std::int64_t>& when) {
  return coarse_now() - when.load(std::memory_order_relaxed) < kLately;
}

}  // namespace

Result<std::unique_ptr<LivePort>> PacketSocketPort::open(const PortSpec& spec, PacketPool& pool) {
  Interface interface(spec.device);
  if (interface.index() == 0) return Diagnostic{"", 0, "port " + spec.name + ": there is no device " + spec.device};
  if (!interface.is_ethernet())
    return Diagnostic{"", 0, "port " + spec.name + ": " + spec.device + " is no Ethernet device"};
  const auto ring = ring_of(spec);
  if (const auto* wrong = std::get_if<std::string>(&ring))
    return Diagnostic{"", 0, "port " + spec.name + ": " + *wrong};
  std::unique_ptr<PacketSocketPort> port(new PacketSocketPort(spec, pool, std::move(interface)));
  if (auto failure = port->start(std::max<std::uint16_t>(spec.queues, 1), std::get<std::uint32_t>(ring)))
    return *failure;
  return std::unique_ptr<LivePort>(std::move(port));
}

Findings PacketSocketPort::check_options(const PortSpec& spec) {
  const auto ring = ring_of(spec);
  if (const auto* wrong = std::get_if<std::string>(&ring)) return {Finding::error(*wrong)};
  return {};
}

PacketSocketPort::PacketSocketPort(const PortSpec& spec, PacketPool& pool, Interface interface)
    : pool_(pool),
      interface_(std::move(interface)),
      name_(spec.name),
      longest_(longest_frame(std::min(spec.mtu == 0 ? interface_.mtu() : spec.mtu, kMostMtu))) {}

PacketSocketPort::~PacketSocketPort() {
  if (taken_down_.load()) interface_.set_up(true);
}

Diagnostic PacketSocketPort::wrong(const std::string& what) const {
  return {"", 0, "port " + name_ + " (" + interface_.name() + "): " + what};
}

std::optional<Diagnostic> PacketSocketPort::start(std::uint16_t send_queues, std::uint32_t ring_memory) {
  auto ring = ReceiveRing::open(longest_, ring_memory);
  if (!ring) return wrong(ring.diagnostics().front().text);
  ring_ = std::move(ring.value());
  for (std::uint16_t i = 0; i < send_queues; ++i) {
    auto sender = FrameSender::open();
    if (!sender) return wrong(sender.diagnostics().front().text);
    senders_.push_back(std::move(sender.value()));
  }
  if (const int error = rebind(interface_.index()); error != 0) return wrong(std::strerror(error));
  return std::nullopt;
}

// Sockets forget a device that goes, also where one of the same name comes.
int PacketSocketPort::rebind(int index) noexcept {
  int error = 0;
  for (const auto& sender : senders_)
    if (sender->bound_to() != index && error == 0) error = sender->bind(index);
  if (error == 0 && ring_->bound_to() != index) error = ring_->bind(index);
  return error;
}

void PacketSocketPort::look_after() noexcept {
  const std::int64_t now = coarse_now();
  if (now < next_look_) return;
  next_look_ = now + kLookEvery;
  ring_->clear_error();
  if (const int index = interface_.index(); index != 0) rebind(index);
}

void PacketSocketPort::receive(std::uint16_t, Burst& burst) noexcept {
  const std::uint16_t before = burst.count;
  std::uint64_t bytes = 0;
  while (!burst.full()) {
    const auto frame = ring_->take();
    if (!frame) break;
    if (admit(*frame)) {
      if (Packet* packet = pool_.make_packet(frame->bytes); packet != nullptr) {
        burst.add(packet);
        bytes += frame->bytes.size();
      } else {
        no_room_.add();
      }
    }
    ring_->pop();
  }
  if (burst.count == before) return look_after();
  packets_.add(static_cast<std::uint64_t>(burst.count - before));
  bytes_.add(bytes);
}

// Whether the frame is one that the wire could have carried, and so can be sent on.
bool PacketSocketPort::admit(const RingFrame& frame) noexcept {
  if (frame.partial_checksum) {
    partial_checksums_.add();
    last_partial_.store(coarse_now(), std::memory_order_relaxed);
  }
  if (frame.wire_length <= longest_ && frame.bytes.size() == frame.wire_length) return true;
  oversize_.add();
  last_oversize_.store(coarse_now(), std::memory_order_relaxed);
  return false;
}

void PacketSocketPort::send(std::uint16_t queue, Burst& burst) noexcept { senders_[queue]->send(burst); }

bool PacketSocketPort::set_link_up(bool up) noexcept {
  if (!interface_.set_up(up)) return false;
  taken_down_.store(!up);
  return true;
}

PortStatistics PacketSocketPort::statistics() const noexcept {
  PortStatistics all;
  all.received_packets = packets_.read();
  all.received_bytes = bytes_.read();
  const std::uint64_t lost = ring_->take_dropped();
  all.missed = dropped_by_kernel_.fetch_add(lost) + lost + no_room_.read();
  all.oversize = oversize_.read();
  all.partial_checksums = partial_checksums_.read();
  for (const auto& sender : senders_) {
    all.sent_packets += sender->packets();
    all.sent_bytes += sender->bytes();
    all.send_refused += sender->refused();
  }
  return all;
}

std::vector<std::string> PacketSocketPort::degraded() const {
  std::vector<std::string> said;
  const std::string& device = interface_.name();
  if (interface_.index() == 0) {
    said.push_back(device + " is gone; the port goes on when it is back");
  } else if (!interface_.is_up()) {
    said.push_back(taken_down_.load() ? device + " was taken down to show that the other side is"
                                      : device + " is down: ip link set " + device + " up");
  }
  if (lately(last_partial_))
    said.push_back("frames come in on " + device +
                   " with unfinished checksums, which their receivers will refuse: on the other end of " + device +
                   ", ethtool -K DEVICE tx off");
  if (lately(last_oversize_))
    said.push_back("frames longer than the MTU come in on " + device + " and are dropped: ethtool -K " + device +
                   " gro off lro off, and on the other end ethtool -K DEVICE tx off tso off gso off");
  const bool too_long =
      std::any_of(senders_.begin(), senders_.end(), [](const auto& one) { return one->too_long() > 0; });
  if (too_long)
    said.push_back(device + " refused frames that are longer than its MTU of " + std::to_string(interface_.mtu()) +
                   " (a second VLAN tag needs 4 more, 802.1ad 8): ip link set " + device + " mtu N");
  return said;
}

}  // namespace slowlane
