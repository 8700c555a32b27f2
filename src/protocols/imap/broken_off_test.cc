// SPDX-License-Identifier: AGPL-3.0-or-later
// A FETCH that cannot go on within a literal: the connection ends, and no word of the server becomes part of a message.
#include <gtest/gtest.h>

#include "groupware/accounts_fixture.h"
#include "net/script_stream.h"
#include "protocols/imap/server.h"

namespace kontor::imap {
namespace {

using groupware::must;

class ImapBrokenOff : public groupware::AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    must(directory->set_password(ada, "secret"));
    const Services services{*accounts, *directory, limits_, *workers_};
    server_ = std::make_unique<net::TestServer>(session(services, {.plain_login = PlainLogin::always}));
  }
  void TearDown() override {
    server_->stop(std::chrono::seconds(1));
    workers_.reset();  // a worker that has just resumed a session still holds its loop
  }

  net::ScriptPeer fetch(const std::string& item) {
    net::ScriptPeer peer = server_->connect();
    peer.send("a LOGIN ada@example.org secret\r\nb SELECT INBOX\r\nc FETCH 1 " + item + "\r\n");
    peer.receive_until("\r\nb OK");
    peer.read_line();
    return peer;
  }

  // The blob's bytes from the second of its pieces on, behind the server's back.
  void lose_second_piece() {
    std::vector<std::string> keys;
    const auto partition = store::blob_partition(tenant);
    must(must(engine->snapshot(partition))
             ->scan(
                 "", "",
                 [&](store::Key key, store::Value) {
                   keys.emplace_back(key);
                   return true;
                 },
                 store::Space::content));
    ASSERT_GT(keys.size(), 1U);
    store::Batch batch;
    for (std::size_t i = 1; i < keys.size(); ++i) batch.erase(keys[i], store::Space::content);
    must(engine->commit(partition, batch));
  }

  net::Limits limits_{net::LimitOptions{}};
  std::unique_ptr<Workers> workers_ = std::make_unique<Workers>(2);
  std::unique_ptr<net::TestServer> server_;
};

TEST_F(ImapBrokenOff, LostContentEndsTheConnectionWithinTheLiteral) {
  const std::string header = "Content-Transfer-Encoding: base64\r\n\r\n";
  add(*open(ada), inbox(*open(ada)), header + std::string(600'000, 'A'));
  for (const std::string item : {"BODY.PEEK[]", "BINARY.PEEK[1]"}) {
    auto peer = fetch(item);
    // Whole, as long as nothing is lost.
    const std::string line = peer.read_line();
    const auto open_brace = line.find('{');
    const std::size_t size = std::stoul(line.substr(open_brace + 1));
    EXPECT_EQ(peer.receive_exactly(size).size(), size);
    EXPECT_EQ(peer.read_line(), ")");
    EXPECT_EQ(peer.read_line(), "c OK FETCH completed");
  }
  lose_second_piece();
  auto peer = fetch("BODY.PEEK[]");
  EXPECT_EQ(peer.read_line(), "* 1 FETCH (BODY[] {" + std::to_string(600'000 + header.size()) + "}");
  const std::string rest = peer.receive_all();
  EXPECT_LT(rest.size(), 600'000U);
  EXPECT_EQ(rest.find("BYE"), std::string::npos);
  EXPECT_EQ(rest.find("c "), std::string::npos);
}

TEST_F(ImapBrokenOff, AStoppingServerSaysNoFarewellWithinALiteral) {
  const std::size_t size = 64 << 20;
  add(*open(ada), inbox(*open(ada)), "\r\n" + std::string(size, 'A'));
  auto peer = fetch("BODY.PEEK[]");
  EXPECT_EQ(peer.read_line(), "* 1 FETCH (BODY[] {" + std::to_string(size + 2) + "}");
  // The server waits for this peer to read.
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  server_->stop(std::chrono::milliseconds(100));
  const std::string rest = peer.receive_all();
  EXPECT_LT(rest.size(), size);
  EXPECT_EQ(rest.find_first_not_of("\r\nA"), std::string::npos);
}

}  // namespace
}  // namespace kontor::imap
