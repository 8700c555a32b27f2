// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/flag_block.h"

#include <atomic>
#include <map>
#include <thread>

#include "groupware/accounts_fixture.h"
#include "groupware/keys.h"
#include "store/engine.h"

namespace kontor::groupware {
namespace {

RowRecord row_of(std::uint32_t uid, std::uint64_t flags, std::uint64_t modseq) {
  RowRecord row;
  row.row.uid = Uid(uid);
  row.row.flag_bits = flags;
  row.row.modseq = Modseq(modseq);
  return row;
}

TEST(FlagBlock, IsReadAsItWasWritten) {
  FlagBlock block;
  block.put({Uid(100), kFlagged | (1ULL << 63), Modseq(UINT64_MAX), {56, 65535}});
  block.put({Uid(127), 0, Modseq(1), {}});
  block.put({Uid(64), kAnswered, Modseq(3), {}});
  block.put({Uid(64), kSeen, Modseq(7), {}});
  const std::string bytes = encode(block);
  const auto read = decode_flag_block(1, bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode(*read), bytes);
  ASSERT_EQ(read->entries.size(), 3U);
  EXPECT_EQ(read->entries[0].uid, Uid(64));
  EXPECT_EQ(read->entries[0].flag_bits, kSeen);
  EXPECT_EQ(read->entries[1].modseq, Modseq(UINT64_MAX));
  EXPECT_EQ(read->entries[1].rare, (std::vector<KeywordId>{56, 65535}));
  EXPECT_TRUE(block.erase(Uid(100)));
  EXPECT_FALSE(block.erase(Uid(100)));
  EXPECT_FALSE(block.erase(Uid(65)));
  EXPECT_EQ(block.entries.size(), 2U);
}

TEST(FlagBlock, DamageIsSeen) {
  FlagBlock block;
  block.put({Uid(1), kSeen, Modseq(7), {}});
  block.put({Uid(2), kSeen, Modseq(7), {60, 61}});
  const std::string bytes = encode(block);
  EXPECT_FALSE(decode_flag_block(0, ""));
  EXPECT_FALSE(decode_flag_block(0, "\2" + bytes.substr(1))) << "another version";
  for (std::size_t size = 2; size < bytes.size(); ++size)
    EXPECT_EQ(decode_flag_block(0, bytes.substr(0, size)).has_value(), size == 20) << size << ": 20 is a whole entry";
  EXPECT_FALSE(decode_flag_block(0, bytes + bytes.substr(1))) << "not in order";
  EXPECT_FALSE(decode_flag_block(0, "\1\x40" + std::string(18, '\0'))) << "beyond the block";
  EXPECT_FALSE(decode_flag_block(UINT32_MAX, bytes)) << "there are no such UIDs";
}

TEST(FlagBlock, TheHigherModseqCounts) {
  FlagBlock block;
  block.put({Uid(5), kSeen, Modseq(10), {70}});
  struct Case {
    RowRecord row;
    std::uint64_t flags, modseq;
    const char* why;
  };
  const Case cases[] = {
      {row_of(5, 0, 9), kSeen, 10, "the block is newer"},
      {row_of(5, kFlagged, 10), kFlagged, 10, "the row was written with the block's flags"},
      {row_of(5, kFlagged, 11), kFlagged, 11, "the row is newer"},
      {row_of(6, kFlagged, 1), kFlagged, 1, "the block does not have it"},
  };
  for (const Case& test : cases) {
    FlagBlocks blocks;
    blocks.add(0, encode(block));
    RowRecord row = test.row;
    ASSERT_TRUE(blocks.apply(row));
    EXPECT_EQ(row.row.flag_bits, test.flags) << test.why;
    EXPECT_EQ(row.row.modseq, Modseq(test.modseq)) << test.why;
    EXPECT_EQ(row.rare.size(), test.modseq == 10 && test.flags == kSeen ? 1U : 0U) << test.why;
  }
}

class FlagBlocksTest : public AccountsTest {
 protected:
  static constexpr std::uint32_t kMessages = 200;

  void SetUp() override {
    AccountsTest::SetUp();
    account = open(ada);
    in = inbox(*account);
    partition = store::account_partition(account->id());
    NewItem item;
    item.content = stage(mail("one of many"));
    must(account->update(Caller::system(), [&](Transaction& t) -> Result<void> {
      for (std::uint32_t i = 0; i < kMessages; ++i) TRY_VOID(t.add(in, item));
      return {};
    }));
  }

