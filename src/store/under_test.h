// SPDX-License-Identifier: AGPL-3.0-or-later
// The engines as the tests of this room open them. For tests only.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "store/memory.h"
#include "store/rocksdb/rocksdb.h"

namespace kontor::store {

// A folder of its own that is removed with the test.
class TestFolder {
 public:
  TestFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kontor-store-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct MemoryUnderTest {
  std::unique_ptr<Engine> engine = open_memory();
};

struct RocksdbUnderTest {
  RocksdbUnderTest()
      : engine(open_rocksdb(folder.path(), {.cache_bytes = 8 << 20, .memtable_bytes = 8 << 20}).value()) {}
  TestFolder folder;
  std::unique_ptr<Engine> engine;
};

using EnginesUnderTest = testing::Types<MemoryUnderTest, RocksdbUnderTest>;

}  // namespace kontor::store
