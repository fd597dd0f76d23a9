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

// "2.00 Mbit/s" as people say it: what a book asks for is mostly round.
std::string rounded(const std::string& text) {
  const std::size_t unit = text.find(' ');
  const std::size_t point = text.find('.');
  if (point == text.npos || point > unit) return text;
  const std::size_t last = text.find_last_not_of('0', unit - 1);
  return text.substr(0, last == point ? point : last + 1) + text.substr(unit);
}

std::string rate_text(std::uint64_t bits_per_second) {
  return rounded(human_rate(static_cast<double>(bits_per_second)));
}

std::string time_text(Nanos time) { return rounded(human_time(time)); }

std::string words(const Mark& mark) {
  return fmt::format("Packets are marked with DSCP {}{}.", mark.dscp, which_way(mark.direction));
}

std::string hold_text(const std::optional<Nanos>& hold) {
  return hold ? fmt::format(" This lasts {}.", time_text(*hold)) : "";
}

std::string words(const Allow& allow) {
  std::string budget = allow.bytes ? print_size(*allow.bytes) : "";
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
  // Shared is how a drop usually counts; there is nothing to say of it.
  return text + (drop.direction == Directions::shared ? "" : which_way(drop.direction)) + "." + hold_text(drop.hold);
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
                     for_whom(shape.scope), which_way(shape.direction), print_size(shape.queue_bytes));
}

std::string words(const Delay& delay) {
  const std::string jitter = delay.jitter > 0 ? ", more or less " + time_text(delay.jitter) : "";
  return fmt::format("Packets are held for {}{}{}.", time_text(delay.time), jitter, which_way(delay.direction));
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