  Result<void> change_in(Transaction& t, std::uint32_t first, std::uint32_t last, std::uint32_t step,
                         FlagChange::Mode mode, const FlagNames& names) const {
    for (std::uint32_t uid = first; uid <= last; uid += step) TRY_VOID(t.change_flags(in, Uid(uid), {mode, names}));
    return {};
  }
  Modseq change(std::uint32_t first, std::uint32_t last, std::uint32_t step, FlagChange::Mode mode,
                const FlagNames& names) {
    return must(account->update(as(ada), [&](Transaction& t) { return change_in(t, first, last, step, mode, names); }));
  }

  std::size_t count(char letter) {
    std::size_t found = 0;
    auto snapshot = must(engine->snapshot(partition));
    must(snapshot->scan(key::all(letter), key::end(key::all(letter)), [&](store::Key, store::Value) {
      ++found;
      return true;
    }));
    return found;
  }
  std::string stored(const std::string& key) {
    auto snapshot = must(engine->snapshot(partition));
    return std::string(must(snapshot->get(key)).value_or(""));
  }
  void start_anew() {
    account.reset();
    reopen();
    account = open(ada);
  }

  struct Seen {
    std::uint8_t flags;
    std::vector<std::string> keywords;
    Modseq modseq;
    bool operator==(const Seen&) const = default;
  };
  std::vector<Seen> all(FolderId id) {
    std::vector<Seen> out;
    auto reader = must(account->read(Caller::system()));
    const auto present = must(reader->view(id));
    for (std::uint32_t i = 0; i < present->size(); ++i) {
      const FlagNames names = reader->keywords()->spell(present->flags(i));
      out.push_back({names.flags, names.keywords, present->at(i).modseq});
      // What the item says is what its row says.
      const Item item = must(reader->item(present->at(i).item));
      EXPECT_EQ(item.flags.bits, present->flags(i).bits & ~std::uint64_t{kDeleted}) << i;
      EXPECT_EQ(item.filings.at(0).modseq, present->at(i).modseq) << i;
      EXPECT_EQ(item.filings.at(0).is_deleted, present->flags(i).has(kDeleted)) << i;
    }
    return out;
  }
  // The view that was kept up to date is the one that is read from the store.
  std::vector<Seen> same_when_read_anew(FolderId id) {
    const auto kept = all(id);
    start_anew();
    const auto read = all(id);
    EXPECT_EQ(kept == read, true);
    expect_sound();
    return read;
  }

