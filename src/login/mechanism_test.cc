// SPDX-License-Identifier: AGPL-3.0-or-later
#include "login/mechanism.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "directory/scram.h"
#include "login/scram.h"
#include "login/tokens.h"
#include "store/memory.h"

namespace kontor::login {
namespace {

using directory::Protocol;
using Kind = Mechanism::Step::Kind;

class FixedTokens final : public Tokens {
 public:
  Result<std::string> user_of(std::string_view token) const override {
    if (token == "good") return "ada@example.org";
    return fail(Errc::denied, "no");
  }
};

class MechanismTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto tenant = directory_->add_tenant("acme").value();
    ASSERT_TRUE(directory_->add_domain(tenant.id, "example.org"));
    ada_ = add("ada@example.org");
    add("ben@example.org");
  }

  PrincipalId add(const std::string& address) {
    const auto id = directory_->add_principal({directory::PrincipalKind::user, address, "", {}, {}}).value().id;
    EXPECT_TRUE(directory_->set_password(id, "pencil"));
    return id;
  }

  Surroundings around() { return {*directory_, Protocol::imap, &tokens_, channel_}; }
  std::unique_ptr<Mechanism> make(std::string_view name) { return make_mechanism(name, around()); }

  FakeClock clock_{Instant(std::chrono::seconds(1'700'000'000))};
  std::unique_ptr<store::Engine> engine_ = store::open_memory();
  std::unique_ptr<directory::Directory> directory_ =
      directory::Directory::open(
          *engine_, clock_,
          {.memory_kib = 64, .passes = 1, .scram = directory::ScramUse::automatic, .scram_rounds = 4096})
          .value();
  FixedTokens tokens_;
  Channel channel_;
  PrincipalId ada_;
};

// What a client does (RFC 5802 section 3), with the same primitives.
struct ScramClient {
  ScramClient(directory::ScramHash hash_, std::string user_, std::string password_)
      : hash(hash_), user(std::move(user_)), password(std::move(password_)) {}

  std::string first() const { return header + bare(); }
  std::string bare() const { return "n=" + user + ",r=abcdefgh"; }
  std::string final_message(const std::string& server_first) {
    const auto salt_at = server_first.find(",s=") + 3;
    const auto rounds_at = server_first.find(",i=");
    const auto salt = from_base64(server_first.substr(salt_at, rounds_at - salt_at)).value();
    const auto rounds = static_cast<std::uint32_t>(std::stoul(server_first.substr(rounds_at + 3)));
    const std::string nonce = server_first.substr(0, server_first.find(','));
    const std::string without_proof = "c=" + to_base64(header + binding) + "," + nonce;
    auth_message = bare() + "," + server_first + "," + without_proof;
    return without_proof + ",p=" + to_base64(directory::make_scram_proof(password, salt, rounds, hash, auth_message));
  }

  directory::ScramHash hash;
  std::string user, password;
  std::string header = "n,,";
  std::string binding;
  std::string auth_message;
};

Result<directory::Principal> run_scram(Mechanism& mechanism, ScramClient& client) {
  const auto first = mechanism.take(client.first());
  if (first.kind != Kind::challenge) return fail(Errc::invalid, first.text);
  const auto last = mechanism.take(client.final_message(first.text));
  if (last.kind != Kind::verify) return fail(Errc::invalid, last.text);
  return mechanism.verify();
}

TEST_F(MechanismTest, WhatIsAnnouncedCanBeUsed) {
  const auto names = [&] {
    std::string out;
    for (const auto name : mechanism_names(around())) out.append(name) += " ";
    return out;
  };
  EXPECT_EQ(names(), "PLAIN LOGIN SCRAM-SHA-256 SCRAM-SHA-1 OAUTHBEARER XOAUTH2 ");
  EXPECT_FALSE(make("EXTERNAL"));
  EXPECT_FALSE(make("SCRAM-SHA-1-PLUS"));
  EXPECT_FALSE(make("CRAM-MD5"));
  channel_ = {"exporter", "end point", {"ada@example.org"}};
  EXPECT_EQ(names(),
            "PLAIN LOGIN SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1 OAUTHBEARER XOAUTH2 EXTERNAL ");
  for (const auto name : mechanism_names(around())) EXPECT_TRUE(make(name)) << name;
  // One whose password has no keys would be locked out by its client: nobody is offered SCRAM then.
  ASSERT_TRUE(directory_->set_password_hash(ada_, "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="));
  EXPECT_EQ(names(), "PLAIN LOGIN OAUTHBEARER XOAUTH2 EXTERNAL ");
  ASSERT_TRUE(directory_->authenticate("ada@example.org", "secret", Protocol::imap));
  EXPECT_TRUE(make("SCRAM-SHA-256")) << "the first login made the keys";
}

TEST_F(MechanismTest, ScramLetsInWhoKnowsThePassword) {
  for (const auto hash : {directory::ScramHash::sha1, directory::ScramHash::sha256}) {
    const std::string name = hash == directory::ScramHash::sha1 ? "SCRAM-SHA-1" : "SCRAM-SHA-256";
    ScramClient right(hash, "ada@example.org", "pencil");
    auto mechanism = make(name);
    EXPECT_EQ(mechanism->take(std::nullopt).text, "");
    const auto let_in = run_scram(*mechanism, right);
    ASSERT_TRUE(let_in) << let_in.error().text;
    EXPECT_EQ(let_in->id, ada_);
    EXPECT_TRUE(mechanism->last_word(true)->starts_with("v="));
    ScramClient wrong(hash, "ada@example.org", "pencils");
    EXPECT_EQ(run_scram(*make(name), wrong).error().code, Errc::denied);
    ScramClient nobody(hash, "nobody@example.org", "pencil");
    EXPECT_EQ(run_scram(*make(name), nobody).error().code, Errc::denied);
  }
}

TEST_F(MechanismTest, ScramTakesAppPasswords) {
  const auto app = directory_->add_app_password(ada_, "phone", static_cast<std::uint32_t>(Protocol::imap)).value();
  ScramClient client(directory::ScramHash::sha256, "ada@example.org", app.secret);
  EXPECT_TRUE(run_scram(*make("SCRAM-SHA-256"), client));
  auto elsewhere = around();
  elsewhere.protocol = Protocol::pop3;
  EXPECT_FALSE(run_scram(*make_mechanism("SCRAM-SHA-256", elsewhere), client)) << "it is for IMAP only";
  ASSERT_TRUE(directory_->remove_app_password(ada_, app.info.id));
  EXPECT_FALSE(run_scram(*make("SCRAM-SHA-256"), client));
}

TEST_F(MechanismTest, ScramShowsTheSameSaltForUnknownNames) {
  const auto salt_of = [&](const std::string& name) { return directory_->scram_challenge(name).salt; };
  EXPECT_EQ(salt_of("nobody@example.org"), salt_of("Nobody@Example.org"));
  EXPECT_NE(salt_of("nobody@example.org"), salt_of("else@example.org"));
  EXPECT_EQ(salt_of("nobody@example.org").size(), salt_of("ada@example.org").size());
  EXPECT_EQ(directory_->scram_challenge("nobody@example.org").rounds,
            directory_->scram_challenge("ada@example.org").rounds);
  const std::string before = salt_of("nobody@example.org");
  directory_ = directory::Directory::open(*engine_, clock_, {.memory_kib = 64, .passes = 1}).value();
  EXPECT_EQ(salt_of("nobody@example.org"), before) << "also after a restart";
}

TEST_F(MechanismTest, ScramBindsToTheChannel) {
  channel_ = {"the exporter's bytes", "the certificate's digest", {}};
  const auto try_with = [&](const std::string& header, const std::string& binding, const std::string& mechanism) {
    ScramClient client(directory::ScramHash::sha256, "ada@example.org", "pencil");
    client.header = header;
    client.binding = binding;
    return run_scram(*make(mechanism), client).has_value();
  };
  EXPECT_TRUE(try_with("p=tls-exporter,,", channel_.exporter, "SCRAM-SHA-256-PLUS"));
  EXPECT_TRUE(try_with("p=tls-server-end-point,,", channel_.end_point, "SCRAM-SHA-256-PLUS"));
  EXPECT_FALSE(try_with("p=tls-exporter,,", channel_.end_point, "SCRAM-SHA-256-PLUS")) << "somebody in the middle";
  EXPECT_FALSE(try_with("p=tls-unique,,", "", "SCRAM-SHA-256-PLUS")) << "not known here";
  EXPECT_FALSE(try_with("n,,", "", "SCRAM-SHA-256-PLUS")) << "PLUS binds";
  EXPECT_FALSE(try_with("p=tls-exporter,,", channel_.exporter, "SCRAM-SHA-256")) << "only PLUS binds";
  EXPECT_FALSE(try_with("y,,", "", "SCRAM-SHA-256")) << "a forged list of mechanisms";
  EXPECT_TRUE(try_with("n,,", "", "SCRAM-SHA-256"));
  channel_ = {};
  EXPECT_TRUE(try_with("y,,", "", "SCRAM-SHA-256"));
}

// RFC 5802 section 5 and RFC 7677 section 3: the client's proof over their own messages.
TEST_F(MechanismTest, ScramMakesTheProofsOfTheRfcs) {
  const struct {
    directory::ScramHash hash;
    std::string salt, bare, server_first, without_proof, proof, signature;
  } cases[] = {
      {directory::ScramHash::sha1, "QSXCR+Q6sek8bf92", "n=user,r=fyko+d2lbbFgONRv9qkxdawL",
       "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
       "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j",
       "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "rmF9pqV8S7suAoZWja4dJRkFsKQ="},
      {directory::ScramHash::sha256, "W22ZaJ0SNY7soEsUEjb6gQ==", "n=user,r=rOprNGfwEbeRWgbNEkqO",
       "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
       "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
       "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
  };
  for (const auto& one : cases) {
    const auto keys = directory::make_scram_keys("pencil", from_base64(one.salt).value(), 4096);
    const std::string message = one.bare + "," + one.server_first + "," + one.without_proof;
    const std::string proof = from_base64(one.proof).value();
    EXPECT_TRUE(directory::proves_scram(keys, one.hash, message, proof));
    EXPECT_FALSE(directory::proves_scram(keys, one.hash, message + "x", proof));
    EXPECT_FALSE(directory::proves_scram(keys, one.hash, message, proof.substr(1)));
    EXPECT_EQ(to_base64(directory::scram_signature(keys, one.hash, message)), one.signature);
  }
}

TEST_F(MechanismTest, ScramRefusesWhatIsBroken) {
  for (const char* text :
       {"", "n", "n,", "n,,", "x,,n=a,r=b", "n,,r=b,n=a", "n,,n=a", "n,,n=a,r=", "n,,n=,r=b", "n,,n=a=2D,r=b",
        "n,,n=a=,r=b", "n,,m=x,n=a,r=b", "n,n=a,r=b", "n,b=c,n=a,r=b", "p=,,n=a,r=b", "n,,n=a,r=b\x01", "n,,n=a,r=b c"})
    EXPECT_EQ(make("SCRAM-SHA-256")->take(text).kind, Kind::broken) << text;
  auto other = make("SCRAM-SHA-256");
  EXPECT_EQ(other->take("n,a=ben,n=ada,r=b").kind, Kind::challenge);
  EXPECT_EQ(other->acts_as(), "ben");
  EXPECT_EQ(make("SCRAM-SHA-256")->take("n,a=ada,n=ada,r=b").kind, Kind::challenge);
  const auto second = [&](const std::function<std::string(std::string)>& change) {
    ScramClient client(directory::ScramHash::sha256, "ada@example.org", "pencil");
    auto mechanism = make("SCRAM-SHA-256");
    const auto first = mechanism->take(client.first());
    return mechanism->take(change(client.final_message(first.text))).kind;
  };
  EXPECT_EQ(second([](std::string text) { return text; }), Kind::verify);
  EXPECT_EQ(second([](const std::string&) { return std::string(); }), Kind::broken);
  EXPECT_EQ(second([](std::string text) { return text.substr(0, text.rfind(",p=")); }), Kind::broken);
  EXPECT_EQ(second([](std::string text) { return text + "!"; }), Kind::broken);
  EXPECT_EQ(second([](std::string text) { return "c=eSws" + text.substr(6); }), Kind::broken) << "another header";
  EXPECT_EQ(second([](std::string text) { return text.replace(text.find("r=") + 2, 1, "z"); }), Kind::broken);
}

TEST_F(MechanismTest, PlainAndLogin) {
  using namespace std::string_literals;
  auto plain = make("PLAIN");
  EXPECT_EQ(plain->take(std::nullopt).kind, Kind::challenge);
  EXPECT_EQ(plain->take("\0ada@example.org\0pencil"s).kind, Kind::verify);
  EXPECT_TRUE(plain->verify());
  EXPECT_EQ(plain->acts_as(), "");
  auto other = make("PLAIN");
  EXPECT_EQ(other->take("ben@example.org\0ada@example.org\0pencil"s).kind, Kind::verify);
  EXPECT_EQ(other->user(), "ada@example.org");
  EXPECT_EQ(other->acts_as(), "ben@example.org");
  for (const auto& text : {""s, "a"s, "\0a"s, "\0a\0b\0c"s})
    EXPECT_EQ(make("PLAIN")->take(text).kind, Kind::broken) << text;
  auto login = make("LOGIN");
  EXPECT_EQ(login->take(std::nullopt).text, "Username:");
  EXPECT_EQ(login->take("ada@example.org").text, "Password:");
  EXPECT_EQ(login->take("pencil").kind, Kind::verify);
  EXPECT_TRUE(login->verify());
}

TEST_F(MechanismTest, OauthTakesTokensOfTheOwner) {
  const auto outcome = [&](const char* name, const std::string& text) {
    auto mechanism = make(name);
    const auto step = mechanism->take(text);
    if (step.kind != Kind::verify) return std::string("broken");
    return mechanism->verify() ? std::string("in") : std::string("out");
  };
  // RFC 7628 section 4.1.
  EXPECT_EQ(outcome("OAUTHBEARER",
                    "n,a=ada@example.org,\x01host=server\x01port=143\x01"
                    "auth=Bearer good\x01\x01"),
            "in");
  EXPECT_EQ(outcome("OAUTHBEARER",
                    "n,,\x01"
                    "auth=Bearer good\x01\x01"),
            "in");
  EXPECT_EQ(outcome("OAUTHBEARER",
                    "n,a=ben@example.org,\x01"
                    "auth=Bearer good\x01\x01"),
            "out")
      << "somebody else's";
  EXPECT_EQ(outcome("OAUTHBEARER",
                    "n,a=ada@example.org,\x01"
                    "auth=Bearer bad\x01\x01"),
            "out");
  for (const char* text : {"", "n,,", "n,,\x01\x01",
                           "n,,\x01"
                           "auth=Basic good\x01\x01",
                           "p=x,,\x01"
                           "auth=Bearer good\x01\x01",
                           "n,a=x=,\x01"
                           "auth=Bearer good\x01\x01"})
    EXPECT_EQ(outcome("OAUTHBEARER", text), "broken") << text;
  EXPECT_EQ(outcome("XOAUTH2",
                    "user=ada@example.org\x01"
                    "auth=Bearer good\x01\x01"),
            "in");
  EXPECT_EQ(outcome("XOAUTH2",
                    "user=ben@example.org\x01"
                    "auth=Bearer good\x01\x01"),
            "out");
  EXPECT_EQ(outcome("XOAUTH2", "auth=Bearer good\x01\x01"), "broken");
  EXPECT_TRUE(make("OAUTHBEARER")->last_word(false)->contains("invalid_token"));
  EXPECT_FALSE(make("OAUTHBEARER")->last_word(true));
}

TEST_F(MechanismTest, ExternalGoesByTheCertificate) {
  channel_.addresses = {"stranger@elsewhere.example", "Ada@example.org"};
  const auto outcome = [&](std::string_view as) {
    auto mechanism = make("EXTERNAL");
    const auto step = mechanism->take(as);
    if (step.kind == Kind::no_right) return std::string("no right");
    if (step.kind != Kind::verify) return std::string("broken");
    const auto let_in = mechanism->verify();
    return let_in ? let_in->primary_address() : std::string("out");
  };
  EXPECT_EQ(outcome(""), "ada@example.org");
  EXPECT_EQ(outcome("ada@example.org"), "ada@example.org");
  EXPECT_EQ(outcome("ben@example.org"), "no right");
  EXPECT_EQ(outcome("stranger@elsewhere.example"), "out");
  EXPECT_EQ(outcome(std::string_view("a\0b", 3)), "broken");
  channel_.addresses = {"stranger@elsewhere.example"};
  EXPECT_EQ(outcome(""), "out");
}

}  // namespace
}  // namespace kontor::login
