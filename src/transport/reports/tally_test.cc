// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/reports/tally.h"

#include <gtest/gtest.h>

#include "store/under_test.h"
#include "transport/sending/partition.h"

namespace kontor::transport {
namespace {

using namespace std::chrono_literals;

constexpr Instant kTallyDay{std::chrono::seconds(1'699'920'000)};  // 2023-11-14T00:00:00Z

template <class UnderTest>
class TallyTest : public testing::Test {
 protected:
  TallyTest() { reopen(); }
  void reopen() { tally = Tally::open(*store.engine, clock, 24h, limits).value(); }

  std::string rows(const std::string& domain, ReportKind kind = ReportKind::dmarc) {
    std::string out;
    const auto found = tally->rows({kind, kTallyDay, domain}).value();
    for (const TallyRow& one : found) out += one.bytes + "=" + std::to_string(one.count) + " ";
    return out;
  }

  UnderTest store;
  FakeClock clock{kTallyDay + 1h};
  TallyLimits limits{.rows_of_period = 3, .rows = 5, .rows_in_memory = 10};
  std::unique_ptr<Tally> tally;
};
TYPED_TEST_SUITE(TallyTest, store::EnginesUnderTest);

TYPED_TEST(TallyTest, CountsEqualRowsTogether) {
  auto& tally = *this->tally;
  tally.add(ReportKind::dmarc, "a.example", "x");
  tally.add(ReportKind::dmarc, "a.example", "y");
  tally.add(ReportKind::dmarc, "a.example", "x");
  tally.add(ReportKind::dmarc, "a.example.b", "x");
  tally.add(ReportKind::tls, "a.example", "x", 7);
  EXPECT_EQ(this->rows("a.example"), "") << "in memory yet";
  ASSERT_TRUE(tally.flush());
  EXPECT_EQ(this->rows("a.example"), "x=2 y=1 ");
  tally.add(ReportKind::dmarc, "a.example", "y", 5);
  ASSERT_TRUE(tally.flush());
  ASSERT_TRUE(tally.flush());
  EXPECT_EQ(this->rows("a.example"), "y=6 x=2 ");
  EXPECT_EQ(this->rows("a.example.b"), "x=1 ");
  EXPECT_EQ(this->rows("a.example", ReportKind::tls), "x=7 ");
}

TYPED_TEST(TallyTest, ADayEndsAtMidnightAndIsKeptOverARestart) {
  this->tally->add(ReportKind::dmarc, "a.example", "x");
  ASSERT_TRUE(this->tally->flush());
  EXPECT_TRUE(this->tally->ended().value().empty());
  this->clock.advance(23h);
  this->tally->add(ReportKind::dmarc, "a.example", "x");
  ASSERT_TRUE(this->tally->flush());
  this->reopen();
  const TallyPeriod day{ReportKind::dmarc, kTallyDay, "a.example"};
  EXPECT_EQ(this->tally->ended().value(), std::vector<TallyPeriod>{day});
  EXPECT_EQ(this->rows("a.example"), "x=1 ");
  ASSERT_TRUE(this->tally->drop(day));
  EXPECT_TRUE(this->tally->ended().value().empty());
  EXPECT_EQ(this->rows("a.example"), "");
  EXPECT_EQ(this->tally->rows({ReportKind::dmarc, kTallyDay + 24h, "a.example"}).value().size(), 1U);
}

TYPED_TEST(TallyTest, WhatStrangersMakeUpIsBounded) {
  auto& tally = *this->tally;
  for (int i = 0; i < 100; ++i) tally.add(ReportKind::dmarc, "a.example", "row" + std::to_string(i));
  ASSERT_TRUE(tally.flush());
  EXPECT_EQ(tally.rows({ReportKind::dmarc, kTallyDay, "a.example"}).value().size(), 3U) << "of a domain";
  for (int i = 0; i < 5; ++i) tally.add(ReportKind::dmarc, "b" + std::to_string(i) + ".example", "x");
  tally.add(ReportKind::dmarc, "a.example", "row0");
  ASSERT_TRUE(tally.flush());
  this->clock.advance(24h);
  EXPECT_EQ(tally.ended().value().size(), 3U) << "in all: a and two others";
  EXPECT_EQ(tally.rows({ReportKind::dmarc, kTallyDay, "a.example"}).value().front().count, 2U) << "known ones count on";
  this->reopen();
  this->tally->add(ReportKind::dmarc, "c.example", "x");
  ASSERT_TRUE(this->tally->flush());
  EXPECT_EQ(this->tally->rows({ReportKind::dmarc, kTallyDay + 24h, "c.example"}).value().size(), 0U) << "also later";
}

TYPED_TEST(TallyTest, ADamagedRowHoldsUpNoOther) {
  this->tally->add(ReportKind::dmarc, "a.example", "x", 7);
  ASSERT_TRUE(this->tally->flush());
  store::Batch batch;
  {
    const auto snapshot = this->store.engine->snapshot(kSendingPartition).value();
    ASSERT_TRUE(snapshot->scan("D", "E", [&](store::Key key, store::Value) {
      batch.put(std::string(key), "nonsense");
      return true;
    }));
  }
  ASSERT_TRUE(this->store.engine->commit(kSendingPartition, batch));
  this->tally->add(ReportKind::dmarc, "a.example", "x");
  this->tally->add(ReportKind::dmarc, "b.example", "y");
  ASSERT_TRUE(this->tally->flush());
  EXPECT_EQ(this->rows("a.example"), "x=1 ");
  EXPECT_EQ(this->rows("b.example"), "y=1 ");
}

TYPED_TEST(TallyTest, DamageIsFoundAndRepaired) {
  this->tally->add(ReportKind::dmarc, "a.example", "x");
  ASSERT_TRUE(this->tally->flush());
  EXPECT_TRUE(check_counted(*this->store.engine, false).value().empty());
  store::Batch batch;
  batch.put("D" + std::string(8, '\0') + "a.example" + std::string(17, '\0'), "nonsense");
  batch.put("T", "");
  ASSERT_TRUE(this->store.engine->commit(kSendingPartition, batch));
  EXPECT_EQ(check_counted(*this->store.engine, true).value().size(), 2U);
  EXPECT_TRUE(check_counted(*this->store.engine, false).value().empty());
  EXPECT_EQ(this->rows("a.example"), "x=1 ");
}

}  // namespace
}  // namespace kontor::transport
