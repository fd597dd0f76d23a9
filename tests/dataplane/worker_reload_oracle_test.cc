// Many reloads against the obvious answer: what the book of each packet's time says of its flow.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "tests/support/box.h"
#include "tests/support/hello_builder.h"
#include "tests/support/talk.h"

namespace slowlane {
namespace {

struct Story {
  std::mt19937_64 random;
  std::size_t below(std::size_t bound) { return random() % bound; }

  std::string treatment() {
    static constexpr const char* kScopes[] = {"flow", "host", "class"};
    const std::string scope = kScopes[below(3)];
    const std::string rate = std::to_string(1 + below(400)) + "kbit";
    switch (below(6)) {
      case 0: return "police = { rate = \"" + rate + "\"; burst = \"6000B\"; scope = \"" + scope + "\"; };";
      case 1:
        return "shape = { rate = \"" + rate + "\"; burst = \"6000B\"; queue = \"" + std::to_string(4 + below(60)) +
               "KiB\"; scope = \"" + scope + "\"; };";
      case 2: return "delay = { time = \"" + std::to_string(1 + below(900)) + "ms\"; jitter = \"1ms\"; };";
      case 3: return "drop = { after_packets = " + std::to_string(below(6)) + "; };";
      case 4: return "allow = { packets = " + std::to_string(1 + below(9)) + "; };";
      default: return "mark = { dscp = \"cs1\"; };";
    }
  }
  std::string condition() {
    switch (below(4)) {
      case 0: return "server = [\"198.51.100." + std::to_string(below(4)) + "\"];";
      case 1: return "client = [\"10.0.0." + std::to_string(below(4)) + "\"];";
      case 2: return "server_port = " + std::to_string(50 + below(3)) + ";";
      default: return "host = [\"" + std::string(1, static_cast<char>('a' + below(4))) + ".example\"];";
    }
  }
  std::string text() {
    std::string classes;
    std::string rules;
    std::vector<std::string> names{"pass"};
    for (char name = 'A'; name < 'E'; ++name) {
      if (below(4) == 0) continue;
      classes += std::string(classes.empty() ? "" : ", ") + "{ name = \"" + name + "\"; " + treatment() + " }";
      names.emplace_back(1, name);
    }
    const std::size_t count = below(5);
    for (std::size_t i = 0; i < count; ++i)
      rules += std::string(i == 0 ? "" : ", ") + "{ name = \"r" + std::to_string(i + below(2) * 10) + "-" +
               std::to_string(i) + "\"; when = { " + condition() + " }; then = \"" + names[below(names.size())] +
               "\"; mode = \"" + (below(5) == 0 ? "observe" : "enforce") + "\"; }";
    return "book = \"b\"; classes = ( " + classes + " ); rules = ( " + rules + " ); otherwise = \"" +
           names[below(names.size())] + "\";";
  }
};

struct Conversation {
  std::string client, server;
  std::uint16_t port;
  std::string host;  // empty: datagrams
  Nanos named_at = 0;
};

std::string expected(const RuleSet& rules, const Conversation& flow, Nanos at) {
  Expectation described;
  described.client = parse_endpoint(flow.client + ":40000");
  described.server = parse_endpoint(flow.server + ":" + std::to_string(flow.port));
  described.transport = flow.host.empty() ? 17 : 6;
  if (!flow.host.empty() && at >= flow.named_at) described.host = flow.host;
  HostName name;
  Facts facts = rules.facts_of(described, name);
  facts.more_names = !flow.host.empty() && at < flow.named_at;
  const auto scratch = rules.make_scratch();
  return rules.classes()[rules.judge(facts, *scratch).cls].name;
}

TEST(WorkerReloadOracle, EveryPacketHasTheClassThatTheBookOfItsTimeGivesIt) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Story story{std::mt19937_64(seed)};
    std::vector<std::pair<Nanos, std::string>> books{{-1, story.text()}};
    Box box(books[0].second);
    std::vector<Conversation> flows;
    std::vector<Talk> talks;
    for (std::uint16_t i = 0; i < 12; ++i) {
      Conversation flow{"10.0.0." + std::to_string(story.below(4)), "198.51.100." + std::to_string(story.below(4)),
                        static_cast<std::uint16_t>(50 + story.below(3)), "", 0};
      if (i % 2 == 0) flow.host = std::string(1, static_cast<char>('a' + story.below(5))) + ".example";
      talks.push_back(
          Talk(box, static_cast<std::uint16_t>(40000 + i), flow.port).client(flow.client).server(flow.server));
      flows.push_back(flow);
    }
    std::vector<std::pair<std::size_t, Nanos>> sent;
    std::vector<bool> opened(flows.size());
    for (Nanos at = kSecond; sent.size() < 400; at += 20 * kMillisecond) {
      const std::size_t i = story.below(flows.size());
      if (story.below(10) == 0) {
        books.emplace_back(at, story.text());
        box.reload(at, books.back().second);
      }
      if (flows[i].host.empty()) {
        talks[i].datagram_up(at, filler(200 + story.below(1000)));
      } else if (!opened[i]) {
        talks[i].syn(at);
        opened[i] = true;
        flows[i].named_at = at + kSecond * 3600;
      } else if (flows[i].named_at > at) {
        talks[i].up(at, chrome_hello(flows[i].host));
        flows[i].named_at = at;
      } else {
        talks[i].up(at, filler(200 + story.below(1000)));
      }
      sent.emplace_back(i, at);
    }
    box.run();
    ASSERT_TRUE(box.refused().empty()) << box.refused()[0];
    std::map<Nanos, std::unique_ptr<const RuleSet>> rules;
    for (const auto& [at, text] : books) rules.emplace(at, rules_of(text));
    for (std::size_t k = 0; k < sent.size(); ++k) {
      const auto& [flow, at] = sent[k];
      const RuleSet& running = *std::prev(rules.upper_bound(at))->second;
      ASSERT_EQ(box.packets()[k].cls, expected(running, flows[flow], at)) << "seed " << seed << " packet " << k;
    }
    std::map<std::pair<std::size_t, bool>, std::size_t> last;
    for (const std::uint64_t number : box.order()) {
      std::size_t& before = last[{sent[number - 1].first, true}];
      ASSERT_LT(before, number) << "reordered, seed " << seed;
      before = number;
    }
    for (const ClassTotal& total : box.book().class_totals()) {
      EXPECT_EQ(total.flows_now, 0u) << total.name;
      EXPECT_EQ(total.held_packets, 0u) << total.name;
    }
  }
}

}  // namespace
}  // namespace slowlane
