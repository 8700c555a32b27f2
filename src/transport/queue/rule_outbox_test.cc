// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/queue/rule_outbox.h"

#include <gtest/gtest.h>

#include "groupware/delivery.h"
#include "groupware/rules/filter.h"
#include "store/memory.h"

namespace kontor::transport {
namespace {

template <class T>
T taken(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

TEST(RuleOutbox, WhatAScriptSendsIsInTheQueue) {
  FakeClock clock{Instant(std::chrono::seconds(1'700'000'000))};
  const auto engine = store::open_memory();
  const auto directory = taken(directory::Directory::open(*engine, clock, {.memory_kib = 64, .passes = 1}));
  const TenantId tenant = taken(directory->add_tenant("acme")).id;
  taken(directory->add_domain(tenant, "example.org"));
  directory::NewPrincipal user;
  user.address = "ada@example.org";
  const PrincipalId ada = taken(directory->add_principal(user)).id;
  const auto accounts = groupware::Accounts::make(*engine, *directory, clock);
  const auto queue = taken(Queue::open(*engine, clock));
  const Srs srs("secret");
  RuleOutbox outbox(*queue, *accounts, *directory, {.srs = &srs, .clock = &clock, .domain = ""});
  const groupware::Filter filter(*accounts, *directory, clock, {}, &outbox);
  const groupware::Delivery delivery(*accounts, *directory, clock, groupware::QuotaPolicy::defer, &filter);
  taken(taken(accounts->open(AccountId(ada.value)))
            ->update(groupware::Caller::user(ada), [](groupware::Transaction& t) -> Result<void> {
              TRY_VOID(
                  t.put_script("main",
                               "require [\"copy\", \"vacation\", \"enotify\"]; redirect :copy \"cleo@example.com\";"
                               "vacation \"away\"; notify \"mailto:pager@example.com\";"));
              return t.activate_script("main");
            }));
  const std::string letter =
      "From: bea@example.net\r\nTo: ada@example.org\r\nSubject: \xC3\xBC\r\n\r\n" + std::string(300'000, 'x') + "\r\n";
  const auto stager = accounts->stage(tenant);
  taken(stager->write(letter));
  taken(delivery.deliver("ada@example.org", taken(stager->finish()), {"bea@example.net", ""}));

  const auto listed = taken(queue->list({}, 10));
  ASSERT_EQ(listed.size(), 3U);
  const QueuedMessage& forward = listed[0].message;
  EXPECT_EQ(forward.origin, Origin::forward);
  EXPECT_TRUE(forward.sender.ends_with("@example.org")) << forward.sender;
  EXPECT_EQ(srs.reverse(forward.sender, clock.now()).value(), "bea@example.net");
  EXPECT_EQ(forward.account, AccountId(ada.value));
  EXPECT_EQ(forward.tenant, tenant);
  EXPECT_TRUE(forward.needs.eight_bit);
  EXPECT_FALSE(forward.needs.utf8);
  EXPECT_EQ(listed[0].recipients.at(0).address, "cleo@example.com");
  std::string bytes;
  while (bytes.size() < forward.size) bytes += taken(queue->read(forward.content, bytes.size(), 1 << 20));
  EXPECT_EQ(bytes, "X-Sieve-Redirected-From: ada@example.org\r\n" + letter);
  EXPECT_EQ(listed[1].message.origin, Origin::vacation);
  EXPECT_EQ(listed[1].message.sender, "");
  EXPECT_EQ(listed[1].recipients.at(0).address, "bea@example.net");
  EXPECT_EQ(listed[1].recipients.at(0).notify.bits, DsnNotify::kNever);
  EXPECT_EQ(listed[2].message.origin, Origin::notification);
  EXPECT_EQ(listed[2].message.sender, "ada@example.org");
}

TEST(RuleOutbox, TakesWhatHasANameOnce) {
  FakeClock clock{Instant(std::chrono::seconds(1'700'000'000))};
  const auto engine = store::open_memory();
  const auto directory = taken(directory::Directory::open(*engine, clock, {.memory_kib = 64, .passes = 1}));
  const TenantId tenant = taken(directory->add_tenant("acme")).id;
  taken(directory->add_domain(tenant, "example.org"));
  directory::NewPrincipal user;
  user.address = "ada@example.org";
  groupware::OutgoingMail mail;
  mail.principal = taken(directory->add_principal(user)).id;
  mail.sender = "ada@example.org";
  mail.recipients = {"cleo@example.com"};
  mail.kind = groupware::OutgoingKind::invitation;
  mail.once = "itip 1 17";
  const auto accounts = groupware::Accounts::make(*engine, *directory, clock);
  const auto stager = accounts->stage(tenant);
  taken(stager->write("Subject: x\r\n\r\n"));
  mail.content = taken(stager->finish());
  auto queue = taken(Queue::open(*engine, clock));
  const auto send = [&] {
    RuleOutbox outbox(*queue, *accounts, *directory);
    taken(outbox.send(mail));
    return taken(queue->list({}, 100)).size();
  };
  EXPECT_EQ(send(), 1U);
  EXPECT_EQ(send(), 1U);
  // Also when it left meanwhile, and after a start.
  const auto lease = queue->take(clock.now());
  ASSERT_TRUE(lease);
  taken(queue->settle(*lease, {{.index = 0, .state = RecipientState::delivered}}));
  queue = taken(Queue::open(*engine, clock));
  EXPECT_EQ(send(), 0U);
  RuleOutbox(*queue, *accounts, *directory).forget(mail.once);
  EXPECT_EQ(send(), 1U) << "whoever let it be forgotten means another one";
  // What nobody came back to goes one day.
  clock.advance(std::chrono::days(31));
  queue = taken(Queue::open(*engine, clock));
  EXPECT_FALSE(taken(queue->knows(mail.once)));
}

TEST(RuleOutbox, OnlyStrangersLeaveUnderAnotherSender) {
  FakeClock clock{Instant(std::chrono::seconds(1'700'000'000))};
  const auto engine = store::open_memory();
  const auto directory = taken(directory::Directory::open(*engine, clock, {.memory_kib = 64, .passes = 1}));
  const TenantId tenant = taken(directory->add_tenant("acme")).id;
  taken(directory->add_domain(tenant, "example.org"));
  directory::NewPrincipal user;
  user.address = "ada@example.org";
  groupware::OutgoingMail mail;
  mail.principal = taken(directory->add_principal(user)).id;
  const auto accounts = groupware::Accounts::make(*engine, *directory, clock);
  const auto stager = accounts->stage(tenant);
  taken(stager->write("Subject: x\r\n\r\n"));
  mail.content = taken(stager->finish());
  const auto queue = taken(Queue::open(*engine, clock));
  const Srs srs("secret");
  struct Case {
    std::string sender, to, domain, begins, ends, why;
  };
  const std::vector<Case> cases = {
      {"bea@example.net", "cleo@example.com", "", "SRS0=", "=bea@example.org", "a stranger, sent outside"},
      {"bea@example.net", "cleo@example.com", "srs.example", "SRS0=", "@srs.example", "a domain for it"},
      {"bea@example.net", "ben@example.org", "", "bea@", "example.net", "it stays here: nobody asks SPF"},
      {"ben@example.org", "cleo@example.com", "", "ben@", "example.org", "one of ours"},
      {"", "cleo@example.com", "", "", "", "a report"},
      {"SRS0=abcdef=aa=x.example=u@first.example", "cleo@example.com", "", "SRS1=", "@example.org", "sent on before"},
  };
  for (const Case& one : cases) {
    RuleOutbox outbox(*queue, *accounts, *directory, {.srs = &srs, .clock = &clock, .domain = one.domain});
    mail.sender = one.sender;
    mail.recipients = {one.to};
    taken(outbox.send(mail));
    const std::string sender = taken(queue->list({}, 100)).back().message.sender;
    EXPECT_TRUE(sender.starts_with(one.begins) && sender.ends_with(one.ends)) << sender << ": " << one.why;
  }
}

}  // namespace
}  // namespace kontor::transport
