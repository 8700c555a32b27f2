// SPDX-License-Identifier: AGPL-3.0-or-later
#include <algorithm>
#include <chrono>

#include "base/bytes.h"
#include "directory/login_cache.h"
#include "directory/password.h"
#include "directory/records.h"
#include "directory/testing.h"
#include "store/engine.h"

namespace kontor::directory {
namespace {

constexpr const char* kSsha = "{SSHA}v3m82wDj1Omp6bu+EKae0DBP1JCjvg62";  // of "secret"
constexpr const char* kRefused = "the name or the password is wrong, or this login is not allowed";

class LoginTest : public DirectoryTest {
 protected:
  void SetUp() override {
    DirectoryTest::SetUp();
    ada = add("ada@example.org");
  }
  Result<Principal> log_in(std::string_view password, Protocol protocol = Protocol::imap) {
    return directory->authenticate("ada@example.org", password, protocol);
  }
  std::string stored_hash() {
    auto value = stored(credentials_key(ada.id));
    return value ? decode_credentials(ada.id, *value)->hash : "";
  }

  Principal ada;
};

TEST_F(LoginTest, ByAnyAddressInAnyCase) {
  ada.addresses = {"ada@example.org", "a.l@example.org"};
  ASSERT_TRUE(directory->update_principal(ada));
  ASSERT_TRUE(directory->set_password(ada.id, "secret"));
  for (const char* login : {"ada@example.org", "ADA@Example.org", "a.l@example.org"})
    EXPECT_EQ(directory->authenticate(login, "secret", Protocol::imap)->id, ada.id) << login;
  for (const char* login : {"ada", "", "ada+x@example.org", "bob@example.org", "ada@other.example", "@", "\xff"})
    EXPECT_TRUE(fails(directory->authenticate(login, "secret", Protocol::imap), Errc::denied, kRefused)) << login;
  for (const char* password : {"", "Secret", "secret ", "secre"})
    EXPECT_TRUE(fails(log_in(password), Errc::denied, kRefused)) << password;
  expect_clean();
}

TEST_F(LoginTest, OnlyIfActiveAndAllowed) {
  EXPECT_TRUE(fails(log_in("secret"), Errc::denied, kRefused)) << "no password yet";
  ASSERT_TRUE(directory->set_password(ada.id, "secret"));
  ASSERT_TRUE(log_in("secret"));
  set_status(ada.id, Status::inactive);
  EXPECT_TRUE(fails(log_in("secret"), Errc::denied, kRefused));
  set_status(ada.id, Status::suspended);
  EXPECT_TRUE(fails(log_in("secret"), Errc::denied, kRefused));
  set_status(ada.id, Status::active);
  ASSERT_TRUE(log_in("secret"));
  acme.status = Status::suspended;
  ASSERT_TRUE(directory->update_tenant(acme));
  EXPECT_TRUE(fails(log_in("secret"), Errc::denied, kRefused));
  acme.status = Status::active;
  ASSERT_TRUE(directory->update_tenant(acme));
  Principal only_imap = directory->principal(ada.id).value();
  only_imap.protocols = static_cast<std::uint32_t>(Protocol::imap);
  ASSERT_TRUE(directory->update_principal(only_imap));
  EXPECT_TRUE(log_in("secret"));
  EXPECT_TRUE(fails(log_in("secret", Protocol::submission), Errc::denied, kRefused));
}

TEST_F(LoginTest, PasswordsThatCannotBe) {
  EXPECT_TRUE(fails(directory->set_password(ada.id, ""), Errc::invalid, "empty"));
  EXPECT_TRUE(fails(directory->set_password(ada.id, std::string(2000, 'x')), Errc::invalid, "longer than 1024 bytes"));
  EXPECT_TRUE(fails(directory->set_password(ada.id, std::string("a\0b", 3)), Errc::invalid, "NUL"));
  EXPECT_TRUE(fails(directory->set_password(PrincipalId(999), "secret"), Errc::not_found, "no principal 999"));
  Principal staff = add("staff@example.org", PrincipalKind::group);
  EXPECT_TRUE(fails(directory->set_password(staff.id, "secret"), Errc::invalid, "groups do not log in"));
  EXPECT_TRUE(fails(directory->set_password_hash(staff.id, kSsha), Errc::invalid, "groups do not log in"));
  EXPECT_TRUE(fails(directory->set_password_hash(ada.id, "{NTLM}hunter2"), Errc::invalid, "set a new password"));
  EXPECT_TRUE(fails(directory->set_password_hash(ada.id, "hunter2"), Errc::invalid, "of no known form"));
  EXPECT_TRUE(fails(directory->set_password_hash(PrincipalId(999), kSsha), Errc::not_found, "no principal 999"));
  EXPECT_EQ(stored_hash(), "");
}

TEST_F(LoginTest, ErrorsNeverTellSecrets) {
  const std::string secret = "hunter2-xyzzy";
  std::vector<std::string> sentences;
  auto keep = [&](const auto& result) {
    if (!result) sentences.push_back(result.error().text);
  };
  keep(directory->set_password(PrincipalId(999), secret));
  keep(directory->set_password(ada.id, secret + std::string(2000, 'x')));
  for (const std::string& hash : {secret, "{" + secret, "{SSHA}" + secret, "{NT}" + secret, "{PLAIN-TRUNC}3-" + secret,
                                  "$6$rounds=999999999$" + secret, "{CRAM-MD5}" + secret, "{PLAIN}" + secret})
    keep(directory->set_password_hash(PrincipalId(999), hash));
  keep(directory->authenticate("ada@example.org", secret, Protocol::imap));
  EXPECT_EQ(sentences.size(), 11u);
  for (const std::string& sentence : sentences) EXPECT_FALSE(sentence.contains(secret)) << sentence;
}

TEST_F(LoginTest, ForeignHashesBecomeArgon2idOnceProven) {
  ASSERT_TRUE(directory->set_password_hash(ada.id, kSsha));
  EXPECT_EQ(stored_hash(), kSsha);
  EXPECT_TRUE(fails(log_in("wrong"), Errc::denied, kRefused));
  EXPECT_EQ(stored_hash(), kSsha) << "kept until it is proven";
  ASSERT_TRUE(log_in("secret"));
  EXPECT_TRUE(stored_hash().starts_with("$argon2id$v=19$m=64,t=1,p=1$")) << stored_hash();
  std::string hash = stored_hash();
  ASSERT_TRUE(log_in("secret"));
  EXPECT_EQ(stored_hash(), hash) << "once";
  auto reopened = opened(*engine, clock);
  EXPECT_TRUE(reopened->authenticate("ada@example.org", "secret", Protocol::imap));
  EXPECT_FALSE(reopened->authenticate("ada@example.org", "wrong", Protocol::imap));
  expect_clean();
}

TEST_F(LoginTest, ClearTextIsNeverStored) {
  ASSERT_TRUE(directory->set_password_hash(ada.id, "{PLAIN}secret"));
  EXPECT_TRUE(stored_hash().starts_with("$argon2id$"));
  EXPECT_TRUE(log_in("secret"));
  ASSERT_TRUE(directory->set_password_hash(ada.id, "{CLEARTEXT.HEX}6f74686572"));
  EXPECT_TRUE(stored_hash().starts_with("$argon2id$"));
  EXPECT_TRUE(log_in("other"));
  EXPECT_FALSE(log_in("secret"));
}

TEST_F(LoginTest, DigestMd5WorksForEachOfTheAddresses) {
  ada.addresses = {"new@example.org", "ada@example.org"};
  ASSERT_TRUE(directory->update_principal(ada));
  // MD5 of "ada:example.org:secret" and of "ada::secret".
  for (const char* hash :
       {"{DIGEST-MD5}dcb6566d05f03ef37a4fadb9eef35c17", "{DIGEST-MD5}a89185c9df609bc6659700ecd5e965c7"}) {
    ASSERT_TRUE(directory->set_password_hash(ada.id, hash));
    EXPECT_FALSE(directory->authenticate("new@example.org", "wrong", Protocol::imap));
    EXPECT_TRUE(directory->authenticate("new@example.org", "secret", Protocol::imap)) << hash;
  }
}

TEST_F(LoginTest, AChangedPasswordEndsTheOldOne) {
  ASSERT_TRUE(directory->set_password(ada.id, "first"));
  ASSERT_TRUE(log_in("first"));
  ASSERT_TRUE(directory->set_password(ada.id, "second"));
  EXPECT_TRUE(fails(log_in("first"), Errc::denied, kRefused)) << "also if it was remembered";
  EXPECT_TRUE(log_in("second"));
}

TEST_F(LoginTest, AppPasswords) {
  ASSERT_TRUE(directory->set_password(ada.id, "secret"));
  auto phone = directory->add_app_password(ada.id, "Phone", static_cast<std::uint32_t>(Protocol::imap));
  auto laptop = directory->add_app_password(ada.id, "Laptop", kAllProtocols);
  ASSERT_TRUE(phone && laptop);
  EXPECT_EQ(phone->secret.size(), 24u);
  EXPECT_EQ(phone->secret.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567-"), std::string::npos);
  EXPECT_NE(phone->secret, laptop->secret);
  EXPECT_EQ(phone->info.created, clock.now());

  EXPECT_TRUE(log_in(phone->secret));
  EXPECT_TRUE(fails(log_in(phone->secret, Protocol::submission), Errc::denied, kRefused));
  EXPECT_TRUE(log_in(laptop->secret, Protocol::submission));
  std::string spaced = laptop->secret;
  std::ranges::replace(spaced, '-', ' ');
  EXPECT_TRUE(log_in(spaced));
  std::string joined = laptop->secret;
  std::erase(joined, '-');
  EXPECT_TRUE(log_in(joined));
  EXPECT_TRUE(log_in(to_upper(joined)));
  EXPECT_FALSE(log_in(joined.substr(0, 19)));
  EXPECT_FALSE(log_in(joined + "a"));
  EXPECT_FALSE(log_in(joined + std::string(40, '-')));
  EXPECT_TRUE(log_in("secret")) << "the main password goes on";

  auto listed = opened(*engine, clock)->app_passwords(ada.id);
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].label, "Phone");
  EXPECT_EQ(listed[1].id, laptop->info.id);
  EXPECT_TRUE(fails(directory->remove_app_password(ada.id, 999), Errc::not_found, "has no app password 999"));
  ASSERT_TRUE(directory->remove_app_password(ada.id, laptop->info.id));
  EXPECT_FALSE(log_in(laptop->secret));
  EXPECT_TRUE(log_in(phone->secret));

