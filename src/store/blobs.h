// SPDX-License-Identifier: AGPL-3.0-or-later
// The blob store: large content, addressed by its SHA-256, stored once per tenant, in pieces.
//
// Protocol, in this order (inv.):
//  1. pieces are committed lazily under a fresh blob id, listed as an upload (what fits into one piece waits for 2);
//  2. finish() makes the blob findable by its hash, durably; if the tenant has that hash already, the pieces are
//  dropped;
//  3. refer() notes durably that an account may refer to it, before the account commits the item that does, and within
//     the grace period after finish();
//  4. sweep() forgets notes older than the grace period whose account no longer refers, then blobs without notes, and
//     uploads that were never finished. Its expectations lose against a concurrent finish() or refer().
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "store/engine.h"

namespace kontor::store {

struct BlobRef {
  std::string hash;  // SHA-256, 32 bytes
  std::uint64_t size = 0;
};

struct Sweep {
  std::uint64_t blobs = 0;    // removed
  std::uint64_t bytes = 0;    // removed
  std::uint64_t uploads = 0;  // unfinished ones removed
};

// Thread-safe. Blocks: call it from a worker.
class Blobs {
 public:
  Blobs(Engine& engine, const Clock& clock) : engine_(engine), clock_(clock) {}

  // Takes one blob in pieces. Destroyed without finish(), it leaves an upload for the sweep. One thread at a time.
  class Writer {
   public:
    ~Writer();
    Writer(Writer&&) noexcept;
    // After an error the blob is lost, and everything else gives that error again. Errors: unavailable, conflict (the
    // upload stood still for longer than the grace period and was swept).
    Result<void> write(std::string_view bytes);
    // Once, as the last call.
    Result<BlobRef> finish();

   private:
    friend class Blobs;
    struct State;
    explicit Writer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
  };
  Writer write(TenantId tenant);

  // Makes sure the account is noted as a possible owner, with the present time. Errors: not_found (no such blob).
  Result<void> refer(TenantId tenant, const std::string& hash, AccountId account);

  // Up to `length` bytes from `offset`; fewer only at the end. Errors: not_found, corrupt.
  Result<std::string> read(TenantId tenant, const std::string& hash, std::uint64_t offset, std::size_t length);
  // Errors: not_found.
  Result<std::uint64_t> size(TenantId tenant, const std::string& hash);

  // `refers` answers whether the account has an item with that content.
  using Refers = std::function<Result<bool>(AccountId, const std::string& hash)>;
  Result<Sweep> sweep(TenantId tenant, std::chrono::seconds grace, const Refers& refers);

  // For `kontor check`: visits every finished blob; `intact` reads all its pieces and compares the hash.
  Result<void> each(TenantId tenant, const std::function<bool(const BlobRef&)>& visit);
  Result<bool> intact(TenantId tenant, const std::string& hash);

 private:
  Engine& engine_;
  const Clock& clock_;
};

}  // namespace kontor::store
