#include "tests/support/text_files.h"

#include <filesystem>
#include <sstream>
#include <stdexcept>

namespace slowlane {

std::string write_text(const TempFolder& folder, const std::string& name, const std::string& text) {
  return folder.write(name, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::string read_text(const TempFolder& folder, const std::string& name) {
  if (!std::filesystem::exists(folder.file(name))) throw std::runtime_error("there is no " + folder.file(name));
  const std::vector<std::uint8_t> bytes = folder.read(name);
  return {bytes.begin(), bytes.end()};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace slowlane
