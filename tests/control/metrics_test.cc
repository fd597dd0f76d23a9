#include "control/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "control/exposition.h"
#include "tests/support/figures.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsSubsetOf;
using testing::MatchesRegex;
using testing::Not;

Published published_of(BoxFigures figures) {
  Published published;
  published.meters.look(figures);
  published.figures = std::move(figures);
  published.book = std::make_shared<BookText>();
  return published;
}

BoxFigures busy_figures() {
  BoxFigures figures = figures_of(kTwoRules, 1000 * kSecond);
  figures.counters[static_cast<std::size_t>(Counter::received_packets)] = 12;
  figures.dropped_packets[static_cast<std::size_t>(DropReason::police)] = 3;
  figures.classes[2].direction[at(Direction::down)].sent_bytes = (std::uint64_t{1} << 60) + 1;
  figures.rule_hits[0].hits = 7;
  figures.workers = {{.core = 1, .turns = 5}};
  figures.ports = {{"in", "af_packet", "veth-in", true, {}}};
  return figures;
}

TEST(Metrics, SayWhatWasCountedExactly) {
  const std::string text = metrics_text(published_of(busy_figures()));
  EXPECT_THAT(text, HasSubstr("\nslowlane_received_packets_total 12\n"));
  EXPECT_THAT(text, HasSubstr("\nslowlane_dropped_packets_total{reason=\"police\"} 3\n"));
  EXPECT_THAT(text,
              HasSubstr("\nslowlane_class_sent_bytes_total{class=\"slow\",direction=\"down\"} 1152921504606846977\n"));
  EXPECT_THAT(text, HasSubstr("\nslowlane_class_configured_rate_bytes_per_second{class=\"slow\"} 17500\n"));
  EXPECT_THAT(text, HasSubstr("\nslowlane_rule_hits_total{rule=\"media\",class=\"slow\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("\nslowlane_worker_turns_total{worker=\"0\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("\nslowlane_port_up{port=\"in\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nslowlane_rule_last_hit_timestamp_seconds{rule=\"media\",class=\"slow\"} 1000\n"));
}

TEST(Metrics, OfFlowsWithoutANameTellTheReasonsAlone) {
  BoxFigures figures = busy_figures();
  figures.not_found[static_cast<std::size_t>(NotFound::incomplete)] = 4;
  const std::string text = metrics_text(published_of(figures));
  EXPECT_THAT(text, HasSubstr("\nslowlane_flows_without_name_total{reason=\"incomplete\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("\nslowlane_flows_without_name_total{reason=\"no_payload\"} 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("{reason=\"none\"}")));
}

TEST(Metrics, EverySampleHasItsFamilyAndEveryCounterIsATotal) {
  std::istringstream text(metrics_text(published_of(busy_figures())));
  std::set<std::string> helped;
  std::string type;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("# HELP ")) {
      type = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(helped.insert(type).second) << type << " is there twice";
      EXPECT_THAT(line, EndsWith("."));
    } else if (line.starts_with("# TYPE ")) {
      EXPECT_THAT(line, HasSubstr(type));
      EXPECT_EQ(line.ends_with("counter"), type.ends_with("_total")) << line;
    } else {
      EXPECT_EQ(line.substr(0, line.find_first_of("{ ")), type);
    }
  }
}

TEST(Metrics, HaveNoLabelThatCouldNameAnybody) {
  std::istringstream text(metrics_text(published_of(busy_figures())));
  std::set<std::string> labels;
  for (std::string line; std::getline(text, line);)
    for (std::size_t at = line.find("=\""); at != std::string::npos; at = line.find("=\"", at + 1)) {
      const std::size_t begin = line.find_last_of("{,", at) + 1;
      labels.insert(line.substr(begin, at - begin));
    }
  const std::set<std::string> allowed = {"class",  "rule",    "direction", "reason", "port",
                                         "worker", "version", "book",      "digest"};
  EXPECT_THAT(labels, IsSubsetOf(allowed));
}

TEST(Metrics, OfAHugeBookTheFirstRulesAreShown) {
  std::string book = "book = \"b\"; rules = (";
  for (std::size_t i = 0; i < kMostRules + 5; ++i)
    book += std::string(i == 0 ? "" : ",") + "{ name = \"r" + std::to_string(i) +
            "\"; when = { server_port = \"1\"; }; then = \"pass\"; }";
  const std::string text = metrics_text(published_of(figures_of(book + ");", kSecond)));
  EXPECT_THAT(text, HasSubstr("\nslowlane_rules 2005\n"));
  EXPECT_THAT(text, HasSubstr("{rule=\"r1999\""));
  EXPECT_THAT(text, Not(HasSubstr("{rule=\"r2000\"")));
}

TEST(Exposition, EscapesWhatALabelMayNotHold) {
  Exposition out;
  out.gauge("x", "Help.");
  out.sample({{"class", "a\"b\\c\nd"}}, std::uint64_t{1});
  out.sample({}, 0.25);
  EXPECT_EQ(
      out.text(),
      "# HELP slowlane_x Help.\n# TYPE slowlane_x gauge\nslowlane_x{class=\"a\\\"b\\\\c\\nd\"} 1\nslowlane_x 0.25\n");
}

}  // namespace
}  // namespace slowlane
