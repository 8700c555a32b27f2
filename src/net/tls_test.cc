// SPDX-License-Identifier: AGPL-3.0-or-later
#include "net/tls.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "net/buffered.h"
#include "net/script_stream.h"
#include "net/sockets.h"

namespace kontor::net {
namespace {

using namespace std::chrono_literals;

class Tls : public testing::Test {
 protected:
  Tls() : dir_(testing::TempDir() + "net-tls-" + std::to_string(::getpid())) {
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
  }
  ~Tls() override { std::filesystem::remove_all(dir_); }

  Certificate make(const std::string& name, const std::string& file = "") {
    Certificate files{dir_ + "/" + (file.empty() ? name : file) + ".pem",
                      dir_ + "/" + (file.empty() ? name : file) + ".key"};
    auto made = make_self_signed(files, name);
    EXPECT_TRUE(made) << made.error().text;
    return files;
  }

  std::string dir_;
};

// Says what TLS it has; STARTTLS on "starttls".
Task<void> tls_session(std::unique_ptr<Stream> stream) {
  Buffered io(std::move(stream));
  for (;;) {
    co_await io.write(io.stream().is_encrypted() ? io.stream().tls_description() + "\r\n" : std::string("plain\r\n"));
    co_await io.flush();
    auto line = co_await io.read_line(100);
    if (!line || *line != "starttls") break;
    co_await io.write(io.has_input() ? "injected\r\n" : "go on\r\n");
    co_await io.flush();
    io.drop_input();
    co_await io.start_tls();
  }
}

TEST_F(Tls, SelfSignedFilesAreMadeOnceAndPrivate) {
  Certificate files = make("mail.example.org");
  struct stat status = {};
  ASSERT_EQ(::stat(files.key_file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  auto written = std::filesystem::last_write_time(files.certificate_file);
  EXPECT_TRUE(make_self_signed(files, "other.example.org"));
  EXPECT_EQ(std::filesystem::last_write_time(files.certificate_file), written) << "left as it is";
  std::filesystem::remove(files.key_file);
  EXPECT_FALSE(make_self_signed(files, "mail.example.org")) << "a certificate without its key is not replaced";
}

TEST_F(Tls, LoadSaysWhatIsWrongAndChangesNothing) {
  Certificate good = make("mail.example.org");
  Certificate other = make("other.example.org");
  std::ofstream(dir_ + "/junk.pem") << "no certificate\n";
  TlsContexts tls;
  EXPECT_FALSE(tls.has_certificate());
  ASSERT_TRUE(tls.load({good}));
  struct Case {
    Certificate files;
    std::string expected;
  } cases[] = {
      {{dir_ + "/none.pem", good.key_file}, "none.pem cannot be read"},
      {{dir_ + "/junk.pem", good.key_file}, "junk.pem cannot be read"},
      {{good.certificate_file, dir_ + "/none.key"}, "none.key cannot be read"},
      {{good.certificate_file, other.key_file}, "does not belong"},
  };
  for (const Case& c : cases) {
    auto result = tls.load({good, c.files});
    ASSERT_FALSE(result) << c.expected;
    EXPECT_EQ(result.error().code, Errc::invalid);
    EXPECT_NE(result.error().text.find(c.expected), std::string::npos) << result.error().text;
    EXPECT_TRUE(tls.has_certificate());
  }
}

TEST_F(Tls, ServesTheNewestVersionWithVerification) {
  Certificate files = make("127.0.0.1", "ip");
  TestServer server(tls_session, TlsMode::implicit, {files});
  ClientOptions options = server.client_options();
  options.verify = true;
  options.ca_file = files.certificate_file;
  EXPECT_TRUE(ScriptPeer(options).read_line().starts_with("TLSv1.3 ")) << "the address is in the certificate";
  options.server_name = "mail.example.org";
  auto wrong = ClientSocket::connect(options);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Errc::denied);
  EXPECT_NE(wrong.error().text.find("ostname mismatch"), std::string::npos) << wrong.error().text;
  options.server_name.clear();
  options.ca_file.clear();
  auto unknown = ClientSocket::connect(options);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::denied);
}

TEST_F(Tls, ChoosesByNameAndReloads) {
  Certificate first = make("one.example.org");
  Certificate second = make("two.example.org");
  TestServer server(tls_session, TlsMode::implicit, {first, second});
  auto trusts = [&](const std::string& name, const Certificate& certificate) {
    ClientOptions options = server.client_options();
    options.verify = true;
    options.server_name = name;
    options.ca_file = certificate.certificate_file;
    return ClientSocket::connect(options).has_value();
  };
  EXPECT_TRUE(trusts("one.example.org", first));
  EXPECT_TRUE(trusts("two.example.org", second));
  EXPECT_TRUE(trusts("TWO.example.org", second)) << "names have no case";
  EXPECT_FALSE(trusts("two.example.org", first));

  ScriptPeer old = server.connect();
  old.read_line();
  Certificate renewed = make("two.example.org", "renewed");
  ASSERT_TRUE(server.tls().load({renewed}));
  EXPECT_TRUE(trusts("two.example.org", renewed));
  EXPECT_FALSE(trusts("two.example.org", second));
  EXPECT_FALSE(trusts("one.example.org", first));
  old.send("still\r\n");
  EXPECT_EQ(old.receive_all(), "") << "connections from before end as usual";
}

// A client with a highest version of its own; returns what the handshake negotiated or "".
std::string handshake_with(std::uint16_t port, int most) {
  Endpoint endpoint = *parse_endpoint("127.0.0.1:" + std::to_string(port));
  SocketAddress address = to_socket_address(endpoint);
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(fd.get(), address.get(), address.size), 0);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context, most);
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, fd.get());
  std::string out = SSL_connect(ssl) == 1 ? SSL_get_version(ssl) : "";
  SSL_free(ssl);
  SSL_CTX_free(context);
  return out;
}

