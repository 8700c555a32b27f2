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

// One user, and an outbox of hers.
struct OutboxHouse {
  FakeClock clock{Instant(std::chrono::seconds(1'700'000'000))};
  std::unique_ptr<store::Engine> engine = store::open_memory();
  std::unique_ptr<directory::Directory> directory =
      taken(directory::Directory::open(*engine, clock, {.memory_kib = 64, .passes = 1}));
  TenantId tenant = taken(directory->add_tenant("acme")).id;
  PrincipalId ada = add_ada();
  std::unique_ptr<groupware::Accounts> accounts = groupware::Accounts::make(*engine, *directory, clock);
  std::unique_ptr<Queue> queue = taken(Queue::open(*engine, clock));
  Srs srs{"secret"};

  PrincipalId add_ada() {
    taken(directory->add_domain(tenant, "example.org"));
    directory::NewPrincipal user;
    user.address = "ada@example.org";
    return taken(directory->add_principal(user)).id;
  }

  groupware::StagedContent staged(std::string_view text) {
    const auto stager = accounts->stage(tenant);
    taken(stager->write(text));
    return taken(stager->finish());
  }

  groupware::OutgoingMail mail() {
    groupware::OutgoingMail out;
    out.principal = ada;
    out.content = staged("Subject: x\r\n\r\n");
    return out;
  }
};

TEST(RuleOutbox, WhatAScriptSendsIsInTheQueue) {
  OutboxHouse house;
  auto& [clock, engine, directory, tenant, ada, accounts, queue, srs] = house;
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
  taken(delivery.deliver("ada@example.org", house.staged(letter), {"bea@example.net", ""}));

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
  OutboxHouse house;
  auto& [clock, engine, directory, tenant, ada, accounts, queue, srs] = house;
  groupware::OutgoingMail mail = house.mail();
  mail.sender = "ada@example.org";
  mail.recipients = {"cleo@example.com"};
  mail.kind = groupware::OutgoingKind::invitation;
  mail.once = "itip 1 17";
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
  OutboxHouse house;
  auto& [clock, engine, directory, tenant, ada, accounts, queue, srs] = house;
  groupware::OutgoingMail mail = house.mail();
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
