#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hw/fd.h"

namespace slowlane {

// A network device of the kernel, asked by name in the network namespace that its maker was in; it need not be there.
// Any thread; every answer is a system call or two.
class Interface {
 public:
  explicit Interface(std::string name);

  const std::string& name() const noexcept { return name_; }
  // 0: there is no such device.
  int index() const noexcept;
  bool is_ethernet() const noexcept;
  bool is_up() const noexcept;        // as an operator set it
  bool has_carrier() const noexcept;  // up, and the other end is there
  std::uint32_t mtu() const noexcept;
  // False: not allowed, or there is no such device.
  bool set_up(bool up) noexcept;
  bool set_mtu(std::uint32_t mtu) noexcept;

  // "veth", "ixgbe"; empty: not known.
  std::string driver() const;
  // Receive offloads that are on and merge frames, as ethtool -K calls them: "gro", "lro".
  std::vector<std::string> merging() const;
  // Receive queues that frames are spread over now; 0: the driver does not say.
  std::uint32_t active_queues() const noexcept;
  // The bridge, bond or the like that takes its frames; empty: none.
  std::string master() const;
  // The other end of a veth; 0: not one.
  int peer_index() const;
  // Addresses that the kernel itself answers on.
  std::vector<std::string> addresses() const;

  // All devices of the namespace that the caller is in, in the kernel's order.
  static std::vector<std::string> names();
  // The name of a device of that namespace; empty: there is none.
  static std::string name_of(int index);

 private:
  bool ethtool(void* command) const noexcept;
  short flags() const noexcept;

  std::string name_;
  Fd socket_;
};

}  // namespace slowlane
