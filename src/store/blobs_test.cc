// SPDX-License-Identifier: AGPL-3.0-or-later
#include "store/blobs.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "base/digest.h"
#include "store/blob_records.h"
#include "store/under_test.h"

namespace kontor::store {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr TenantId kTenant(7);
constexpr TenantId kOtherTenant(8);
constexpr AccountId kAnna(1);
constexpr AccountId kBert(2);
constexpr seconds kGrace = hours(24);

template <class T>
class BlobTest : public testing::Test {
 protected:
  std::string store(const std::string& bytes, TenantId tenant = kTenant, std::size_t step = 100'000) {
    auto writer = blobs.write(tenant);
    for (std::size_t at = 0; at < bytes.size(); at += step)
      EXPECT_TRUE(writer.write(std::string_view(bytes).substr(at, step)));
    const auto done = writer.finish();
    EXPECT_TRUE(done);
    EXPECT_EQ(done->size, bytes.size());
    EXPECT_EQ(done->hash, sha256(bytes));
    return done->hash;
  }

  // How many keys the tenant's partition holds: what was removed must be gone to the last one.
  std::size_t keys(Space space, TenantId tenant = kTenant) {
    std::size_t count = 0;
    EXPECT_TRUE(engine()
                    .snapshot(blob_partition(tenant))
                    .value()
                    ->scan("", "", [&](Key, Value) { return ++count, true; }, space));
    return count;
  }

  Blobs::Refers refers() {
    return
        [this](AccountId account, const std::string& hash) -> Result<bool> { return items.contains({account, hash}); };
  }
  Sweep sweep() { return blobs.sweep(kTenant, kGrace, refers()).value(); }

  Engine& engine() { return *under_test.engine; }

