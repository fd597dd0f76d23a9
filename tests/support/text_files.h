#pragma once

#include <string>
#include <vector>

#include "tests/support/temp_folder.h"

namespace slowlane {

// Writes a text into a test's folder; returns the file's path.
std::string write_text(const TempFolder& folder, const std::string& name, const std::string& text);
// What a file of the folder holds; throws where it is not there.
std::string read_text(const TempFolder& folder, const std::string& name);
// The lines of a text, without their ends.
std::vector<std::string> lines_of(const std::string& text);

}  // namespace slowlane
