// SPDX-License-Identifier: AGPL-3.0-or-later
// Many messages and large ones: what must stay bounded, whole and one commit.
#include <gtest/gtest.h>

#include "net/script_stream.h"
#include "protocols/imap/server.h"
#include "store/memory.h"

namespace kontor::imap {
namespace {

template <class T>
T need(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

class ImapScale : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto tenant = need(directory_->add_tenant("acme")).id;
    need(directory_->add_domain(tenant, "example.org"));
    directory::NewPrincipal user;
    user.address = "ada@example.org";
    const auto id = need(directory_->add_principal(user)).id;
    need(directory_->set_password(id, "secret"));
    account_ = need(accounts_->open(AccountId(id.value)));
    tenant_ = tenant;
  }

  void TearDown() override {
    server_.stop();
    workers_.reset();  // a worker that has just resumed a session still holds its loop
  }

  void add(const std::vector<std::string>& messages) {
    std::vector<groupware::NewItem> items(messages.size());
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const auto stager = accounts_->stage(tenant_);
      need(stager->write(messages[i]));
      items[i].content = need(stager->finish());
    }
    need(account_->update(groupware::Caller::system(), [&](groupware::Transaction& transaction) -> Result<void> {
      const auto inbox = transaction.folders()->by_role(groupware::FolderRole::inbox)->id;
      for (const auto& item : items) TRY_VOID(transaction.add(inbox, item));
      return {};
    }));
  }

  net::ScriptPeer open_inbox() {
    net::ScriptPeer peer = server_.connect();
    peer.send("a LOGIN ada@example.org secret\r\nb SELECT INBOX\r\n");
    peer.receive_until("\r\nb OK");
    peer.read_line();
    return peer;
  }

