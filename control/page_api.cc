#include "control/page_api.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "control/class_words.h"
#include "control/run_summary.h"
#include "control/views.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t milliseconds(Nanos time) { return time / kMillisecond; }

Json drops_of(const BoxFigures& box) {
  Json all = Json::array();
  for (std::size_t i = 0; i < kDropReasons; ++i)
    if (box.dropped_packets[i] > 0)
      all.push_back({{"reason", name_of(static_cast<DropReason>(i))},
                     {"packets", box.dropped_packets[i]},
                     {"bytes", box.dropped_bytes[i]}});
  return all;
}

Json workers_of(const Published& published) {
  Json all = Json::array();
  for (std::size_t i = 0; i < published.figures.workers.size(); ++i) {
    const Meters::Load load = published.meters.load(i);
    all.push_back({{"worker", i},
                   {"core", published.figures.workers[i].core},
                   {"load", load.share},
                   {"received_pps", std::llround(load.received_pps)},
                   {"longest_turn_us", load.longest_turn / kMicrosecond}});
  }
  return all;
}

Json ports_of(const BoxFigures& box) {
  Json all = Json::array();
  for (const PortFigures& port : box.ports)
    all.push_back({{"name", port.name},
                   {"kind", port.kind},
                   {"device", port.device},
                   {"link", port.link_up ? "up" : "down"},
                   {"received_packets", port.statistics.received_packets},
                   {"received_bytes", port.statistics.received_bytes},
                   {"sent_packets", port.statistics.sent_packets},
                   {"sent_bytes", port.statistics.sent_bytes},
                   {"missed", port.statistics.missed}});
  return all;
}

Json classes_of(const Published& published) {
  Json all = classes_view(published.figures, published.meters);
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i]["words"] = i == kPending ? "Connections that the box still looks at; they pass."
                                    : in_words(published.figures.rules->classes()[i]);
  return all;
}

Json rules_of(const Published& published) {
  Json all = rules_view(published.figures, published.meters);
  if (all.size() > kMostPageRules) all.erase(all.begin() + kMostPageRules, all.end());
  return all;
}

}  // namespace

Json page_now(const Published& published) {
  const BoxFigures& box = published.figures;
  return {
      {"time_ms", milliseconds(box.time)},
      {"started_ms", milliseconds(box.started)},
      {"appliance", box.appliance},
      {"version", program_version()},
      {"bench", box.bench},
      {"state", box.state},
      {"book", {{"name", box.rules->book().name}, {"digest", published.book->digest}, {"rules", box.rule_hits.size()}}},
      {"degraded", box.degraded},
      {"classes", classes_of(published)},
      {"rules", rules_of(published)},
      {"packets",
       {{"received", box[Counter::received_packets]},
        {"received_bytes", box[Counter::received_bytes]},
        {"sent", box[Counter::sent_packets]},
        {"sent_bytes", box[Counter::sent_bytes]},
        {"held", box.held_packets()},
        {"held_bytes", box.held_bytes()}}},
      {"drops", drops_of(box)},
      {"flows",
       {{"now", box.flows_now()},
        {"begun", box[Counter::flows_begun]},
        {"ended", box[Counter::flows_ended]},
        {"unjudged", box[Counter::unjudged_flows]}}},
      {"workers", workers_of(published)},
      {"ports", ports_of(box)},
      {"records", {{"written", box.records_written}, {"lost", box.records_lost}}}};
}

Json page_history(const Published& published) {
  Json times = Json::array();
  for (const Nanos time : published.meters.times()) times.push_back(milliseconds(time));
  Json classes = Json::object();
  for (const ClassFigures& cls : published.figures.classes) {
    const auto rates = [&](Direction direction) {
      Json all = Json::array();
      for (const Meters::Rates& rate : published.meters.history(cls.name, direction))
        all.push_back({std::llround(rate.sent_bps), std::llround(rate.dropped_bps)});
      return all;
    };
    classes[cls.name] = {{"up", rates(Direction::up)}, {"down", rates(Direction::down)}};
  }
  return {{"times_ms", times}, {"classes", classes}};
}

Json page_book(const Published& published) {
  Json files = Json::array();
  for (const BookText::File& file : published.book->files) files.push_back({{"path", file.path}, {"text", file.text}});
  return {{"name", published.figures.rules->book().name},
          {"digest", published.book->digest},
          {"path", published.book->path},
          {"whole", published.book->whole},
          {"files", files}};
}

}  // namespace slowlane
