// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/queue/queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "store/under_test.h"
#include "transport/queue/queue_records.h"

namespace kontor::transport {
namespace {

using namespace std::chrono_literals;

template <class UnderTest>
class QueueTest : public testing::Test {
 protected:
  QueueTest() { reopen(); }

  void reopen() {
    queue.reset();
    queue = Queue::open(*store.engine, clock, {.lifetime = 24h, .recipients_at_once = 2}).value();
  }

  QueueContent content(std::string_view bytes) {
    auto writer = queue->write();
    EXPECT_TRUE(writer->write(bytes));
    return writer->finish().value();
  }

  NewMessage message(const std::vector<std::string>& recipients, const QueueContent& bytes,
                     const std::string& sender = "ada@example.org") {
    NewMessage out;
    out.envelope.sender = sender;
    out.envelope.tenant = TenantId(7);
    for (const std::string& address : recipients)
      out.recipients.push_back({.address = address, .notify = {}, .original = ""});
    out.content = bytes;
    return out;
  }

  QueueId put(const std::vector<std::string>& recipients, std::string_view bytes = "Subject: x\r\n\r\nHello\r\n") {
    std::vector<NewMessage> messages;
    messages.push_back(message(recipients, content(bytes)));
    return queue->put(std::move(messages)).value().front();
  }

  static std::vector<Settled> all(const Lease& lease, RecipientState state, Instant next = {}) {
    std::vector<Settled> out;
    for (const QueuedRecipient& one : lease.recipients)
      out.push_back({.index = one.index,
                     .state = state,
                     .next = next,
                     .is_warned = false,
                     .was_attempted = true,
                     .last = {.code = 451, .enhanced = "4.3.0", .text = "later", .host = "mx"}});
    return out;
  }

  std::size_t keys() {
    std::size_t count = 0;
    auto now = store.engine->snapshot(store::kQueuePartition).value();
    auto visit = [&](store::Key, store::Value) { return ++count > 0; };
    EXPECT_TRUE(now->scan("A", "", visit));
    EXPECT_TRUE(now->scan("A", "", visit, store::Space::content));
    return count;
  }

