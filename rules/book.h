#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "rules/facts.h"
#include "rules/ip.h"
#include "rules/units.h"

namespace slowlane {

// The text of a book as values, checked for form, with the place each came from. No behaviour.

struct Place {
  std::string file;
  int line = 0;
};

// How a host pattern is read (contract §2 "Host patterns"). `text` is lower case, in A-labels, and without decoration:
// exact and suffix have no leading dot, glob keeps its stars, regex has no slashes, any is "*".
struct HostPattern {
  enum class Kind : std::uint8_t { exact, suffix, glob, regex, any };
  Kind kind = Kind::exact;
  std::string text;
  std::string written;  // as the operator wrote it
  Place place;
};

struct NumberRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

struct Share {
  enum class Of : std::uint8_t { pair, host, flow };
  Of of = Of::pair;
  double part = 1;
};

// The value of one match key. Which alternative belongs to which key stands in the table of rules/keys.cc.
using HostPatterns = std::vector<HostPattern>;
using Sources = std::vector<NameSource>;
using Texts = std::vector<std::string>;  // protocol and category names, payload patterns (no slashes)
using Prefixes = std::vector<Prefix>;
using PortRanges = std::vector<PortRange>;
using NumberRanges = std::vector<NumberRange>;  // vlan, payload_size, quic_version, transport
using TermValue = std::variant<HostPatterns, Sources, Texts, Prefixes, PortRanges, NumberRanges, Side, bool, Share>;

// One `key = value` of a `when`; `key` is the row number in the table of keys. `host` and `host_list` are one term.
struct Term {
  std::uint8_t key = 0;
  TermValue value;
  Place place;
};

// One `when` group: all terms hold, and none of the groups in `negated` does.
struct Condition {
  std::vector<Term> terms;
  std::vector<Condition> negated;
};

enum class Mode : std::uint8_t { enforce, observe, off };

struct Rule {
  std::string name;
  Condition when;
  std::string then;  // a class name, or "pass"
  Mode mode = Mode::enforce;
  Place place;
};

enum class Scope : std::uint8_t { flow, host, cls };
enum class Directions : std::uint8_t { each, shared, up, down };
enum class Restart : std::uint8_t { never, trigger, packet };

struct Police {
  std::uint64_t rate = 0;   // bits per second
  std::uint64_t burst = 0;  // bytes
  Scope scope = Scope::flow;
  std::uint8_t scope_prefix6 = 64;
  Directions direction = Directions::each;
};
struct Shape {
  std::uint64_t rate = 0;
  std::uint64_t burst = 0;
  std::uint64_t queue_bytes = 0;
  std::uint32_t queue_packets = 0;
  Scope scope = Scope::flow;
  std::uint8_t scope_prefix6 = 64;
  Directions direction = Directions::each;
};
struct Lose {
  double share = 0;
  Directions direction = Directions::each;
};
struct Delay {
  Nanos time = 0;
  Nanos jitter = 0;
  std::uint64_t queue_bytes = 0;  // bound of the packets this class delays, per direction
  std::uint32_t queue_packets = 0;
  Directions direction = Directions::each;
};
struct Drop {
  std::uint32_t after_min = 0;  // packets let pass after the one that brought the verdict, drawn per flow
  std::uint32_t after_max = 0;
  bool counts_trigger = true;  // no after_packets was given: the packet that brings the verdict is dropped too
  std::optional<Nanos> hold;
  Restart restart = Restart::never;
  Directions direction = Directions::shared;
};
struct Reset {
  std::optional<Nanos> hold;
  Restart restart = Restart::never;
  Directions direction = Directions::each;  // up, down: packets of the other direction are left alone
};
struct Allow {
  std::optional<std::uint64_t> bytes;  // one of the two at least
  std::optional<std::uint64_t> packets;
  std::optional<Nanos> hold;
  Restart restart = Restart::never;
  Directions direction = Directions::shared;
};
struct Mark {
  std::uint8_t dscp = 0;  // six bits
  Directions direction = Directions::each;
};

// A named treatment. Those present act in the order mark, allow, drop/reset, lose, police, shape, delay.
struct ClassSpec {
  std::string name;
  Place place;
  std::optional<Mark> mark;
  std::optional<Allow> allow;
  std::optional<Drop> drop;
  std::optional<Reset> reset;
  std::optional<Lose> lose;
  std::optional<Police> police;
  std::optional<Shape> shape;
  std::optional<Delay> delay;
};

// How much of a flow is looked at, and how (contract §2; each value below is the default).
struct Inspection {
  enum class HelloFrom : std::uint8_t { client, either };
  enum class TrailingDot : std::uint8_t { ignore, keep };
  enum class Names : std::uint8_t { first, every };
  enum class Fragments : std::uint8_t { follow, hold };
  enum class Hello : std::uint8_t { stream, packet };
  Hello hello = Hello::stream;  // packet: one that begins a packet and is whole in it (facts C1-C7); never reassembles
  bool reassemble = true;
  HelloFrom hello_from = HelloFrom::client;
  TrailingDot trailing_dot = TrailingDot::ignore;
  Names names = Names::first;
  Fragments fragments = Fragments::follow;
  std::uint32_t fragment_limit = 64;      // fragments of one datagram that `hold` keeps
  Nanos fragment_timeout = 30 * kSecond;  // `hold` drops what is incomplete by then
  bool fragment_ttl_first = false;        // `hold` gives all fragments the first one's TTL (fact H2)
  std::uint32_t unknown_max = 100;        // bytes of an unrecognised packet that does not end looking (facts C8, C8b)
  std::uint32_t max_packets = 48;
  std::uint32_t max_packets_most = 48;  // where it is greater, a number is drawn per flow from the two (fact C9)
  std::uint32_t max_bytes = 24 * 1024;
  std::uint32_t ndpi_packets = 8;
};

struct FlowRules {
  enum class NewSyn : std::uint8_t { fresh, same };
  enum class MidstreamInitiator : std::uint8_t { port, first };
  enum class Key : std::uint8_t { tuple, vlan };
  enum class SplitHandshake : std::uint8_t { first, outside };
  Nanos idle = 600 * kSecond;
  Nanos idle_syn = 60 * kSecond;
  Nanos idle_udp = 60 * kSecond;
  NewSyn new_syn = NewSyn::fresh;
  bool forget_on_close = false;
  bool midstream = true;
  MidstreamInitiator midstream_initiator = MidstreamInitiator::port;
  Key key = Key::tuple;
  SplitHandshake split_handshake = SplitHandshake::first;  // outside: its SYN, too, makes a TCP flow its own (fact G2)
};

// One line of `expect`: a flow described as `slowlane explain` describes it, and the class it must get.
struct Expectation {
  std::optional<std::string> host;
  NameSource host_source = NameSource::tls;
  std::optional<std::string> protocol;
  std::uint8_t transport = 6;
  std::optional<Endpoint> server;
  std::optional<Endpoint> client;
  Side initiator = Side::inside;
  std::optional<bool> ech;
  std::optional<std::uint32_t> quic_version;
  std::vector<std::uint16_t> vlans;
  std::string then;
  Place place;
};

struct Book {
  std::string name;
  std::string purpose;  // "" or "model"
  std::uint64_t seed = 1;
  std::vector<ClassSpec> classes;
  std::vector<Rule> rules;
  std::string otherwise = "pass";
  Place otherwise_place;
  std::vector<Expectation> expects;
  Inspection inspection;
  FlowRules flows;
  std::vector<std::string> files;  // paths as opened: the book, then what it includes and lists, in reading order
};

}  // namespace slowlane
