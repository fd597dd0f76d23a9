#include "control/bench_box.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "control/failure.h"
#include "control/load_rules.h"

namespace slowlane::bench {
namespace {

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw Failure(Exit::machine, path + ": cannot be written");
}

std::unique_ptr<const Snapshot> snapshot_of(const std::string& text) {
  const BookFile book(text);
  auto rules = load_rules(book.path(), std::nullopt);
  if (!rules) throw Failure(Exit::machine, rules.diagnostics().front().print());
  return Snapshot::make(std::move(*rules), 1, 1);
}

}  // namespace

BookFile::BookFile(const std::string& text) {
  std::string pattern = (std::filesystem::temp_directory_path() / "slowlane-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw Failure(Exit::machine, pattern + ": no folder can be made there");
  folder_ = pattern;
  write_file(path(), text);
}

BookFile::~BookFile() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void BookFile::add(const std::string& name, const std::string& text) { write_file(folder_ + "/" + name, text); }

Crowd::Crowd(Side from, std::uint64_t flows, std::uint32_t per_flow, Order order)
    : from_(from), flows_(flows), per_flow_(per_flow), order_(order), random_(from == Side::inside ? 1 : 2) {}

std::uint64_t Crowd::next() noexcept {
  if (order_ == Order::one_by_one) return begun_++ % flows_;
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(random_) * flows_) >> 64);
}

void Crowd::dress(Packet& packet) noexcept {
  if (frame_ == 0) current_ = next();
  frame_ = frame_ + 1 == per_flow_ ? 0 : frame_ + 1;
  const std::span<std::uint8_t> bytes = packet.bytes();
  bench::dress(bytes, from_, current_);
  packet.frame = current_;  // for the floor: it must not pay for finding the flow
  if (name_at_ == 0 || bytes.size() < name_at_ + 8) return;
  std::uint64_t rest = current_;
  for (std::size_t digit = 8; digit-- > 0; rest /= 10)
    bytes[name_at_ + digit] = static_cast<std::uint8_t>('0' + rest % 10);
}

void Entrance::use(const std::vector<Bytes>& frames, std::unique_ptr<Crowd> crowd) {
  port_.reset();
  crowd_ = std::move(crowd);
  port_ = std::make_unique<MemoryPort>(pool_);
  port_->set_dresser(crowd_.get());
  for (const Bytes& frame : frames)
    if (!port_->add(frame)) throw Failure(Exit::machine, "the pool has too few packets for this case");
}

void Entrance::set_now(Nanos now) noexcept {
  if (port_) port_->set_now(now);
}
void Entrance::let(std::uint64_t packets) noexcept {
  if (port_) port_->set_remaining(packets);
}
void Entrance::receive(std::uint16_t queue, Burst& burst) noexcept {
  if (port_) port_->receive(queue, burst);
}
void Entrance::send(std::uint16_t, Burst& burst) noexcept {
  for (Packet* packet : burst) free_packet(packet);
  burst.clear();
}

Box::Box(PacketPool& pool, const std::string& book, const Worker::Config& config, Witness* witness)
    : snapshot_(snapshot_of(book)),
      inside_(pool),
      outside_(pool),
      worker_(std::make_unique<Worker>(config, Wire{&inside_, &outside_, {}}, *snapshot_, witness)),
      records_(config.flows),
      memory_(config.flows) {}

double Box::run(std::uint64_t packets, Nanos gap) {
  std::uint64_t done = 0;
  const double time = nanoseconds([&] {
    while (done < packets) {
      inside_.set_now(now_);
      outside_.set_now(now_);
      const std::uint32_t count = worker_->turn(now_);
      if (count == 0) break;
      done += count;
      now_ += gap * count;
    }
  });
  return time / static_cast<double>(std::max<std::uint64_t>(done, 1));
}

double Box::port_loop(std::uint64_t packets) {
  std::uint64_t done = 0;
  const double time = nanoseconds([&] {
    Burst burst;
    std::uint64_t before = done + 1;
    while (done < packets && done != before) {
      before = done;
      for (Entrance* entrance : {&inside_, &outside_}) {
        entrance->receive(0, burst);
        done += burst.count;
        entrance->send(0, burst);
      }
    }
  });
  return time / static_cast<double>(std::max<std::uint64_t>(done, 1));
}

double Box::touch_loop(std::uint64_t packets) {
  std::uint64_t done = 0;
  const double time = nanoseconds([&] {
    Burst burst;
    std::uint64_t before = done + 1;
    while (done < packets && done != before) {
      before = done;
      for (Entrance* entrance : {&inside_, &outside_}) {
        entrance->receive(0, burst);
        done += burst.count;
        for (Packet* packet : burst) packet->parsed = parse(packet->link, packet->bytes(), packet->wire_length);
        for (Packet* packet : burst) memory_[packet->frame % records_].bytes[0] += packet->parsed.headers.ip_bytes;
        entrance->send(0, burst);
      }
    }
  });
  return time / static_cast<double>(std::max<std::uint64_t>(done, 1));
}

Figure Box::measure(const Settings& settings, const std::string& name, std::uint64_t packets, Nanos gap) {
  const std::vector<Spread> spreads = in_turn(
      settings.rounds,
      {[&] { return run(packets, gap); }, [&] { return port_loop(packets); }, [&] { return touch_loop(packets); }});
  return {name, "ns/packet", spreads[0], {{"port loop", spreads[1]}, {"+ parse and one access", spreads[2]}}};
}

}  // namespace slowlane::bench
