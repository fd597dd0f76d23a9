#include "dataplane/stream_reader.h"

#include <algorithm>
#include <cstring>

#include "dataplane/hello.h"
#include "dataplane/http.h"
#include "dataplane/socks.h"

namespace slowlane {
namespace {

constexpr std::uint8_t kApplicationData = 23;

StreamStep make(StreamStep::What what, std::size_t length = 0) {
  StreamStep step;
  step.what = what;
  step.length = length;
  return step;
}

StreamStep tls_end(StreamStep::What what, NotFound reason) {
  StreamStep step = make(what);
  step.recognised = true;
  step.reason = reason;
  return step;
}

// What a hello that was read to its end, or that is broken, means for the stream.
StreamStep of_hello(const Hello& hello, std::size_t used) {
  // A name that was read before the damage counts: what lies behind it is nobody's business but the server's.
  if (hello.status == HelloStatus::malformed && hello.server_name.empty())
    return tls_end(StreamStep::What::no_name, NotFound::malformed_hello);
  StreamStep step = hello.server_name.empty() ? tls_end(StreamStep::What::no_name, NotFound::no_sni)
                                              : tls_end(StreamStep::What::name, NotFound::none);
  step.length = used;
  step.name = hello.server_name;
  step.ech = hello.ech;
  return step;
}

StreamStep of_request(const RequestHead& request) {
  StreamStep step = make(StreamStep::What::no_name, request.length);
  step.source = NameSource::http;
  step.recognised = true;
  step.name = request.host;
  if (request.connect) {
    step.what =
        request.status == RequestHead::Status::complete ? StreamStep::What::preamble : StreamStep::What::need_more;
  } else if (!request.host.empty()) {
    step.what = StreamStep::What::name;
  } else if (request.status == RequestHead::Status::incomplete) {
    step.what = StreamStep::What::need_more;
  } else {
    step.reason = NotFound::no_host;
  }
  return step;
}

}  // namespace

StreamStep StreamReader::step(std::span<const std::uint8_t> stream) noexcept {
  if (stream.empty()) return make(StreamStep::What::need_more);
  StreamStep tls = step_tls(stream);
  if (tls.what != StreamStep::What::unrecognised) return tls;
  const RequestHead request = read_request(stream);
  if (request.status != RequestHead::Status::not_request) return of_request(request);
  const SocksPreamble socks = read_socks(stream);
  if (socks.status == SocksPreamble::Status::not_socks) return make(StreamStep::What::unrecognised);
  StreamStep step = make(StreamStep::What::need_more);
  if (socks.status == SocksPreamble::Status::complete) {
    step = make(StreamStep::What::preamble, socks.length);
    step.recognised = true;
    step.name = socks.target;
  }
  step.source = NameSource::socks;
  return step;
}

StreamStep StreamReader::step_tls(std::span<const std::uint8_t> stream) noexcept {
  const RecordHead head = read_record_head(stream);
  const std::size_t whole = kRecordHeader + head.length;
  if (head.sslv2) return tls_end(StreamStep::What::no_name, NotFound::no_sni);
  switch (head.kind) {
    case RecordHead::Kind::not_tls: return make(StreamStep::What::unrecognised);
    case RecordHead::Kind::incomplete: return make(StreamStep::What::need_more);
    case RecordHead::Kind::other_record:
      // Behind the handshake nothing is readable (RFC 8446 §5.2): no name will come.
      if (stream[0] == kApplicationData) return tls_end(StreamStep::What::stop, NotFound::encrypted);
      return make(whole <= stream.size() ? StreamStep::What::passed_over : StreamStep::What::need_more, whole);
    case RecordHead::Kind::handshake: break;
  }
  return step_hello(stream, head.length);
}

StreamStep StreamReader::step_hello(std::span<const std::uint8_t> stream, std::size_t first_length) noexcept {
  const auto fragment = stream.subspan(kRecordHeader, std::min(first_length, stream.size() - kRecordHeader));
  const Hello hello = read_hello(fragment);
  const bool record_whole = fragment.size() == first_length;
  switch (hello.status) {
    case HelloStatus::complete: return of_hello(hello, kRecordHeader + first_length);
    case HelloStatus::malformed: return of_hello(hello, 0);
    case HelloStatus::not_hello:
      return make(record_whole ? StreamStep::What::passed_over : StreamStep::What::need_more,
                  kRecordHeader + first_length);
    case HelloStatus::incomplete: break;
  }
  if (hello.length > kMaxHello) return tls_end(StreamStep::What::no_name, NotFound::malformed_hello);
  if (record_whole) return join_records(stream);
  StreamStep more = make(StreamStep::What::need_more);
  more.recognised = fragment.size() >= 4;
  more.name = hello.server_name;
  return more;
}

// A handshake message may be cut into records at any byte (RFC 8446 §5.1).
StreamStep StreamReader::join_records(std::span<const std::uint8_t> stream) noexcept {
  std::size_t joined = 0;
  std::size_t at = 0;
  while (true) {
    const auto rest = stream.subspan(at);
    const RecordHead head = read_record_head(rest);
    if (head.kind == RecordHead::Kind::incomplete || rest.empty()) break;
    // Nothing may stand between the records of one message (RFC 8446 §5.1).
    if (head.kind != RecordHead::Kind::handshake) return tls_end(StreamStep::What::no_name, NotFound::malformed_hello);
    const std::size_t have = std::min<std::size_t>(head.length, rest.size() - kRecordHeader);
    const std::size_t take = std::min(have, joined_.size() - joined);
    std::memcpy(joined_.data() + joined, rest.data() + kRecordHeader, take);
    joined += take;
    at += kRecordHeader + have;
    const Hello hello = read_hello({joined_.data(), joined});
    if (hello.status == HelloStatus::complete || hello.status == HelloStatus::malformed) {
      StreamStep step = of_hello(hello, at);
      step.several_records = true;
      return step;
    }
    if (take < have) return tls_end(StreamStep::What::no_name, NotFound::malformed_hello);
    if (have < head.length) break;
  }
  StreamStep more = make(StreamStep::What::need_more);
  more.recognised = true;
  return more;
}

}  // namespace slowlane
