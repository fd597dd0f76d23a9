#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rules/book.h"

namespace slowlane {

// A term's value as its key takes it, for people: `"a.com", ".b.com" and 998 more`, `10.0.0.0/8`, `443, 8000-8100`.
std::string describe(const Term& term);
// The same with every member, as it is compared: two terms of one key with the same text mean the same.
std::string describe_whole(const Term& term);

// "tcp", "udp", "icmp", "icmp6", or the number: what the key `transport` takes.
std::string print_transport(std::uint64_t number);

// What a class does, setting by setting: {"police.rate", "140kbit"}, … Equal lists do the same.
std::vector<std::pair<std::string, std::string>> settings_of(const ClassSpec& spec);

// The same of how a book looks at flows and keeps them: {"inspection.max_packets", "48"}, …
std::vector<std::pair<std::string, std::string>> settings_of(const Inspection& how);
std::vector<std::pair<std::string, std::string>> settings_of(const FlowRules& how);

}  // namespace slowlane
