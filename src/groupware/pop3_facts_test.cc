// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/accounts_fixture.h"

namespace kontor::groupware {
namespace {

class Pop3FactsTest : public AccountsTest {
 protected:
  bool is_marked(Account& account, Uid uid) {
    const auto rows = view(account, inbox(account));
    return (rows->at(rows->find(uid).value()).flag_bits & Row::kOwnPop3) != 0;
  }
  Pop3Facts facts(Account& account, ItemId id) {
    Pop3Facts out;
    const auto reader = must(account.read(Caller::system()));
    must(reader->pop3_facts({id}, [&](ItemId, const Pop3Facts& found) { out = found; }));
    return out;
  }
  void set(Account& account, ItemId item, const std::map<std::string, std::string>& properties) {
    must(account.update(Caller::system(), [&](Transaction& t) { return t.set_properties(item, properties); }));
  }
};

TEST_F(Pop3FactsTest, SizeIsThatOfLinesWithCrlf) {
  const struct {
    std::string bytes;
    std::uint64_t size;
  } cases[] = {
      {mail("a"), mail("a").size()},
      {"A: b\n\nc\n", 11},
      {"A: b\r\n\r\nno end", 16},
      {"A: b\r\n\r\nhalf\r", 14},
      {"", 0},
  };
  auto account = open(ada);
  for (const auto& one : cases) {
    const Added added = add(*account, inbox(*account), one.bytes);
    EXPECT_EQ(is_marked(*account, added.uid), one.size != one.bytes.size()) << one.bytes;
    EXPECT_EQ(facts(*account, added.item).size, one.size) << one.bytes;
  }
  expect_sound();
}

TEST_F(Pop3FactsTest, RowsSayWhoHasPropertiesOfPop3) {
  auto account = open(ada);
  const FolderId in = inbox(*account);
  const Added plain = add(*account, in, mail("a"));
  EXPECT_FALSE(is_marked(*account, plain.uid));
  set(*account, plain.item, {{kPop3Uidl, "old-1"}, {kPop3Order, "7"}});
  EXPECT_TRUE(is_marked(*account, plain.uid));
  EXPECT_EQ(facts(*account, plain.item).uidl, "old-1");
  EXPECT_EQ(facts(*account, plain.item).order, 7U);
  must(account->update(Caller::system(), [&](Transaction& t) -> Result<void> {
    TRY_VOID(t.change_flags(in, plain.uid, {FlagChange::Mode::add, {kSeen, {"Work"}}}));
    return {};
  }));
  EXPECT_TRUE(is_marked(*account, plain.uid)) << "flags do not touch it";
  EXPECT_TRUE(view(*account, in)->flags(0).has(kSeen));

  Added copy;
  must(account->update(Caller::system(), [&](Transaction& t) -> Result<void> {
    TRY(copy, t.copy(in, plain.uid, in));
    return {};
  }));
  EXPECT_FALSE(is_marked(*account, copy.uid)) << "a copy is another message";
  set(*account, plain.item, {{kPop3Uidl, ""}, {kPop3Order, "x"}});
  EXPECT_FALSE(facts(*account, plain.item).order);
  set(*account, plain.item, {{kPop3Order, ""}});
  EXPECT_FALSE(is_marked(*account, plain.uid));
  expect_sound();
}

TEST_F(Pop3FactsTest, ManyAreReadInOneScanAndFewByThemselves) {
  auto account = open(ada);
  std::vector<ItemId> ids;
  for (int i = 0; i < 40; ++i) ids.push_back(add(*account, inbox(*account), mail("m") + std::string(1, 'x')).item);
  const auto count = [&](std::vector<ItemId> wanted) {
    std::size_t seen = 0;
    must(must(account->read(Caller::system()))->pop3_facts(std::move(wanted), [&](ItemId, const Pop3Facts&) {
      ++seen;
    }));
    return seen;
  };
  EXPECT_EQ(count(ids), 40U);
  EXPECT_EQ(count({ids[3], ids[39], ids[1]}), 3U);
  EXPECT_EQ(count({ids[5], ItemId(99'999)}), 1U) << "what is gone is passed over";
  EXPECT_EQ(count({}), 0U);
}

}  // namespace
}  // namespace kontor::groupware
