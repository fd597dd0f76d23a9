// Three readings of the same bytes: as a datagram; as the frames of an Initial, which no fuzzer could seal; and as a
// Google CHLO. The CRYPTO frames found go through an assembler into the hello reader, as in a flow.
#include "dataplane/quic.h"

#include <cstdlib>
#include <memory>
#include <vector>

#include "dataplane/assembler.h"
#include "dataplane/hello.h"
#include "dataplane/quic_header.h"

using namespace slowlane;

namespace {

using Bytes = std::span<const std::uint8_t>;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_datagram(Bytes bytes) {
  static QuicReader reader;
  QuicReader::ConnectionId first;
  for (int round = 0; round < 2; ++round) {
    const Initial& initial = reader.read(bytes, first);
    require(initial.frame_count <= initial.frames.size());
    require(initial.status == Initial::Status::crypto || initial.frame_count == 0);
    require(first.length <= first.bytes.size());
    require(initial.status == Initial::Status::not_quic || looks_like_quic(bytes));
    if (initial.gquic && initial.frame_count > 0) require(read_chlo_name(initial.frames[0].data).size() <= 255);
    first.length = 20;  // as if another Initial had come before
  }
  const QuicPacket packet = read_quic_packet(bytes);
  require(packet.size <= bytes.size() && packet.number_at <= bytes.size());
}

void read_frames(Bytes bytes, QuicFrameWalk::Numbers numbers) {
  static const auto assembler = std::make_unique<Assembler>();
  assembler->reset();
  QuicFrameWalk walk(bytes, numbers);
  std::size_t total = 0;
  while (const auto frame = walk.next()) {
    total += 1 + frame->data.size();
    assembler->put(static_cast<std::size_t>(frame->offset), frame->data);
  }
  require(total <= bytes.size());
  read_hello(assembler->prefix());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> copy(data, data + size);
  read_datagram(copy);
  read_frames(copy, QuicFrameWalk::Numbers::ietf);
  read_frames(copy, QuicFrameWalk::Numbers::google);
  require(read_chlo_name(copy).size() <= 255);
  return 0;
}
