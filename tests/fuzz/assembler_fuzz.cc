// The bytes are a list of pieces: two of offset, one of length, then the piece itself. The assembler must answer as a
// map of bytes does.
#include "dataplane/assembler.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

using namespace slowlane;

namespace {

using Bytes = std::span<const std::uint8_t>;

void require(bool holds) {
  if (!holds) std::abort();
}

struct ByteMap {
  std::vector<int> bytes = std::vector<int>(Assembler::kCapacity, -1);

  // Whether anything would be new.
  bool has_news(std::size_t offset, Bytes piece) const {
    for (std::size_t i = 0; i < piece.size() && offset + i < bytes.size(); ++i) {
      if (bytes[offset + i] < 0) return true;
    }
    return false;
  }
  void put(std::size_t offset, Bytes piece) {
    for (std::size_t i = 0; i < piece.size() && offset + i < bytes.size(); ++i) {
      if (bytes[offset + i] < 0) bytes[offset + i] = piece[i];
    }
  }
  std::size_t prefix() const {
    return static_cast<std::size_t>(std::find(bytes.begin(), bytes.end(), -1) - bytes.begin());
  }
  std::size_t held() const {
    return bytes.size() - static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), -1));
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto assembler = std::make_unique<Assembler>();
  assembler->reset();
  ByteMap map;
  for (Bytes rest(data, size); rest.size() > 3;) {
    const std::size_t offset = static_cast<std::size_t>(rest[0] << 8 | rest[1]);
    const Bytes piece = rest.subspan(3, std::min<std::size_t>(rest[2], rest.size() - 3));
    rest = rest.subspan(3 + piece.size());
    const bool news = map.has_news(offset, piece);
    const Assembler::Put put = assembler->put(offset, piece);
    require(news == (put != Assembler::Put::nothing));
    if (put == Assembler::Put::taken) map.put(offset, piece);
  }
  const Bytes prefix = assembler->prefix();
  require(prefix.size() == map.prefix() && assembler->held() == map.held());
  require(std::equal(prefix.begin(), prefix.end(), map.bytes.begin()));
  return 0;
}
