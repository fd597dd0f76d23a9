#pragma once

#include <string>

#include "rules/book.h"

namespace slowlane {

// What a class does to a connection, for people who have never read a book: "At most 140 kbit/s for each connection;
// what exceeds that is dropped." Sentences, in the order in which the treatments act.
std::string in_words(const ClassSpec& spec);

}  // namespace slowlane
