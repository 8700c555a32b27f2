// SPDX-License-Identifier: AGPL-3.0-or-later
// FETCH and SEARCH where what is stored is damaged, gone or large.
#include <gtest/gtest.h>

#include <chrono>

#include "groupware/accounts_fixture.h"
#include "groupware/keys.h"
#include "net/script_stream.h"
#include "protocols/imap/fetch_batch.h"
#include "protocols/imap/search.h"
#include "protocols/imap/server.h"

namespace kontor::imap {
namespace {

using groupware::must;
using wire::imap::Cursor;

class ImapStored : public groupware::AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    account_ = open(ada);
  }

  ItemId put(const std::string& bytes) { return add(*account_, inbox(*account_), bytes).item; }

  // As a disk would: behind the server's back.
  void damage(ItemId item) {
    store::Batch batch;
    batch.erase(groupware::key::content(item), store::Space::content);
    batch.erase(groupware::key::summary(item));
    must(engine->commit(store::account_partition(account_->id()), batch));
  }
  void forget_summary(ItemId item) {
    store::Batch batch;
    batch.erase(groupware::key::summary(item));
    must(engine->commit(store::account_partition(account_->id()), batch));
  }
  // As another session's EXPUNGE and the sweep after it.
  void remove(ItemId item) {
    store::Batch batch;
    batch.erase(groupware::key::item(item));
    batch.erase(groupware::key::summary(item));
    must(engine->commit(store::account_partition(account_->id()), batch));
  }

  Selected select() {
    const auto snapshot = must(look(*account_, as(ada), inbox(*account_)));
    Selected box;
    box.folder = inbox(*account_);
    box.rights = snapshot.rights;
    box.view = snapshot.view;
    box.keywords = snapshot.keywords;
    return box;
  }

  static FetchJob job_of(const Selected& box, std::string_view items) {
    Cursor in(items);
    std::vector<std::uint32_t> positions;
    for (std::uint32_t at = 0; at < box.exists(); ++at) positions.push_back(at);
    return plan_fetch(wire::imap::parse_fetch(in), positions);
  }

  std::shared_ptr<groupware::Account> account_;
};

std::string subject_only(const std::string& subject, std::size_t size = 0) {
  return "Subject: " + subject + std::string(size, 'x') + "\r\n\r\nbody of " + subject + "\r\n";
}

// The sequence numbers of the answers in `text`, in its order.
std::vector<int> numbers_in(const std::string& text) {
  std::vector<int> numbers;
  for (auto at = text.find("* "); at != std::string::npos; at = text.find("\r\n* ", at + 1)) {
    if (at > 0) at += 2;
    numbers.push_back(std::stoi(text.substr(at + 2)));
  }
  return numbers;
}

