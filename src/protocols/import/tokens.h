// SPDX-License-Identifier: AGPL-3.0-or-later
// Import tokens: who may send archives to this server. Kept in one small file, readable by its owner only; of a token's
// secret only the SHA-256 is kept (the secret has 256 random bits: nothing slower is needed).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace kontor::importing {

struct Token {
  std::string label;  // unique
  Instant created{};
  std::optional<Instant> expires;
  std::vector<std::string> domains;  // addresses that may be imported into; empty = all
  std::string hash;                  // SHA-256 of the secret, raw

  bool allows(std::string_view address) const;
};

struct NewToken {
  Token token;
  std::string secret;  // shown once
};

// Each change is written anew and renamed into place, durably. `file` is made at need. Errors: exists (the label),
// invalid (the label, or a damaged file), unavailable.
Result<NewToken> add_token(const std::string& file, const std::string& label, std::optional<Instant> expires,
                           std::vector<std::string> domains, const Clock& clock);
Result<std::vector<Token>> list_tokens(const std::string& file);
Result<void> remove_token(const std::string& file, const std::string& label);  // not_found

// The token with that secret. Reads the file anew: a removed token ends at once. Errors: denied (none, or expired).
Result<Token> check_token(const std::string& file, std::string_view secret, Instant now);

}  // namespace kontor::importing
