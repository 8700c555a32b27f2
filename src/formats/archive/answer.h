// SPDX-License-Identifier: AGPL-3.0-or-later
// What an importer answers about an archive and about its ledger: lines of text, shared by server and client.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace kontor::archive {

constexpr std::size_t kMaxAnswerLine = 1 << 20;

// What happened to one folder's items in a durable batch, or at an account's end.
struct Counts {
  std::uint64_t copied = 0;        // new in the account
  std::uint64_t bytes = 0;         // of those
  std::uint64_t present = 0;       // were there already and need nothing
  std::uint64_t updated = 0;       // were there already; flags, keywords or properties were merged
  std::uint64_t moved = 0;         // were there already, under another key or in another folder
  std::uint64_t vanished = 0;      // newly found to be gone at the source
  std::uint64_t removed = 0;       // gone at the source and removed here
  std::uint64_t kept = 0;          // gone at the source; stay here because they were changed here, or by the threshold
  std::uint64_t uids_changed = 0;  // of copied and moved: could not have the source's UID
  std::uint64_t names_rewritten = 0;  // of folders and keywords
  void add(const Counts& other);
  bool operator==(const Counts&) const = default;
};

struct Quarantined {
  std::string key;
  std::string reason;
  bool operator==(const Quarantined&) const = default;
};

// One line of the answer to an archive.
struct Answer {
  std::string account;
  std::string folder;  // its key; empty for the account as a whole
  Counts counts;
  std::vector<Quarantined> quarantined;
  std::vector<Quarantined> damaged;    // taken as they came, though they could not be understood: why
  std::vector<Quarantined> different;  // of a comparison: what is not here as it is at the source, and since when
  std::vector<std::string> needed;     // keys whose content must be sent after all
  std::string note;                    // for a person: "53 of 60 vanished items were not removed: ..."
  std::optional<Error> error;          // the import ended here; what was acknowledged stays
  bool done = false;                   // the archive was taken to its end

  // Says only that the import goes on.
  bool is_silent() const;
};
std::string to_line(const Answer& answer);
Result<Answer> parse_answer(std::string_view line);

// What the ledger knows of a folder of the source.
struct LedgerFolder {
  std::string key;
  std::uint32_t uid_validity = 0;  // at the source, at the last pass
  std::uint64_t items = 0;         // at the end of the last complete pass
  std::string state;               // of that pass
  bool is_gone = false;            // the source had it no longer
};
std::string to_line(const LedgerFolder& folder);
Result<LedgerFolder> parse_ledger_folder(std::string_view line);

// One item of a ledger's digest: "key state flag".
struct DigestLine {
  std::string key;  // bounded_key() of it
  std::uint64_t state = 0;
  bool is_vanished = false;
};
std::string to_line(const DigestLine& digest);
Result<DigestLine> parse_digest_line(std::string_view line);

// One item as it is in the target, for verification.
struct TargetItem {
  std::string key;  // bounded_key(); empty = not from this source
  std::uint32_t uid = 0;
  std::uint8_t flags = 0;
  std::vector<std::string> keywords;
  InternalDate date;
  std::uint64_t size = 0;         // of the content
  std::uint64_t attachments = 0;  // contents that it has outside of its own, each once
  // 32 raw bytes, of the content as it was read just now. It refers to attachments as it did when it came: by the
  // hashes of what was read just now.
  std::string sha256;
  std::string name;           // of kinds other than mail
  bool is_removed = false;    // its user removed it
  bool is_elsewhere = false;  // its user moved it to another folder
  bool is_vanished = false;   // gone at the source
  std::string fault;          // the content could not be read
};
std::string to_line(const TargetItem& item);
Result<TargetItem> parse_target_item(std::string_view line);

// What the target knows of the account's place.
struct TargetAccount {
  std::string address;
  std::string status;       // "inactive"; empty = there is no such user
  std::uint64_t used = 0;   // bytes
  std::uint64_t limit = 0;  // 0 = unlimited
  std::uint64_t items = 0;
};
std::string to_line(const TargetAccount& account);
Result<TargetAccount> parse_target_account(std::string_view line);

}  // namespace kontor::archive
