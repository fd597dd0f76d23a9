#include "dataplane/classifier.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/hello_builder.h"
#include "tests/support/packet_builder.h"
#include "tests/support/quic_builder.h"

namespace slowlane {
namespace {

constexpr const char* kClient = "192.0.2.1";
constexpr const char* kServer = "198.51.100.7";
constexpr Nanos kStart = 1'616'000'000'000'000'000;

Bytes tcp_up(const Bytes& payload, std::uint16_t port = 443) {
  return Frame().ipv4(kClient, kServer).tcp(40000, port).seq(1).ack(1).payload(payload).build();
}
Bytes tcp_down(const Bytes& payload, std::uint16_t port = 443) {
  return Frame().ipv4(kServer, kClient).tcp(port, 40000).seq(1).ack(600).payload(payload).build();
}
Bytes udp_up(const Bytes& payload, std::uint16_t port) {
  return Frame().ipv4(kClient, kServer).udp(40000, port).payload(payload).build();
}

// A query for example.org, type A.
const Bytes& dns_query() {
  static const Bytes query = bytes_of_hex("1234 0100 0001 0000 0000 0000 07") + bytes_of("example") +
                             bytes_of_hex("03") + bytes_of("org") + bytes_of_hex("00 0001 0001");
  return query;
}

// One module for all tests: making one takes a while, and nothing here depends on what it saw before.
class ClassifierTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Classifier::limit_memory(512 << 20);
    classifier_ = std::make_unique<Classifier>(4);
  }
  static void TearDownTestSuite() { classifier_.reset(); }

  // What is known of a flow after these packets, the client's first.
  static std::string label(std::initializer_list<Bytes> packets) {
    const std::uint32_t probe = classifier_->begin();
    Classifier::Answer answer;
    bool up = true;
    for (const Bytes& packet : packets) {
      answer = classifier_->look(probe, packet, up, kStart);
      if (answer.done) break;
      up = !up;
    }
    if (!answer.done) answer = classifier_->give_up(probe);
    EXPECT_TRUE(answer.done);
    classifier_->end(probe);
    return classifier_->print(answer.master, answer.app);
  }
  static std::string print(const Classifier::Answer& answer) { return classifier_->print(answer.master, answer.app); }

  static inline std::unique_ptr<Classifier> classifier_;
};

TEST_F(ClassifierTest, NamesTlsApplicationsByTheirHello) {
  EXPECT_EQ(label({tcp_up(chrome_hello("r4---sn.googlevideo.com")), tcp_down(server_hello())}), "TLS.YouTube");
  EXPECT_EQ(label({tcp_up(chrome_hello("www.example.org")), tcp_down(server_hello())}), "TLS");
}

