// SPDX-License-Identifier: AGPL-3.0-or-later
// What only an engine with a disk can show: opening and refusing, and what stays after a restart.
#include "store/rocksdb/rocksdb.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <fstream>

#include "base/bytes.h"
#include "store/rocksdb/database.h"
#include "store/under_test.h"

namespace kontor::store {

namespace {

constexpr Partition kHome = account_partition(AccountId(1));

// The database as a version of the future or a careless hand would leave it.
void tamper(const std::string& folder, const std::function<void(::rocksdb::DB&)>& change) {
  ::rocksdb::DB* raw = nullptr;
  std::vector<::rocksdb::ColumnFamilyHandle*> handles;
  std::vector<::rocksdb::ColumnFamilyDescriptor> families;
  for (const char* name : {"default", "records", "content"})
    families.emplace_back(name, ::rocksdb::ColumnFamilyOptions());
  ASSERT_TRUE(::rocksdb::DB::Open({}, folder, families, &handles, &raw).ok());
  const std::unique_ptr<::rocksdb::DB> db(raw);
  change(*db);
  for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
}

std::string format_bytes(std::uint32_t version) {
  std::string bytes;
  append_be32(bytes, version);
  return bytes;
}

std::optional<std::string> value_of(Engine& engine, Key key, Space space = Space::records) {
  auto snapshot = engine.snapshot(kHome).value();
  const auto value = snapshot->get(key, space).value();
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

}  // namespace

TEST(Rocksdb, WhatWasCommittedIsThereAfterARestart) {
  const TestFolder folder;
  const std::string mail(5000, 'm');
  {
    auto engine = open_rocksdb(folder.path()).value();
    Batch durable;
    durable.put("a", "1");
    durable.put("mail", mail, Space::content);
    ASSERT_TRUE(engine->commit(kHome, durable));
    Batch lazy;
    lazy.put("b", "2");
    ASSERT_TRUE(engine->commit(kHome, lazy, Durability::lazy));
    Batch gone;
    gone.put("c", "3");
    ASSERT_TRUE(engine->commit(Partition(9), gone));
    ASSERT_TRUE(engine->drop(Partition(9)));
  }
  auto engine = open_rocksdb(folder.path()).value();
  EXPECT_EQ(value_of(*engine, "a"), "1");
  EXPECT_EQ(value_of(*engine, "b"), "2");
  EXPECT_EQ(value_of(*engine, "mail", Space::content), mail);
  EXPECT_EQ(engine->partitions().value(), std::vector{kHome});
  EXPECT_GT(engine->disk_bytes(), 0U);
}

TEST(Rocksdb, MailIsCompressedOnDisk) {
  const TestFolder folder;
  std::uint64_t bytes = 0;
  {
    auto engine = open_rocksdb(folder.path()).value();
    for (int i = 0; i < 300; ++i) {
      std::string mail = "Message " + std::to_string(i) + "\r\n";
      while (mail.size() < 20'000)
        mail += "All work and no play makes " + std::to_string(mail.size() * 7919 + i) + " dull.\r\n";
      bytes += mail.size();
      Batch batch;
      batch.put("m" + std::to_string(i), mail, Space::content);
      ASSERT_TRUE(engine->commit(kHome, batch, Durability::lazy));
    }
  }
  EXPECT_LT(open_rocksdb(folder.path()).value()->disk_bytes(), bytes / 2);
}

TEST(Rocksdb, ANewerFormatIsRefused) {
  const TestFolder folder;
  ASSERT_TRUE(open_rocksdb(folder.path()));
  tamper(folder.path(), [](::rocksdb::DB& db) {
    ASSERT_TRUE(db.Put({}, "format", format_bytes(kFormatVersion + 1)).ok());
    ::rocksdb::ColumnFamilyHandle* added = nullptr;
    ASSERT_TRUE(db.CreateColumnFamily({}, "of the future", &added).ok());
    db.DestroyColumnFamilyHandle(added);
  });
  for (int i = 0; i < 2; ++i) {
    const auto refused = open_rocksdb(folder.path());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::invalid);
    EXPECT_EQ(refused.error().text,
              "The store in " + folder.path() +
                  " has format version 3, this program reads up to 2: install the newer version of "
                  "Kontor that wrote it.");
  }
}

TEST(Rocksdb, AnOlderFormatBecomesThePresentOne) {
  const TestFolder folder;
  {
    auto engine = open_rocksdb(folder.path()).value();
    Batch batch;
    batch.put("a", "1");
    ASSERT_TRUE(engine->commit(kHome, batch));
  }
  tamper(folder.path(), [](::rocksdb::DB& db) { ASSERT_TRUE(db.Put({}, "format", format_bytes(1)).ok()); });
  EXPECT_EQ(value_of(*open_rocksdb(folder.path()).value(), "a"), "1");
  tamper(folder.path(), [](::rocksdb::DB& db) {
    std::string value;
    EXPECT_TRUE(db.Get({}, "format", &value).ok());
    EXPECT_EQ(value, format_bytes(2));
  });
}

TEST(Rocksdb, AStoreWithoutFormatRecordIsRefused) {
  for (const bool is_garbled : {false, true}) {
    const TestFolder folder;
    {
      auto engine = open_rocksdb(folder.path()).value();
      Batch batch;
      batch.put("a", "1");
      ASSERT_TRUE(engine->commit(kHome, batch));
    }
    tamper(folder.path(), [&](::rocksdb::DB& db) {
      ASSERT_TRUE((is_garbled ? db.Put({}, "format", "?") : db.Delete({}, "format")).ok());
    });
    const auto refused = open_rocksdb(folder.path());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::corrupt);
  }
}

TEST(Rocksdb, AStoreThatWasNeverFinishedBeingMadeIsTaken) {
  const TestFolder folder;
  ASSERT_TRUE(open_rocksdb(folder.path()));
  tamper(folder.path(), [](::rocksdb::DB& db) { ASSERT_TRUE(db.Delete({}, "format").ok()); });
  EXPECT_TRUE(open_rocksdb(folder.path()));
  tamper(folder.path(), [](::rocksdb::DB& db) {
    std::string value;
    EXPECT_TRUE(db.Get({}, "format", &value).ok());
    EXPECT_EQ(value, format_bytes(kFormatVersion));
  });
}

TEST(Rocksdb, OnlyOneCanHaveItOpen) {
  const TestFolder folder;
  auto first = open_rocksdb(folder.path());
  ASSERT_TRUE(first);
  const auto second = open_rocksdb(folder.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::unavailable);
  EXPECT_EQ(second.error().text, "The store in " + folder.path() + " is in use by another process.");
  first->reset();
  EXPECT_TRUE(open_rocksdb(folder.path()));
}

TEST(Rocksdb, AFolderThatCannotBeMadeIsUnavailable) {
  const TestFolder folder;
  std::ofstream(folder.path() + "/file") << "in the way";
  const auto refused = open_rocksdb(folder.path() + "/file/store");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
}

TEST(Rocksdb, FoldersAreMadeForTheOwnerAlone) {
  const TestFolder folder;
  const std::string deep = folder.path() + "/var/store";
  ASSERT_TRUE(open_rocksdb(deep));
  EXPECT_EQ(std::filesystem::status(deep).permissions(), std::filesystem::perms::owner_all);
}

// Damage in the manifest is found at opening, and the sentence says where.
TEST(Rocksdb, ADamagedStoreIsRefused) {
  const TestFolder folder;
  ASSERT_TRUE(open_rocksdb(folder.path()));
  std::ofstream(folder.path() + "/CURRENT") << "nonsense\n";
  const auto refused = open_rocksdb(folder.path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::corrupt);
  EXPECT_NE(refused.error().text.find(folder.path()), std::string::npos);
}

}  // namespace kontor::store
