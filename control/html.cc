#include "control/html.h"

#include <fmt/format.h>

namespace slowlane {

std::string html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string html_page(std::string_view title, std::string_view body) {
  return fmt::format(R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{}</title>
<link rel="stylesheet" href="/notice.css">
</head>
<body>
<main>
{}</main>
</body>
</html>
)",
                     html(title), body);
}

std::string_view plain_style() {
  return R"(:root { color-scheme: light dark; --line: #c8ccd2; --quiet: #555c66; --mark: #0a58ca; --box: #f4f5f7; }
@media (prefers-color-scheme: dark) { :root { --line: #3b4149; --quiet: #a4acb8; --mark: #7db3ff; --box: #1d2126; } }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.6rem; line-height: 1.25; }
h2 { font-size: 1.15rem; margin-top: 2.2rem; }
a { color: var(--mark); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); }
th { white-space: nowrap; }
code { font-size: .9em; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); }
form { display: flex; flex-wrap: wrap; gap: .5rem; }
input, button { font: inherit; padding: .45rem .7rem; border: 1px solid var(--line); border-radius: .4rem; }
input { flex: 1 1 14rem; min-width: 0; }
.answer { background: var(--box); border-left: .3rem solid var(--mark); padding: .75rem 1rem; margin: 1rem 0; }
.answer p { margin: .25rem 0; overflow-wrap: anywhere; }
)";
}

}  // namespace slowlane
