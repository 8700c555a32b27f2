// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/http_login.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/bytes.h"
#include "login/tokens.h"
#include "net/script_stream.h"
#include "store/memory.h"
#include "wire/http/authorization.h"

namespace kontor::login {
namespace {

class CountingTokens final : public Tokens {
 public:
  Result<std::string> user_of(std::string_view token) const override {
    ++asked;
    if (token == "good") return "ada@example.org";
    if (token == "later") return fail(Errc::unavailable, "nobody answers");
    return fail(Errc::denied, "no");
  }
  mutable std::atomic<int> asked = 0;
};

Task<net::HttpResponse> say_who(const HttpLogin& login, net::HttpRequest request) {
  auto who = co_await login.admit(request);
  if (!who) co_return std::move(who.error());
  net::HttpResponse response;
  response.body = who->principal.primary_address() + " by " + who->method;
  co_return response;
}

class HttpLoginTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto tenant = directory_->add_tenant("acme").value();
    ASSERT_TRUE(directory_->add_domain(tenant.id, "example.org"));
    ada_ = add("ada@example.org");
    auto only_mail = directory_->principal(add("ben@example.org")).value();
    only_mail.protocols = static_cast<std::uint32_t>(directory::Protocol::imap);
    ASSERT_TRUE(directory_->update_principal(only_mail));
    app_ = directory_->add_app_password(ada_, "phone", static_cast<std::uint32_t>(directory::Protocol::dav))->secret;
    mail_app_ =
        directory_->add_app_password(ada_, "mail", static_cast<std::uint32_t>(directory::Protocol::imap))->secret;
  }

  PrincipalId add(const std::string& address) {
    const auto id = directory_->add_principal({directory::PrincipalKind::user, address, "", {}, {}}).value().id;
    EXPECT_TRUE(directory_->set_password(id, "pen:cil"));
    return id;
  }

  net::Session session(const HttpLogin& login) {
    return net::http_session(
        {{"/", [&login](net::HttpRequest request, net::HttpBody&) { return say_who(login, std::move(request)); }}},
        1 << 20);
  }
  HttpLogin login(PlainLogin plain, const Tokens* tokens) {
    return {{*directory_, limits_, workers_, tokens}, directory::Protocol::dav, plain};
  }

