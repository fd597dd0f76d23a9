#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rules/result.h"

namespace slowlane {

// A file that appears under its name only when it is whole: written beside it under another name, renamed by finish().
// Without finish(), or where writing failed, nothing of it stays and what was there before is untouched. "-" is
// standard output; it, pipes and devices are written in place. Owned by one thread.
class OutputFile {
 public:
  static Result<std::unique_ptr<OutputFile>> create(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Never fails by itself: the first failure is kept for finish(), and nothing is written behind it.
  void write(std::span<const std::uint8_t> bytes) noexcept;
  bool failed() const noexcept { return error_ != 0; }
  // Writes what is left and gives the file its name. What went wrong, if anything did: the disk is full, …
  std::optional<Diagnostic> finish();

  const std::string& path() const { return path_; }

 private:
  OutputFile(std::string path, std::string final_name, std::string aside, int descriptor);
  void flush() noexcept;

  std::string path_;        // as the user wrote it
  std::string final_name_;  // with symbolic links resolved
  std::string aside_;       // the name until then; empty: written in place
  int descriptor_;
  int error_ = 0;  // errno of the first failure
  std::vector<std::uint8_t> buffer_;
};

}  // namespace slowlane
