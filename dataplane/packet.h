#pragma once

#include <rte_mbuf.h>

#include <cstdint>
#include <span>

#include "dataplane/counters.h"
#include "dataplane/parse.h"
#include "rules/units.h"
#include "rules/verdict.h"

namespace slowlane {

struct Flow;

// A frame on its way through the box: our note in the private area of DPDK's mbuf, which holds the bytes. One segment
// always. The only door to mbufs. Whoever has the pointer owns the frame; `free_packet` gives it back to its pool.
struct Packet {
  // Set by the port that received it.
  Nanos arrival = 0;
  Nanos stamp = 0;           // the capture's own time of it, before it was shifted or held to the clock; live: arrival
  std::uint64_t number = 0;  // of received packets in this run, from 1
  std::uint64_t frame = 0;   // number in its capture file as tshark counts, from 1; 0 live
  std::uint32_t wire_length = 0;  // original length; the captured one is bytes().size()
  std::uint16_t capture = 0;      // index of the capture file
  LinkType link = LinkType::ethernet;
  std::uint16_t dlt = 1;        // the capture's LINKTYPE_ number, so that it is written as it was read
  bool time_backwards = false;  // its time lies before an earlier packet's: arrival was held to the clock

  // Set by the worker.
  Side side = Side::inside;  // where it came from
  std::uint8_t wire = 0;     // index of the wire that it came in on
  bool treated = false;      // nothing is left to do but to send it
  Parsed parsed;
  std::uint64_t hash = 0;     // of the flow key
  Flow* flow = nullptr;       // null: not judged
  std::uint64_t flow_id = 0;  // of the flow it came in with; 0: not judged
  ClassId cls = kPass;        // the verdict in force after this packet
  RuleId rule = kNoRule;
  bool marked = false;
  bool reset = false;
  std::uint32_t traced = 0;     // its number where it is traced (Tracer); 0: it is not
  std::uint32_t cut_bytes = 0;  // what a rewrite removed from the IP bytes
  Nanos departure = 0;          // when it left, or when it was dropped

  // Used by whoever holds it (shaper, fragment cache).
  Packet* next = nullptr;
  Nanos due = 0;
  std::uint64_t order = 0;

  rte_mbuf* mbuf() noexcept { return reinterpret_cast<rte_mbuf*>(this) - 1; }
  const rte_mbuf* mbuf() const noexcept { return reinterpret_cast<const rte_mbuf*>(this) - 1; }
  std::span<std::uint8_t> bytes() noexcept { return {rte_pktmbuf_mtod(mbuf(), std::uint8_t*), mbuf()->data_len}; }
  std::span<const std::uint8_t> bytes() const noexcept {
    return {rte_pktmbuf_mtod(mbuf(), const std::uint8_t*), mbuf()->data_len};
  }
  // The transport payload that was captured.
  std::span<const std::uint8_t> payload() const noexcept {
    return bytes().subspan(parsed.headers.payload, parsed.headers.captured_payload);
  }
  // What conservation counts: IP bytes, or the wire length of what is not IP.
  std::uint32_t counted_bytes() const noexcept {
    return parsed.kind == Parsed::Kind::ip ? parsed.headers.ip_bytes : wire_length;
  }
};

// The private area is laid out right behind rte_mbuf (checked where pools are made, hw/pool.cc).
inline constexpr std::uint16_t kPacketRoom =
    (sizeof(Packet) + RTE_MBUF_PRIV_ALIGN - 1) / RTE_MBUF_PRIV_ALIGN * RTE_MBUF_PRIV_ALIGN;

inline Packet* packet_of(rte_mbuf* mbuf) noexcept { return reinterpret_cast<Packet*>(mbuf + 1); }
inline void free_packet(Packet* packet) noexcept { rte_pktmbuf_free(packet->mbuf()); }

}  // namespace slowlane