  T under_test;
  FakeClock clock{Instant(seconds(1'700'000'000))};
  Blobs blobs{*under_test.engine, clock};
  std::set<std::pair<AccountId, std::string>> items;  // what the accounts have
};
TYPED_TEST_SUITE(BlobTest, EnginesUnderTest);

Errc code_of(const auto& result) { return result.error().code; }

}  // namespace

TYPED_TEST(BlobTest, AnyLengthComesBackWholeAndInRanges) {
  constexpr std::size_t kPiece = kPieceBytes;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kPiece - 1, kPiece, kPiece + 1, 2 * kPiece, 3 * kPiece + 77}) {
    const std::string bytes = noise(size, static_cast<std::uint32_t>(size) + 1);
    const std::string hash = this->store(bytes);
    EXPECT_EQ(this->blobs.size(kTenant, hash), size);
    EXPECT_TRUE(this->blobs.intact(kTenant, hash).value()) << size;
    EXPECT_TRUE(this->blobs.read(kTenant, hash, 0, size + 10).value() == bytes) << size;
    EXPECT_EQ(this->blobs.read(kTenant, hash, size, 10).value(), "");
    EXPECT_EQ(this->blobs.read(kTenant, hash, ~std::uint64_t{0}, ~std::size_t{0}).value(), "");
    for (const std::size_t border : {kPiece, 2 * kPiece, 3 * kPiece})
      for (const std::size_t offset : {border - 5, border - 1, border, border + 1}) {
        const std::string expected = offset < size ? bytes.substr(offset, 10) : "";
        EXPECT_EQ(this->blobs.read(kTenant, hash, offset, 10).value(), expected) << size << " at " << offset;
      }
  }
}

TYPED_TEST(BlobTest, TheWayItIsWrittenMakesNoDifference) {
  const std::string bytes = noise(600'000, 3);
  const std::string hash = this->store(bytes, kTenant, 1'000'000);
  EXPECT_EQ(this->store(bytes, kTenant, 7'001), hash);
  EXPECT_EQ(this->store(bytes, kTenant, 262'144), hash);
  EXPECT_TRUE(this->blobs.read(kTenant, hash, 0, bytes.size()).value() == bytes);
}

TYPED_TEST(BlobTest, TheSameContentIsStoredOncePerTenant) {
  const std::string bytes = noise(600'000, 1);
  this->store(bytes);
  const std::size_t records = this->keys(Space::records);
  EXPECT_EQ(this->keys(Space::content), 3U);
  this->store(bytes);
  EXPECT_EQ(this->keys(Space::records), records);
  EXPECT_EQ(this->keys(Space::content), 3U);
  this->store(bytes, kOtherTenant);
  EXPECT_EQ(this->keys(Space::content, kOtherTenant), 3U);
}

TYPED_TEST(BlobTest, WhatIsNotThereIsNotFound) {
  const std::string hash = this->store("one tenant's");
  for (const std::string& other : {sha256("nobody's"), std::string(), std::string("short")}) {
    EXPECT_EQ(code_of(this->blobs.read(kTenant, other, 0, 1)), Errc::not_found);
    EXPECT_EQ(code_of(this->blobs.size(kTenant, other)), Errc::not_found);
    EXPECT_EQ(code_of(this->blobs.intact(kTenant, other)), Errc::not_found);
    EXPECT_EQ(code_of(this->blobs.refer(kTenant, other, kAnna)), Errc::not_found);
  }
  EXPECT_EQ(code_of(this->blobs.read(kOtherTenant, hash, 0, 1)), Errc::not_found);
  EXPECT_EQ(code_of(this->blobs.refer(kOtherTenant, hash, kAnna)), Errc::not_found);
}

TYPED_TEST(BlobTest, AnUnfinishedUploadIsNotFoundAndSwept) {
  const std::string bytes = noise(900'000, 2);
  {
    auto writer = this->blobs.write(kTenant);
    ASSERT_TRUE(writer.write(bytes));
  }
  EXPECT_EQ(code_of(this->blobs.size(kTenant, sha256(bytes))), Errc::not_found);
  EXPECT_GT(this->keys(Space::content), 0U);
  this->clock.advance(kGrace);
  EXPECT_EQ(this->sweep().uploads, 0U) << "the grace is not over";
  this->clock.advance(seconds(1));
  EXPECT_EQ(this->sweep().uploads, 1U);
  EXPECT_EQ(this->keys(Space::content), 0U);
  EXPECT_EQ(this->keys(Space::records), 0U);
}

TYPED_TEST(BlobTest, ASlowUploadThatLivesIsNotSwept) {
  const std::string bytes = noise(1'500'000, 2);
  auto writer = this->blobs.write(kTenant);
  for (std::size_t at = 0; at < bytes.size(); at += 300'000) {
    ASSERT_TRUE(writer.write(std::string_view(bytes).substr(at, 300'000)));
    this->clock.advance(kGrace);
    EXPECT_EQ(this->sweep().uploads, 0U);
  }
  const auto done = writer.finish();
  ASSERT_TRUE(done);
  EXPECT_TRUE(this->blobs.read(kTenant, done->hash, 0, bytes.size()).value() == bytes);
}

TYPED_TEST(BlobTest, AnUploadThatWasSweptCannotBeFinished) {
  const std::string bytes = noise(900'000, 2);
  auto finishing = this->blobs.write(kTenant);
  auto writing = this->blobs.write(kTenant);
  ASSERT_TRUE(finishing.write(bytes));
  ASSERT_TRUE(writing.write(bytes));
  this->clock.advance(kGrace + seconds(1));
  EXPECT_EQ(this->sweep().uploads, 2U);
  EXPECT_EQ(code_of(finishing.finish()), Errc::conflict);
  EXPECT_EQ(code_of(writing.write(bytes)), Errc::conflict);
  EXPECT_EQ(code_of(writing.write("x")), Errc::conflict) << "an error stays";
  EXPECT_EQ(code_of(writing.finish()), Errc::conflict);
  EXPECT_EQ(this->keys(Space::content), 0U);
  EXPECT_EQ(this->keys(Space::records), 0U);
}

TYPED_TEST(BlobTest, ABlobLivesWhileSomebodyRefersToIt) {
  const std::string bytes = noise(600'000, 4);
  const std::string hash = this->store(bytes);
  ASSERT_TRUE(this->blobs.refer(kTenant, hash, kAnna));
  ASSERT_TRUE(this->blobs.refer(kTenant, hash, kBert));
  this->items = {{kAnna, hash}, {kBert, hash}};
  this->clock.advance(kGrace * 2);
  EXPECT_EQ(this->sweep().blobs, 0U);
  EXPECT_EQ(this->keys(Space::records), 3U) << "the blob and two notes";

  this->items = {{kBert, hash}};
  EXPECT_EQ(this->sweep().blobs, 0U);
  EXPECT_EQ(this->keys(Space::records), 2U) << "Anna's note is forgotten";
  EXPECT_TRUE(this->blobs.intact(kTenant, hash).value());

  this->items = {};
  const Sweep swept = this->sweep();
  EXPECT_EQ(swept.blobs, 1U);
  EXPECT_EQ(swept.bytes, 600'000U);
  EXPECT_EQ(this->keys(Space::records), 0U);
  EXPECT_EQ(this->keys(Space::content), 0U);
  EXPECT_EQ(code_of(this->blobs.size(kTenant, hash)), Errc::not_found);
  EXPECT_EQ(this->store(bytes), hash) << "and it can come again";
  EXPECT_TRUE(this->blobs.intact(kTenant, hash).value());
}

TYPED_TEST(BlobTest, TheGraceProtectsWhatWasJustFinishedOrReferredTo) {
  const std::string hash = this->store("finished, not yet referred to");
  this->clock.advance(kGrace);
  EXPECT_EQ(this->sweep().blobs, 0U);
  this->store("finished, not yet referred to");
  this->clock.advance(kGrace);
  EXPECT_EQ(this->sweep().blobs, 0U) << "storing it again renews its grace";
  ASSERT_TRUE(this->blobs.refer(kTenant, hash, kAnna));
  this->clock.advance(kGrace);
  EXPECT_EQ(this->sweep().blobs, 0U) << "so does referring, although the item is not there yet";
  ASSERT_TRUE(this->blobs.refer(kTenant, hash, kAnna));
  this->clock.advance(kGrace);
  EXPECT_EQ(this->sweep().blobs, 0U) << "and referring once more";
  this->clock.advance(seconds(1));
  EXPECT_EQ(this->sweep().blobs, 1U);
}

// The question whether an account refers is the moment at which others can come between.
TYPED_TEST(BlobTest, TheSweepLosesAgainstWhoComesBetween) {
  const std::string bytes = noise(300'000, 5);
  struct Case {
    const char* why;
    std::function<void(const std::string& hash)> comes;
  };
  const Case cases[] = {
      {"the same account refers", [&](const std::string& h) { ASSERT_TRUE(this->blobs.refer(kTenant, h, kAnna)); }},
      {"another one refers", [&](const std::string& h) { ASSERT_TRUE(this->blobs.refer(kTenant, h, kBert)); }},
      {"it is stored again", [&](const std::string&) { this->store(bytes); }},
  };
  for (const Case& c : cases) {
    const std::string hash = this->store(bytes);
    ASSERT_TRUE(this->blobs.refer(kTenant, hash, kAnna));
    this->clock.advance(kGrace * 2);
    const auto swept = this->blobs.sweep(kTenant, kGrace, [&](AccountId, const std::string& asked) -> Result<bool> {
      c.comes(asked);
      return false;
    });
    EXPECT_EQ(swept->blobs, 0U) << c.why;
    EXPECT_TRUE(this->blobs.intact(kTenant, hash).value()) << c.why;
    this->clock.advance(kGrace * 2);
    EXPECT_EQ(this->sweep().blobs, 1U) << c.why;
    EXPECT_EQ(this->keys(Space::records) + this->keys(Space::content), 0U) << c.why;
  }
}

TYPED_TEST(BlobTest, TwoSweepsDoNotCountTwice) {
  const std::string hash = this->store("swept twice");
  ASSERT_TRUE(this->blobs.refer(kTenant, hash, kAnna));
  this->clock.advance(kGrace * 2);
  const auto outer = this->blobs.sweep(kTenant, kGrace, [&](AccountId, const std::string&) -> Result<bool> {
    EXPECT_EQ(this->sweep().blobs, 1U);
    return false;
  });
  EXPECT_EQ(outer->blobs, 0U);
}

TYPED_TEST(BlobTest, AnErrorOfTheAccountsStopsTheSweep) {
  const std::string hash = this->store("kept");
  ASSERT_TRUE(this->blobs.refer(kTenant, hash, kAnna));
  this->clock.advance(kGrace * 2);
  const auto swept = this->blobs.sweep(
      kTenant, kGrace, [](AccountId, const std::string&) -> Result<bool> { return fail(Errc::unavailable, "No."); });
  EXPECT_EQ(code_of(swept), Errc::unavailable);
  EXPECT_TRUE(this->blobs.intact(kTenant, hash).value());
}

TYPED_TEST(BlobTest, ManyBlobsAndNotesAreSweptInParts) {
  for (int i = 0; i < 600; ++i) this->store("blob " + std::to_string(i));
  const std::string popular = this->store("popular");
  for (std::uint64_t account = 1; account <= 600; ++account)
    ASSERT_TRUE(this->blobs.refer(kTenant, popular, AccountId(account)));
  this->items = {{AccountId(599), popular}};
  this->clock.advance(kGrace * 2);
  EXPECT_EQ(this->sweep().blobs, 600U);
  EXPECT_EQ(this->keys(Space::records), 2U);
  EXPECT_EQ(this->keys(Space::content), 1U);
}

TYPED_TEST(BlobTest, EachVisitsWhatIsFinished) {
  const std::string a = this->store("a");
  const std::string b = this->store("bb");
  auto writer = this->blobs.write(kTenant);
  ASSERT_TRUE(writer.write(noise(600'000, 9)));
  this->store("of another tenant", kOtherTenant);
  std::set<std::pair<std::string, std::uint64_t>> seen;
  ASSERT_TRUE(
      this->blobs.each(kTenant, [&](const BlobRef& blob) { return seen.emplace(blob.hash, blob.size).second; }));
  EXPECT_EQ(seen, (std::set<std::pair<std::string, std::uint64_t>>{{a, 1}, {b, 2}}));
  int visits = 0;
  ASSERT_TRUE(this->blobs.each(kTenant, [&](const BlobRef&) { return ++visits, false; }));
  EXPECT_EQ(visits, 1);
}

TYPED_TEST(BlobTest, DamageIsFound) {
  const std::string bytes = noise(600'000, 6);
  struct Case {
    const char* why;
    std::uint64_t piece;
    std::optional<std::string> value;
    bool is_read;
  };
  const Case cases[] = {
      {"a piece is missing", 1, std::nullopt, false},
      {"a piece is too short", 0, "short", false},
      {"a piece has other bytes", 1, std::string(kPieceBytes, 'x'), true},
  };
  for (const Case& c : cases) {
    const std::string hash = this->store(bytes + c.why);
    const auto record = find_blob(*this->engine().snapshot(blob_partition(kTenant)).value(), hash);
    Batch damage;
    const std::string key = piece_key(record->id, c.piece);
    if (c.value) damage.put(key, *c.value, Space::content);
    if (!c.value) damage.erase(key, Space::content);
    ASSERT_TRUE(this->engine().commit(blob_partition(kTenant), damage));
    EXPECT_FALSE(this->blobs.intact(kTenant, hash).value()) << c.why;
    const auto read = this->blobs.read(kTenant, hash, 0, record->size);
    EXPECT_EQ(read.has_value(), c.is_read) << c.why;
    if (!read) {
      EXPECT_EQ(code_of(read), Errc::corrupt) << c.why;
    }
  }
  Batch damage;
  damage.put(blob_key(sha256("x")), "not a record");
  ASSERT_TRUE(this->engine().commit(blob_partition(kTenant), damage));
  EXPECT_EQ(code_of(this->blobs.size(kTenant, sha256("x"))), Errc::corrupt);
  EXPECT_EQ(code_of(this->blobs.each(kTenant, [](const BlobRef&) { return true; })), Errc::corrupt);
}

// Deliveries of the same few contents while sweeps run without any grace to speak of: whoever was told that his note is
// there finds his content.
TYPED_TEST(BlobTest, DeliveriesAndSweepsAtOnce) {
  Blobs shared(this->engine(), system_clock());
  std::vector<std::string> contents;
  for (std::uint32_t i = 0; i < 3; ++i) contents.push_back(noise(100 + 200'000 * i, i));
  std::atomic<bool> is_done = false;
  std::thread sweeper([&] {
    while (!is_done)
      EXPECT_TRUE(
          shared.sweep(kTenant, seconds(1), [](AccountId, const std::string&) -> Result<bool> { return false; }));
  });
  std::vector<std::thread> deliveries;
  for (std::uint64_t t = 1; t <= 6; ++t)
    deliveries.emplace_back([&, t] {
      for (std::size_t i = 0; i < 40; ++i) {
        const std::string& bytes = contents[(t + i) % contents.size()];
        auto writer = shared.write(kTenant);
        ASSERT_TRUE(writer.write(bytes));
        const auto done = writer.finish();
        ASSERT_TRUE(done) << done.error().text;
        const auto referred = shared.refer(kTenant, done->hash, AccountId(t));
        ASSERT_TRUE(referred) << referred.error().text;
        const auto read = shared.read(kTenant, done->hash, 0, bytes.size());
        ASSERT_TRUE(read) << read.error().text;
        ASSERT_TRUE(*read == bytes);
      }
    });
  for (auto& delivery : deliveries) delivery.join();
  is_done = true;
  sweeper.join();
  std::size_t pieces = 0;
  ASSERT_TRUE(shared.each(kTenant, [&](const BlobRef& blob) {
    pieces += (blob.size + kPieceBytes - 1) / kPieceBytes;
    return shared.intact(kTenant, blob.hash).value();
  }));
  EXPECT_EQ(this->keys(Space::content), pieces) << "no piece is left over";
}

}  // namespace kontor::store