TEST_F(Tls, OldVersionsAreRefused) {
  TestServer server(tls_session, TlsMode::implicit, {make("localhost")});
  EXPECT_EQ(handshake_with(server.port(), TLS1_VERSION), "");
  EXPECT_EQ(handshake_with(server.port(), TLS1_1_VERSION), "");
  EXPECT_EQ(handshake_with(server.port(), TLS1_2_VERSION), "TLSv1.2");
  EXPECT_EQ(handshake_with(server.port(), TLS1_3_VERSION), "TLSv1.3");
}

// Connects twice to `name` with at most version `most`; whether the second handshake resumed the first session.
bool resumes(std::uint16_t port, int most, const char* name) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_max_proto_version(context, most);
  SSL_SESSION* session = nullptr;
  bool is_reused = false;
  for (int i = 0; i < 2; ++i) {
    SocketAddress address = to_socket_address(*parse_endpoint("127.0.0.1:" + std::to_string(port)));
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(fd.get(), address.get(), address.size), 0);
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, fd.get());
    SSL_set_tlsext_host_name(ssl, name);
    if (session) SSL_set_session(ssl, session);
    char buffer[100];
    EXPECT_EQ(SSL_connect(ssl), 1);
    EXPECT_GT(SSL_read(ssl, buffer, sizeof buffer), 0);  // TLS 1.3 sends its ticket before
    is_reused = SSL_session_reused(ssl) == 1;
    SSL_SESSION_free(session);
    session = SSL_get1_session(ssl);
    SSL_shutdown(ssl);
    SSL_free(ssl);
  }
  SSL_SESSION_free(session);
  SSL_CTX_free(context);
  return is_reused;
}

TEST_F(Tls, TicketsResumeSessions) {
  TestServer server(tls_session, TlsMode::implicit, {make("one.example.org"), make("two.example.org")});
  for (int most : {TLS1_2_VERSION, TLS1_3_VERSION})
    for (const char* name : {"one.example.org", "two.example.org"})
      EXPECT_TRUE(resumes(server.port(), most, name)) << most << " " << name;
}

TEST_F(Tls, StartTlsKeepsNoPlainInput) {
  TestServer server(tls_session, TlsMode::starttls, {make("localhost")});
  ScriptPeer peer = server.connect();
  EXPECT_EQ(peer.read_line(), "plain");
  peer.send("starttls\r\n");
  EXPECT_EQ(peer.read_line(), "go on");
  peer.start_tls();
  EXPECT_TRUE(peer.read_line().starts_with("TLSv1."));
  ScriptPeer evil = server.connect();
  evil.read_line();
  evil.send("starttls\r\nstarttls\r\n");
  EXPECT_EQ(evil.read_line(), "injected") << "the session can tell";
}