  EXPECT_TRUE(fails(directory->add_app_password(ada.id, "", kAllProtocols), Errc::invalid, "needs a label"));
  EXPECT_TRUE(fails(directory->add_app_password(ada.id, "a\nb", kAllProtocols), Errc::invalid, "control"));
  EXPECT_TRUE(fails(directory->add_app_password(ada.id, "x", 0), Errc::invalid, "at least one protocol"));
  EXPECT_TRUE(fails(directory->add_app_password(PrincipalId(999), "x", 1), Errc::not_found, "no principal 999"));
  expect_clean();
}

TEST_F(LoginTest, AppPasswordsAreLimited) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(directory->add_app_password(ada.id, "x", kAllProtocols));
  EXPECT_TRUE(
      fails(directory->add_app_password(ada.id, "x", kAllProtocols), Errc::invalid, "100 app passwords already"));
}

TEST_F(LoginTest, UnknownNamesTakeAsLongAsKnownOnes) {
  auto costly = Directory::open(
                    *engine, clock,
                    HashCost{.memory_kib = 16 * 1024, .passes = 2, .scram = ScramUse::automatic, .scram_rounds = 4096})
                    .value();
  ASSERT_TRUE(costly->set_password(ada.id, "secret"));
  Principal bob = add("bob@example.org");
  ASSERT_TRUE(costly->set_password_hash(bob.id, kSsha));
  add("cyd@example.org");
  auto fastest = [&](const char* login) {
    auto best = std::chrono::nanoseconds::max();
    for (int i = 0; i < 5; ++i) {
      auto start = computed();
      EXPECT_FALSE(costly->authenticate(login, "wrong", Protocol::imap));
      best = std::min(best, computed() - start);
    }
    return best;
  };
  auto known = fastest("ada@example.org");
  for (const char* login : {"nobody@example.org", "nonsense", "bob@example.org", "cyd@example.org"})
    EXPECT_GT(fastest(login) * 3, known) << login;
  // The other way round: what was proven before is quick.
  ASSERT_TRUE(costly->authenticate("ada@example.org", "secret", Protocol::imap));
  auto start = computed();
  ASSERT_TRUE(costly->authenticate("ada@example.org", "secret", Protocol::imap));
  EXPECT_LT((computed() - start) * 3, known);
}

