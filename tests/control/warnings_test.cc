#include "control/warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowlane {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Warnings, OfAQuietRunAreNone) {
  const Counters counters;
  EXPECT_THAT(warnings_of({CaptureInput{}}, counters), ElementsAre());
}

TEST(Warnings, NameTheCaptureThatIsDamagedOrMoved) {
  CaptureInput input;
  input.file = "a.pcap";
  input.packets = 1234;
  input.warning = "it ends in the middle of a frame";
  input.shift = 3 * kSecond;
  input.time_backwards = 2;
  const Counters counters;
  EXPECT_THAT(warnings_of({input}, counters),
              ElementsAre(HasSubstr("a.pcap: it ends in the middle of a frame; 1,234 packets"),
                          HasSubstr("moved by 3.00 s"), HasSubstr("2 packets")));
}

TEST(Warnings, GiveTheRemedy) {
  Counters counters;
  counters[Counter::unjudged_packets].add(5);
  counters.dropped_packets[static_cast<std::size_t>(DropReason::over_burst)].add(7);
  EXPECT_THAT(warnings_of({}, counters),
              ElementsAre(testing::AllOf(HasSubstr("5 packets passed unjudged"), HasSubstr("--capacity")),
                          testing::AllOf(HasSubstr("7 packets"), HasSubstr("larger burst"))));
}

}  // namespace
}  // namespace slowlane