TEST_F(Tls, BadClientsDoNotHurt) {
  TestServer server(tls_session, TlsMode::implicit, {make("localhost")});
  for (std::string_view junk : {"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff", "\x80\x80\x80\x80\x80\x80"}) {
    ClientOptions options = server.client_options();
    options.implicit_tls = false;
    ScriptPeer peer(options);
    peer.send(junk);
    if (junk.size() > 5) peer.receive_all();  // an alert at most
  }
  EXPECT_TRUE(server.connect().read_line().starts_with("TLSv1.3"));
}

TEST_F(Tls, ASlowHandshakeIsEnded) {
  TlsContexts tls;
  ASSERT_TRUE(tls.load({make("localhost")}));
  Limits limits({});
  Runtime runtime(1, tls, limits);
  ListenerOptions options;
  options.name = "slow";
  options.endpoints = {*parse_endpoint("127.0.0.1:0")};
  options.handshake_timeout = 1s;
  auto at = runtime.listen(options, tls_session, "");
  ASSERT_TRUE(at);
  ClientOptions client;
  client.host = "127.0.0.1";
  client.port = at->front().port;
  ScriptPeer peer(client);
  auto begin = std::chrono::steady_clock::now();
  // A drop now and then must not keep the handshake alive.
  for (char c : {'\x16', '\x03', '\x01', '\x02'}) {
    peer.send(std::string(1, c));
    std::this_thread::sleep_for(200ms);
  }
  EXPECT_TRUE(peer.is_closed());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

// Sends and takes megabytes at once: neither direction may block the other side for ever.
Task<void> bulk(std::unique_ptr<Stream> stream) {
  Buffered io(std::move(stream));
  std::string all = co_await io.read_exactly(5 << 20);
  co_await io.write(all);
  co_await io.flush();
}

TEST_F(Tls, CarriesMegabytes) {
  TestServer server(bulk, TlsMode::implicit, {make("localhost")});
  ScriptPeer peer = server.connect();
  std::string sent;
  for (unsigned i = 0; sent.size() < 5u << 20; ++i) sent += static_cast<char>(i * 2654435761u >> 24);
  peer.send(sent);
  EXPECT_TRUE(peer.receive_exactly(sent.size()) == sent);
}

TEST_F(Tls, AListenerWithoutCertificateIsAnError) {
  TlsContexts tls;
  Limits limits({});
  Runtime runtime(1, tls, limits);
  ListenerOptions options;
  options.endpoints = {*parse_endpoint("127.0.0.1:0")};
  auto at = runtime.listen(options, tls_session, "");
  ASSERT_FALSE(at);
  EXPECT_EQ(at.error().code, Errc::invalid);
}

TEST(ClientSocket, ErrorsAreSentences) {
  ClientOptions options;
  options.timeout = 5s;
  options.host = "127.0.0.1";
  options.port = 1;
  auto refused = ClientSocket::connect(options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_EQ(refused.error().text, "Cannot connect to 127.0.0.1 port 1: Connection refused");
  options.host = "no-such-host.invalid";
  auto unknown = ClientSocket::connect(options);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::unavailable);
}

Task<void> silent(std::unique_ptr<Stream> stream) {
  char byte = 0;
  co_await stream->read_some({&byte, 1});
}

TEST(ClientSocket, CanBeClosedFromAfarAndTimesOut) {
  TestServer server(silent);
  auto options = server.client_options();
  options.timeout = 100ms;
  auto socket = ClientSocket::connect(options);
  ASSERT_TRUE(socket);
  char byte = 0;
  auto late = (*socket)->read_some({&byte, 1});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().text, "The server did not answer in time.");
  options.timeout = 60s;
  socket = ClientSocket::connect(options);
  ASSERT_TRUE(socket);
  std::thread closer([&] {
    std::this_thread::sleep_for(50ms);
    (*socket)->close_from_afar();
  });
  auto begin = std::chrono::steady_clock::now();
  auto got = (*socket)->read_some({&byte, 1});
  closer.join();
  EXPECT_TRUE(!got || *got == 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

}  // namespace
}  // namespace kontor::net