  UnderTest store;
  FakeClock clock{Instant(1'700'000'000s)};
  std::unique_ptr<Queue> queue;
};
TYPED_TEST_SUITE(QueueTest, store::EnginesUnderTest);

TYPED_TEST(QueueTest, GivesWhatIsLate) {
  const QueueId old = this->put({"bob@example.net"}), other = this->put({"bob@example.com"});
  this->clock.advance(5h);
  const QueueId fresh = this->put({"bob@example.net"});
  auto late = [&](std::vector<QueueId> expected, const std::string& why) {
    WorkPlace place;
    std::vector<QueueId> found;
    std::vector<Lease> leases;
    while (auto lease = this->queue->take_late("example.net", this->clock.now(), place)) {
      found.push_back(lease->message->id);
      leases.push_back(*lease);
    }
    for (const Lease& one : leases) this->queue->give_back(one);
    EXPECT_EQ(found, expected) << why;
  };
  late({old}, "its sender does not know that it waits");
  auto lease = this->queue->take_for("example.net", this->clock.now());
  ASSERT_EQ(lease->message->id, old);
  late({}, "it is on its way");
  auto outcome = this->all(*lease, RecipientState::waiting, this->clock.now());
  outcome.front().is_warned = true;
  ASSERT_TRUE(this->queue->settle(*lease, outcome));
  late({}, "its sender was told");
  this->reopen();
  late({}, "also after a restart");
  this->clock.advance(19h);
  late({old, fresh}, "one lives no longer, of the other nobody knows");
  this->queue->pause("example.net", Instant::max());
  late({old, fresh}, "a pause changes nothing");
  EXPECT_EQ(this->queue->take(this->clock.now())->message->id, other);
}

TYPED_TEST(QueueTest, KeepsTheEnvelopeAndTheContent) {
  NewMessage sent = this->message({"bob@example.net"}, this->content("Hello"));
  sent.envelope.account = AccountId(3);
  sent.envelope.origin = Origin::forward;
  sent.envelope.cause = "rule 2";
  sent.envelope.dsn_return = DsnReturn::headers;
  sent.envelope.envelope_id = "QQ314159";
  sent.envelope.needs = {.utf8 = true, .eight_bit = true, .binary = true};
  sent.recipients[0].notify.bits = DsnNotify::kSuccess | DsnNotify::kDelay;
  sent.recipients[0].original = "rfc822;bob@example.com";
  const QueueId id = this->queue->put({sent}).value().front();
  this->reopen();

  auto lease = this->queue->take(this->clock.now());
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->destination, "example.net");
  const QueuedMessage& message = *lease->message;
  EXPECT_EQ(message.id, id);
  EXPECT_EQ(message.sender, "ada@example.org");
  EXPECT_EQ(message.tenant, TenantId(7));
  EXPECT_EQ(message.account, AccountId(3));
  EXPECT_EQ(message.origin, Origin::forward);
  EXPECT_EQ(message.cause, "rule 2");
  EXPECT_EQ(message.dsn_return, DsnReturn::headers);
  EXPECT_EQ(message.envelope_id, "QQ314159");
  EXPECT_TRUE(message.needs.utf8 && message.needs.eight_bit && message.needs.binary);
  EXPECT_EQ(message.arrived, this->clock.now());
  EXPECT_EQ(message.expires, this->clock.now() + 24h);
  ASSERT_EQ(lease->recipients.size(), 1);
  EXPECT_EQ(lease->recipients[0].original, "rfc822;bob@example.com");
  EXPECT_TRUE(lease->recipients[0].notify.wants(DsnNotify::kSuccess));
  EXPECT_FALSE(lease->recipients[0].notify.wants(DsnNotify::kFailure));
  EXPECT_EQ(this->queue->read(message.content, 1, 3).value(), "ell");
  EXPECT_EQ(parse_queue_id(to_text(id)), id);
}

TYPED_TEST(QueueTest, LeasesByDestinationAndOnce) {
  this->put({"a@one.example", "b@two.example", "c@ONE.example", "d@one.example"});
  const Instant now = this->clock.now();
  auto first = this->queue->take_for("one.example", now);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->recipients.size(), 2) << "at most two at once";
  auto second = this->queue->take_for("one.example", now);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->recipients.size(), 1);
  EXPECT_FALSE(this->queue->take_for("one.example", now));
  auto third = this->queue->take(now);
  ASSERT_TRUE(third);
  EXPECT_EQ(third->destination, "two.example");
  EXPECT_FALSE(this->queue->take(now));
  EXPECT_FALSE(this->queue->next_due());
  EXPECT_EQ(this->queue->counts().leased, 4);
  this->queue->give_back(*second);
  EXPECT_EQ(this->queue->next_due(), now);
  this->reopen();
  EXPECT_EQ(this->queue->counts().waiting, 4) << "leases die with the process";
}

TYPED_TEST(QueueTest, ForgetsAMessageOnceAllIsSettled) {
  this->put({"a@one.example", "b@two.example"}, store::noise(600'000, 1));
  const Instant now = this->clock.now();
  auto one = this->queue->take(now);
  auto two = this->queue->take(now);
  ASSERT_TRUE(one && two);
  EXPECT_EQ(this->queue->read(one->message->content, 262'140, 300'000).value(),
            store::noise(600'000, 1).substr(262'140, 300'000));
  ASSERT_TRUE(this->queue->settle(*one, this->all(*one, RecipientState::delivered)));
  EXPECT_EQ(this->queue->counts().messages, 1);
  auto shown = this->queue->show(one->message->id).value();
  EXPECT_EQ(shown.recipients[one->recipients[0].index].state, RecipientState::delivered);
  EXPECT_EQ(shown.recipients[one->recipients[0].index].settled, now);
  ASSERT_TRUE(this->queue->settle(*two, this->all(*two, RecipientState::failed)));
  EXPECT_EQ(this->queue->counts().messages, 0);
  EXPECT_EQ(this->queue->counts().bytes, 0);
  EXPECT_EQ(this->keys(), 0);
}

TYPED_TEST(QueueTest, ComesAgainAtItsTime) {
  this->put({"a@one.example"});
  const Instant now = this->clock.now();
  auto lease = this->queue->take(now);
  ASSERT_TRUE(this->queue->settle(*lease, this->all(*lease, RecipientState::waiting, now + 300s)));
  this->reopen();
  EXPECT_EQ(this->queue->next_due(), now + 300s);
  EXPECT_FALSE(this->queue->take(now + 299s));
  lease = this->queue->take(now + 300s);
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->recipients[0].attempts, 1);
  EXPECT_EQ(lease->recipients[0].last.text, "later");
  EXPECT_EQ(lease->recipients[0].last.code, 451);
}

TYPED_TEST(QueueTest, WaitsForItsRelease) {
  NewMessage later = this->message({"a@one.example"}, this->content("x"));
  later.envelope.release = this->clock.now() + 1h;
  ASSERT_TRUE(this->queue->put({later}));
  EXPECT_FALSE(this->queue->take(this->clock.now()));
  ASSERT_TRUE(this->queue->retry({}));
  ASSERT_TRUE(this->queue->hold({}));
  ASSERT_TRUE(this->queue->release({}));
  EXPECT_FALSE(this->queue->take(this->clock.now())) << "not even by command: its sender said when";
  auto lease = this->queue->take(this->clock.now() + 1h);
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->message->expires, this->clock.now() + 25h);
}

TYPED_TEST(QueueTest, PutsReportsWithTheOutcome) {
  this->put({"a@one.example"});
  auto lease = this->queue->take(this->clock.now());
  NewMessage bounce = this->message({"ada@example.org"}, this->content("it failed"), "");
  bounce.envelope.origin = Origin::report;
  auto ids = this->queue->settle(*lease, this->all(*lease, RecipientState::failed), {bounce}).value();
  ASSERT_EQ(ids.size(), 1);
  EXPECT_EQ(this->queue->counts().messages, 1);
  this->reopen();
  auto next = this->queue->take(this->clock.now());
  ASSERT_TRUE(next);
  EXPECT_EQ(next->message->id, ids[0]);
  EXPECT_EQ(next->message->sender, "");
}

TYPED_TEST(QueueTest, SharesContentBetweenMessages) {
  QueueContent content = this->content(store::noise(300'000, 2));
  std::vector<NewMessage> messages;
  messages.push_back(this->message({"a@one.example"}, content, "ada@example.org"));
  messages.push_back(this->message({"b@two.example"}, content, "srs@example.org"));
  content = {};
  ASSERT_TRUE(this->queue->put(std::move(messages)));
  this->reopen();
  for (int left = 2; left > 0; --left) {
    auto lease = this->queue->take(this->clock.now());
    ASSERT_TRUE(lease);
    EXPECT_EQ(this->queue->read(lease->message->content, 0, 400'000)->size(), 300'000);
    ASSERT_TRUE(this->queue->settle(*lease, this->all(*lease, RecipientState::delivered)));
  }
  EXPECT_EQ(this->keys(), 0);
}

TYPED_TEST(QueueTest, DropsContentThatWasNeverPut) {
  {
    QueueContent unused = this->content(store::noise(600'000, 3));
  }
  EXPECT_EQ(this->keys(), 0);
  // What a crash leaves behind goes at the next start.
  store::Batch batch;
  batch.put(queue_record::upload_key(QueueContentId(5)), "1");
  batch.put(queue_record::piece_key(QueueContentId(5), 0), "piece", store::Space::content);
  ASSERT_TRUE(this->store.engine->commit(store::kQueuePartition, batch));
  this->reopen();
  EXPECT_EQ(this->keys(), 0);
}

TYPED_TEST(QueueTest, PausesADestination) {
  this->put({"a@one.example"});
  this->put({"b@two.example"});
  const Instant now = this->clock.now();
  this->queue->pause("one.example", now + 60s);
  auto lease = this->queue->take(now);
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->destination, "two.example");
  EXPECT_FALSE(this->queue->take(now + 59s));
  EXPECT_EQ(this->queue->next_due(), now + 60s);
  this->queue->pause("one.example", now);
  EXPECT_TRUE(this->queue->take(now));
}

TYPED_TEST(QueueTest, KeepsQuarantineApartUntilItIsReleased) {
  NewMessage odd = this->message({"a@one.example"}, this->content("x"));
  odd.envelope.origin = Origin::quarantine;
  odd.envelope.is_held = true;
  std::vector<NewMessage> messages;
  messages.push_back(std::move(odd));
  QueueFilter plain, quarantine;
  quarantine.is_quarantine = true;
  plain.id = quarantine.id = this->queue->put(std::move(messages)).value().front();
  EXPECT_EQ(this->queue->release(plain).value(), 0) << "not by its id either";
  EXPECT_EQ(this->queue->remove(plain).value(), 0);
  EXPECT_EQ(this->queue->list(plain, 10).value().size(), 0);
  EXPECT_EQ(this->queue->list(quarantine, 10).value().size(), 1);
  EXPECT_EQ(this->queue->release(quarantine).value(), 1);
  EXPECT_EQ(this->queue->remove(quarantine).value(), 0) << "it is on its way";
  EXPECT_EQ(this->queue->list(quarantine, 10).value().size(), 0);
  EXPECT_EQ(this->queue->list(plain, 10).value().size(), 1);
  EXPECT_EQ(this->queue->hold(plain).value(), 0);
  EXPECT_EQ(this->queue->retry(plain).value(), 1);
  EXPECT_TRUE(this->queue->take(this->clock.now()));
}

TYPED_TEST(QueueTest, ObeysAnAdministrator) {
  const QueueId first = this->put({"a@one.example", "b@two.example"});
  const QueueId second = this->put({"c@one.example"});
  const Instant now = this->clock.now();
  QueueFilter one;
  one.recipient = "@one.example";
  EXPECT_EQ(this->queue->hold(one).value(), 2);
  EXPECT_EQ(this->queue->counts().held, 2);
  this->reopen();
  auto lease = this->queue->take(now);
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->destination, "two.example");
  EXPECT_FALSE(this->queue->take(now));
  for (auto unlike : {+[](QueueFilter& filter) { filter.is_quarantine = true; },
                      +[](QueueFilter& filter) { filter.sender = "nobody@example.org"; }}) {
    QueueFilter other;
    other.id = first;
    unlike(other);
    EXPECT_EQ(this->queue->remove(other).value(), 0) << "all that is asked for must hold";
  }
  QueueFilter by_id;
  by_id.id = first;
  EXPECT_EQ(this->queue->remove(by_id).value(), 1) << "the leased one is left";
  ASSERT_TRUE(this->queue->settle(*lease, this->all(*lease, RecipientState::waiting, now + 1h)));
  EXPECT_EQ(this->queue->retry(by_id).value(), 1);
  EXPECT_EQ(this->queue->next_due(), now);
  EXPECT_EQ(this->queue->remove(by_id).value(), 1);
  EXPECT_EQ(this->queue->show(first).error().code, Errc::not_found);
  EXPECT_EQ(this->queue->remove(by_id).error().code, Errc::not_found);
  EXPECT_EQ(this->queue->list({}, 10).value().size(), 1);
  EXPECT_EQ(this->queue->list({}, 10, second).value().size(), 0);
  EXPECT_EQ(this->queue->release({}).value(), 1);
  EXPECT_TRUE(this->queue->take(now));
}

TYPED_TEST(QueueTest, CheckFindsWhatIsMissing) {
  const QueueId id = this->put({"a@one.example"}, "hello");
  EXPECT_TRUE(this->queue->check(false)->empty());
  auto listed = this->queue->show(id).value();
  store::Batch batch;
  batch.erase(queue_record::piece_key(listed.message.content, 0), store::Space::content);
  batch.put(queue_record::recipient_key(QueueId(9), 0), "x");
  ASSERT_TRUE(this->store.engine->commit(store::kQueuePartition, batch));
  auto faults = this->queue->check(true).value();
  ASSERT_EQ(faults.size(), 2);
  EXPECT_FALSE(faults[0].repaired);
  EXPECT_TRUE(faults[1].repaired);
  EXPECT_EQ(this->queue->check(false)->size(), 1);
}

TYPED_TEST(QueueTest, ManyWorkersSettleEachRecipientOnce) {
  constexpr int kMessages = 40;
  for (int i = 0; i < kMessages; ++i)
    this->put({"a@one.example", "b@two.example", "c@three.example", "d@one.example", "e@one.example"});
  std::atomic<int> settled = 0;
  auto work = [&] {
    while (auto lease = this->queue->take(this->clock.now())) {
      ASSERT_TRUE(this->queue->settle(*lease, this->all(*lease, RecipientState::delivered)));
      settled += static_cast<int>(lease->recipients.size());
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  }
  EXPECT_EQ(settled, kMessages * 5);
  EXPECT_EQ(this->keys(), 0);
  EXPECT_EQ(this->queue->counts().leased, 0);
}

}  // namespace
}  // namespace kontor::transport
