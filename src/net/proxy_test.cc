// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/proxy.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "net/script_stream.h"

namespace kontor::net {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

const std::string kSignatureBytes = "\r\n\r\n\0\r\nQUIT\n"s;

std::string header(char command, char family, const std::string& rest) {
  std::string out = kSignatureBytes;
  out += command;
  out += family;
  out += static_cast<char>(rest.size() >> 8);
  out += static_cast<char>(rest.size());
  return out + rest;
}

const std::string kV4 = "\xc0\x00\x02\x07\x0a\x00\x00\x01\x12\x67\x03\xe1"s;  // 192.0.2.7:4711 to 10.0.0.1:993

TEST(Proxy, ParsesHeaders) {
  std::string v6 = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01"s + std::string(16, '\0') + "\x12\x67\x03\xe1"s;
  struct Case {
    std::string bytes;
    std::string expected;  // "" = the peer stays; "-" = refused
    const char* why;
  } cases[] = {
      {header('\x21', '\x11', kV4), "192.0.2.7:4711", "TCP over IPv4"},
      {header('\x21', '\x11', kV4 + "\x01\x00\x02h2"s), "192.0.2.7:4711", "with a TLV behind"},
      {header('\x21', '\x21', v6), "[2001:db8::1]:4711", "TCP over IPv6"},
      {header('\x20', '\x00', ""), "", "LOCAL: a health check"},
      {header('\x20', '\x11', kV4), "", "LOCAL ignores the addresses"},
      {header('\x21', '\x00', ""), "", "unspecified family"},
      {header('\x21', '\x31', std::string(216, 'x')), "", "Unix sockets"},
      {header('\x21', '\x11', kV4.substr(1)), "-", "too short for IPv4"},
      {header('\x21', '\x21', kV4), "-", "too short for IPv6"},
      {header('\x21', '\x12', kV4), "-", "datagrams"},
      {header('\x22', '\x11', kV4), "-", "unknown command"},
      {header('\x11', '\x11', kV4), "-", "unknown version"},
      {header('\x21', '\x11', kV4) + "x", "-", "more than the header"},
      {header('\x21', '\x11', std::string(5000, 'x')), "-", "too long"},
      {"PROXY TCP4 192.0.2.7 10.0.0.1 4711 993\r\n", "-", "version 1"},
      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00\x00\x00\x00"s, "-", "a TLS client"},
      {"", "-", "nothing"},
  };
  for (const Case& c : cases) {
    auto result = parse_proxy_header(c.bytes);
    ASSERT_EQ(result.has_value(), c.expected != "-") << c.why;
    if (result) EXPECT_EQ(*result ? to_string(**result) : "", c.expected) << c.why;
  }
  EXPECT_NE(proxy_header_size("PROXY TCP4 192.0").error().text.find("version 1"), std::string::npos);
}

Task<void> say_peer(std::unique_ptr<Stream> stream) {
  std::string text = to_string(stream->peer()) + "\r\n";
  co_await stream->write(text);
}

TEST(Proxy, TrustedPeersMustSendIt) {
  TlsContexts tls;
  LimitOptions one;
  one.connections_per_address = 1;
  Limits limits(one);
  Runtime runtime(1, tls, limits);
  ListenerOptions options;
  options.name = "proxied";
  options.tls = TlsMode::none;
  options.endpoints = {*parse_endpoint("127.0.0.1:0")};
  options.handshake_timeout = 1s;
  options.proxy_from = {*parse_network("127.0.0.0/8")};
  auto at = runtime.listen(options, say_peer, "refused\r\n");
  ASSERT_TRUE(at);
  options.proxy_from = {*parse_network("192.0.2.0/24")};
  auto direct = runtime.listen(options, say_peer, "");
  ASSERT_TRUE(direct);
  ClientOptions client;
  client.host = "127.0.0.1";
  client.port = at->front().port;
  {
    ScriptPeer peer(client);
    std::string bytes = header('\x21', '\x11', kV4);
    peer.send(bytes.substr(0, 10));
    peer.send(bytes.substr(10) + "first input");
    EXPECT_EQ(peer.receive_all(), "192.0.2.7:4711\r\n");
  }
  {
    ScriptPeer peer(client);
    peer.send(header('\x20', '\x00', ""));
    EXPECT_TRUE(peer.receive_all().starts_with("127.0.0.1:")) << "the proxy itself";
  }
  {
    ScriptPeer peer(client);
    peer.send("PROXY TCP4 192.0.2.7 10.0.0.1 4711 993\r\n");
    EXPECT_TRUE(peer.is_closed());
  }
  {
    ScriptPeer peer(client);
    EXPECT_TRUE(peer.is_closed()) << "silence ends with the handshake timeout";
  }
  client.port = direct->front().port;
  EXPECT_TRUE(ScriptPeer(client).receive_all().starts_with("127.0.0.1:")) << "an untrusted peer is its own address";
}

TEST(Proxy, ComesBeforeTls) {
  std::string dir = testing::TempDir() + "net-proxy-" + std::to_string(::getpid());
  std::filesystem::create_directories(dir);
  Certificate files{dir + "/c.pem", dir + "/c.key"};
  ASSERT_TRUE(make_self_signed(files, "localhost"));
  TlsContexts tls;
  ASSERT_TRUE(tls.load({files}));
  Limits limits({});
  Runtime runtime(1, tls, limits);
  ListenerOptions options;
  options.name = "proxied-tls";
  options.endpoints = {*parse_endpoint("127.0.0.1:0")};
  options.proxy_from = {*parse_network("127.0.0.1")};
  auto at = runtime.listen(options, say_peer, "");
  ASSERT_TRUE(at);
  ClientOptions client;
  client.host = "127.0.0.1";
  client.port = at->front().port;
  client.verify = false;
  ScriptPeer peer(client);
  peer.send(header('\x21', '\x11', kV4));
  peer.start_tls();
  EXPECT_EQ(peer.receive_all(), "192.0.2.7:4711\r\n");
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace kontor::net
