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
  RuleOutbox outbox(*queue, *accounts, *directory);
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
  EXPECT_EQ(forward.sender, "bea@example.net");
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

}  // namespace
}  // namespace kontor::transport
