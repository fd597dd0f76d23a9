#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace slowlane {

inline bool tshark_is_there() { return std::system("command -v tshark >/dev/null 2>&1") == 0; }

// The named fields of every frame of a capture as tshark reads it: a line a frame, fields apart by commas.
inline std::vector<std::string> tshark(const std::string& path, const std::vector<std::string>& fields) {
  std::string command = "tshark -n -r '" + path + "' -T fields -E separator=,";
  for (const std::string& field : fields) command += " -e " + field;
  FILE* out = popen((command + " 2>/dev/null").c_str(), "r");
  if (out == nullptr) return {};
  std::vector<std::string> lines(1);
  for (int c = std::fgetc(out); c != EOF; c = std::fgetc(out)) {
    if (c == '\n')
      lines.emplace_back();
    else
      lines.back() += static_cast<char>(c);
  }
  lines.pop_back();
  pclose(out);
  return lines;
}

}  // namespace slowlane
