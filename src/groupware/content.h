// SPDX-License-Identifier: AGPL-3.0-or-later
// An item's content: taken in pieces, kept inline when small and as a blob when large, read in pieces.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "formats/mime/summary.h"

namespace kontor::groupware {

struct Description;

// Content that was taken completely but belongs to no item yet. Copyable: one message for many accounts of one tenant.
// For mail it carries the summary, for other kinds what is known of the item, so that nothing is parsed under an
// account's lock.
struct StagedContent {
  std::uint64_t size = 0;
  std::uint64_t crlf_size = 0;                      // of mail, with every line ended by CRLF; of others as `size`
  std::string hash;                                 // SHA-256 of the bytes, raw
  std::shared_ptr<const std::string> inline_bytes;  // null = it is in the blob store
  TenantId tenant;
  std::shared_ptr<const mime::Summarized> mail;    // null for other kinds
  std::shared_ptr<const Description> description;  // null for mail and files; see calendar/facts.h
};

// Takes one item's content in pieces; see Accounts::stage. Beyond the inline limit (64 KiB by default) pieces go to the
// blob store as they come: memory stays bounded. Dropped without finish(), nothing remains.
class Stager {
 public:
  virtual ~Stager() = default;
  // Errors: too_large (above the configured largest item), unavailable.
  virtual Result<void> write(std::string_view bytes) = 0;
  virtual Result<StagedContent> finish() = 0;
  virtual std::uint64_t written() const = 0;
};

// An item's content for reading. Thread-safe; holds no lock and no snapshot, so that it may be read slowly: bytes of an
// item that is removed meanwhile stay readable at least for the blob store's grace period, or if they were inline.
class Content {
 public:
  virtual ~Content() = default;
  virtual std::uint64_t size() const = 0;
  // Up to `length` bytes from `offset`; fewer only at the end. Errors: not_found (gone meanwhile), corrupt,
  // unavailable.
  virtual Result<std::string> read(std::uint64_t offset, std::size_t length) const = 0;
  // All of it without a copy, where it is inline; null otherwise.
  virtual std::shared_ptr<const std::string> whole() const = 0;
};

}  // namespace kontor::groupware
