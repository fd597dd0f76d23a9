#include "control/outputs.h"

#include <filesystem>
#include <span>
#include <system_error>

#include "control/failure.h"

namespace slowlane {
namespace {

namespace fs = std::filesystem;

// The name that a path comes to when links and dots are followed; what does not exist yet keeps its last part.
std::string real_name(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(path, error);
  return error ? path : real.string();
}

// Pipes and devices may be named as often as one likes.
bool is_device(const std::string& path) {
  std::error_code error;
  return fs::is_other(path, error);
}

bool same_file(const std::string& one, const std::string& other) {
  if (one == "-" || other == "-") return one == other;
  if (is_device(one)) return false;
  std::error_code error;
  return fs::equivalent(one, other, error) || real_name(one) == real_name(other);
}

}  // namespace

Output::Output(const std::string& path) {
  auto file = OutputFile::create(path);
  if (!file) throw Failure(Exit::machine, file.diagnostics().front().print());
  file_ = std::move(file.value());
}

void Output::write(std::string_view text) noexcept {
  file_->write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void Output::commit() {
  if (const auto wrong = file_->finish()) throw Failure(Exit::machine, wrong->print());
}

void refuse_overwriting(const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].empty()) continue;
    for (const std::string& input : inputs)
      if (outputs[i] != "-" && same_file(outputs[i], input))
        throw Failure(Exit::wrong_usage, outputs[i] + " is an input; it will not be overwritten");
    for (std::size_t j = 0; j < i; ++j)
      if (!outputs[j].empty() && same_file(outputs[i], outputs[j]))
        throw Failure(Exit::wrong_usage, outputs[i] + " is asked for by two outputs");
  }
}

}  // namespace slowlane
