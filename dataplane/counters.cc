#include "dataplane/counters.h"

namespace slowlane {

const char* name_of(DropReason reason) {
  switch (reason) {
    case DropReason::police: return "police";
    case DropReason::over_burst: return "over_burst";
    case DropReason::lose: return "lose";
    case DropReason::drop: return "drop";
    case DropReason::reset: return "reset";
    case DropReason::allow: return "allow";
    case DropReason::queue_full: return "queue_full";
    case DropReason::held_full: return "held_full";
    case DropReason::cannot_rewrite: return "cannot_rewrite";
    case DropReason::fragment_limit: return "fragment_limit";
    case DropReason::fragment_timeout: return "fragment_timeout";
    case DropReason::tx_full: return "tx_full";
    case DropReason::spread_full: return "spread_full";
    case DropReason::tap: return "tap";
    case DropReason::count: break;
  }
  return "";
}

const char* name_of(NotFound reason) {
  switch (reason) {
    case NotFound::none: return "none";
    case NotFound::no_payload: return "no_payload";
    case NotFound::not_recognised: return "not_recognised";
    case NotFound::no_sni: return "no_sni";
    case NotFound::no_host: return "no_host";
    case NotFound::malformed_hello: return "malformed_hello";
    case NotFound::incomplete: return "incomplete";
    case NotFound::encrypted: return "encrypted";
    case NotFound::quic_version: return "quic_version";
    case NotFound::quic_keys: return "quic_keys";
    case NotFound::midstream: return "midstream";
    case NotFound::budget: return "budget";
    case NotFound::no_memory: return "no_memory";
    case NotFound::unsupported_transport: return "unsupported_transport";
    case NotFound::count: break;
  }
  return "";
}

const char* name_of(Counter counter) {
  switch (counter) {
    case Counter::received_packets: return "received_packets";
    case Counter::received_bytes: return "received_bytes";
    case Counter::sent_packets: return "sent_packets";
    case Counter::sent_bytes: return "sent_bytes";
    case Counter::cut_bytes: return "cut_bytes";
    case Counter::marked_packets: return "marked_packets";
    case Counter::reset_packets: return "reset_packets";
    case Counter::not_ip: return "not_ip";
    case Counter::truncated: return "truncated";
    case Counter::offloaded: return "offloaded";
    case Counter::time_backwards: return "time_backwards";
    case Counter::bypassed_packets: return "bypassed_packets";
    case Counter::elsewhere_packets: return "elsewhere_packets";
    case Counter::spread_packets: return "spread_packets";
    case Counter::flows_begun: return "flows_begun";
    case Counter::flows_ended: return "flows_ended";
    case Counter::flows_evicted: return "flows_evicted";
    case Counter::unjudged_packets: return "unjudged_packets";
    case Counter::unjudged_flows: return "unjudged_flows";
    case Counter::fragments_followed: return "fragments_followed";
    case Counter::fragments_early: return "fragments_early";
    case Counter::fragments_no_room: return "fragments_no_room";
    case Counter::judged: return "judged";
    case Counter::not_inspected: return "not_inspected";
    case Counter::looks_no_memory: return "looks_no_memory";
    case Counter::names_no_memory: return "names_no_memory";
    case Counter::probes_no_memory: return "probes_no_memory";
    case Counter::hosts_no_memory: return "hosts_no_memory";
    case Counter::queues_no_memory: return "queues_no_memory";
    case Counter::states_no_memory: return "states_no_memory";
    case Counter::count: break;
  }
  return "";
}

}  // namespace slowlane
