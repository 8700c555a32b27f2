// SPDX-License-Identifier: AGPL-3.0-or-later
// Argon2 (RFC 9106) in PHC form: "$argon2id$v=19$m=19456,t=2,p=1$salt$hash".
#include <argon2.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "directory/password.h"
#include "directory/passwords/digests.h"

namespace kontor::directory {
namespace {

constexpr std::size_t kArgon2Salt = 16;
constexpr std::size_t kArgon2Hash = 32;

}  // namespace

std::string hash_password(std::string_view password, std::uint32_t memory_kib, std::uint32_t passes) {
  std::string salt = random_bytes(kArgon2Salt);
  std::string out(argon2_encodedlen(passes, memory_kib, 1, kArgon2Salt, kArgon2Hash, Argon2_id), '\0');
  int code = argon2id_hash_encoded(passes, memory_kib, 1, password.data(), password.size(), salt.data(), salt.size(),
                                   kArgon2Hash, out.data(), out.size());
  check(code == ARGON2_OK, argon2_error_message(code));
  out.resize(out.find('\0'));
  return out;
}

namespace passwords {
namespace {

// KiB times passes that take about a second.
constexpr std::uint64_t kMaxArgon2Work = 1ULL << 20;
constexpr std::uint64_t kMaxLanes = 16;

struct Argon2Cost {
  std::uint64_t memory_kib = 0;
  std::uint64_t passes = 0;
  std::uint64_t lanes = 0;
};

// "m=..,t=..,p=..", in this order only, as the reference implementation writes and reads it.
std::optional<Argon2Cost> parse_argon2_cost(std::string_view text) {
  Argon2Cost cost;
  struct Item {
    std::string_view name;
    std::uint64_t* value;
  };
  for (Item item : {Item{"m=", &cost.memory_kib}, Item{"t=", &cost.passes}, Item{"p=", &cost.lanes}}) {
    if (!text.starts_with(item.name)) return std::nullopt;
    text.remove_prefix(item.name.size());
    std::size_t comma = text.find(',');
    auto value = parse_number(text.substr(0, comma), 0xffff'ffff);
    if (!value || *value == 0) return std::nullopt;
    *item.value = *value;
    text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
  }
  return text.empty() ? std::optional(cost) : std::nullopt;
}

struct Argon2Parts {
  argon2_type type = Argon2_id;
  Argon2Cost cost;
};

std::optional<Argon2Parts> parse_argon2(std::string_view text) {
  Argon2Parts parts;
  struct Name {
    std::string_view text;
    argon2_type type;
  };
  bool known = false;
  for (Name name : {Name{"$argon2id$", Argon2_id}, Name{"$argon2i$", Argon2_i}, Name{"$argon2d$", Argon2_d}})
    if (text.starts_with(name.text)) {
      known = true;
      parts.type = name.type;
      text.remove_prefix(name.text.size());
    }
  if (!known) return std::nullopt;
  if (text.starts_with("v=")) text.remove_prefix(std::min(text.find('$'), text.size() - 1) + 1);
  auto cost = parse_argon2_cost(text.substr(0, text.find('$')));
  if (!cost || std::ranges::count(text, '$') != 2) return std::nullopt;
  parts.cost = *cost;
  text.remove_prefix(text.find('$') + 1);
  auto salt = from_base64(text.substr(0, text.find('$')));
  auto hash = from_base64(text.substr(text.find('$') + 1));
  if (!salt || salt->size() < 8 || !hash || hash->size() < 16) return std::nullopt;
  return parts;
}

}  // namespace

Result<Matcher> argon2(const Stored& stored) {
  auto parts = parse_argon2(stored.text);
  if (!parts) return fail(Errc::invalid, "the Argon2 hash does not have its parts type, m, t, p, salt and hash");
  const Argon2Cost& cost = parts->cost;
  if (cost.memory_kib * 1024 > kMaxMemory) return fail(Errc::invalid, "the Argon2 hash needs too much memory");
  if (cost.memory_kib * cost.passes > kMaxArgon2Work) return fail(Errc::invalid, "the Argon2 hash takes too long");
  if (cost.lanes > kMaxLanes || cost.memory_kib < 8 * cost.lanes)
    return fail(Errc::invalid, "the Argon2 hash has too many lanes for its memory");
  return [type = parts->type, text = std::string(stored.text)](const Attempt& attempt) {
    return argon2_verify(text.c_str(), attempt.password.data(), attempt.password.size(), type) == ARGON2_OK;
  };
}

}  // namespace passwords

bool needs_rehash(std::string_view hash, std::uint32_t memory_kib, std::uint32_t passes) {
  auto parts = passwords::parse_argon2(hash);
  return !parts || parts->type != Argon2_id ||
         parts->cost.memory_kib * parts->cost.passes < std::uint64_t{memory_kib} * passes;
}

}  // namespace kontor::directory
