// SPDX-License-Identifier: AGPL-3.0-or-later
// Asks a real name server on loopback: nsd with zones of its own, one of them signed by ldns-signzone.
#include "transport/dns/dns.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "net/fd.h"
#include "transport/dns/rdata.h"
#include "transport/dns/server_address.h"

namespace kontor::transport {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* kPlainZone = R"($ORIGIN plain.example.
$TTL 60
@ SOA ns hostmaster 1 60 60 60 60
@ NS ns
ns A 127.0.0.1
@ A 192.0.2.1
@ A 192.0.2.2
@ AAAA 2001:db8::1
@ MX 20 backup
@ MX 10 mx.plain.example.
nomail MX 0 .
@ TXT "v=spf1 " "-all"
@ TXT "other"
_25._tcp.mx TLSA 3 1 1 00112233
_imaps._tcp SRV 0 1 993 Mx.plain.example.
_pop3._tcp SRV 0 0 0 .
www CNAME @
one CNAME two
two CNAME three
three CNAME ns
loop CNAME pool
pool CNAME loop
self CNAME self
chain1 CNAME chain2
chain2 CNAME chain3
chain3 CNAME chain4
chain4 CNAME chain5
chain5 CNAME chain6
chain6 CNAME chain7
chain7 CNAME chain8
chain8 CNAME chain9
chain9 CNAME chain10
chain10 CNAME chain11
chain11 CNAME chain12
chain12 CNAME chain13
chain13 CNAME chain14
chain14 CNAME ns
odd MX 10 evil\010name.example.
)";
constexpr const char* kSignedZone = R"($ORIGIN signed.example.
$TTL 60
@ SOA ns hostmaster 1 60 60 60 60
@ NS ns
ns A 127.0.0.1
@ MX 10 mx
mx A 192.0.2.9
_25._tcp.mx TLSA 3 1 1 00112233
)";
constexpr const char* kReverseZone = R"($ORIGIN 2.0.192.in-addr.arpa.
$TTL 60
@ SOA ns.plain.example. hostmaster.plain.example. 1 60 60 60 60
@ NS ns.plain.example.
1 PTR Mail.plain.example.
1 PTR other.plain.example.
)";