TEST_F(ClassifierTest, NamesQuicHttpAndDns) {
  EXPECT_EQ(label({udp_up(quic_hello("r4---sn.googlevideo.com"), 443)}), "QUIC.YouTube");
  const Bytes request = bytes_of("GET / HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n");
  const Bytes response = bytes_of("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(label({tcp_up(request, 80), tcp_down(response, 80)}), "HTTP");
  EXPECT_EQ(label({udp_up(dns_query(), 53)}), "DNS");
}

TEST_F(ClassifierTest, RecognisesBitTorrentByItsPayload) {
  const Bytes handshake = Bytes{19} + bytes_of("BitTorrent protocol") + Bytes(8) + Bytes(40, 'x');
  // Peers of its own: nDPI remembers them, and takes their other flows for BitTorrent too.
  EXPECT_EQ(label({Frame().ipv4("192.0.2.99", "203.0.113.99").tcp(40000, 51413).payload(handshake).build()}),
            "BitTorrent");
}

TEST_F(ClassifierTest, DoesNotGuessByPort) {
  EXPECT_EQ(label({tcp_up(Bytes(100, 0xa5), 443), tcp_down(Bytes(100, 0x5a), 443)}), "Unknown");
  EXPECT_EQ(label({udp_up(Bytes(40, 0x11), 1194)}), "Unknown");
}

TEST_F(ClassifierTest, NothingIsKnownBeforeAPacket) {
  const std::uint32_t probe = classifier_->begin();
  EXPECT_EQ(classifier_->give_up(probe), (Classifier::Answer{.done = true}));
  classifier_->end(probe);
}

TEST_F(ClassifierTest, CutAndBrokenPacketsAreSurvived) {
  const Bytes packet = tcp_up(chrome_hello("www.example.org"));
  const std::uint32_t probe = classifier_->begin();
  for (std::size_t size : {0u, 1u, 19u, 20u, 39u, 41u, 60u, 300u}) {
    classifier_->look(probe, std::span(packet).first(size), true, kStart);
  }
  classifier_->end(probe);
}

TEST_F(ClassifierTest, ProbesAreFewAndComeBackClean) {
  std::vector<std::uint32_t> probes;
  for (int i = 0; i < 4; ++i) probes.push_back(classifier_->begin());
  for (const std::uint32_t probe : probes) EXPECT_NE(probe, Classifier::kNoProbe);
  EXPECT_EQ(classifier_->begin(), Classifier::kNoProbe);
  classifier_->look(probes[2], tcp_up(chrome_hello("www.youtube.com")), true, kStart);
  classifier_->end(probes[2]);
  EXPECT_EQ(classifier_->begin(), probes[2]);
  EXPECT_EQ(classifier_->give_up(probes[2]).master, kUnknownProtocol);
  for (const std::uint32_t probe : probes) classifier_->end(probe);
}

TEST_F(ClassifierTest, MemoryOfAFlowIsGivenBack) {
  const auto run = [&] { label({tcp_up(chrome_hello("r4---sn.googlevideo.com")), tcp_down(server_hello())}); };
  run();
  const std::size_t before = Classifier::used_memory();
  EXPECT_GT(before, 0u);
  for (int i = 0; i < 50; ++i) run();
  EXPECT_EQ(Classifier::used_memory(), before);
}

TEST_F(ClassifierTest, ByNameTakesMasterFromTheSource) {
  EXPECT_EQ(print(classifier_->by_name("abs.twimg.com", NameSource::tls)), "TLS.Twitter");
  EXPECT_EQ(print(classifier_->by_name("ABS.TwImG.com", NameSource::tls)), "TLS.Twitter");
  EXPECT_EQ(print(classifier_->by_name("r4---sn.googlevideo.com", NameSource::quic)), "QUIC.YouTube");
  EXPECT_EQ(print(classifier_->by_name("www.youtube.com", NameSource::http)), "HTTP.YouTube");
  EXPECT_EQ(print(classifier_->by_name("www.youtube.com", NameSource::dns)), "DNS.YouTube");
  EXPECT_EQ(print(classifier_->by_name("example.org", NameSource::tls)), "TLS");
  EXPECT_EQ(print(classifier_->by_name("example.org", NameSource::socks)), "SOCKS");
  EXPECT_EQ(print(classifier_->by_name("", NameSource::tls)), "TLS");
  EXPECT_EQ(print(classifier_->by_name(std::string(255, 'a'), NameSource::tls)), "TLS");
  EXPECT_EQ(print(classifier_->by_name(std::string(5000, 'a'), NameSource::tls)), "TLS");
  EXPECT_TRUE(classifier_->by_name("example.org", NameSource::tls).done);
}

TEST_F(ClassifierTest, ByNameAgreesWithDissection) {
  for (const char* host : {"abs.twimg.com", "www.youtube.com", "www.netflix.com", "www.facebook.com", "example.org"}) {
    EXPECT_EQ(print(classifier_->by_name(host, NameSource::tls)),
              label({tcp_up(chrome_hello(host)), tcp_down(server_hello())}))
        << host;
  }
}

TEST_F(ClassifierTest, TheServersAddressNamesWhatItsHostNameDoesNot) {
  const auto by = [](const char* host, const char* server, std::uint16_t port, NameSource source) {
    return print(classifier_->by_name(host, source, Endpoint{*parse_address(server), port}));
  };
  EXPECT_EQ(by("example.org", "8.8.8.8", 53, NameSource::dns), "DNS.Google");
  EXPECT_EQ(by("example.org", "192.0.2.1", 53, NameSource::dns), "DNS");
  EXPECT_EQ(by("www.youtube.com", "8.8.8.8", 443, NameSource::tls), "TLS.YouTube");
  EXPECT_EQ(by("example.org", "2001:db8::1", 443, NameSource::tls), "TLS");
  EXPECT_EQ(by("printer.local", "224.0.0.251", 5353, NameSource::dns), "MDNS");
  EXPECT_EQ(by("printer", "224.0.0.252", 5355, NameSource::dns), "LLMNR");
}

TEST_F(ClassifierTest, CategoriesComeWithTheAnswer) {
  const Dictionary& dictionary = classifier_->dictionary();
  const auto category = [&](const char* name) { return dictionary.categories.at(name); };
  EXPECT_EQ(classifier_->by_name("abs.twimg.com", NameSource::tls).category, category("socialnetwork"));
  EXPECT_EQ(classifier_->by_name("example.org", NameSource::tls).category, category("web"));
  EXPECT_EQ(classifier_->by_name("example.org", NameSource::dns).category, category("network"));
  EXPECT_EQ(classifier_->category_name(category("web")), "Web");
}

TEST_F(ClassifierTest, TheDictionaryKnowsEveryNameThatIsPrinted) {
  const Dictionary& dictionary = classifier_->dictionary();
  EXPECT_GT(dictionary.protocols.size(), 200u);
  EXPECT_EQ(dictionary.protocols.at("unknown"), kUnknownProtocol);
  for (const char* name : {"tls", "quic", "http", "dns", "bittorrent", "youtube", "twitter", "openvpn", "wireguard"}) {
    EXPECT_EQ(dictionary.protocols.count(name), 1u) << name;
  }
  EXPECT_EQ(dictionary.protocols.at("tls"), Classifier::id_of(NameSource::tls));
  EXPECT_EQ(classifier_->print(dictionary.protocols.at("youtube"), 0), "YouTube");
}

TEST_F(ClassifierTest, PrintsOneNameWhereOneIsKnown) {
  const ProtocolId tls = Classifier::id_of(NameSource::tls);
  EXPECT_EQ(classifier_->print(0, 0), "Unknown");
  EXPECT_EQ(classifier_->print(tls, 0), "TLS");
  EXPECT_EQ(classifier_->print(0, tls), "TLS");
  EXPECT_EQ(classifier_->print(tls, tls), "TLS");
}

TEST_F(ClassifierTest, SaysItsVersion) { EXPECT_FALSE(Classifier::version().empty()); }

}  // namespace
}  // namespace slowlane
