// SPDX-License-Identifier: AGPL-3.0-or-later
// What the import endpoint reads for its answers: the ledger's digests, and items for verification. In bounded pieces.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "groupware/account.h"

namespace kontor::importing {

// The request for a digest.
struct DigestQuery {
  std::string source;
  std::optional<std::string> folder;             // absent = an overview of all folders
  std::optional<std::vector<std::string>> keys;  // only of these items
  bool vanished = false;                         // instead: the content hashes of all vanished items, in hex
};
Result<DigestQuery> parse_digest_query(std::string_view json);

// Gives the answer in pieces of some 64 KiB, empty at the end. Each call blocks. Keeps the account alive.
using Pieces = std::function<Result<std::string>()>;
Pieces digest_pieces(std::shared_ptr<groupware::Account> account, DigestQuery query);
// With `read_content` each item's content is read and hashed; otherwise the stored hash is given.
Pieces verify_pieces(std::shared_ptr<groupware::Account> account, std::string source, std::string folder_key,
                     bool read_content);

}  // namespace kontor::importing
