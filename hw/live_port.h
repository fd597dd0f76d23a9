#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/port.h"
#include "hw/port_lock.h"

namespace slowlane {

inline constexpr std::uint32_t kMostMtu = 9216;
inline constexpr std::uint32_t kDefaultMtu = 1500;
// An Ethernet header, two VLAN tags and the MTU; without the checksum, which no port shows.
constexpr std::uint32_t longest_frame(std::uint32_t mtu) { return 14 + 8 + mtu; }

// A port as an appliance asks for it (contract §7).
struct PortSpec {
  std::string name;          // what the appliance calls it
  std::string kind;          // a row of the table of port kinds (ports.h)
  std::string device;        // what the kind says: interface, PCI address, capture
  std::uint16_t queues = 1;  // queues of each direction that are asked for: one per worker
  std::uint32_t mtu = 0;     // longest frame less its Ethernet header; 0: the device's own; at most 9,216
  std::string options = {};  // more for the kind: NAME=VALUE,…
};

// What a port counted since it was opened. What it lost before anyone saw it is `missed`.
struct PortStatistics {
  std::uint64_t received_packets = 0;
  std::uint64_t received_bytes = 0;  // frames, as on the wire
  std::uint64_t sent_packets = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t missed = 0;             // by the kernel or the NIC: rings were full
  std::uint64_t oversize = 0;           // frames longer than the port's MTU or than a packet's room: not received
  std::uint64_t partial_checksums = 0;  // frames whose sender left the checksum to a NIC that is not there
  std::uint64_t send_refused = 0;       // frames that the device would not take, whatever the room
};

// A Port over a device of a running box. What it receives has arrival, stamp and numbers of 0: the run loop, which
// knows the time, sets them. receive() and send() of one queue belong to one worker each; everything else may be called
// by control at any time.
class LivePort : public Port {
 public:
  // At least 1 each; send queues may be fewer than were asked for. Requests beyond them are a mistake of the caller.
  virtual std::uint16_t receive_queues() const noexcept = 0;
  virtual std::uint16_t send_queues() const noexcept = 0;
  // Whether the device spreads packets over its receive queues by their address pair alone, the same both ways.
  virtual bool spreads_by_pair() const noexcept { return false; }
  // The memory that the device is near to (NUMA); -1: any.
  virtual int socket() const noexcept { return -1; }
  // Readable when a frame waits in the queue, for workers that sleep; -1: the queue has to be polled.
  virtual int wait_fd(std::uint16_t) const noexcept { return -1; }

  // The device's link, and whether it is there at all; a device that comes back is taken up again by receive().
  virtual bool link_up() const noexcept = 0;
  // Takes the device's own link down or up, so that the neighbour sees it. False: the driver cannot.
  virtual bool set_link_up(bool) noexcept { return false; }

  virtual PortStatistics statistics() const noexcept = 0;
  // What is wrong with it now, one sentence each, with the remedy; empty: nothing.
  virtual std::vector<std::string> degraded() const { return {}; }

  // Holds its device against other processes for as long as the port is there.
  void keep(PortLock lock) { lock_ = std::move(lock); }

 private:
  std::optional<PortLock> lock_;
};

}  // namespace slowlane