TEST(LoginCache, RemembersForAWhile) {
  FakeClock clock{Instant(std::chrono::seconds(1'800'000'000))};
  LoginCache cache(clock, 3);
  PrincipalId ada(1), bob(2);
  cache.remember(ada, "hash", "secret");
  EXPECT_TRUE(cache.knows(ada, "hash", "secret"));
  EXPECT_FALSE(cache.knows(ada, "hash", "wrong"));
  EXPECT_FALSE(cache.knows(ada, "other", "secret"));
  EXPECT_FALSE(cache.knows(bob, "hash", "secret"));
  EXPECT_FALSE(cache.knows(ada, "hashs", "ecret"));
  clock.advance(std::chrono::seconds(599));
  EXPECT_TRUE(cache.knows(ada, "hash", "secret"));
  clock.advance(std::chrono::seconds(1));
  EXPECT_FALSE(cache.knows(ada, "hash", "secret"));
  cache.remember(ada, "hash", "secret");
  EXPECT_TRUE(cache.knows(ada, "hash", "secret"));
  clock.advance(std::chrono::seconds(-10));
  EXPECT_FALSE(cache.knows(ada, "hash", "secret")) << "a clock set back does not make entries live longer";
}

TEST(LoginCache, IsBoundedAndForgets) {
  FakeClock clock{Instant(std::chrono::seconds(1'800'000'000))};
  LoginCache cache(clock, 3);
  for (std::uint64_t id = 1; id <= 10; ++id) cache.remember(PrincipalId(id), "hash", "secret");
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_FALSE(cache.knows(PrincipalId(7), "hash", "secret"));
  EXPECT_TRUE(cache.knows(PrincipalId(8), "hash", "secret"));
  cache.forget(PrincipalId(9));
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_FALSE(cache.knows(PrincipalId(9), "hash", "secret"));
  EXPECT_TRUE(cache.knows(PrincipalId(10), "hash", "secret"));
  cache.clear();
  EXPECT_EQ(cache.size(), 0u);
}

}  // namespace
}  // namespace kontor::directory
