// SPDX-License-Identifier: AGPL-3.0-or-later
// kill -9 and failing disks. The victims are this program again, started with --child: RocksDB's threads do not survive
// a plain fork.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <random>
#include <thread>

#include "base/log.h"
#include "store/rocksdb/rocksdb.h"
#include "store/under_test.h"

namespace kontor::store {

namespace {

using namespace std::chrono_literals;

constexpr int kWriters = 4;
constexpr RocksdbOptions kSmall{.cache_bytes = 4 << 20, .memtable_bytes = 2 << 20, .keep_free_bytes = 0};

Partition partition_of(int writer) { return account_partition(AccountId(static_cast<std::uint64_t>(writer) + 1)); }

std::string body_of(std::uint32_t number) { return noise(500 + number * 37 % 9000, number); }

Batch numbered_batch(std::uint32_t number) {
  Batch batch;
  batch.put("n" + std::to_string(number), std::to_string(number));
  batch.put("last", std::to_string(number));
  batch.put("n" + std::to_string(number), body_of(number), Space::content);
  return batch;
}

std::optional<std::string> stored(Engine& engine, Partition partition, const std::string& key, Space space) {
  auto snapshot = engine.snapshot(partition).value();
  const auto value = snapshot->get(key, space).value();
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

bool has_batch(Engine& engine, Partition partition, std::uint32_t number) {
  const std::string key = "n" + std::to_string(number);
  return stored(engine, partition, key, Space::records) == std::to_string(number) &&
         stored(engine, partition, key, Space::content) == body_of(number);
}

// Commits for ever and says on the pipe what was acknowledged: writer and number, 8 bytes, whole or not at all.
int commit_until_killed(const std::string& folder, int pipe) {
  auto engine = open_rocksdb(folder, kSmall);
  if (!engine) return 1;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer)
    writers.emplace_back([&, writer] {
      const auto last = stored(**engine, partition_of(writer), "last", Space::records);
      for (std::uint32_t number = last ? static_cast<std::uint32_t>(std::stoul(*last)) + 1 : 0;; ++number) {
        if (!(*engine)->commit(partition_of(writer), numbered_batch(number))) _exit(2);
        const std::uint32_t said[] = {static_cast<std::uint32_t>(writer), number};
        if (::write(pipe, said, sizeof said) != sizeof said) _exit(3);
      }
    });
  for (auto& writer : writers) writer.join();
  return 0;
}

// Fills files up to a limit that the kernel enforces, then lifts it. RocksDB takes the error of a write for fatal.
int meet_a_file_limit(const std::string& folder) {
  signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  auto engine = open_rocksdb(folder, {.cache_bytes = 4 << 20, .memtable_bytes = 64 << 20}).value();
  limit.rlim_cur = 1 << 20;
  setrlimit(RLIMIT_FSIZE, &limit);
  std::uint32_t number = 0;
  Result<void> done;
  while (number < 1000 && (done = engine->commit(partition_of(0), numbered_batch(number)))) ++number;
  if (done || done.error().code != Errc::unavailable) return 10;
  // Reading goes on, and so does a snapshot that stands in the way of opening anew for a while.
  auto snapshot = engine->snapshot(partition_of(0)).value();
  if (!snapshot->get("last").value()) return 11;
  if (engine->commit(partition_of(0), numbered_batch(number))) return 12;
  snapshot.reset();
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_FSIZE, &limit);
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!(done = engine->commit(partition_of(0), numbered_batch(number + 1)))) {
    if (std::chrono::steady_clock::now() > deadline) return 13;
    std::this_thread::sleep_for(100ms);
  }
  for (int round = 0; round < 2; ++round) {
    for (std::uint32_t i = 0; i < number; ++i)
      if (!has_batch(*engine, partition_of(0), i)) return 14;
    if (!has_batch(*engine, partition_of(0), number + 1)) return 15;
    engine.reset();
    engine = open_rocksdb(folder, kSmall).value();
  }
  return 0;
}

pid_t start_child(const char* what, const std::string& folder, int pipe) {
  const std::string fd = std::to_string(pipe);
  const pid_t child = fork();
  if (child != 0) return child;
  execl("/proc/self/exe", "store_test", "--child", what, folder.c_str(), fd.c_str(), nullptr);
  _exit(127);
}

class Tmpfs {
 public:
  explicit Tmpfs(const std::string& folder) : folder_(folder) {
    is_mounted_ = mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=24m") == 0;
  }
  ~Tmpfs() {
    if (is_mounted_) umount2(folder_.c_str(), MNT_DETACH);
  }
  Tmpfs(const Tmpfs&) = delete;
  Tmpfs& operator=(const Tmpfs&) = delete;
  bool is_mounted() const { return is_mounted_; }

 private:
  std::string folder_;
  bool is_mounted_ = false;
};

// Commits until the disk is full; returns how many were acknowledged. The first refusal must be a clear one.
std::uint32_t fill(Engine& engine) {
  for (std::uint32_t number = 0; number < 20'000; ++number) {
    const auto done = engine.commit(partition_of(0), numbered_batch(number));
    if (done) continue;
    EXPECT_EQ(done.error().code, Errc::unavailable);
    EXPECT_NE(done.error().text.find("is full"), std::string::npos) << done.error().text;
    return number;
  }
  ADD_FAILURE() << "a disk of 24 MiB was never full";
  return 0;
}

Result<void> commit_within(Engine& engine, std::uint32_t number, std::chrono::seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    auto done = engine.commit(partition_of(0), numbered_batch(number));
    if (done || std::chrono::steady_clock::now() > deadline) return done;
    EXPECT_EQ(done.error().code, Errc::unavailable);
    std::this_thread::sleep_for(100ms);
  }
}

