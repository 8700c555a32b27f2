// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/submission/submission.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "store/memory.h"
#include "transport/receiving/partition.h"
#include "transport/submission/parameters.h"

namespace kontor::transport {
namespace {

using namespace std::chrono_literals;
using wire::smtp::Parameter;

constexpr Instant kThen{1'700'000'000s};

class SubmissionTest : public testing::Test {
 protected:
  SubmissionTest() {
    const TenantId tenant = directory->add_tenant("acme").value().id;
    EXPECT_TRUE(directory->add_domain(tenant, "example.org"));
    ada = add("ada@example.org", directory::PrincipalKind::user);
    ben = add("ben@example.org", directory::PrincipalKind::user);
    boss = add("boss@example.org", directory::PrincipalKind::user);
    info = add("info@example.org", directory::PrincipalKind::shared);
    boss.send_on_behalf = {ada.id};
    info.members = {ada.id};
    EXPECT_TRUE(directory->update_principal(boss));
    EXPECT_TRUE(directory->update_principal(info));
    ada.addresses.push_back("lovelace@example.org");
    EXPECT_TRUE(directory->update_principal(ada));
    restart({});
  }

  directory::Principal add(const std::string& address, directory::PrincipalKind kind) {
    return directory->add_principal({.kind = kind, .address = address, .name = "X", .status = {}, .quota = {}}).value();
  }
  void restart(const SubmissionOptions& options) {
    submission =
        std::make_unique<Submission>(*directory, *accounts, *queue, clock, "mx.example.org", options, engine.get());
  }
  Submitted message(const std::string& head, const std::string& body = "Hello\r\n") {
    Submitted out;
    out.sender = "ada@example.org";
    out.recipients.push_back({.address = "bob@example.net", .notify = {}, .original = ""});
    out.head = head;
    out.body_size = body.size();
    out.body = [body](const std::function<Result<void>(std::string_view)>& take) { return take(body); };
    out.session = "submission-1\r\n";
    out.is_encrypted = true;
    return out;
  }
  std::string completed(const std::string& head) {
    auto out = submission->complete(ada, message(head));
    return out ? *out : "error: " + out.error().text;
  }

  FakeClock clock{kThen};
  std::unique_ptr<store::Engine> engine = store::open_memory();
  std::unique_ptr<directory::Directory> directory = directory::Directory::open(*engine, clock).value();
  std::unique_ptr<groupware::Accounts> accounts = groupware::Accounts::make(*engine, *directory, clock);
  std::unique_ptr<Queue> queue = Queue::open(*engine, clock).value();
  std::unique_ptr<Submission> submission;
  directory::Principal ada, ben, boss, info;
};

TEST_F(SubmissionTest, KnowsUnderWhichAddressesSomebodyMaySend) {
  using directory::SendRight;
  struct Case {
    std::string address;
    SendRight right;
    std::string why;
  };
  for (const Case& one :
       {Case{"ada@example.org", SendRight::as, "the own one"}, Case{"ADA@Example.org", SendRight::as, "in any case"},
        Case{"lovelace@example.org", SendRight::as, "an alias"},
        Case{"ada+shop@example.org", SendRight::as, "a sub-address"},
        Case{"info@example.org", SendRight::as, "a shared mailbox that she is a member of"},
        Case{"boss@example.org", SendRight::on_behalf, "granted"},
        Case{"ben@example.org", SendRight::none, "a colleague"}, Case{"nobody@example.org", SendRight::none, "nobody"},
        Case{"ada@example.com", SendRight::none, "elsewhere"}, Case{"", SendRight::none, "none"},
        Case{"ada@example.org, ben@example.org", SendRight::none, "two"}}) {
    auto right = submission->may_use(ada, one.address);
    EXPECT_EQ(right.value_or(SendRight::none), one.right) << one.address << ": " << one.why;
    if (!right) EXPECT_EQ(right.error().code, Errc::denied);
  }
}

TEST_F(SubmissionTest, CompletesTheHeader) {
  const std::string out = completed("From: Ada <ada@example.org>\r\nBCC: secret@example.net\r\nSubject: x\r\n\r\n");
  EXPECT_TRUE(out.starts_with("Received: by mx.example.org with ESMTPSA id submission-1??;\r\n")) << out;
  EXPECT_NE(out.find("Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"), std::string::npos) << out;
  EXPECT_NE(out.find("Message-ID: <"), std::string::npos) << out;
  EXPECT_EQ(out.find("secret"), std::string::npos) << out;
  EXPECT_EQ(out.find("Sender:"), std::string::npos) << out;
  EXPECT_TRUE(out.ends_with("Subject: x\r\n\r\n")) << out;
  const std::string whole =
      completed("From: ada@example.org\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nMessage-Id: <a@b>\r\n\r\n");
  EXPECT_EQ(whole.find("Date:"), whole.rfind("Date:"));
  EXPECT_EQ(to_lower(whole).find("message-id:"), to_lower(whole).rfind("message-id:"));
}

TEST_F(SubmissionTest, SaysWhoSentForOthers) {
  EXPECT_NE(completed("From: boss@example.org\r\n\r\n").find("Sender: <ada@example.org>\r\n"), std::string::npos);
  EXPECT_EQ(completed("From: info@example.org\r\n\r\n").find("Sender:"), std::string::npos);
  EXPECT_NE(completed("From: ada@example.org, info@example.org\r\n\r\n").find("Sender: <ada@"), std::string::npos);
  EXPECT_EQ(completed("From: ada@example.org\r\nSender: ben@example.org\r\n\r\n").find("ben@"), std::string::npos);
  EXPECT_NE(completed("From: ada@example.org\r\nSender: info@example.org\r\n\r\n").find("Sender: info@"),
            std::string::npos);
}

TEST_F(SubmissionTest, RefusesForgedAndBrokenHeaders) {
  for (const char* head :
       {"From: ben@example.org\r\n\r\n", "From: ada@example.org, ben@example.org\r\n\r\n",
        "From: ada@example.org\r\nFrom: ben@example.org\r\n\r\n", "Subject: x\r\n\r\n", "From: none:;\r\n\r\n", "\r\n",
        "From: ada@example.org\r\nno field here\r\n\r\n", "From: \"ada@example.org\" <ben@example.org>\r\n\r\n"})
    EXPECT_TRUE(completed(head).starts_with("error: ")) << head;
}

TEST_F(SubmissionTest, PutsItIntoTheQueue) {
  auto sent = message("From: ada@example.org\r\nSubject: x\r\n\r\n", "H\xc3\xa9\r\n");
  sent.envelope.dsn_return = DsnReturn::full;
  sent.envelope.release = kThen + 1h;
  const QueueId id = submission->submit(ada, sent).value();
  const QueueListed listed = queue->show(id).value();
  EXPECT_EQ(listed.message.sender, "ada@example.org");
  EXPECT_EQ(listed.message.tenant, ada.tenant);
  EXPECT_EQ(listed.message.account, ada.account());
  EXPECT_EQ(listed.message.release, kThen + 1h);
  EXPECT_TRUE(listed.message.needs.eight_bit);
  EXPECT_FALSE(listed.message.needs.utf8);
  EXPECT_TRUE(queue->read(listed.message.content, 0, 100'000)->ends_with("Subject: x\r\n\r\nH\xc3\xa9\r\n"));
}

TEST_F(SubmissionTest, LimitsWhatIsSentInAnHour) {
  restart({.messages_per_hour = 2, .recipients_per_hour = 3});
  const std::string head = "From: ada@example.org\r\n\r\n";
  EXPECT_TRUE(submission->submit(ada, message(head)));
  auto two = message(head);
  two.recipients.push_back(two.recipients[0]);
  EXPECT_TRUE(submission->submit(ada, two));
  EXPECT_EQ(submission->submit(ada, message(head)).error().code, Errc::over_quota);
  EXPECT_FALSE(submission->has_credit(ada));
  EXPECT_TRUE(submission->has_credit(ben));
  clock.advance(31min);
  EXPECT_TRUE(submission->submit(ada, message(head)));
  EXPECT_FALSE(submission->has_credit(ada));
}

TEST_F(SubmissionTest, ARestartGivesNoNewCredit) {
  const SubmissionOptions options{.messages_per_hour = 2, .tenant_messages_per_hour = 3};
  restart(options);
  const std::string head = "From: ada@example.org\r\n\r\n";
  EXPECT_TRUE(submission->submit(ada, message(head)));
  EXPECT_TRUE(submission->submit(ada, message(head)));
  restart(options);
  EXPECT_FALSE(submission->has_credit(ada));
  EXPECT_TRUE(submission->has_credit(ben)) << "one more of the tenant's";
  clock.advance(31min);
  restart(options);
  EXPECT_TRUE(submission->has_credit(ada)) << "it comes back all the same";
  clock.advance(1h);
  restart(options);
  auto snapshot = engine->snapshot(kReceivingPartition).value();
  EXPECT_TRUE(snapshot->scan("C", "D", [](store::Key, store::Value) {
    ADD_FAILURE() << "what came back wholly is forgotten";
    return true;
  }));
}

TEST_F(SubmissionTest, FilesACopyOfWhatWasSent) {
  restart({.copies_to_sent = true});
  ASSERT_TRUE(submission->submit(ada, message("From: ada@example.org\r\n\r\n")));
  auto account = accounts->open(ada.account()).value();
  auto folder = account->folders()->by_role(groupware::FolderRole::sent);
  EXPECT_EQ(folder->total, 1);
  EXPECT_EQ(folder->unseen, 0);
}

TEST(SubmissionParameters, ReadsReportsAndReleases) {
  std::vector<Parameter> mail = {{"RET", "HDRS"}, {"ENVID", "QQ+2B1"}, {"HOLDFOR", "60"}, {"OTHER", "x"}};
  auto taken = take_mail_parameters(mail, kThen, 1h);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->dsn_return, DsnReturn::headers);
  EXPECT_EQ(taken->envelope_id, "QQ+1");
  EXPECT_EQ(taken->release, kThen + 60s);
  EXPECT_EQ(mail.size(), 1);
  std::vector<Parameter> until = {{"HOLDUNTIL", "2023-11-14T23:30:00+01:00"}};
  EXPECT_EQ(take_mail_parameters(until, kThen, 1h)->release, Instant(1'700'001'000s));
  std::vector<Parameter> recipient = {{"NOTIFY", "SUCCESS,delay"}, {"ORCPT", "rfc822;a+3Db@example.org"}};
  auto asked = take_recipient_parameters(recipient);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->notify.bits, DsnNotify::kSuccess | DsnNotify::kDelay);
  EXPECT_EQ(asked->original, "rfc822;a=b@example.org");
  std::vector<Parameter> never = {{"NOTIFY", "NEVER"}};
  EXPECT_EQ(take_recipient_parameters(never)->notify.bits, DsnNotify::kNever);
}

TEST(SubmissionParameters, RefusesWhatMakesNoSense) {
  const std::vector<std::vector<Parameter>> mails = {{{"RET", "SOME"}},
                                                     {{"RET", std::nullopt}},
                                                     {{"ENVID", ""}},
                                                     {{"ENVID", "a b"}},
                                                     {{"ENVID", "+2"}},
                                                     {{"ENVID", "+0D+0A"}},
                                                     {{"HOLDFOR", "-1"}},
                                                     {{"HOLDFOR", "3601"}},
                                                     {{"HOLDFOR", "1"}, {"HOLDUNTIL", "2023-11-14T22:20:00Z"}},
                                                     {{"HOLDUNTIL", "tomorrow"}},
                                                     {{"HOLDUNTIL", "2023-13-14T22:20:00Z"}},
                                                     {{"RET", "FULL"}, {"RET", "FULL"}}};
  for (auto mail : mails)
    EXPECT_FALSE(take_mail_parameters(mail, kThen, 1h)) << mail[0].keyword << mail[0].value.value_or("-");
  std::vector<Parameter> unused = {{"HOLDFOR", "1"}};
  EXPECT_TRUE(take_mail_parameters(unused, kThen, 0s));
  EXPECT_EQ(unused.size(), 1) << "unknown where it is not offered";
  const std::vector<std::vector<Parameter>> recipients = {
      {{"NOTIFY", "NEVER,SUCCESS"}}, {{"NOTIFY", ""}},  {{"NOTIFY", "SUCCESS,"}},
      {{"ORCPT", "rfc822"}},         {{"ORCPT", ";a"}}, {{"ORCPT", "rfc822;+0A"}},
      {{"ORCPT", "rfc822;"}}};
  for (auto one : recipients) EXPECT_FALSE(take_recipient_parameters(one)) << *one[0].value;
}

}  // namespace
}  // namespace kontor::transport