  std::shared_ptr<Account> account;
  FolderId in;
  store::Partition partition{1};
};

TEST_F(FlagBlocksTest, ManyChangesAreWrittenInBlocks) {
  const std::string row = stored(key::filing(in, Uid(7)));
  const Modseq modseq = change(1, kMessages, 1, FlagChange::Mode::add, {kSeen, {"$Work"}});
  EXPECT_EQ(count('N'), 4U);
  EXPECT_EQ(stored(key::filing(in, Uid(7))), row) << "rows are left alone";
  EXPECT_EQ(folder(*account, in)->unseen, 0U);
  for (const Seen& seen : same_when_read_anew(in)) EXPECT_EQ(seen, (Seen{kSeen, {"$Work"}, modseq}));
}

TEST_F(FlagBlocksTest, TheLatestChangeCounts) {
  const Modseq first = change(1, kMessages, 1, FlagChange::Mode::add, {kSeen, {}});
  const std::string block = stored(key::flag_block(in, 0));
  const Modseq second = change(5, 5, 1, FlagChange::Mode::replace, {kFlagged, {}});
  EXPECT_EQ(stored(key::flag_block(in, 0)), block) << "a single change is written in its row";
  auto seen = same_when_read_anew(in);
  EXPECT_EQ(seen[4], (Seen{kFlagged, {}, second}));
  EXPECT_EQ(seen[5], (Seen{kSeen, {}, first}));
  const Modseq third = change(1, 20, 1, FlagChange::Mode::add, {kAnswered, {}});
  seen = same_when_read_anew(in);
  EXPECT_EQ(seen[4], (Seen{kFlagged | kAnswered, {}, third}));
  EXPECT_EQ(seen[5], (Seen{kSeen | kAnswered, {}, third}));
  EXPECT_EQ(seen[20], (Seen{kSeen, {}, first}));
  // Without a kept view: from the stored row and block.
  start_anew();
  const Modseq fourth = change(5, 7, 1, FlagChange::Mode::remove, {kAnswered, {}});
  seen = same_when_read_anew(in);
  EXPECT_EQ(seen[4], (Seen{kFlagged, {}, fourth}));
  EXPECT_EQ(seen[5], (Seen{kSeen, {}, fourth}));
}

TEST_F(FlagBlocksTest, FewChangesAreWrittenInRows) {
  const Modseq modseq = change(1, kMessages, 20, FlagChange::Mode::add, {kSeen, {}});
  EXPECT_EQ(count('N'), 0U);
  EXPECT_EQ(same_when_read_anew(in)[20], (Seen{kSeen, {}, modseq}));
}

TEST_F(FlagBlocksTest, ChangesAreLoggedByItem) {
  const Modseq before = must(account->read(as(ada)))->modseq();
  change(1, 100, 1, FlagChange::Mode::add, {kSeen, {}});
  change(1, 100, 1, FlagChange::Mode::add, {kSeen, {}});  // nothing changes
  start_anew();
  const Changes changes = must(must(account->read(as(ada)))->changes_since(before));
  EXPECT_EQ(changes.items_changed.size(), 100U);
  EXPECT_EQ(changes.to, Modseq(before.value + 1));
}

TEST_F(FlagBlocksTest, CopiesAndMovesCarryTheFlags) {
  change(1, kMessages, 1, FlagChange::Mode::add, {kSeen | kDeleted, {"$Work"}});
  start_anew();  // no view is kept
  FolderId other;
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY(other, t.create_folder({.parent = {}, .name = "Other"}));
    TRY_VOID(t.copy(in, Uid(3), other));
    TRY_VOID(t.move(in, Uid(64), other));
    return {};
  }));
  for (const Seen& seen : same_when_read_anew(other)) {
    EXPECT_EQ(seen.flags, kSeen | kDeleted);
    EXPECT_EQ(seen.keywords, std::vector<std::string>{"$Work"});
  }
}

TEST_F(FlagBlocksTest, FlagsGoWithTheirMessages) {
  change(1, kMessages, 1, FlagChange::Mode::add, {kSeen | kDeleted, {}});
  const ItemId removed = view(*account, in)->at(64).item;
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    for (std::uint32_t uid = 1; uid <= 65; ++uid) TRY_VOID(t.remove(in, Uid(uid)));
    return {};
  }));
  EXPECT_EQ(count('N'), 3U) << "nothing is left of the first block";
  EXPECT_EQ(decode_flag_block(1, stored(key::flag_block(in, 1)))->entries.size(), 62U);
  EXPECT_EQ(same_when_read_anew(in).size(), kMessages - 65);
  must(account->update(Caller::system(), [&](Transaction& t) -> Result<void> {
    TRY_VOID(t.restore(removed, in));
    return {};
  }));
  EXPECT_EQ(same_when_read_anew(in).back().flags, kSeen) << "as it was, but not to be removed";
}

TEST_F(FlagBlocksTest, BlocksGoWithTheirFolder) {
  FolderId other;
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY(other, t.create_folder({.parent = {}, .name = "Other"}));
    for (std::uint32_t uid = 1; uid <= 50; ++uid) TRY_VOID(t.move(in, Uid(uid), other));
    return {};
  }));
  const auto flag_all = [&](Transaction& t) -> Result<void> {
    for (std::uint32_t uid = 1; uid <= 50; ++uid)
      TRY_VOID(t.change_flags(other, Uid(uid), {FlagChange::Mode::add, {kFlagged, {}}}));
    return {};
  };
  must(account->update(as(ada), flag_all));
  ASSERT_EQ(count('N'), 1U);
  // The flags change and the folder goes in one commit.
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    for (std::uint32_t uid = 1; uid <= 50; ++uid)
      TRY_VOID(t.change_flags(other, Uid(uid), {FlagChange::Mode::add, {kSeen, {}}}));
    return t.attempt([&](Transaction& part) { return part.remove_folder(other); });
  }));
  EXPECT_EQ(count('N'), 0U);
  EXPECT_EQ(count('V'), kMessages - 50U);
  expect_sound();
  std::size_t recoverable = 0;
  must(must(account->read(Caller::system()))->removed_items(Instant(), Instant::max(), [&](const RemovedItem& item) {
    EXPECT_EQ(item.item.flags.bits, kFlagged | kSeen);
    ++recoverable;
    return true;
  }));
  EXPECT_EQ(recoverable, 50U);
}

