#include "dataplane/region.h"

#include <sys/mman.h>

#include <new>

namespace slowlane {
namespace {

// Smaller regions are not worth a huge page: a box has dozens of them.
constexpr std::size_t kLarge = std::size_t{8} << 20;
constexpr std::size_t kPage = 4096;

}  // namespace

Region::Region(std::size_t bytes) : bytes_((bytes + kPage - 1) / kPage * kPage + (bytes == 0 ? kPage : 0)) {
  begin_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (begin_ == MAP_FAILED) throw std::bad_alloc();
  // A hint: a kernel without huge pages answers with an error, and small pages do.
  if (bytes_ >= kLarge) static_cast<void>(madvise(begin_, bytes_, MADV_HUGEPAGE));
}

Region::~Region() { munmap(begin_, bytes_); }

}  // namespace slowlane