  FakeClock clock_{Instant(std::chrono::seconds(1'700'000'000))};
  std::unique_ptr<store::Engine> engine_ = store::open_memory();
  std::unique_ptr<directory::Directory> directory_ =
      need(directory::Directory::open(*engine_, clock_, {.memory_kib = 64, .passes = 1}));
  std::unique_ptr<groupware::Accounts> accounts_ = groupware::Accounts::make(*engine_, *directory_, clock_);
  std::unique_ptr<Workers> workers_ = std::make_unique<Workers>(2);
  net::Limits limits_{net::LimitOptions{}};
  TenantId tenant_;
  std::shared_ptr<groupware::Account> account_;
  net::TestServer server_{session({*accounts_, *directory_, limits_, *workers_}, {.plain_login = PlainLogin::always})};
};

std::string numbered(int number) {
  return "From: a@b\r\nSubject: n" + std::to_string(number) + "\r\n\r\nbody " + std::to_string(number) + "\r\n";
}

TEST_F(ImapScale, ManyMessagesInOneCommitAndInOrder) {
  constexpr int kCount = 2000;
  std::vector<std::string> messages;
  for (int i = 1; i <= kCount; ++i) messages.push_back(numbered(i));
  add(messages);
  auto peer = open_inbox();

  const auto before = account_->modseq();
  peer.send("c STORE 1:* +FLAGS.SILENT (\\Seen)\r\n");
  EXPECT_EQ(peer.read_line(), "c OK STORE completed");
  EXPECT_EQ(account_->modseq().value, before.value + 1) << "2,000 flags are one commit";

  peer.send("d FETCH 1:* (UID ENVELOPE)\r\n");
  for (int i = 1; i <= kCount; ++i) {
    const std::string n = std::to_string(i);
    ASSERT_TRUE(peer.read_line().starts_with("* " + n + " FETCH (UID " + n + " ENVELOPE (NIL \"n" + n + "\"")) << i;
  }
  EXPECT_EQ(peer.read_line(), "d OK FETCH completed");

  peer.send("e UID MOVE 1:1500 Trash\r\n");
  EXPECT_TRUE(peer.read_line().find("1:1500 1:1500] moved") != std::string::npos);
  for (int i = 1; i <= 1500; ++i) ASSERT_EQ(peer.read_line(), "* 1 EXPUNGE");
  EXPECT_EQ(peer.read_line(), "e OK MOVE completed");
  EXPECT_EQ(account_->modseq().value, before.value + 3) << "in slices of 1,000";
}

// A chain of replies as long as the folder, and one search, sort and thread of all of it.
TEST_F(ImapScale, SearchesSortsAndThreadsManyMessages) {
  constexpr int kCount = 2000;
  std::vector<std::string> messages;
  for (int i = 1; i <= kCount; ++i) {
    const std::string n = std::to_string(i), before = std::to_string(i - 1);
    messages.push_back("Message-ID: <" + n + "@x>\r\nReferences: <" + before +
                       "@x>\r\nSubject: " + std::to_string(kCount * 2 - i) + "\r\n\r\nbody\r\n");
  }
  add(messages);
  auto peer = open_inbox();
  std::string upwards, downwards;
  for (int i = 1; i <= kCount; ++i) {
    upwards += " " + std::to_string(i);
    downwards += " " + std::to_string(kCount + 1 - i);
  }
  peer.send("c SORT (SUBJECT) UTF-8 ALL\r\n");
  EXPECT_EQ(peer.read_line(), "* SORT" + downwards);
  EXPECT_EQ(peer.read_line(), "c OK SORT completed");
  for (const std::string algorithm : {"REFERENCES", "REFS"}) {
    peer.send("d THREAD " + algorithm + " UTF-8 ALL\r\n");
    EXPECT_EQ(peer.read_line(), "* THREAD (" + upwards.substr(1) + ")") << algorithm;
    EXPECT_EQ(peer.read_line(), "d OK THREAD completed");
  }
  peer.send("e SEARCH RETURN (COUNT MAX) SUBJECT 39 BODY BODY\r\n");
  EXPECT_EQ(peer.read_line(), "* ESEARCH (TAG \"e\") MAX 1961 COUNT 139");
}

// Larger than what is kept inline and than what a batch holds in memory; every byte value in it.
TEST_F(ImapScale, LargeContentIsStreamedByteForByte) {
  std::string large = "Subject: large\r\nContent-Type: application/octet-stream\r\n\r\n";
  const std::size_t header = large.size();
  for (std::size_t i = 0; i < 5'000'000; ++i) large.push_back(static_cast<char>(i * 7 + i / 256));
  add({numbered(1), large, numbered(3)});
  auto peer = open_inbox();
  peer.send("c FETCH 1:3 BODY.PEEK[]\r\n");
  for (const auto& expected : {numbered(1), large, numbered(3)}) {
    ASSERT_TRUE(peer.read_line().ends_with("BODY[] {" + std::to_string(expected.size()) + "}"));
    ASSERT_TRUE(peer.receive_exactly(expected.size()) == expected);
    ASSERT_EQ(peer.read_line(), ")");
  }
  EXPECT_EQ(peer.read_line(), "c OK FETCH completed");
  peer.send("d FETCH 2 BODY.PEEK[1]<1000000.300000>\r\n");
  EXPECT_EQ(peer.read_line(), "* 2 FETCH (BODY[1]<1000000> {300000}");
  EXPECT_TRUE(peer.receive_exactly(300000) == large.substr(header + 1'000'000, 300'000));
  EXPECT_EQ(peer.read_line(), ")");
  EXPECT_EQ(peer.read_line(), "d OK FETCH completed");
}

TEST_F(ImapScale, LargeAppendIsTakenByteForByte) {
  std::string large = "Subject: large\r\n\r\n";
  for (std::size_t i = 0; i < 3'000'000; ++i) large.push_back(static_cast<char>(i % 251));
  auto peer = open_inbox();
  peer.send("c APPEND INBOX {" + std::to_string(large.size()) + "+}\r\n" + large + "\r\n");
  EXPECT_EQ(peer.read_line(), "* 1 EXISTS");
  EXPECT_EQ(peer.read_line(), "* 1 RECENT");
  EXPECT_TRUE(peer.read_line().starts_with("c OK [APPENDUID"));
  peer.send("d FETCH 1 BODY.PEEK[]\r\n");
  EXPECT_EQ(peer.read_line(), "* 1 FETCH (BODY[] {" + std::to_string(large.size()) + "}");
  EXPECT_TRUE(peer.receive_exactly(large.size()) == large);
}

// A match that lies across two pieces of the search, and one that only exists when the pieces are decoded apart.
TEST_F(ImapScale, SearchReadsLargeBodiesInPieces) {
  std::string text = "Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
  while (text.size() < 300'000)
    text += "line after line of nothing to see, one hundred bytes or a little less than that\r\n";
  text.resize(256 * 1024 + 50);
  text +=
      "N\xc3\x84"
      "DEL\r\n";
  while (text.size() < 900'000) text += "and again nothing\r\n";
  add({numbered(1), text});
  auto peer = open_inbox();
  peer.send(
      "c SEARCH CHARSET UTF-8 BODY {6+}\r\nn\xc3\xa4"
      "del\r\n");
  EXPECT_EQ(peer.read_line(), "* SEARCH 2");
  EXPECT_EQ(peer.read_line(), "c OK SEARCH completed");
  peer.send("d SEARCH BODY haystack\r\n");
  EXPECT_EQ(peer.read_line(), "* SEARCH");
}

TEST_F(ImapScale, LongLinesAreRefusedAndTheSessionGoesOn) {
  auto peer = open_inbox();
  peer.send("c NOOP " + std::string(100'000, 'x') + "\r\nd NOOP\r\n");
  EXPECT_EQ(peer.read_line(), "* BAD the line is too long");
  EXPECT_EQ(peer.read_line(), "d OK NOOP completed");
  std::string set = "e FETCH 1";
  while (set.size() < 60'000) set += ",1:4294967295";
  peer.send(set + " FLAGS\r\nf UID " + set.substr(2) + " FLAGS\r\n");
  EXPECT_EQ(peer.read_line(), "e BAD there is no message of that number");
  EXPECT_EQ(peer.read_line(), "f OK FETCH completed");
  peer.send("g SELECT " + std::string(3'000'000, 'x'));
  EXPECT_EQ(peer.read_line(), "* BAD the line is too long");
  EXPECT_EQ(peer.read_line(), "* BYE the line does not end");
}

}  // namespace
}  // namespace kontor::imap
