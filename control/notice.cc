#include "control/notice.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/class_words.h"
#include "control/html.h"
#include "control/run_summary.h"

namespace slowlane {
namespace {

const char* state_words(const BoxFigures& box) {
  if (box.state == "bypass") return "It is bypassed now: it forwards everything without looking.";
  return "It is at work now.";
}

std::string introduction(const Published& published) {
  const BoxFigures& box = published.figures;
  return fmt::format(
      "<h1>This network path is shaped</h1>\n"
      "<p>Connections here cross <b>{}</b>, a box that runs {}. It looks at the first packets of each connection for "
      "the "
      "name of its server and the kind of application, and then does what its book of rules says, and nothing else. It "
      "does not look into encrypted contents and does not change them.{} {}</p>\n",
      html(box.appliance), html(program_name()),
      box.bench ? " This box stands on a test bench: its subscribers are machines of a laboratory." : "",
      state_words(box));
}

std::string book_part(const Published& published) {
  const Book& book = published.figures.rules->book();
  return fmt::format(
      "<h2>The book of rules</h2>\n<p>In force is <b>{}</b>{}, with {} rules. Its SHA-256 is<br><code>{}</code></p>\n",
      html(book.name), book.purpose == "model" ? ", a model of a box that was studied, for laboratories alone" : "",
      book.rules.size(), html(published.book->digest));
}

std::string classes_part(const RuleSet& rules) {
  std::string text =
      "<h2>What it does</h2>\n<table>\n<tr><th>Class</th><th>Connections in it</th></tr>\n"
      "<tr><th>pass</th><td>Nothing is done to them.</td></tr>\n";
  for (std::size_t i = 2; i < rules.classes().size(); ++i) {
    const ClassSpec& spec = rules.classes()[i];
    text += fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", html(spec.name), html(in_words(spec)));
  }
  return text + fmt::format("</table>\n<p>Connections that no rule fits are in class <b>{}</b>.</p>\n",
                            html(rules.book().otherwise));
}

std::string answer_line(const RuleSet& rules, const NameDesk::Answer& answer) {
  const ClassSpec& spec = rules.classes()[answer.cls];
  const std::string why = answer.rule.empty() ? "no rule fits" : "rule " + html(answer.rule);
  std::string text = fmt::format("<p><b>{}</b>: class <b>{}</b> ({}). {}</p>\n", html(answer.carrier), html(spec.name),
                                 why, html(in_words(spec)));
  for (const std::string& rule : answer.observed)
    text += fmt::format("<p class=\"quiet\">Rule {} fits too, but only observes.</p>\n", html(rule));
  return text;
}

bool are_alike(const std::vector<NameDesk::Answer>& answers) {
  const NameDesk::Answer& first = answers.front();
  return std::ranges::all_of(answers, [&first](const NameDesk::Answer& one) {
    return one.cls == first.cls && one.rule == first.rule && one.observed == first.observed;
  });
}

std::string answers(const RuleSet& rules, NameDesk& desk, const std::shared_ptr<const RuleSet>& shared,
                    const std::string& name) {
  const auto read = desk.ask(shared, name);
  if (!read) return fmt::format("<div class=\"answer\"><p>{}</p></div>\n", html(read.diagnostics().front().text));
  std::string text = fmt::format("<div class=\"answer\">\n<p>Connections to <b>{}</b>:</p>\n", html(name));
  bool could_change = false;
  for (const NameDesk::Answer& answer : *read) could_change = could_change || answer.could_change;
  if (are_alike(*read)) {
    NameDesk::Answer every = read->front();
    every.carrier = "By TLS, QUIC or HTTP";
    text += answer_line(rules, every);
  } else {
    for (const NameDesk::Answer& answer : *read) text += answer_line(rules, answer);
  }
  if (could_change)
    text += "<p class=\"quiet\">What the box learns besides, such as the application, may change this.</p>\n";
  return text + "<p class=\"quiet\">Judged by the name alone; rules on addresses may differ.</p>\n</div>\n";
}

std::string question_part(const Published& published, NameDesk& desk, const std::optional<std::string>& name) {
  std::string text = fmt::format(
      "<h2>What happens to a name?</h2>\n<form action=\"/notice\" method=\"get\">\n"
      "<input name=\"name\" aria-label=\"name of a server\" placeholder=\"www.example.com\" maxlength=\"253\" "
      "autocapitalize=\"off\" autocorrect=\"off\" spellcheck=\"false\" value=\"{}\">\n<button>Ask</button>\n</form>\n",
      name ? html(*name) : "");
  if (name) text += answers(*published.figures.rules, desk, published.figures.rules, *name);
  return text;
}

}  // namespace

std::string notice_page(const Published& published, NameDesk& desk, const std::optional<std::string>& name) {
  return html_page(
      "What this box does",
      introduction(published) + question_part(published, desk, name) + classes_part(*published.figures.rules) +
          book_part(published) +
          "<p class=\"quiet\">This page tells what the box is set to do. It shows nobody's traffic, and no "
          "question asked here is kept.</p>\n");
}

}  // namespace slowlane