std::uint16_t free_port() {
  net::Fd fd(::socket(AF_INET, SOCK_DGRAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) std::abort();
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

void write_file(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

int run(const fs::path& folder, const std::string& command) {
  return std::system(("cd " + folder.string() + " && { " + command + "; } >>log 2>&1").c_str());
}

// One for all tests: started at first use, ended with the process.
class NameServer {
 public:
  static NameServer& get() {
    static NameServer server;
    return server;
  }
  ~NameServer() {
    if (pid_ > 0) {
      ::kill(pid_, SIGTERM);
      ::waitpid(pid_, nullptr, 0);
    }
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  DnsOptions options(bool has_anchor = true) const {
    return {{address()}, has_anchor ? (folder_ / "anchors").string() : "", 5s};
  }
  bool is_up() const { return pid_ > 0; }

 private:
  NameServer() {
    char name[] = "/tmp/kontor-dns-XXXXXX";
    folder_ = ::mkdtemp(name);
    port_ = free_port();
    std::string plain = kPlainZone;
    for (int i = 0; i < 500; ++i) plain += "many TXT \"record " + std::to_string(i) + std::string(40, 'x') + "\"\n";
    write_file(folder_ / "plain", plain);
    write_file(folder_ / "reverse", kReverseZone);
    write_file(folder_ / "signed", kSignedZone);
    // A zone of which the resolver knows that it is signed, and that comes without signatures: a lie.
    write_file(folder_ / "forged", std::string(kSignedZone).replace(8, 6, "forged"));
    std::string anchors;
    for (const char* zone : {"signed", "forged"}) {
      std::string command = "K=$(ldns-keygen -k -a ECDSAP256SHA256 -r /dev/urandom " + std::string(zone) +
                            ".example) && cat $K.ds >> anchors";
      if (std::string(zone) == "signed") command += " && ldns-signzone -n signed $K";
      if (run(folder_, command) != 0) return;
    }
    std::string config = "server:\n  port: " + std::to_string(port_) +
                         "\n  ip-address: 127.0.0.1\n  username: \"\"\n  chroot: \"\"\n  zonesdir: \"" +
                         folder_.string() + "\"\n  database: \"\"\n  pidfile: \"" + (folder_ / "pid").string() +
                         "\"\n  xfrdfile: \"\"\n  zonelistfile: \"" + (folder_ / "zones").string() +
                         "\"\n  cookie-secret-file: \"\"\nremote-control:\n  control-enable: no\n";
    for (auto [zone, file] : {std::pair("plain.example", "plain"), std::pair("2.0.192.in-addr.arpa", "reverse"),
                              std::pair("signed.example", "signed.signed"), std::pair("forged.example", "forged")})
      config += "zone:\n  name: \"" + std::string(zone) + "\"\n  zonefile: \"" + file + "\"\n";
    write_file(folder_ / "nsd.conf", config);
    const std::string file = (folder_ / "nsd.conf").string();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::execlp("/usr/sbin/nsd", "nsd", "-d", "-c", file.c_str(), nullptr);
      ::_exit(127);
    }
    wait_until_it_answers();
  }

  void wait_until_it_answers() {
    auto dns = Dns::make({{address()}, "", 200ms}).value();
    for (int i = 0; i < 100; ++i)
      if (dns->a("plain.example").status == DnsStatus::found) return;
  }

  fs::path folder_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

std::unique_ptr<Dns> make_dns(bool has_anchor = true) {
  return Dns::make(NameServer::get().options(has_anchor)).value();
}

std::vector<std::string> texts(const DnsAnswer<net::IpAddress>& answer) {
  std::vector<std::string> out;
  for (const auto& one : answer.records) out.push_back(net::to_string(one));
  std::ranges::sort(out);
  return out;
}

TEST(Dns, EveryTypeIsFound) {
  ASSERT_TRUE(NameServer::get().is_up()) << "nsd and ldnsutils are needed: scripts/packages.sh test";
  auto dns = make_dns();
  EXPECT_EQ(texts(dns->a("plain.example")), (std::vector<std::string>{"192.0.2.1", "192.0.2.2"}));
  EXPECT_EQ(texts(dns->aaaa("PLAIN.example.")), std::vector<std::string>{"2001:db8::1"});
  auto mx = dns->mx("plain.example");
  ASSERT_EQ(mx.records.size(), 2U);
  std::ranges::sort(mx.records, {}, &MxRecord::preference);
  EXPECT_EQ(mx.records[0].host, "mx.plain.example");
  EXPECT_EQ(mx.records[1].preference, 20);
  EXPECT_FALSE(mx.is_secure);
  auto none = dns->mx("nomail.plain.example");
  ASSERT_EQ(none.records.size(), 1U) << "the null MX of RFC 7505";
  EXPECT_EQ(none.records[0].host, "");
  auto txt = dns->txt("plain.example");
  std::ranges::sort(txt.records);
  EXPECT_EQ(txt.records, (std::vector<std::string>{"other", "v=spf1 -all"}));
  auto tlsa = dns->tlsa("_25._tcp.mx.plain.example");
  ASSERT_EQ(tlsa.records.size(), 1U);
  EXPECT_EQ(tlsa.records[0].usage, 3);
  EXPECT_EQ(tlsa.records[0].selector, 1);
  EXPECT_EQ(tlsa.records[0].matching, 1);
  EXPECT_EQ(tlsa.records[0].data, std::string("\x00\x11\x22\x33", 4));
  auto srv = dns->srv("_imaps._tcp.plain.example");
  ASSERT_EQ(srv.records.size(), 1U);
  EXPECT_EQ(srv.records[0].host, "mx.plain.example");
  EXPECT_EQ(srv.records[0].port, 993);
  EXPECT_EQ(srv.records[0].weight, 1);
  EXPECT_EQ(srv.ttl, 60U);
  auto no_pop3 = dns->srv("_pop3._tcp.plain.example");
  ASSERT_EQ(no_pop3.records.size(), 1U);
  EXPECT_EQ(no_pop3.records[0].host, "") << "the service is not to be had";
  auto ptr = dns->ptr(net::parse_ip("192.0.2.1").value());
  std::ranges::sort(ptr.records);
  EXPECT_EQ(ptr.records, (std::vector<std::string>{"mail.plain.example", "other.plain.example"}));
}

TEST(Dns, WhatIsNotThereIsEmpty) {
  auto dns = make_dns();
  for (const std::string& name :
       {std::string("nobody.plain.example"), std::string("www..plain.example"), std::string(64, 'x') + ".plain.example",
        std::string(300, 'x'), std::string(), std::string("a\0b.example", 11), std::string("odd\\name.plain.example"),
        std::string(".")})
    EXPECT_EQ(dns->a(name).status, DnsStatus::empty) << name;
  EXPECT_EQ(dns->aaaa("ns.plain.example").status, DnsStatus::empty) << "the name is there, the type is not";
  EXPECT_EQ(dns->mx("odd.plain.example").status, DnsStatus::empty) << "no host has a line end in its name";
}

TEST(Dns, AliasesAreFollowedButNotForEver) {
  auto dns = make_dns();
  auto www = dns->mx("www.plain.example");
  EXPECT_EQ(www.records.size(), 2U);
  EXPECT_EQ(www.name, "plain.example");
  EXPECT_EQ(texts(dns->a("one.plain.example")), std::vector<std::string>{"127.0.0.1"});
  for (const char* name : {"loop.plain.example", "self.plain.example"})
    EXPECT_NE(dns->a(name).status, DnsStatus::found) << name;
  auto start = std::chrono::steady_clock::now();
  dns->a("chain1.plain.example");
  EXPECT_LT(std::chrono::steady_clock::now() - start, 6s);
}

// More than fits into a datagram, and more than anybody needs.
TEST(Dns, HugeAnswersAreCutOff) {
  auto dns = make_dns();
  const auto answer = dns->txt("many.plain.example");
  EXPECT_EQ(answer.status, DnsStatus::found) << answer.problem;
  EXPECT_EQ(answer.records.size(), 256U);
}

TEST(Dns, SignaturesProveAnswersAndAbsence) {
  auto dns = make_dns();
  auto mx = dns->mx("signed.example");
  EXPECT_EQ(mx.status, DnsStatus::found);
  EXPECT_TRUE(mx.is_secure);
  EXPECT_TRUE(dns->tlsa("_25._tcp.mx.signed.example").is_secure);
  auto nothing = dns->tlsa("_25._tcp.ns.signed.example");
  EXPECT_EQ(nothing.status, DnsStatus::empty);
  EXPECT_TRUE(nothing.is_secure);
  EXPECT_FALSE(make_dns(false)->mx("signed.example").is_secure) << "without an anchor nothing is proved";
}

TEST(Dns, LiesAreFailures) {
  auto answer = make_dns()->mx("forged.example");
  EXPECT_EQ(answer.status, DnsStatus::failed);
  EXPECT_TRUE(answer.records.empty());
  EXPECT_TRUE(answer.problem.starts_with("bogus")) << answer.problem;
  EXPECT_EQ(make_dns(false)->mx("forged.example").status, DnsStatus::found);
}

TEST(Dns, AServerThatKnowsNothingIsAFailure) {
  EXPECT_EQ(make_dns()->a("elsewhere.example").status, DnsStatus::failed) << "REFUSED";
}

// Hears everything and says nothing, or nonsense.
class Mute {
 public:
  explicit Mute(std::function<std::string(std::string)> answer) : port_(free_port()) {
    fd_ = net::Fd(::socket(AF_INET, SOCK_DGRAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port_);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    timeval soon{0, 50'000};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    thread_ = std::thread([this, answer = std::move(answer)] {
      while (!is_done_) {
        char bytes[4096];
        sockaddr_in from{};
        socklen_t size = sizeof from;
        auto got = ::recvfrom(fd_.get(), bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&from), &size);
        if (got <= 0) continue;
        std::string reply = answer({bytes, static_cast<std::size_t>(got)});
        if (!reply.empty())
          ::sendto(fd_.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
      }
    });
  }
  ~Mute() {
    is_done_ = true;
    thread_.join();
  }
  DnsOptions options() const { return {{"127.0.0.1:" + std::to_string(port_)}, "", 400ms}; }

 private:
  std::uint16_t port_;
  net::Fd fd_;
  std::atomic<bool> is_done_ = false;
  std::thread thread_;
};

TEST(Dns, SilenceAndNonsenseEndInTime) {
  const std::vector<std::pair<const char*, std::function<std::string(std::string)>>> cases = {
      {"silence", [](const std::string&) { return std::string(); }},
      {"garbage", [](const std::string&) { return std::string(40, '\xff'); }},
      {"another id",
       [](std::string q) {
         q[0] = static_cast<char>(q[0] ^ 1), q[2] = '\x84';
         return q;
       }},
      {"another question",
       [](std::string q) {
         q[2] = '\x84', q[13] = 'x';
         return q;
       }},
  };
  for (const auto& [why, answer] : cases) {
    Mute mute(answer);
    auto dns = Dns::make(mute.options()).value();
    auto start = std::chrono::steady_clock::now();
    auto got = dns->a("www.example.org");
    EXPECT_EQ(got.status, DnsStatus::failed) << why;
    EXPECT_LT(std::chrono::steady_clock::now() - start, 3s) << why;
  }
}

TEST(Dns, OneDeadlineForManyQuestions) {
  Mute mute([](const std::string&) { return std::string(); });
  auto dns = Dns::make({mute.options().servers, "", 10s}).value();
  auto start = std::chrono::steady_clock::now();
  auto until = dns->until(start + 300ms);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(until->a(std::to_string(i) + ".example.org").status, DnsStatus::failed);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
}

TEST(Dns, ManyAskAtOnce) {
  auto dns = make_dns();
  std::atomic<int> found = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 50; ++k) found += dns->mx("plain.example").status == DnsStatus::found;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(found, 400);
}

TEST(Dns, BadSettingsAreNamed) {
  EXPECT_FALSE(Dns::make({{"nonsense"}, "", 1s}));
  for (auto [text, wanted] : {std::pair("192.0.2.1", "192.0.2.1@53"), std::pair("::1", "::1@53"),
                              std::pair("[::1]:5353", "::1@5353"), std::pair("127.0.0.1:5353", "127.0.0.1@5353")})
    EXPECT_EQ(dns_server_address(text).value(), wanted);
  for (const char* text : {"", "*:53", "unix:/x", "127.0.0.1:0", "dns.example.org", "127.0.0.1:99999"})
    EXPECT_FALSE(dns_server_address(text)) << text;
}

TEST(DnsRdata, OddBytesAreNoRecords) {
  using namespace std::string_literals;
  for (const std::string& bytes : {""s, "\0"s, "\0\x0a"s,
                                   "\0\x0a\x05"
                                   "ab"s,
                                   "\0\x0a\x01"
                                   "a"s,
                                   "\0\x0a\0x"s,
                                   "\0\x0a\x02"
                                   "a b\0"s})
    EXPECT_FALSE(rdata::mx(bytes));
  EXPECT_TRUE(
      rdata::mx("\0\x0a\x01"
                "a\0"s));
  for (const std::string& bytes : {""s,
                                   "\x05"
                                   "ab"s})
    EXPECT_FALSE(rdata::txt(bytes));
  EXPECT_EQ(rdata::txt("\0"s), "");
  for (const std::string& bytes : {""s, "abc"s, "abcde"s, std::string(17, 'x')}) EXPECT_FALSE(rdata::address(bytes));
  EXPECT_FALSE(rdata::tlsa("\x03\x01\x01"s));
  EXPECT_FALSE(rdata::ptr("\0"s));
}

}  // namespace
}  // namespace kontor::transport
