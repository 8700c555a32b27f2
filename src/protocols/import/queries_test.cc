// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/queries.h"

#include <thread>

#include "base/bytes.h"
#include "base/digest.h"
#include "protocols/import/pipe.h"
#include "protocols/import/test_site.h"

namespace kontor::importing {
namespace {

std::string all_of(const Pieces& pieces) {
  std::string out;
  for (;;) {
    auto piece = pieces();
    EXPECT_TRUE(piece);
    if (!piece || piece->empty()) return out;
    out += *piece;
  }
}

TEST(Queries, refuse_what_they_do_not_understand) {
  EXPECT_TRUE(parse_digest_query(R"({"source":"s"})"));
  EXPECT_TRUE(parse_digest_query(R"({"source":"s","folder":{"base64":"/w=="},"keys":["a"]})"));
  for (const char* bad :
       {"", "[]", "{}", R"({"source":""})", R"({"source":"s","keys":["a"]})", R"({"source":"s","x":1})",
        R"({"source":"s","folder":1})", R"({"source":"s","folder":"f","keys":"a"})"}) {
    EXPECT_FALSE(parse_digest_query(bad)) << bad;
  }
}

TEST(Queries, tell_what_the_ledger_knows) {
  TestSite site;
  std::vector<MadeFolder> folders(1);
  folders[0].record = made_folder({"INBOX"}, 1);
  for (std::uint32_t i = 1; i <= 1500; ++i) {
    folders[0].items.push_back({"k " + std::to_string(i), i, made_message(std::to_string(i)), 1, {}, i});
  }
  ASSERT_EQ(import_archive(site, dump_of(folders)).counts.copied, 1500u);
  const auto removed = folders[0].items.back();
  folders[0].items.pop_back();
  ASSERT_EQ(import_archive(site, dump_of(folders)).counts.vanished, 1u);

  DigestQuery query;
  query.source = "test:old";
  const auto overview = all_of(digest_pieces(site.account(), query));
  const auto folder = archive::parse_ledger_folder(overview);
  ASSERT_TRUE(folder) << overview;
  EXPECT_EQ(folder->items, 1499u);
  EXPECT_EQ(folder->state, "state");

  query.folder = "INBOX";
  const auto digest = all_of(digest_pieces(site.account(), query));
  EXPECT_EQ(std::count(digest.begin(), digest.end(), '\n'), 1500);
  query.keys = {"k 7", "absent", "k 1500"};
  const auto some = all_of(digest_pieces(site.account(), query));
  EXPECT_EQ(std::count(some.begin(), some.end(), '\n'), 2);
  const auto first = archive::parse_digest_line(some.substr(0, some.find('\n')));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->key, "k 7");
  EXPECT_EQ(first->state, archive::state_digest(1, {}, {}));

  DigestQuery vanished;
  vanished.source = "test:old";
  vanished.vanished = true;
  EXPECT_EQ(all_of(digest_pieces(site.account(), vanished)), to_hex(sha256(removed.content)) + "\n");

  for (const bool read_content : {false, true}) {
    const auto lines = all_of(verify_pieces(site.account(), "test:old", "INBOX", read_content));
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1500);
    const auto item = archive::parse_target_item(lines.substr(0, lines.find('\n')));
    ASSERT_TRUE(item);
    EXPECT_EQ(item->key, "k 1");
    EXPECT_EQ(item->sha256, sha256(folders[0].items[0].content));
    EXPECT_EQ(item->flags, 1);
  }
  EXPECT_EQ(all_of(verify_pieces(site.account(), "other", "INBOX", true)), "");
}

TEST(Pipe, holds_back_and_ends) {
  Pipe pipe(10);
  std::string first(20, 'a'), second = "b";
  EXPECT_TRUE(pipe.try_push(first));
  EXPECT_FALSE(pipe.try_push(second));
  std::jthread writer([&] {
    EXPECT_TRUE(pipe.push("c"));
    pipe.close();
  });
  EXPECT_EQ(pipe.pull()->size(), 20u);
  EXPECT_EQ(*pipe.pull(), "c");
  EXPECT_EQ(*pipe.pull(), "");
  writer.join();
  pipe.break_off();
  EXPECT_EQ(*pipe.pull(), "") << "a closed pipe does not break";

  Pipe broken(10);
  std::jthread breaker([&] { broken.break_off(); });
  EXPECT_EQ(broken.pull().error().code, Errc::unavailable);

  Pipe abandoned(10);
  abandoned.abandon();
  std::string large(100, 'x');
  EXPECT_TRUE(abandoned.try_push(large));
  EXPECT_FALSE(abandoned.push("y"));
}

}  // namespace
}  // namespace kontor::importing
