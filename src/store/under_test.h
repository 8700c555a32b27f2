// SPDX-License-Identifier: AGPL-3.0-or-later
// The engines as the tests of this room open them. For tests only.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "store/memory.h"
#include "store/rocksdb/rocksdb.h"

namespace kontor::store {

// A folder of its own that is removed with the test. In memory where there is such a place: what these tests show does
// not depend on the disk, and hundreds of syncs take their time on a busy one.
class TestFolder {
 public:
  TestFolder() : TestFolder(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : std::filesystem::temp_directory_path()) {}
  explicit TestFolder(const std::filesystem::path& parent) {
    std::string pattern = (parent / "kontor-store-XXXXXX").string();
    check(mkdtemp(pattern.data()) != nullptr, "a folder for tests can be made");
    path_ = pattern;
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

// Bytes that look random and do not compress, always the same for one seed.
inline std::string noise(std::size_t size, std::uint32_t seed) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
  return bytes;
}

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