  FakeClock clock_{Instant(std::chrono::seconds(1'700'000'000))};
  std::unique_ptr<store::Engine> engine_ = store::open_memory();
  std::unique_ptr<directory::Directory> directory_ =
      directory::Directory::open(
          *engine_, clock_,
          {.memory_kib = 64, .passes = 1, .scram = directory::ScramUse::automatic, .scram_rounds = 4096})
          .value();
  net::Limits limits_{
      {.connections_per_user = 2, .failures_before_delay = 2, .longest_delay = std::chrono::seconds(1)}};
  Workers workers_{4};
  CountingTokens tokens_;
  PrincipalId ada_;
  std::string app_, mail_app_;
};

std::string basic(std::string_view user, std::string_view password) {
  return "Authorization: Basic " + to_base64(std::string(user) + ":" + std::string(password)) + "\r\n";
}

struct Heard {
  std::string status, head, body;
};
Heard ask(net::ScriptPeer& peer, const std::string& headers) {
  peer.send("GET / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n");
  Heard out;
  out.head = peer.receive_until("\r\n\r\n");
  out.status = out.head.substr(9, 3);
  const auto length = out.head.find("Content-Length: ");
  out.body = peer.receive_exactly(std::stoul(out.head.substr(length + 16)));
  return out;
}

TEST_F(HttpLoginTest, LetsInWhoProvesIt) {
  const HttpLogin login = this->login(PlainLogin::local, &tokens_);
  net::TestServer server(session(login));
  struct Case {
    std::string headers, status, body;
    const char* why;
  } cases[] = {
      {"", "401", "", "nothing"},
      {basic("ada@example.org", "pen:cil"), "200", "ada@example.org by BASIC", "a colon in the password"},
      {basic("ADA@example.org", "pen:cil"), "200", "ada@example.org by BASIC", "known by now"},
      {basic("ada@example.org", app_), "200", "ada@example.org by BASIC", "an app password"},
      {basic("ada@example.org", mail_app_), "401", "", "an app password of another protocol"},
      {basic("ben@example.org", "pen:cil"), "401", "", "may not use DAV"},
      {"Authorization: Bearer good\r\n", "200", "ada@example.org by BEARER", "a token"},
      {"Authorization: Bearer bad\r\n", "401", "", "a bad token"},
      {"Authorization: Bearer later\r\n", "503", "", "the provider does not answer"},
      {"Authorization: Basic !!!\r\n", "401", "", "not base64"},
      {"Authorization: Digest x=y\r\n", "401", "", "another scheme"},
  };
  for (const Case& c : cases) {
    net::ScriptPeer peer = server.connect();
    const Heard heard = ask(peer, c.headers);
    EXPECT_EQ(heard.status, c.status) << c.why;
    if (c.status == "200") EXPECT_EQ(heard.body, c.body) << c.why;
    const bool has_challenge = heard.head.contains("WWW-Authenticate: Basic realm=\"Kontor\", charset=\"UTF-8\"\r\n") &&
                               heard.head.contains("WWW-Authenticate: Bearer realm=\"Kontor\"");
    EXPECT_EQ(has_challenge, c.status == "401") << c.why;
    EXPECT_EQ(heard.head.contains("Retry-After: "), c.status == "503") << c.why;
  }
}

TEST_F(HttpLoginTest, NoSecretTravelsInTheClear) {
  const HttpLogin login = this->login(PlainLogin::never, nullptr);
  net::TestServer server(session(login));
  net::ScriptPeer peer = server.connect();
  for (const std::string& headers : {std::string(), basic("ada@example.org", "pen:cil")}) {
    const Heard heard = ask(peer, headers);
    EXPECT_EQ(heard.status, "403");
    EXPECT_FALSE(heard.head.contains("WWW-Authenticate"));
  }
}

TEST_F(HttpLoginTest, AConnectionIsKnownUntilItsLoginEnds) {
  const HttpLogin login = this->login(PlainLogin::local, &tokens_);
  net::TestServer server(session(login));
  net::ScriptPeer peer = server.connect();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(peer, basic("ada@example.org", "pen:cil")).status, "200");
  // Somebody guesses: that slows down others who come, not this connection.
  net::ScriptPeer guesser = server.connect();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(guesser, basic("ada@example.org", "x")).status, "401");
  auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(ask(peer, basic("ada@example.org", "pen:cil")).status, "200");
  const auto took = std::chrono::steady_clock::now() - began;
  began = std::chrono::steady_clock::now();
  EXPECT_EQ(ask(guesser, basic("ada@example.org", "pen:cil")).status, "200");
  const auto slowed = std::chrono::steady_clock::now() - began;
  EXPECT_GE(slowed, std::chrono::milliseconds(900));
  EXPECT_LT(took, slowed);

  ASSERT_TRUE(directory_->set_password(ada_, "other"));
  EXPECT_EQ(ask(peer, basic("ada@example.org", "pen:cil")).status, "401");
  EXPECT_EQ(ask(peer, basic("ada@example.org", "other")).status, "200");

  EXPECT_EQ(ask(peer, "Authorization: Bearer good\r\n").status, "200");
  const int asked = tokens_.asked;
  EXPECT_EQ(ask(peer, "Authorization: Bearer good\r\n").status, "200");
  EXPECT_EQ(tokens_.asked, asked) << "the provider is not asked for each request";
  auto ada = directory_->principal(ada_).value();
  ada.status = directory::Status::suspended;
  ASSERT_TRUE(directory_->update_principal(ada));
  EXPECT_EQ(ask(peer, "Authorization: Bearer good\r\n").status, "401");
}

TEST_F(HttpLoginTest, CountsTheConnectionsOfAUser) {
  const HttpLogin login = this->login(PlainLogin::local, nullptr);
  net::TestServer server(session(login));
  net::ScriptPeer first = server.connect(), third = server.connect();
  EXPECT_EQ(ask(first, basic("ada@example.org", app_)).status, "200");
  {
    net::ScriptPeer second = server.connect();
    EXPECT_EQ(ask(second, basic("ada@example.org", app_)).status, "200");
    const Heard heard = ask(third, basic("ada@example.org", app_));
    EXPECT_EQ(heard.status, "429");
    EXPECT_TRUE(heard.head.contains("Retry-After: "));
  }
  for (int i = 0; i < 100 && ask(third, basic("ada@example.org", app_)).status != "200"; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(ask(third, basic("ada@example.org", app_)).status, "200") << "the place was given back";
}

TEST(Authorization, IsReadStrictly) {
  struct Case {
    std::string text;
    bool is_read;
    std::string user, secret;
  } cases[] = {
      {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", true, "Aladdin", "open sesame"},  // RFC 7617 section 2
      {"Basic dGVzdDoxMjPCow==", true, "test", "123\xc2\xa3"},                 // section 2.1
      {"basic   dGVzdDo=", true, "test", ""},
      {"Basic dGVzdA==", false, "", ""},  // no colon
      {"Basic", false, "", ""},
      {"Basic " + to_base64("a\nb:c"), false, "", ""},
      {"Basic dGVzdDo= x", false, "", ""},
      {"Bearer mF_9.B5f-4.1JqM", true, "", "mF_9.B5f-4.1JqM"},  // RFC 6750 section 2.1
      {"Bearer ", false, "", ""},
      {"Bearer a\"b", false, "", ""},
      {"Negotiate abc", false, "", ""},
      {"", false, "", ""},
  };
  for (const Case& c : cases) {
    const auto read = wire::http::parse_authorization(c.text);
    ASSERT_EQ(read.has_value(), c.is_read) << c.text;
    if (!read) continue;
    EXPECT_EQ(read->user, c.user) << c.text;
    EXPECT_EQ(read->secret, c.secret) << c.text;
  }
}

}  // namespace
}  // namespace kontor::login
