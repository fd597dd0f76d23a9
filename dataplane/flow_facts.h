#pragma once

#include <span>

#include "dataplane/flow.h"
#include "rules/facts.h"

namespace slowlane {

// What is known of a flow, as rules ask for it; without the bytes of its payload. The names are the caller's, because a
// flow keeps handles of them alone; they and the flow must outlive the facts.
inline Facts facts_of(const Flow& flow, std::span<const HostName> names) noexcept {
  Facts facts;
  facts.client = flow.client();
  facts.server = flow.server();
  facts.client_port = flow.client_port();
  facts.server_port = flow.server_port();
  facts.transport = flow.key.transport;
  facts.initiator = flow.initiator();
  facts.vlans = {flow.vlans.data(), flow.vlan_count};
  facts.names = names;
  facts.more_names = flow.more_names;
  facts.application = flow.application;
  facts.master = flow.master;
  facts.app = flow.app;
  facts.category = flow.category;
  facts.ech = flow.ech;
  facts.quic = flow.quic;
  facts.quic_version = flow.quic_version;
  facts.payload = flow.payload;
  facts.payload_size = flow.payload_size;
  return facts;
}

}  // namespace slowlane