// Its rows stay for a while, and so do their flags.
TEST_F(FlagBlocksTest, FlagsOfALargeFolderGoIntoItsItems) {
  FolderId other;
  must(account->update(Caller::system(), [&](Transaction& t) -> Result<void> {
    TRY(other, t.create_folder({.parent = {}, .name = "Other"}));
    NewItem item;
    item.content = stage(mail("one of very many"));
    for (std::uint32_t i = 0; i < 600; ++i) TRY_VOID(t.add(other, item));
    return {};
  }));
  const auto flag = [&](Transaction& t, std::uint32_t first, std::uint32_t last, std::uint8_t flags) -> Result<void> {
    for (std::uint32_t uid = first; uid <= last; ++uid)
      TRY_VOID(t.change_flags(other, Uid(uid), {FlagChange::Mode::add, {flags, {}}}));
    return {};
  };
  must(account->update(as(ada), [&](Transaction& t) { return flag(t, 1, 400, kFlagged); }));
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY_VOID(flag(t, 301, 500, kSeen));
    TRY_VOID(flag(t, 550, 552, kSeen));
    EXPECT_EQ(must(t.view(other))->flags(400).bits, kSeen) << "what waits is shown";
    return t.remove_folder(other);
  }));
  expect_sound();
  for (int i = 0; i < 2000 && count('D') > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ASSERT_EQ(count('D'), 0U);
  EXPECT_EQ(count('N'), 0U);
  std::map<std::uint64_t, std::size_t> found;
  must(must(account->read(Caller::system()))->removed_items(Instant(), Instant::max(), [&](const RemovedItem& item) {
    ++found[item.item.flags.bits];
    return true;
  }));
  EXPECT_EQ(found,
            (std::map<std::uint64_t, std::size_t>{{kFlagged, 300}, {kFlagged | kSeen, 100}, {kSeen, 103}, {0, 97}}));
  expect_sound();
}

TEST_F(FlagBlocksTest, NewAndOtherwiseChangedRowsAreWritten) {
  NewItem item;
  item.content = stage(mail("new"));
  must(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    for (std::uint32_t i = 0; i < 30; ++i) {
      TRY(const Added added, t.add(in, item));
      TRY_VOID(t.change_flags(in, added.uid, {FlagChange::Mode::add, {kFlagged, {}}}));
    }
    return {};
  }));
  EXPECT_EQ(count('N'), 0U);
  EXPECT_EQ(same_when_read_anew(in).back().flags, kFlagged);
  const auto present = view(*account, in);
  must(account->update(Caller::system(), [&](Transaction& t) -> Result<void> {
    for (std::uint32_t uid = 1; uid <= 64; ++uid) {
      TRY_VOID(t.attempt(
          [&](Transaction& part) { return change_in(part, uid, uid, 1, FlagChange::Mode::add, {kSeen, {}}); }));
      if (uid % 2 == 0)
        TRY_VOID(t.set_internal_date(present->at(uid - 1).item, InternalDate(Instant(std::chrono::seconds(uid)))));
      TRY_VOID(change_in(t, uid, uid, 1, FlagChange::Mode::add, {kDraft, {}}));
    }
    return {};
  }));
  EXPECT_EQ(count('N'), 1U) << "of the uneven ones";
  const auto seen = same_when_read_anew(in);
  for (std::uint32_t uid = 1; uid <= 64; ++uid) EXPECT_EQ(seen[uid - 1].flags, kSeen | kDraft) << uid;
  EXPECT_EQ(view(*account, in)->at(7).internal_date(), InternalDate(Instant(std::chrono::seconds(8))));
}

TEST_F(FlagBlocksTest, AFailedUpdateLeavesNothing) {
  const auto before = all(in);
  EXPECT_FALSE(account->update(as(ada), [&](Transaction& t) -> Result<void> {
    TRY_VOID(change_in(t, 1, 100, 1, FlagChange::Mode::add, {kSeen, {}}));
    return fail(Errc::invalid, "no");
  }));
  EXPECT_EQ(count('N'), 0U);
  EXPECT_EQ(same_when_read_anew(in) == before, true);
}

