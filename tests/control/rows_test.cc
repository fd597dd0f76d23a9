#include "control/rows.h"

#include <gtest/gtest.h>

#include "tests/support/text_files.h"

namespace slowlane {
namespace {

std::string written(RowFormat format) {
  const TempFolder folder;
  Output out(folder.file("rows"));
  RowWriter rows(out, format, {"name", "n", "time"});
  rows.text("a,\"b\"").number(-7).literal("1.50");
  rows.end_row();
  rows.text("plain").null().number(std::uint64_t{18446744073709551615u});
  rows.end_row();
  out.commit();
  return read_text(folder, "rows");
}

TEST(Rows, AsCsvHaveAHeadLineAndQuotesWhereNeeded) {
  EXPECT_EQ(written(RowFormat::csv),
            "name,n,time\n"
            "\"a,\"\"b\"\"\",-7,1.50\n"
            "plain,,18446744073709551615\n");
}

TEST(Rows, AsJsonAreOneObjectALine) {
  EXPECT_EQ(written(RowFormat::jsonl),
            "{\"name\":\"a,\\\"b\\\"\",\"n\":-7,\"time\":1.50}\n"
            "{\"name\":\"plain\",\"n\":null,\"time\":18446744073709551615}\n");
}

TEST(Rows, TakeTheirFormatFromTheEnding) {
  EXPECT_EQ(row_format_of("a.csv", RowFormat::jsonl), RowFormat::csv);
  EXPECT_EQ(row_format_of("a.jsonl", RowFormat::csv), RowFormat::jsonl);
  EXPECT_EQ(row_format_of("-", RowFormat::jsonl), RowFormat::jsonl);
  EXPECT_EQ(row_format_of("a.txt", RowFormat::csv), RowFormat::csv);
}

TEST(Rows, ReplaceBytesThatAreNoUtf8) { EXPECT_EQ(json_quoted("a\xff"), "\"a\xef\xbf\xbd\""); }

}  // namespace
}  // namespace slowlane
