// What a client may write to a box's sockets. The first byte chooses the socket; the rest are lines. Every line must be
// answered with one line of JSON that says whether it was done, what only looks must change nothing, a bundle of books
// that is read must be what is written again, and a question about flows, packets or the running book is understood or
// refused with a reason.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "control/book_question.h"
#include "control/bundle.h"
#include "control/ctl_commands.h"
#include "control/flow_question.h"
#include "control/json_reading.h"
#include "tests/support/box.h"
#include "tests/support/fake_box.h"

namespace {

using Json = nlohmann::ordered_json;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void read_bundle(const std::string& line) {
  const Json request = Json::parse(line, nullptr, false);
  if (!request.is_object()) return;
  const auto bundle = slowlane::bundle_of(request);
  if (!bundle) {
    require(!bundle.diagnostics().empty(), "a bundle that is refused says why");
    return;
  }
  require(!bundle->files.empty(), "a bundle has a book");
  const auto again = slowlane::bundle_of(slowlane::to_json(*bundle));
  require(static_cast<bool>(again), "a bundle that was read can be read again");
  require(slowlane::bundle_digest(*again) == slowlane::bundle_digest(*bundle), "and is the same");
}

void read_question(const std::string& line) {
  static const slowlane::LiveBook book(
      slowlane::rules_of(R"(book = "b"; classes = ( { name = "slow"; police = { rate = "80kbit"; scope = "flow"; }; } );
rules = ( { name = "media"; when = { host = ["a.example"]; }; then = "slow"; } );)"),
      1);
  static const slowlane::Dictionary names{.protocols = {{"tls", 91}, {"youtube", 124}}, .categories = {}};
  const Json request = slowlane::parse_request(line);
  if (!request.is_object()) return;
  for (const auto how : {slowlane::Addresses::full, slowlane::Addresses::truncated, slowlane::Addresses::none})
    for (const auto& read :
         {slowlane::read_flows(request, {book, &names, how}), slowlane::read_trace(request, {book, nullptr, how})})
      if (const auto* const why = std::get_if<std::string>(&read)) require(!why->empty(), "a refusal says why");
  const Json told = slowlane::answer_book_question(request, book.running(), "0123");
  require(told["ok"] == true ? told["book"] == "b" : told["error"] != "", "a flow is explained, or why not");
}

void ask(slowlane::FakeBox& box, slowlane::Rights rights, const std::string& line) {
  const std::size_t books = box.book_requests.size();
  const slowlane::Reply reply = slowlane::answer_line(box, {rights, 1000, 1}, line);
  if (reply.feed) return;
  if (reply.later.valid()) {
    require(box.book_requests.size() == books + 1, "an answer that comes later was asked for");
    return;
  }
  require(reply.now.find('\n') == std::string::npos, "an answer is one line");
  const Json answer = Json::parse(reply.now, nullptr, false);
  require(answer.is_object() && answer.contains("ok") && answer["ok"].is_boolean(),
          "an answer says whether it was done");
  require(answer["ok"] == true || answer.contains("error"), "a refusal says why");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto rights = (data[0] & 1) != 0 ? slowlane::Rights::change : slowlane::Rights::view;
  std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};
  slowlane::FakeBox box;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string line(rest.substr(0, end));
    ask(box, rights, line);
    read_bundle(line);
    read_question(line);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  require(rights == slowlane::Rights::change || (box.orders.empty() && !box.stopped && box.book_requests.empty()),
          "who may only look changes nothing");
  return 0;
}
