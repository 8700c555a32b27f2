// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/content_run.h"

#include "groupware/accounts_fixture.h"
#include "groupware/keys.h"

namespace kontor::groupware {
namespace {

class ContentRunTest : public AccountsTest {
 protected:
  static constexpr std::uint32_t kMessages = 300;

  void SetUp() override {
    AccountsTest::SetUp();
    options.inline_limit = 2000;
    reopen();
    account = open(ada);
    in = inbox(*account);
    for (std::uint32_t i = 0; i < kMessages; ++i) {
      // Every tenth is a blob.
      const std::string body(i % 10 == 3 ? 5000 : 10 + i, 'x');
      mails.push_back(mail("number " + std::to_string(i), "", body + "\r\n"));
      items.push_back(add(*account, in, mails.back()).item);
    }
  }

  // What contents() gives for them, or the names of errors.
  static std::vector<std::string> read(const Reader& reader, const std::vector<ItemId>& ids) {
    std::vector<std::string> out;
    reader.contents(ids, [&](ItemId id, const Result<std::shared_ptr<const Content>>& content) {
      EXPECT_EQ(id, ids[out.size()]);
      out.push_back(content ? must((*content)->read(0, (*content)->size())) : std::string(name(content.error().code)));
      return true;
    });
    return out;
  }
  std::vector<std::string> read(const std::vector<ItemId>& ids) { return read(*must(account->read(as(ada))), ids); }

  std::shared_ptr<Account> account;
  FolderId in;
  std::vector<std::string> mails;
  std::vector<ItemId> items;
};

TEST_F(ContentRunTest, NeighboursAreReadInTheGivenOrder) {
  EXPECT_EQ(read(items) == mails, true);
  EXPECT_TRUE(read({}).empty());
  const std::vector<ItemId> back(items.rbegin(), items.rend());
  EXPECT_EQ(read(back) == std::vector<std::string>(mails.rbegin(), mails.rend()), true);
  struct Case {
    std::vector<std::size_t> wanted;
    const char* why;
  };
  const Case cases[] = {
      {{7}, "one"},
      {{0, 2, 4, 6, 8, 10, 12, 14}, "every second: contents in between are passed over"},
      {{0, 5, 10, 15, 20, 25}, "records are scanned, contents looked up"},
      {{0, 50, 100, 150, 199}, "far apart"},
      {{1, 2, 3, 3, 2, 1, 4, 5, 6, 7, 90, 91, 92}, "some of them again"},
  };
  for (const Case& test : cases) {
    std::vector<ItemId> ids;
    std::vector<std::string> expected;
    for (const std::size_t i : test.wanted) {
      ids.push_back(items[i]);
      expected.push_back(mails[i]);
    }
    EXPECT_EQ(read(ids) == expected, true) << test.why;
  }
}

TEST_F(ContentRunTest, LooksAtAFewAtOnce) {
  const auto bottom = [&] {
    auto snapshot = must(engine->snapshot(store::account_partition(account->id())));
    return Layer(must(load_moment(*snapshot)),
                 [&] { return engine->snapshot(store::account_partition(account->id())); });
  };
  store::Blobs blobs(*engine, clock);
  Layer layer = bottom();
  const auto run = read_content_run(layer, blobs, tenant, items);
  EXPECT_EQ(run.size(), 256U);
  for (std::size_t i = 0; i < run.size(); ++i) ASSERT_TRUE(run[i]) << i;
  EXPECT_EQ(read_content_run(layer, blobs, tenant, std::span(items).first(1)).size(), 1U);
  // 300 kB each, kept inline: two of them are enough.
  options.inline_limit = 1 << 20;
  reopen();
  account = open(ada);
  std::vector<ItemId> large;
  for (int i = 0; i < 5; ++i) large.push_back(add(*account, in, mail("large", "", std::string(300'000, 'y'))).item);
  Layer present = bottom();
  EXPECT_EQ(read_content_run(present, blobs, tenant, large).size(), 1U);
  for (const std::string& text : read(large)) EXPECT_GT(text.size(), 300'000U);
}

TEST_F(ContentRunTest, WhatIsGoneOrDamagedSaysSo) {
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY_VOID(t.remove(in, Uid(6)));
    return {};
  }));
  must(account->update(Caller::system(), [&](Transaction& t) { return t.purge_removed_item(items[5]); }));
  store::Batch batch;
  batch.erase(key::content(items[7]), store::Space::content);
  batch.put(key::item(items[9]), "damaged");
  must(engine->commit(store::account_partition(account->id()), batch));
  std::vector<std::string> expected(mails.begin(), mails.begin() + 12);
  expected[5] = name(Errc::not_found);
  expected[7] = expected[9] = name(Errc::corrupt);
  EXPECT_EQ(read({items.begin(), items.begin() + 12}), expected);
}

TEST_F(ContentRunTest, CopiesShareContents) {
  FolderId other;
  std::vector<ItemId> copies;
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY(other, t.create_folder({.parent = {}, .name = "Other"}));
    for (std::uint32_t uid = 20; uid > 0; --uid) {
      TRY(const Added added, t.copy(in, Uid(uid), other));
      copies.push_back(added.item);
    }
    // Pending ones, too.
    EXPECT_EQ(read(t, {copies[0], copies[1], items[5]}), (std::vector<std::string>{mails[19], mails[18], mails[5]}));
    NewItem item;
    item.content = stage(mail("new"));
    TRY(const Added added, t.add(other, item));
    EXPECT_EQ(read(t, {items[5], copies[1], added.item}), (std::vector<std::string>{mails[5], mails[18], mail("new")}));
    return {};
  }));
  std::vector<std::string> expected;
  for (std::size_t i = 20; i > 0; --i) expected.push_back(mails[i - 1]);
  EXPECT_EQ(read(copies) == expected, true);
}

TEST_F(ContentRunTest, OthersReadWhatTheyMay) {
  FolderId hidden;
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY(hidden, t.create_folder({.parent = {}, .name = "Hidden"}));
    TRY_VOID(t.move(in, Uid(2), hidden));
    return t.change_folder(in, {.grants = std::vector<Grant>{{ben, right::kReader}}});
  }));
  const auto reader = must(account->read(as(ben)));
  EXPECT_EQ(read(*reader, {items[0], items[1], items[2]}),
            (std::vector<std::string>{mails[0], std::string(name(Errc::not_found)), mails[2]}));
}

TEST_F(ContentRunTest, StopsWhereItIsTold) {
  std::size_t seen = 0;
  must(account->read(as(ada)))->contents(items, [&](ItemId, const auto&) { return ++seen < 70; });
  EXPECT_EQ(seen, 70U);
}

}  // namespace
}  // namespace kontor::groupware
