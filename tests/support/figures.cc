#include "tests/support/figures.h"

#include "tests/support/box.h"

namespace slowlane {

BoxFigures figures_of(std::string_view book, Nanos time) {
  const Dictionary dictionary{.protocols = {{"bittorrent", 37}}, .categories = {}};
  BoxFigures figures;
  figures.time = time;
  figures.started = time;
  figures.appliance = "test";
  figures.state = "running";
  figures.rules = rules_of(book, dictionary);
  for (const ClassSpec& spec : figures.rules->classes()) figures.classes.push_back({spec.name, 0, {}});
  figures.rule_hits.resize(figures.rules->rules().size());
  return figures;
}

}  // namespace slowlane
