// SPDX-License-Identifier: AGPL-3.0-or-later
// Groups items of a folder into threads (RFC 5256 sections 3 and 4; REFS as Dovecot has it).
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "formats/mime/summary_generated.h"
#include "groupware/account.h"
#include "groupware/search/arena.h"
#include "groupware/search/fold.h"

namespace kontor::groupware {

enum class Threading : std::uint8_t {
  ordered_subject,  // by base subject and sent date
  references,       // by References and In-Reply-To, then by subject
  refs,             // by References and In-Reply-To only; threads in the order of their latest date
};

// Threads as trees: children and roots in order. A node without a message stands for one that is not there; only roots
// can be such, and they have two children or more.
struct Forest {
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  struct Node {
    std::uint32_t position = kNone;
    std::vector<std::uint32_t> children;
  };
  std::vector<Node> nodes;
  std::vector<std::uint32_t> roots;
};

// What threading needs of a message.
struct ThreadedMessage {
  std::uint32_t position = 0;
  Instant date;                                       // sent or received
  std::uint32_t id = 0;                               // of its Message-ID among those gathered; 0 = none
  std::uint32_t first_reference = 0, references = 0;  // its part of Gathered::references, oldest first
  std::string_view subject;                           // base subject, folded
  bool is_reply = false;
};

struct Gathered {
  std::vector<ThreadedMessage> messages;  // by position
  std::vector<std::uint32_t> references;
  std::uint32_t ids = 0;  // how many there are: 1 to `ids`
};

// One thread at a time.
class Threader {
 public:
  explicit Threader(Threading algorithm, Collation collation = Collation::unicode_casemap)
      : algorithm_(algorithm), collation_(collation) {}

  // As Sorter::gather; positions ascending.
  Result<void> gather(const Reader& reader, const FolderView& view, const std::vector<std::uint32_t>& positions,
                      std::size_t& next);
  Forest threads() const;

 private:
  void take(ThreadedMessage& message, const mime::fb::Summary& summary);
  std::uint32_t number_of(std::string_view id);

  Threading algorithm_;
  Collation collation_;  // of subjects
  Gathered gathered_;
  TextArena texts_;
  std::unordered_map<std::string_view, std::uint32_t> ids_;
};

// The algorithms themselves.
Forest thread_by_subject(const Gathered& gathered);
Forest thread_by_references(const Gathered& gathered, bool with_subjects);

}  // namespace kontor::groupware
