// SPDX-License-Identifier: AGPL-3.0-or-later
// What RocksDB alone commits per second, synced: the bytes of one delivery (content and eight small records) per
// commit.
//
//   bench_rocksdb FOLDER THREADS COUNT BYTES
#include <fmt/core.h>
#include <rocksdb/db.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 5) {
    fmt::print(stderr, "usage: bench_rocksdb FOLDER THREADS COUNT BYTES\n");
    return 2;
  }
  int threads = std::atoi(argv[2]);
  int count = std::atoi(argv[3]);
  std::string content(static_cast<std::size_t>(std::atoi(argv[4])), 'x');
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  if (auto status = rocksdb::DB::Open(options, argv[1], &opened); !status.ok()) {
    fmt::print(stderr, "{}\n", status.ToString());
    return 1;
  }
  std::unique_ptr<rocksdb::DB> db(opened);
  std::atomic<int> next = 0;
  std::atomic<bool> failed = false;
  auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&] {
      rocksdb::WriteOptions write;
      write.sync = true;
      for (int i = next++; i < count; i = next++) {
        rocksdb::WriteBatch batch;
        for (int k = 0; k < 8; ++k) batch.Put(fmt::format("r{:012}-{}", i, k), std::string(150, 'r'));
        batch.Put(fmt::format("c{:012}", i), content);
        if (!db->Write(write, &batch).ok()) failed = true;
      }
    });
  for (std::thread& thread : all) thread.join();
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  fmt::print("{:.1f}\n", count / seconds);
  return failed ? 1 : 0;
}