void expect_batches(Engine& engine, std::uint32_t count) {
  for (std::uint32_t number = 0; number < count; ++number)
    ASSERT_TRUE(has_batch(engine, partition_of(0), number)) << number;
  EXPECT_FALSE(has_batch(engine, partition_of(0), count)) << "what was refused is not there";
}

}  // namespace

TEST(Crash, AcknowledgedCommitsSurviveKill) {
  const TestFolder folder(std::filesystem::temp_directory_path());
  constexpr int kRounds = 20;
  std::vector<std::int64_t> acknowledged(kWriters, -1);
  std::vector<std::int64_t> seen(kWriters, 0);
  std::mt19937 random(20);
  for (int round = 0; round < kRounds; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    const pid_t child = start_child("commit", folder.path(), ends[1]);
    ASSERT_GT(child, 0);
    close(ends[1]);
    // Mostly while it commits; each fifth time a while after its start, which may be while it still opens the store.
    std::atomic<bool> may_kill = round % 5 == 4;
    std::thread killer([&, pause = std::chrono::milliseconds(random() % 150)] {
      may_kill.wait(false);
      std::this_thread::sleep_for(pause);
      kill(child, SIGKILL);
    });
    std::uint32_t said[2];
    while (read(ends[0], said, sizeof said) == sizeof said) {
      acknowledged[said[0]] = said[1];
      may_kill = true;
      may_kill.notify_one();
    }
    may_kill = true;
    may_kill.notify_one();
    killer.join();
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    close(ends[0]);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself with " << WEXITSTATUS(status);

    auto engine = open_rocksdb(folder.path(), kSmall);
    ASSERT_TRUE(engine) << engine.error().text;
    for (int writer = 0; writer < kWriters; ++writer) {
      std::int64_t& said_last = acknowledged[static_cast<std::size_t>(writer)];
      const auto last = stored(**engine, partition_of(writer), "last", Space::records);
      const std::int64_t end = last ? std::stoll(*last) : -1;
      EXPECT_GE(end, said_last);
      EXPECT_LE(end, said_last + 1) << "one can be written and not yet said";
      EXPECT_FALSE(stored(**engine, partition_of(writer), "n" + std::to_string(end + 1), Space::content));
      // In the last round all of them, before that those which are new.
      std::int64_t& from = seen[static_cast<std::size_t>(writer)];
      for (std::int64_t number = round == kRounds - 1 ? 0 : from; number <= end; ++number)
        ASSERT_TRUE(has_batch(**engine, partition_of(writer), static_cast<std::uint32_t>(number))) << number;
      from = end + 1;
      said_last = end;
    }
  }
  for (const std::int64_t last : acknowledged) EXPECT_GT(last, 0) << "the test must have committed something";
}

TEST(Crash, AFailedWriteIsOvercomeByOpeningAgain) {
  const TestFolder folder;
  const pid_t child = start_child("file-limit", folder.path(), 2);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(DiskFull, RocksdbItselfRunsOutOfDisk) {
  const TestFolder folder;
  const Tmpfs disk(folder.path());
  if (!disk.is_mounted()) GTEST_SKIP() << "mounting is not permitted here";
  const std::string ballast = folder.path() + "/ballast";
  std::ofstream(ballast) << std::string(9 << 20, 'x');
  std::uint32_t count = 0;
  {
    auto engine = open_rocksdb(folder.path() + "/store", kSmall).value();
    count = fill(*engine);
    EXPECT_GT(count, 100U);
    expect_batches(*engine, count);
    // It may find some room once more by writing out compressed what was not compressed in the log.
    while (engine->commit(partition_of(0), numbered_batch(count))) ++count;
    expect_batches(*engine, count);
    std::filesystem::remove(ballast);
    const auto done = commit_within(*engine, count, 20s);
    ASSERT_TRUE(done) << done.error().text;
    expect_batches(*engine, count + 1);
  }
  auto engine = open_rocksdb(folder.path() + "/store", kSmall);
  ASSERT_TRUE(engine) << engine.error().text;
  expect_batches(**engine, count + 1);
}

TEST(DiskFull, TheReserveIsKeptAndErasingStillWorks) {
  const TestFolder folder;
  const Tmpfs disk(folder.path());
  if (!disk.is_mounted()) GTEST_SKIP() << "mounting is not permitted here";
  RocksdbOptions options = kSmall;
  options.keep_free_bytes = 8 << 20;
  const std::string ballast = folder.path() + "/ballast";
  std::ofstream(ballast) << std::string(2 << 20, 'x');
  auto engine = open_rocksdb(folder.path() + "/store", options).value();
  const std::uint32_t count = fill(*engine);
  EXPECT_GT(count, 100U);
  EXPECT_GT(std::filesystem::space(folder.path()).available, 4U << 20);
  expect_batches(*engine, count);
  Batch erase;
  erase.erase("n0");
  EXPECT_TRUE(engine->commit(partition_of(0), erase));
  EXPECT_FALSE(stored(*engine, partition_of(0), "n0", Space::records));
  std::filesystem::remove(ballast);
  const auto done = commit_within(*engine, count, 20s);
  EXPECT_TRUE(done) << done.error().text;
}

}  // namespace kontor::store

int main(int count, char** words) {
  using namespace kontor;
  log::configure(log::Level::off, log::Form::text, "");
  const std::vector<std::string> arguments(words, words + count);
  if (count == 5 && arguments[1] == "--child") {
    if (arguments[2] == "commit") return store::commit_until_killed(arguments[3], std::stoi(arguments[4]));
    if (arguments[2] == "file-limit") return store::meet_a_file_limit(arguments[3]);
    return 126;
  }
  testing::InitGoogleTest(&count, words);
  return RUN_ALL_TESTS();
}
