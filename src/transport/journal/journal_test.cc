// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/journal/journal.h"

#include <gtest/gtest.h>

#include "base/workers.h"
#include "store/memory.h"
#include "transport/journal/journal_report.h"
#include "transport/journal/journaling_queue.h"
#include "transport/receiving/intake.h"
#include "transport/sending/conclusion.h"

namespace kontor::transport {
namespace {

using directory::JournalRule;

constexpr Instant kJournalNow{std::chrono::seconds(1'700'000'000)};

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

class JournalTest : public ::testing::Test {
 protected:
  JournalTest()
      : directory_(must(directory::Directory::open(*engine_, clock_, {.memory_kib = 64, .passes = 1}))),
        accounts_(groupware::Accounts::make(*engine_, *directory_, clock_)),
        queue_(must(Queue::open(*engine_, clock_)), *directory_, clock_, "mx.example.org") {
    tenant_ = must(directory_->add_tenant("acme")).id;
    must(directory_->add_domain(tenant_, "example.org"));
    must(directory_->add_domain(tenant_, "lab.example"));
    other_ = must(directory_->add_tenant("other")).id;
    must(directory_->add_domain(other_, "other.example"));
    ada_ = add("ada@example.org");
    bea_ = add("bea@example.org");
    add("cleo@lab.example");
    archive_ = add("archive@example.org");
    add("olga@other.example");
    all_ = add("all@example.org", directory::PrincipalKind::group);
    directory::Principal group = must(directory_->principal(all_));
    group.members = {ada_, bea_};
    must(directory_->update_principal(group));
  }

  PrincipalId add(const std::string& address, directory::PrincipalKind kind = directory::PrincipalKind::user) {
    directory::NewPrincipal wanted;
    wanted.kind = kind;
    wanted.address = address;
    return must(directory_->add_principal(wanted)).id;
  }

  void set_rules(std::vector<JournalRule> rules, std::optional<TenantId> of = {}) {
    directory::Tenant tenant = must(directory_->tenant(of.value_or(tenant_)));
    tenant.journal = std::move(rules);
    tenant.journal_secret = "secret of " + tenant.name;
    must(directory_->update_tenant(tenant));
  }

  QueueContent content(const std::string& bytes) {
    const auto writer = queue_.write();
    must(writer->write(bytes));
    return must(writer->finish());
  }

  std::vector<QueueId> put(const std::string& from, const std::vector<std::string>& to, Origin origin,
                           const std::string& letter = "From: ada@example.org\r\nSubject: x\r\n\r\nHello\r\n",
                           PrincipalId user = {}) {
    NewMessage message;
    message.envelope.sender = from;
    message.envelope.origin = origin;
    message.envelope.account = AccountId(user.value);
    for (const std::string& one : to) message.recipients.push_back({.address = one, .notify = {}, .original = ""});
    message.content = content(letter);
    std::vector<NewMessage> news;
    news.push_back(std::move(message));
    return must(queue_.put(std::move(news)));
  }

  std::string bytes_of(const QueuedMessage& message) {
    std::string out;
    while (out.size() < message.size) out += must(queue_.read(message.content, out.size(), 1 << 20));
    return out;
  }

  // The archives' copies that wait, each as "archive,archive < text".
  std::vector<QueueListed> journaled() {
    std::vector<QueueListed> out;
    for (QueueListed& one : must(queue_.list({}, 100)))
      if (one.message.origin == Origin::journal) out.push_back(std::move(one));
    return out;
  }
  void drop_all() { must(queue_.remove({})); }

  FakeClock clock_{kJournalNow};
  std::unique_ptr<store::Engine> engine_ = store::open_memory();
  std::unique_ptr<directory::Directory> directory_;
  std::unique_ptr<groupware::Accounts> accounts_;
  JournalingQueue queue_;
  TenantId tenant_, other_;
  PrincipalId ada_, bea_, archive_, all_;
};

TEST_F(JournalTest, RulesChooseByDirectionAndPeople) {
  const auto rule = [](std::uint8_t directions, std::vector<PrincipalId> people = {},
                       std::vector<std::string> domains = {}) {
    JournalRule out;
    out.address = "archive@example.org";
    out.directions = directions;
    out.people = std::move(people);
    out.domains = std::move(domains);
    return out;
  };
  constexpr std::uint8_t kIn = JournalRule::kIn, kOut = JournalRule::kOut, kInternal = JournalRule::kInternal;
  struct Case {
    JournalRule rule;
    std::string from;
    std::vector<std::string> to;
    Origin origin;
    bool is_copied;
    std::string why;
  };
  const std::vector<Case> cases = {
      {rule(kOut), "ada@example.org", {"x@example.com"}, Origin::submission, true, "out"},
      {rule(kOut), "ada@example.org", {"bea@example.org"}, Origin::submission, false, "internal, not out"},
      {rule(kInternal), "ada@example.org", {"bea@example.org"}, Origin::submission, true, "internal"},
      {rule(kInternal), "ada@example.org", {"x@example.com", "bea@example.org"}, Origin::submission, true, "both"},
      {rule(kIn), "ada@example.org", {"bea@example.org"}, Origin::submission, false, "does not come in"},
      {rule(kIn), "", {"ada@example.org"}, Origin::report, true, "a report comes from outside"},
      {rule(kInternal | kOut), "", {"ada@example.org"}, Origin::report, false, "and from nowhere else"},
      {rule(kOut), "ada@example.org", {"x@example.com"}, Origin::forward, true, "mail of rules"},
      {rule(kOut), "", {"x@example.com"}, Origin::vacation, false, "of nobody known"},
      {rule(7), "", {"x@example.com"}, Origin::aggregate, false, "no people's mail"},
      {rule(7), "ada@example.org", {"x@example.com"}, Origin::relay, true, "by its domain"},
      {rule(7), "x@example.com", {"y@example.com"}, Origin::relay, false, "nobody of the tenant"},
      {rule(7, {}), "ada@example.org", {"archive@example.org"}, Origin::submission, false, "to the archive itself"},
  };
  for (const Case& one : cases) {
    set_rules({one.rule});
    put(one.from, one.to, one.origin);
    EXPECT_EQ(journaled().size(), one.is_copied ? 1U : 0U) << one.why;
    drop_all();
  }
  struct PeopleCase {
    JournalRule rule;
    std::string from, to;
    bool is_copied;
    std::string why;
  };
  const std::vector<PeopleCase> people_cases = {
      {rule(7, {ada_}), "ada@example.org", "x@example.com", true, "she sends"},
      {rule(7, {ada_}), "bea@example.org", "ada+lists@example.org", true, "she gets it, by a sub-address"},
      {rule(7, {ada_}), "bea@example.org", "x@example.com", false, "nothing to do with her"},
      {rule(7, {all_}), "bea@example.org", "x@example.com", true, "as a member of a group"},
      {rule(7, {bea_}), "cleo@lab.example", "all@example.org", true, "by a list that she is on"},
      {rule(7, {all_}), "cleo@lab.example", "x@example.com", false, "no member"},
      {rule(7, {}, {"lab.example"}), "cleo@lab.example", "x@example.com", true, "a domain"},
      {rule(7, {}, {"lab.example"}), "ada@example.org", "x@example.com", false, "another domain"},
      {rule(7, {ada_}, {"lab.example"}), "cleo@lab.example", "x@example.com", true, "either is enough"},
  };
  for (const PeopleCase& one : people_cases) {
    set_rules({one.rule});
    put(one.from, {one.to}, Origin::submission);
    EXPECT_EQ(journaled().size(), one.is_copied ? 1U : 0U) << one.why;
    drop_all();
  }
}

TEST_F(JournalTest, AReportHoldsEnvelopeAndMessage) {
  JournalRule rule;
  rule.address = "vault@archive.example";
  JournalRule second;
  second.address = "archive@example.org";
  set_rules({rule, second});
  const std::string letter =
      "From: bea@example.org\r\nTo: All of us <all@example.org>\r\nCc: x@example.com\r\n"
      "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@example.org>\r\n\r\n\xFF\xFE raw\r\n.\r\n--=_ \r\nend";
  const auto ids =
      put("ada@example.org", {"all@example.org", "x@example.com", "y@example.com"}, Origin::submission, letter, ada_);
  EXPECT_EQ(ids.size(), 1U) << "whoever puts knows nothing of it";
  const auto found = journaled();
  ASSERT_EQ(found.size(), 1U);
  const QueuedMessage& message = found[0].message;
  EXPECT_EQ(message.sender, "") << "nobody gets a bounce";
  EXPECT_EQ(message.tenant, tenant_);
  ASSERT_EQ(found[0].recipients.size(), 2U);
  EXPECT_EQ(found[0].recipients[0].address, "vault@archive.example");
  EXPECT_EQ(found[0].recipients[0].notify.bits, DsnNotify::kNever);
  const std::string bytes = bytes_of(message);
  EXPECT_NE(bytes.find("\r\n\r\n" + letter + "\r\n--=_"), std::string::npos) << "byte for byte";
  EXPECT_NE(bytes.find("Sender: ada@example.org\r\nOn-Behalf-Of: bea@example.org\r\nSubject: Grü\xC3\x9F"
                       "e\r\nMessage-Id: <1@example.org>\r\n"
                       "To: ada@example.org, Expanded: all@example.org\r\n"
                       "To: bea@example.org, Expanded: all@example.org\r\n"
                       "Cc: x@example.com\r\nBcc: y@example.com\r\n"),
            std::string::npos)
      << bytes;
  EXPECT_NE(bytes.find("\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n"), std::string::npos);
  EXPECT_NE(bytes.find("From: Journal <postmaster@example.org>\r\n"), std::string::npos);
}

// Sent as lines, it would be refused or changed on its way.
TEST_F(JournalTest, BinaryMailIsCopiedAsSuch) {
  JournalRule rule;
  rule.address = "vault@archive.example";
  set_rules({rule});
  const std::string letter = "Subject: x\r\n\r\nbare\n.\nQUIT\n";
  auto expect_copy = [&](const std::string& inside) {
    const auto found = journaled();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_TRUE(found[0].message.needs.binary);
    EXPECT_NE(
        bytes_of(found[0].message)
            .find("message/rfc822\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: binary\r\n\r\n" +
                  inside + "\r\n--"),
        std::string::npos);
    drop_all();
  };
  NewMessage message;
  message.envelope.sender = "ada@example.org";
  message.envelope.needs.binary = true;
  message.recipients.push_back({.address = "x@example.com", .notify = {}, .original = ""});
  message.content = content(letter);
  std::vector<NewMessage> news;
  news.push_back(std::move(message));
  must(queue_.put(std::move(news)));
  expect_copy(letter);

  Workers workers(2);
  const groupware::Delivery delivery(*accounts_, *directory_, clock_);
  const std::string sender = "x@example.com", field = "Received: here\r\n";
  std::vector<EnvelopeRecipient> recipients;
  recipients.push_back({"ada@example.org", tenant_, false});
  Intake intake(*accounts_, recipients, sender, field, 1 << 20);
  intake.write(letter);
  EXPECT_TRUE(intake.deliver(delivery, workers, {.journal = &queue_.journal()}).at(0));
  expect_copy(field + letter);
}

TEST_F(JournalTest, EachTenantSeesItsOwnPartAlone) {
  JournalRule rule;
  rule.address = "a@archive.example";
  set_rules({rule});
  rule.address = "b@archive.example";
  set_rules({rule}, other_);
  NewMessage message;
  message.envelope.sender = "ada@example.org";
  message.envelope.tenant = tenant_;
  for (const char* to : {"bea@example.org", "olga@other.example"})
    message.recipients.push_back({.address = to, .notify = {}, .original = ""});
  message.content = content("Subject: x\r\n\r\n" + std::string(600'000, 'y'));
  std::vector<NewMessage> news;
  news.push_back(std::move(message));
  must(queue_.put(std::move(news)));
  const auto found = journaled();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NE(bytes_of(found[0].message).find("olga@"), std::string::npos) << "the sender's knows all";
  EXPECT_EQ(found[1].message.tenant, other_);
  EXPECT_EQ(bytes_of(found[1].message).find("bea@"), std::string::npos) << "another's may be a blind copy";
  EXPECT_GT(found[1].message.size, 600'000U);
}

// Nothing copies it when it is released.
TEST_F(JournalTest, QuarantinedMailCameIn) {
  JournalRule rule;
  rule.address = "vault@archive.example";
  rule.directions = JournalRule::kIn;
  set_rules({rule});
  NewMessage message;
  message.envelope.sender = "x@example.com";
  message.envelope.tenant = tenant_;  // the first recipient's
  message.envelope.origin = Origin::quarantine;
  message.envelope.is_held = true;
  for (const char* to : {"ada@example.org", "olga@other.example"})
    message.recipients.push_back({.address = to, .notify = {}, .original = ""});
  message.content = content("Subject: x\r\n\r\nHello\r\n");
  std::vector<NewMessage> news;
  news.push_back(std::move(message));
  must(queue_.put(std::move(news)));
  const auto found = journaled();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(bytes_of(found[0].message).find("Recipient: ada@example.org\r\n"), std::string::npos);
  EXPECT_EQ(bytes_of(found[0].message).find("olga@"), std::string::npos) << "another tenant's";
}

TEST_F(JournalTest, NothingGoesInCircles) {
  JournalRule rule;
  rule.address = "archive@example.org";
  set_rules({rule});
  put("ada@example.org", {"x@example.com"}, Origin::submission);
  const auto first = journaled();
  ASSERT_EQ(first.size(), 1U);
  const std::string report = bytes_of(first[0].message);
  drop_all();
  put("x@example.com", {"bea@example.org"}, Origin::relay, report);
  EXPECT_TRUE(journaled().empty()) << "a copy that comes back";
  std::string forged = report;
  forged.replace(forged.find("X-Kontor-Journal: ") + 18, 4, "0000");
  put("x@example.com", {"bea@example.org"}, Origin::relay, forged);
  EXPECT_EQ(journaled().size(), 1U) << "the field alone proves nothing";
  drop_all();
  put("x@example.com", {"y@example.com"}, Origin::forward, "Subject: x\r\n\r\n", archive_);
  EXPECT_TRUE(journaled().empty()) << "a rule of the archive's own";
  put("archive@example.org", {"y@example.com"}, Origin::submission, "Subject: x\r\n\r\n", archive_);
  EXPECT_EQ(journaled().size(), 1U) << "its owner is a person as others";
}

TEST_F(JournalTest, WhatCannotBeDeliveredIsHeld) {
  QueuedMessage message;
  message.origin = Origin::journal;
  message.expires = kJournalNow;
  QueuedRecipient recipient;
  Lease lease;
  lease.recipients = {recipient};
  for (const AttemptOutcome::Kind kind : {AttemptOutcome::Kind::permanent, AttemptOutcome::Kind::temporary}) {
    lease.message = std::make_shared<const QueuedMessage>(message);
    AttemptOutcome outcome;
    outcome.kind = kind;
    const Conclusion conclusion = conclude(lease, {outcome}, {}, kJournalNow, 0);
    ASSERT_EQ(conclusion.settled.size(), 1U);
    EXPECT_EQ(conclusion.settled[0].state, RecipientState::held);
    EXPECT_TRUE(conclusion.failures.empty());
  }
}

TEST_F(JournalTest, ReceivedMailIsCopiedForThoseWhoGotIt) {
  JournalRule rule;
  rule.address = "archive@example.org";
  rule.directions = JournalRule::kIn;
  set_rules({rule});
  directory::Principal full = must(directory_->principal(bea_));
  full.quota = 1;
  must(directory_->update_principal(full));
  Workers workers(2);
  const groupware::Delivery delivery(*accounts_, *directory_, clock_);
  auto receive = [&](const std::vector<std::string>& to, bool knows_sender, const std::string& sender) {
    std::vector<EnvelopeRecipient> recipients;
    for (const std::string& one : to) recipients.push_back({one, tenant_, false});
    Intake intake(*accounts_, recipients, sender, "Received: here\r\n", 1 << 20);
    intake.write("Subject: x\r\n\r\nbody\r\n");
    return intake.deliver(delivery, workers, {.journal = &queue_.journal(), .knows_sender = knows_sender});
  };
  EXPECT_TRUE(receive({"ada@example.org"}, false, "x@example.com").at(0));
  auto found = journaled();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].recipients.at(0).next, kJournalNow + Journal::kSettling);
  EXPECT_NE(bytes_of(found[0].message).find("Recipient: ada@example.org\r\n"), std::string::npos);
  EXPECT_NE(bytes_of(found[0].message).find("\r\n\r\nReceived: here\r\nSubject: x\r\n\r\nbody\r\n\r\n--"),
            std::string::npos);
  drop_all();

  const auto answers = receive({"ada@example.org", "bea@example.org"}, false, "x@example.com");
  EXPECT_FALSE(answers.at(1));
  found = journaled();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(bytes_of(found[0].message).find("bea@"), std::string::npos) << "she does not have it";
  drop_all();

  EXPECT_FALSE(receive({"bea@example.org"}, false, "x@example.com").at(0));
  EXPECT_TRUE(journaled().empty()) << "nobody has it";

  EXPECT_TRUE(receive({"ada@example.org"}, true, "cleo@lab.example").at(0));
  EXPECT_TRUE(journaled().empty()) << "internal, as the own transfer agent says";
  EXPECT_TRUE(receive({"ada@example.org"}, false, "cleo@lab.example").at(0));
  EXPECT_EQ(journaled().size(), 1U) << "anybody may say so";
}

}  // namespace
}  // namespace kontor::transport