// What format version 1 wrote for a change of flags: the rows, and nothing else.
TEST_F(FlagBlocksTest, AccountsOfVersion1AreReadAsTheyAre) {
  change(1, 1, 1, FlagChange::Mode::add, {kSeen, {}});
  const Modseq old = must(account->read(as(ada)))->modseq();
  store::Batch batch;
  for (std::uint32_t uid = 1; uid <= kMessages; ++uid) {
    const std::string key = key::filing(in, Uid(uid));
    RowRecord row = must(decode_row(Uid(uid), stored(key)));
    row.row.flag_bits = kSeen | kFlagged;
    row.row.modseq = old;
    batch.put(key, encode(row));
  }
  Folder present = *folder(*account, in);
  present.unseen = 0;
  batch.put(key::folder(in), encode(present));
  must(engine->commit(partition, batch));
  start_anew();
  expect_sound();
  for (const Seen& seen : all(in)) EXPECT_EQ(seen, (Seen{kSeen | kFlagged, {}, old}));
  const Modseq changed = change(1, 100, 1, FlagChange::Mode::remove, {kSeen, {}});
  const auto seen = same_when_read_anew(in);
  EXPECT_EQ(seen[0], (Seen{kFlagged, {}, changed}));
  EXPECT_EQ(seen[99], (Seen{kFlagged, {}, changed}));
  EXPECT_EQ(seen[100], (Seen{kSeen | kFlagged, {}, old}));
  EXPECT_EQ(folder(*account, in)->unseen, 100U);
}

TEST_F(FlagBlocksTest, DamageFailsOnlyTheUpdatesThatMeetIt) {
  change(1, 64, 1, FlagChange::Mode::add, {kSeen, {}});
  (void)view(*account, in);
  store::Batch batch;
  batch.put(key::flag_block(in, 0), "damaged");
  must(engine->commit(partition, batch));
  // The first update leads until the two others wait behind it: one commit carries both.
  std::atomic<bool> leads = false;
  std::atomic<int> waiting = 0;
  std::thread leader([&] {
    must(account->update(Caller::system(), [&](Transaction&) -> Result<void> {
      leads = true;
      while (waiting < 2) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      return {};
    }));
  });
  while (!leads) std::this_thread::yield();
  Result<Modseq> meets, others;
  auto flag = [&](Result<Modseq>& result, std::uint32_t first) {
    ++waiting;
    result = account->update(as(ada), [&, first](Transaction& t) {
      return change_in(t, first, first + 40, 1, FlagChange::Mode::add, {kFlagged, {}});
    });
  };
  std::thread one([&] { flag(meets, 2); }), two([&] { flag(others, 130); });
  for (std::thread* thread : {&leader, &one, &two}) thread->join();
  ASSERT_FALSE(meets);
  EXPECT_EQ(meets.error().code, Errc::corrupt);
  EXPECT_TRUE(others);
}

TEST_F(FlagBlocksTest, DamageIsFoundAndMended) {
  const Modseq flagged = change(1, 64, 1, FlagChange::Mode::add, {kSeen, {}});
  struct Case {
    const char* what;
    std::string key, value;
    std::uint8_t flags;  // of UID 1 after the repair
  };
  FlagBlock strangers;
  strangers.put({Uid(kMessages + 50), kSeen, Modseq(1), {}});
  const Case cases[] = {
      {"flags of messages that are not there", key::flag_block(in, 3), encode(strangers), kSeen},
      {"flags of a folder that is not there", key::flag_block(FolderId(999), 0), encode(strangers), kSeen},
      {"a damaged key", key::flag_blocks(in), encode(strangers), kSeen},
      {"a block without entries", key::flag_block(in, 2), encode(FlagBlock()), kSeen},
      {"a damaged block: the row's own flags count", key::flag_block(in, 0), "damaged", 0},
  };
  for (const Case& test : cases) {
    store::Batch batch;
    batch.put(test.key, test.value);
    must(engine->commit(partition, batch));
    account.reset();
    reopen();
    EXPECT_FALSE(must(accounts->check({})).faults.empty()) << test.what;
    must(accounts->check({.repair = true, .read_content = false, .progress = {}}));
    expect_sound();
    account = open(ada);
    const auto seen = all(in);
    EXPECT_EQ(seen[0].flags, test.flags) << test.what;
    if (test.flags == 0) EXPECT_GT(seen[0].modseq, flagged) << "clients hear of it";
  }
  EXPECT_EQ(folder(*account, in)->unseen, kMessages - 1) << "UID 64 has its flags in its row";
}

}  // namespace
}  // namespace kontor::groupware
