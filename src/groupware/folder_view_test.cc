// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/folder_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace kontor::groupware {
namespace {

Row row(std::uint32_t uid, std::uint64_t modseq = 1) {
  Row out;
  out.uid = Uid(uid);
  out.item = ItemId(uid);
  out.modseq = Modseq(modseq);
  out.size = uid * 10;
  return out;
}

std::shared_ptr<const FolderView> rows(std::uint32_t count) {
  FolderView::Builder builder;
  for (std::uint32_t uid = 1; uid <= count; ++uid) builder.add(row(uid));
  return builder.finish(Modseq(1));
}

TEST(FolderView, FindsByPositionAndUid) {
  auto view = rows(2000);
  EXPECT_EQ(view->size(), 2000U);
  EXPECT_EQ(view->at(0).uid, Uid(1));
  EXPECT_EQ(view->at(1999).uid, Uid(2000));
  EXPECT_EQ(view->find(Uid(513)), 512U);
  EXPECT_FALSE(view->find(Uid(2001)));
  EXPECT_EQ(view->lower_bound(Uid(5000)), 2000U);
  EXPECT_EQ(rows(0)->size(), 0U);
  EXPECT_EQ(rows(0)->lower_bound(Uid(1)), 0U);
}

TEST(FolderView, KnowsTheFirstThatWasNotSeen) {
  const auto seen = [](std::uint32_t uid) {
    Row out = row(uid, 2);
    out.flag_bits = kSeen | kFlagged;
    return FolderView::Put{out, {}};
  };
  EXPECT_EQ(rows(0)->first_unseen(), 0U);
  EXPECT_EQ(rows(5)->first_unseen(), 0U);
  std::vector<FolderView::Put> puts;
  for (std::uint32_t uid = 1; uid <= 1500; ++uid) puts.push_back(seen(uid));
  const auto view = rows(2000)->with(puts, {}, Modseq(2));
  EXPECT_EQ(view->first_unseen(), 1500U);
  EXPECT_EQ(view->with({{row(700, 3), {}}}, {}, Modseq(3))->first_unseen(), 699U);
  EXPECT_EQ(view->with({}, {Uid(1), Uid(1501)}, Modseq(3))->first_unseen(), 1499U) << "UID 1502";
  puts.clear();
  for (std::uint32_t uid = 1501; uid <= 2000; ++uid) puts.push_back(seen(uid));
  const auto all = view->with(puts, {}, Modseq(3));
  EXPECT_EQ(all->first_unseen(), all->size());
  EXPECT_EQ(all->with({{row(2001, 4), {}}}, {}, Modseq(4))->first_unseen(), 2000U);
}

TEST(FolderView, KeepsDatesWithTheirZone) {
  for (std::int64_t seconds :
       {std::int64_t{-86'400}, std::int64_t{0}, std::int64_t{836'703'865}, std::int64_t{4'102'444'800}})
    for (int zone : {-720, -60, 0, 345, 840}) {
      InternalDate date(Instant(std::chrono::seconds(seconds)), static_cast<std::int16_t>(zone));
      Row packed;
      packed.date = Row::pack(date);
      EXPECT_EQ(packed.internal_date().at, date.at);
      EXPECT_EQ(packed.internal_date().zone_minutes, zone);
    }
  EXPECT_LT(Row::pack(InternalDate(Instant(std::chrono::seconds(10)), 840)),
            Row::pack(InternalDate(Instant(std::chrono::seconds(11)), -720)));
}

TEST(FolderView, KeepsRareKeywords) {
  FolderView::Builder builder;
  builder.add(row(1), {60, 70});
  builder.add(row(2));
  auto view = builder.finish(Modseq(1));
  EXPECT_TRUE(view->flags(0).has_keyword(70));
  EXPECT_FALSE(view->flags(1).has_keyword(70));
  view = view->with({{row(2, 2), {80}}}, {Uid(1)}, Modseq(2));
  EXPECT_TRUE(view->flags(0).has_keyword(80));
}

// Many random changes, compared with a plain set after each, and the difference between moments with what was done.
TEST(FolderView, FollowsRandomChanges) {
  std::mt19937 random(7);
  auto view = rows(1500);
  std::set<std::uint32_t> uids;
  for (std::uint32_t uid = 1; uid <= 1500; ++uid) uids.insert(uid);
  std::uint32_t next = 1501;
  std::map<std::uint32_t, FlagSet> flags;  // where there are any
  const auto put = [&](std::uint32_t uid, std::uint64_t modseq) {
    FlagSet some;
    if (random() % 8 != 0) some.bits = kSeen;
    if (random() % 3 == 0) some.rare = {static_cast<KeywordId>(60 + random() % 5)};
    Row changed = row(uid, modseq);
    changed.flag_bits = some.bits;
    flags[uid] = some;
    return FolderView::Put{changed, some.rare};
  };
  for (std::uint64_t modseq = 2; modseq < 400; ++modseq) {
    std::set<std::uint32_t> removed, changed;
    std::uint32_t added = random() % 4 == 0 ? random() % 40 : 0;
    for (std::uint32_t uid : uids) {
      if (random() % 200 == 0)
        removed.insert(uid);
      else if (random() % 100 == 0)
        changed.insert(uid);
    }
    std::vector<FolderView::Put> puts;
    for (std::uint32_t uid : changed) puts.push_back(put(uid, modseq));
    for (std::uint32_t i = 0; i < added; ++i) puts.push_back(put(next + i, modseq));
    std::vector<Uid> gone;
    for (std::uint32_t uid : removed) gone.emplace_back(uid);
    auto now = view->with(puts, gone, Modseq(modseq));
    FolderView::Difference difference = now->since(*view);
    std::set<std::uint32_t> told_removed, told_changed;
    for (std::uint32_t position : difference.removed) told_removed.insert(view->at(position).uid.value);
    for (std::uint32_t position : difference.changed) told_changed.insert(now->at(position).uid.value);
    ASSERT_EQ(told_removed, removed);
    ASSERT_EQ(told_changed, changed);
    ASSERT_EQ(difference.added, added);
    for (std::uint32_t uid : removed) uids.erase(uid);
    for (std::uint32_t i = 0; i < added; ++i) uids.insert(next + i);
    next += added;
    view = now;
    ASSERT_EQ(view->size(), uids.size());
    std::uint32_t position = 0, unseen = view->size();
    for (std::uint32_t uid : uids) {
      ASSERT_EQ(view->at(position).uid, Uid(uid));
      ASSERT_EQ(view->flags(position), flags[uid]);
      if (!flags[uid].has(kSeen)) unseen = std::min(unseen, position);
      ++position;
    }
    ASSERT_EQ(view->first_unseen(), unseen);
    ASSERT_EQ(view->modseq(), Modseq(modseq));
  }
}

TEST(FolderView, SharesWhatDidNotChange) {
  auto view = rows(100'000);
  auto now = view->with({{row(50'000, 2), {}}}, {}, Modseq(2));
  EXPECT_EQ(&view->at(10), &now->at(10));
  EXPECT_EQ(&view->at(99'999), &now->at(99'999));
  EXPECT_NE(&view->at(49'999), &now->at(49'999));
  EXPECT_EQ(now->since(*view).changed, std::vector<std::uint32_t>{49'999});
}

}  // namespace
}  // namespace kontor::groupware
