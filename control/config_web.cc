#include "control/config_web.h"

#include <string>
#include <utility>
#include <vector>

#include "rules/dictionary.h"
#include "rules/key_values.h"
#include "rules/source.h"

namespace slowlane {
namespace {

Result<Endpoint> read_http(const Node& node) {
  if (node.kind == Node::Kind::text)
    if (const auto endpoint = parse_endpoint(node.text); endpoint && endpoint->port != 0) return *endpoint;
  return mistake(node, "takes an address and a port like \"127.0.0.1:9180\", not " + describe(node));
}

bool is_loopback(const Address& address) {
  return parse_prefix("127.0.0.0/8")->contains(address) || parse_prefix("::1")->contains(address);
}

Result<std::vector<std::string>> read_names(const Node& node) {
  const auto items = read_items(node);
  if (!items) return items.diagnostics();
  std::vector<std::string> names;
  for (const Node* item : *items) {
    auto name = read_text(*item);
    if (!name) return name.diagnostics();
    names.push_back(lower_case(*name));
  }
  return names;
}

}  // namespace

void read_web(Fields& fields, ControlConfig& control) {
  control.http = fields.with("http", read_http);
  if (const Node* file = fields.find("token_file"))
    control.token_file = beside(file->place.file, fields.text("token_file").value_or(""));
  control.http_names = fields.with("http_names", read_names).value_or(std::vector<std::string>{});
  if (const Node* notice = fields.find("notice"); notice != nullptr && notice->text == "off") {
    fields.text("notice");
    control.notice_off = true;
  } else {
    control.notice = fields.with("notice", read_http);
  }
  if (control.http && !is_loopback(control.http->address) && control.token_file.empty())
    fields.add("http: " + control.http->address.print() +
               " is no loopback address; name a token_file whose token readers have to show, or serve at 127.0.0.1");
}

}  // namespace slowlane
