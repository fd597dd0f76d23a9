#include "rules/flow_sections.h"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/fields.h"

namespace slowlane {
namespace {

constexpr std::uint64_t kMost32 = std::numeric_limits<std::uint32_t>::max();

// A time that must not be nothing.
Nanos time_of(Fields& fields, std::string_view name, Nanos usual) {
  const auto time = fields.time(name);
  if (time && *time == 0) fields.add(std::string(name) + " must be more than 0");
  return time.value_or(usual);
}

using FragmentMode = Inspection::Fragments;

std::vector<std::pair<std::string_view, FragmentMode>> fragment_modes() {
  return {{"follow", FragmentMode::follow}, {"hold", FragmentMode::hold}};
}

// The group form of `fragments`; the rest of the answer is as in `usual`.
Partly<Inspection> read_fragments(const Node& node, Inspection usual) {
  Fields fields(node, "fragments");
  fields.require("mode", R"(mode = "follow" or "hold")");
  usual.fragments = fields.word("mode", fragment_modes()).value_or(usual.fragments);
  usual.fragment_limit = static_cast<std::uint32_t>(fields.number("limit", 1, 8192).value_or(usual.fragment_limit));
  usual.fragment_timeout = time_of(fields, "timeout", usual.fragment_timeout);
  usual.fragment_ttl_first =
      fields.word<bool>("ttl", {{"first", true}, {"own", false}}).value_or(usual.fragment_ttl_first);
  return {usual, fields.finish()};
}

// A box that reads packets alone puts nothing together, so it cannot be told to.
bool reassemble_of(Fields& fields, const Inspection& how) {
  const auto written = fields.boolean("reassemble");
  if (how.hello == Inspection::Hello::stream) return written.value_or(how.reassemble);
  if (written.value_or(false))
    fields.add(
        mistake(*fields.find("reassemble"),
                "inspection.reassemble: true does not go with hello = \"packet\", which takes each packet alone; "
                "leave one of the two out"));
  return false;
}

std::uint32_t size_of(Fields& fields, std::string_view name, std::uint64_t least, std::uint32_t usual) {
  const auto bytes = fields.size(name);
  if (!bytes) return usual;
  if (*bytes < least || *bytes > kMost32)
    fields.add(std::string(name) + " takes a size from \"" + print_size(least) + "\" to \"4294967295B\", not \"" +
               print_size(*bytes) + "\"");
  return static_cast<std::uint32_t>(std::min(*bytes, kMost32));
}

// How long is looked; the rest of the answer is as in `how`.
Inspection read_budget(Fields& fields, Inspection how) {
  how.unknown_max = size_of(fields, "unknown_max", 0, how.unknown_max);
  if (const auto packets = fields.with("max_packets", [](const Node& node) { return read_range(node, 1, kMost32); })) {
    how.max_packets = static_cast<std::uint32_t>(packets->first);
    how.max_packets_most = static_cast<std::uint32_t>(packets->last);
  }
  how.max_bytes = size_of(fields, "max_bytes", 1, how.max_bytes);
  how.ndpi_packets = static_cast<std::uint32_t>(fields.number("ndpi_packets", 1, kMost32).value_or(how.ndpi_packets));
  return how;
}

}  // namespace

Partly<Inspection> read_inspection(const Node& section) {
  using I = Inspection;
  Fields fields(section, "inspection");
  Inspection out;
  out.hello =
      fields.word<I::Hello>("hello", {{"stream", I::Hello::stream}, {"packet", I::Hello::packet}}).value_or(out.hello);
  out.reassemble = reassemble_of(fields, out);
  out.hello_from =
      fields
          .word<I::HelloFrom>("clienthello_from", {{"client", I::HelloFrom::client}, {"either", I::HelloFrom::either}})
          .value_or(out.hello_from);
  out.trailing_dot =
      fields.word<I::TrailingDot>("trailing_dot", {{"ignore", I::TrailingDot::ignore}, {"keep", I::TrailingDot::keep}})
          .value_or(out.trailing_dot);
  out.names =
      fields.word<I::Names>("names", {{"first", I::Names::first}, {"every", I::Names::every}}).value_or(out.names);
  if (const Node* group = fields.find("fragments"); group != nullptr && group->kind == Node::Kind::group) {
    const auto fragments = read_fragments(*group, out);
    fields.add_in(fragments.mistakes);
    out = fragments.value;
  } else {
    out.fragments = fields.word("fragments", fragment_modes()).value_or(out.fragments);
  }
  return {read_budget(fields, out), fields.finish()};
}

Partly<FlowRules> read_flow_rules(const Node& section) {
  using F = FlowRules;
  Fields fields(section, "flows");
  FlowRules out;
  out.idle = time_of(fields, "idle", out.idle);
  out.idle_syn = time_of(fields, "idle_syn", out.idle_syn);
  out.idle_udp = time_of(fields, "idle_udp", out.idle_udp);
  out.new_syn =
      fields.word<F::NewSyn>("new_syn", {{"new", F::NewSyn::fresh}, {"same", F::NewSyn::same}}).value_or(out.new_syn);
  out.forget_on_close = fields.boolean("forget_on_close").value_or(out.forget_on_close);
  out.midstream = fields.boolean("midstream").value_or(out.midstream);
  out.midstream_initiator =
      fields
          .word<F::MidstreamInitiator>("midstream_initiator",
                                       {{"port", F::MidstreamInitiator::port}, {"first", F::MidstreamInitiator::first}})
          .value_or(out.midstream_initiator);
  out.key = fields.word<F::Key>("key", {{"tuple", F::Key::tuple}, {"vlan", F::Key::vlan}}).value_or(out.key);
  out.split_handshake = fields
                            .word<F::SplitHandshake>("split_handshake", {{"first", F::SplitHandshake::first},
                                                                         {"outside", F::SplitHandshake::outside}})
                            .value_or(out.split_handshake);
  return {out, fields.finish()};
}

}  // namespace slowlane
