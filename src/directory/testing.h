// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room's tests: a directory on an engine in memory, with a clock that stands still and cheap hashes.
#pragma once

#include <gtest/gtest.h>
#include <time.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "directory/directory.h"
#include "store/engine.h"
#include "store/memory.h"

namespace kontor::directory {

inline constexpr HashCost kCheapCost{.memory_kib = 64, .passes = 1, .scram = ScramUse::automatic, .scram_rounds = 4096};

// What this thread has computed so far. Unlike a clock it stands still while others have the processor.
inline std::chrono::nanoseconds computed() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

inline std::unique_ptr<Directory> opened(store::Engine& engine, const Clock& clock) {
  auto directory = Directory::open(engine, clock, kCheapCost);
  EXPECT_TRUE(directory) << (directory ? "" : directory.error().text);
  return directory ? std::move(*directory) : nullptr;
}

// Tenant acme with example.org, tenant other with other.example.
class DirectoryTest : public testing::Test {
 protected:
  void SetUp() override {
    acme = directory->add_tenant("acme").value();
    other = directory->add_tenant("other").value();
    ASSERT_TRUE(directory->add_domain(acme.id, "example.org"));
    ASSERT_TRUE(directory->add_domain(other.id, "other.example"));
  }

  Principal add(const std::string& address, PrincipalKind kind = PrincipalKind::user) {
    auto added = directory->add_principal({kind, address, "", Status::active, std::nullopt});
    EXPECT_TRUE(added) << (added ? "" : added.error().text);
    return added.value();
  }

  void set_members(PrincipalId id, std::vector<PrincipalId> members) {
    Principal principal = directory->principal(id).value();
    principal.members = std::move(members);
    auto done = directory->update_principal(principal);
    EXPECT_TRUE(done) << (done ? "" : done.error().text);
  }

  void set_status(PrincipalId id, Status status) {
    Principal principal = directory->principal(id).value();
    principal.status = status;
    EXPECT_TRUE(directory->update_principal(principal));
  }

  std::optional<std::string> stored(const std::string& key) {
    auto snapshot = engine->snapshot(store::kDirectoryPartition).value();
    auto value = snapshot->get(key).value();
    return value ? std::optional(std::string(*value)) : std::nullopt;
  }

  void expect_clean() {
    auto faults = directory->check();
    ASSERT_TRUE(faults) << faults.error().text;
    for (const std::string& fault : *faults) ADD_FAILURE() << fault;
  }

  FakeClock clock{Instant(std::chrono::seconds(1'800'000'000))};
  std::unique_ptr<store::Engine> engine = store::open_memory();
  std::unique_ptr<Directory> directory = opened(*engine, clock);
  Tenant acme, other;
};

// The result failed with this code, and its sentence has this text.
template <class T>
testing::AssertionResult fails(const Result<T>& result, Errc code, std::string_view says) {
  if (result) return testing::AssertionFailure() << "succeeded";
  if (result.error().code != code || !result.error().text.contains(says))
    return testing::AssertionFailure() << name(result.error().code) << ": " << result.error().text;
  return testing::AssertionSuccess();
}

}  // namespace kontor::directory
