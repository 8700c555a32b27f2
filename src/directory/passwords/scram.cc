// SPDX-License-Identifier: AGPL-3.0-or-later
// {SCRAM-SHA-1} and {SCRAM-SHA-256} (RFC 5802 section 3): "rounds,salt,StoredKey,ServerKey".
#include <vector>

#include "base/bytes.h"
#include "directory/passwords/digests.h"

namespace kontor::directory::passwords {
namespace {

constexpr std::uint64_t kMaxScramRounds = 2'000'000;

}  // namespace

Result<Matcher> scram(const Stored& stored) {
  std::vector<std::string_view> parts;
  for (std::string_view rest = stored.text; parts.size() < 5;) {
    std::size_t comma = rest.find(',');
    parts.push_back(rest.substr(0, comma));
    if (comma == rest.npos) break;
    rest.remove_prefix(comma + 1);
  }
  if (parts.size() != 4) return fail(Errc::invalid, "the SCRAM hash does not have the parts rounds, salt and two keys");
  auto rounds = parse_number(parts[0], kMaxScramRounds);
  if (!rounds || *rounds == 0) return fail(Errc::invalid, "the SCRAM hash has no number of rounds, or too many");
  auto salt = from_base64(parts[1]);
  auto stored_key = from_base64(parts[2]);
  auto server_key = from_base64(parts[3]);
  std::size_t size = digest_size(stored.digest);
  if (!salt || !stored_key || !server_key || stored_key->size() != size || server_key->size() != size)
    return fail(Errc::invalid, "the SCRAM hash is not whole or not base64");
  return [digest = stored.digest, rounds = static_cast<std::uint32_t>(*rounds), salt = *salt, stored_key = *stored_key,
          server_key = *server_key, size](const Attempt& attempt) {
    std::string key = pbkdf2_of(digest, attempt.password, salt, rounds, size);
    bool client = equal_constant_time(digest_of(digest, hmac_of(digest, key, "Client Key")), stored_key);
    bool server = equal_constant_time(hmac_of(digest, key, "Server Key"), server_key);
    return client && server;
  };
}

}  // namespace kontor::directory::passwords
