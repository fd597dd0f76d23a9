#include "control/class_words.h"

#include <fmt/format.h>

#include "control/text.h"

namespace slowlane {
namespace {

const char* for_whom(Scope scope) {
  switch (scope) {
    case Scope::flow: return " for each connection";
    case Scope::host: return " for each subscriber address";
    case Scope::cls: break;
  }
  return " for all connections of this class together";
}

const char* which_way(Directions direction) {
  switch (direction) {
    case Directions::each: return "";
    case Directions::shared: return ", both directions counted together";
    case Directions::up: return ", from subscribers to the network only";
    case Directions::down: return ", from the network to subscribers only";
  }
  return "";
}

std::string rate_text(std::uint64_t bits_per_second) { return human_rate(static_cast<double>(bits_per_second)); }

std::string words(const Mark& mark) {
  return fmt::format("Packets are marked with DSCP {}{}.", mark.dscp, which_way(mark.direction));
}

std::string hold_text(const std::optional<Nanos>& hold) {
  return hold ? fmt::format(" This lasts {}.", human_time(*hold)) : "";
}

std::string words(const Allow& allow) {
  std::string budget = allow.bytes ? human_bytes(*allow.bytes) : "";
  if (allow.packets) budget += (budget.empty() ? "" : " or ") + fmt::format("{} packets", human_count(*allow.packets));
  return fmt::format("The first {} of a connection pass{}; the rest is dropped.{}", budget, which_way(allow.direction),
                     hold_text(allow.hold));
}

std::string words(const Drop& drop) {
  std::string text = "Everything is dropped";
  if (!drop.counts_trigger && drop.after_min == drop.after_max)
    text = fmt::format("After {} more packets everything is dropped", drop.after_min);
  else if (!drop.counts_trigger)
    text = fmt::format("After {} to {} more packets everything is dropped", drop.after_min, drop.after_max);
  return text + which_way(drop.direction) + "." + hold_text(drop.hold);
}

std::string words(const Reset& reset) {
  return std::string("TCP connections are reset; other transports are dropped") + which_way(reset.direction) + "." +
         hold_text(reset.hold);
}

std::string words(const Lose& lose) {
  return fmt::format("{:g} % of packets are dropped at random{}.", lose.share * 100, which_way(lose.direction));
}

std::string words(const Police& police) {
  return fmt::format("At most {}{}{}; what exceeds that is dropped.", rate_text(police.rate), for_whom(police.scope),
                     which_way(police.direction));
}

std::string words(const Shape& shape) {
  return fmt::format("At most {}{}{}; what exceeds that waits in a queue of {}.", rate_text(shape.rate),
                     for_whom(shape.scope), which_way(shape.direction), human_bytes(shape.queue_bytes));
}

std::string words(const Delay& delay) {
  const std::string jitter = delay.jitter > 0 ? ", more or less " + human_time(delay.jitter) : "";
  return fmt::format("Packets are held for {}{}{}.", human_time(delay.time), jitter, which_way(delay.direction));
}

}  // namespace

std::string in_words(const ClassSpec& spec) {
  std::string text;
  const auto add = [&text](const auto& treatment) {
    if (treatment) text += (text.empty() ? "" : " ") + words(*treatment);
  };
  add(spec.mark);
  add(spec.allow);
  add(spec.drop);
  add(spec.reset);
  add(spec.lose);
  add(spec.police);
  add(spec.shape);
  add(spec.delay);
  return text.empty() ? "Nothing is done to it." : text;
}

}  // namespace slowlane
