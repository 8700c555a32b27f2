// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/bytes.h"
#include "base/digest.h"
#include "directory/passwords/scheme.h"

namespace kontor::directory::passwords {
namespace {

// Digests are compared, so that the time tells nothing of the length either.
bool same_text(std::string_view a, std::string_view b) { return equal_constant_time(sha256(a), sha256(b)); }

}  // namespace

Result<Matcher> plain(const Stored& stored) {
  if (stored.text.empty()) return fail(Errc::invalid, "a stored password must not be empty");
  return [text = std::string(stored.text)](const Attempt& attempt) { return same_text(text, attempt.password); };
}

// "<n>-<text>": only the first n bytes were kept; without n, and for shorter passwords, the text is the whole password.
Result<Matcher> plain_trunc(const Stored& stored) {
  std::size_t dash = stored.text.find('-');
  auto kept = dash == stored.text.npos ? std::nullopt : parse_number(stored.text.substr(0, dash), kMaxPassword);
  if (!kept) return plain(stored);
  std::string text(stored.text.substr(dash + 1));
  if (text.empty() || text.size() > *kept) return fail(Errc::invalid, "{PLAIN-TRUNC} has a length that does not fit");
  return [text, length = static_cast<std::size_t>(*kept)](const Attempt& attempt) {
    return same_text(text, attempt.password.substr(0, length));
  };
}

}  // namespace kontor::directory::passwords
