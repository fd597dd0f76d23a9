#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hw/output_file.h"

namespace slowlane {

// A text file that appears under its name when it is whole (hw/output_file.h). write() never fails; commit() says what
// failed.
class Output {
 public:
  explicit Output(const std::string& path);  // throws Failure

  void write(std::string_view text) noexcept;
  void commit();  // throws Failure: the disk is full, …

 private:
  std::unique_ptr<OutputFile> file_;
};

// Throws Failure (wrong usage) where one of `outputs` is one of `inputs` (the same file under whatever name), or two of
// them are the same. Empty outputs are none.
void refuse_overwriting(const std::vector<std::string>& inputs, const std::vector<std::string>& outputs);

}  // namespace slowlane
