#include "control/cli.h"
#include "dataplane/classifier.h"

namespace {

// What nDPI may take in this process: its tables, and the flows it is asked about at once.
constexpr std::size_t kNdpiMemory = std::size_t{512} << 20;

}  // namespace

int main(int argc, char** argv) {
  slowlane::Classifier::limit_memory(kNdpiMemory);
  return slowlane::run_cli(argc, argv);
}