TEST_F(ImapStored, EnvelopesComeInBoundedBatches) {
  for (int i = 0; i < 10; ++i) put(subject_only("n", 200'000));
  const Selected box = select();
  const FetchJob job = job_of(box, "ENVELOPE");
  int answers = 0, batches = 0;
  for (std::size_t next = 0; next < job.positions.size(); ++batches) {
    const auto batch = must(fetch_batch(*account_, as(ada), box, job, next));
    EXPECT_LT(batch.text.size(), 800'000U);
    EXPECT_GT(batch.next, next);
    EXPECT_FALSE(batch.is_missing || batch.is_damaged);
    for (const int number : numbers_in(batch.text)) EXPECT_EQ(number, ++answers);
    next = batch.next;
  }
  EXPECT_EQ(answers, 10);
  EXPECT_GE(batches, 4);
}

TEST_F(ImapStored, WhatIsGoneOrDamagedIsLeftOutAndTheRestComesInOrder) {
  std::vector<ItemId> items;
  for (int i = 0; i < 12; ++i) items.push_back(put(subject_only("n" + std::to_string(i))));
  const Selected box = select();
  forget_summary(items[0]);
  forget_summary(items[4]);
  for (const char* what : {"ENVELOPE", "BODY.PEEK[TEXT]", "BODY.PEEK[HEADER.FIELDS (Subject)]", "BODY.PEEK[]"}) {
    const auto batch = must(fetch_batch(*account_, as(ada), box, job_of(box, what), 0));
    EXPECT_EQ(numbers_in(batch.text), (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})) << what;
    EXPECT_FALSE(batch.is_missing || batch.is_damaged) << what;
  }
  damage(items[2]);
  damage(items[11]);
  for (const char* what : {"ENVELOPE", "BODY.PEEK[TEXT]", "BODY.PEEK[HEADER.FIELDS (Subject)]", "BODY.PEEK[]"}) {
    const auto batch = must(fetch_batch(*account_, as(ada), box, job_of(box, what), 0));
    EXPECT_EQ(numbers_in(batch.text), (std::vector<int>{1, 2, 4, 5, 6, 7, 8, 9, 10, 11})) << what;
    EXPECT_TRUE(batch.is_damaged && !batch.is_missing) << what;
  }
  remove(items[6]);
  const auto batch = must(fetch_batch(*account_, as(ada), box, job_of(box, "ENVELOPE"), 0));
  EXPECT_EQ(numbers_in(batch.text), (std::vector<int>{1, 2, 4, 5, 6, 8, 9, 10, 11}));
  EXPECT_TRUE(batch.is_damaged && batch.is_missing);
}

TEST_F(ImapStored, FilteredHeadersOfOneMessageAreBounded) {
  std::string header;
  while (header.size() < 900'000) header += "X-Filler: " + std::string(900, 'x') + "\r\n";
  put(header + "\r\nbody\r\n");
  const Selected box = select();
  const std::string one = "BODY.PEEK[HEADER.FIELDS (X-Filler)]";
  EXPECT_EQ(numbers_in(must(fetch_batch(*account_, as(ada), box, job_of(box, one), 0)).text), (std::vector<int>{1}));
  std::string many = "(" + one;
  for (int i = 0; i < 20; ++i) many += " " + one;
  const auto refused = fetch_batch(*account_, as(ada), box, job_of(box, many + ")"), 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::too_large);
}

TEST_F(ImapStored, ManySmallSectionsOfOneMessageAreNotGatheredInTheText) {
  put("Subject: x\r\n\r\n" + std::string(64'000, 'b'));
  const Selected box = select();
  std::string many = "(BODY.PEEK[TEXT]";
  for (int i = 0; i < 40; ++i) many += " BODY.PEEK[TEXT]";
  const auto batch = must(fetch_batch(*account_, as(ada), box, job_of(box, many + ")"), 0));
  EXPECT_LT(batch.text.size(), 700'000U);
  std::uint64_t streamed = 0;
  for (const auto& body : batch.bodies) streamed += body.size;
  EXPECT_GT(streamed + batch.text.size(), 41U * 64'000);
}

TEST_F(ImapStored, DamageIsToldToTheClient) {
  std::vector<ItemId> items;
  for (int i = 1; i <= 3; ++i) items.push_back(put(subject_only("n" + std::to_string(i))));
  must(directory->set_password(ada, "secret"));
  auto workers = std::make_unique<Workers>(2);
  net::Limits limits{net::LimitOptions{}};
  net::TestServer server(session({*accounts, *directory, limits, *workers}, {.plain_login = PlainLogin::always}));
  auto peer = server.connect();
  peer.send("a LOGIN ada@example.org secret\r\nb SELECT INBOX\r\n");
  peer.receive_until("\r\nb OK");
  peer.read_line();
  damage(items[1]);
  peer.send("c FETCH 1:3 BODY.PEEK[HEADER.FIELDS (X)]\r\n");
  EXPECT_TRUE(peer.receive_until("\r\nc ").find("* 3 FETCH") != std::string::npos);
  EXPECT_TRUE(peer.read_line().starts_with("NO [CORRUPTION] "));
  const char* const faulty[] = {"BODY body", "NOT BODY body", "SUBJECT n2", "NOT SUBJECT n2", "HEADER X y", "TEXT n3"};
  for (const std::string key : faulty) {
    peer.send("d SEARCH " + key + "\r\n");
    EXPECT_TRUE(peer.read_line().starts_with("d NO [CORRUPTION] ")) << key;
  }
  peer.send("e SEARCH NOT 2 SUBJECT n\r\n");
  EXPECT_EQ(peer.read_line(), "* SEARCH 1 3") << "what need not be read does no harm";
  EXPECT_TRUE(peer.read_line().starts_with("e OK "));
  remove(items[0]);
  peer.send("f SEARCH NOT 2 SUBJECT n\r\n");
  EXPECT_EQ(peer.read_line(), "* SEARCH 3") << "what is gone does not match";
  server.stop();
  workers.reset();
}

std::string many_addresses() {
  std::string text = "To: ";
  for (int i = 0; i < 5'000; ++i) text += "someone." + std::to_string(i) + "@example.org,\r\n ";
  return text + "last@example.org\r\nSubject: x\r\n\r\n";
}

// One turn: how many messages it looked at.
std::uint32_t first_turn(groupware::Account& account, const groupware::Caller& caller, const Selected& box,
                         const std::string& program) {
  Cursor in(program);
  const auto search = must(prepare_search(wire::imap::parse_search(in), box, Instant(), {2000, 50, 0}));
  std::uint32_t position = 0;
  std::vector<std::uint32_t> found;
  must(search.matcher.run(*must(account.read(caller)), *box.view, position, found));
  return position;
}

TEST_F(ImapStored, ASearchForManyAddressesTakesTurns) {
  for (int i = 0; i < 20; ++i) put(many_addresses());
  const Selected box = select();
  EXPECT_EQ(first_turn(*account_, as(ada), box, "TO nobody"), 20U);
  std::string program;
  for (int i = 0; i < 24; ++i) program += "OR TO nobody." + std::to_string(i) + " ";
  const auto begin = std::chrono::steady_clock::now();
  const auto reached = first_turn(*account_, as(ada), box, program + "TO nobody");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  EXPECT_LT(reached, 10U);
  EXPECT_GE(reached, 1U);
}

TEST_F(ImapStored, TextKeysAreCounted) {
  put(subject_only("x"));
  const Selected box = select();
  for (const char* key : {"FROM a ", "SUBJECT a ", "HEADER X a ", "TEXT a "}) {
    std::string program;
    for (std::size_t i = 0; i < 50; ++i) program += key;
    const auto prepare = [&](std::string_view text) {
      Cursor in(text);
      return prepare_search(wire::imap::parse_search(in), box, Instant(), {2000, 50, 0});
    };
    EXPECT_TRUE(prepare(program + "ALL")) << key;
    const auto refused = prepare(program + key + "ALL");
    ASSERT_FALSE(refused) << key;
    EXPECT_EQ(refused.error().code, Errc::too_large) << key;
  }
}

}  // namespace
}  // namespace kontor::imap
