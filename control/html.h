#pragma once

#include <string>
#include <string_view>

namespace slowlane {

// Text as it may stand in HTML, inside quotes too: nothing in it is markup any more.
std::string html(std::string_view text);

// A page that needs no script: a title, the style at `/notice.css`, and a body.
std::string html_page(std::string_view title, std::string_view body);

// That style.
std::string_view plain_style();

}  // namespace slowlane
