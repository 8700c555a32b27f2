// SPDX-License-Identifier: AGPL-3.0-or-later
// Everything that crypt(3) of libxcrypt verifies. Its own limits are far above what a login may cost, so each method's
// cost is read from the hash first.
#include <crypt.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "directory/passwords/digests.h"

namespace kontor::directory::passwords {
namespace {

constexpr std::string_view kCryptDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// Limits that take about a second each.
constexpr std::uint64_t kMaxShaRounds = 2'000'000;
constexpr std::uint64_t kMaxSha1Rounds = 600'000;
constexpr std::uint64_t kMaxSunRounds = 600'000;
constexpr std::uint64_t kMaxBsdiRounds = 6'000'000;
constexpr std::uint64_t kMaxBcryptLog2 = 14;

// The rounds of a hash, and up to how many blocks of 64 bytes of password they may be done for: the SHA-2 methods take
// the whole password in each round.
struct CryptCost {
  std::uint64_t rounds = 1;
  std::uint64_t limit = 1;
  bool grows_with_password = false;
};

Result<CryptCost> too_costly() { return fail(Errc::invalid, "the crypt hash costs too much time or memory"); }
Result<CryptCost> malformed() { return fail(Errc::invalid, "the crypt hash is not well formed"); }
Result<CryptCost> within(CryptCost cost) { return cost.rounds > cost.limit ? too_costly() : Result<CryptCost>(cost); }

std::optional<std::uint32_t> crypt_digit(char c) {
  std::size_t at = kCryptDigits.find(c);
  return at == kCryptDigits.npos ? std::nullopt : std::optional(static_cast<std::uint32_t>(at));
}

// Little-endian base64 of `count` digits from the front of `text`.
std::optional<std::uint32_t> take_fixed(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    auto digit = crypt_digit(text[i]);
    if (!digit) return std::nullopt;
    value |= *digit << 6 * i;
  }
  text.remove_prefix(count);
  return value;
}

// yescrypt's numbers of variable length: the first digit says how many follow.
std::optional<std::uint32_t> take_variable(std::string_view& text, std::uint32_t least) {
  if (text.empty()) return std::nullopt;
  auto digit = crypt_digit(text.front());
  if (!digit) return std::nullopt;
  text.remove_prefix(1);
  std::uint32_t start = 0, end = 47, bits = 0, value = least;
  std::size_t more = 0;
  while (*digit > end) {
    value += (end + 1 - start) << bits;
    start = end + 1;
    end = start + (62 - end) / 2;
    bits += 6;
    ++more;
  }
  if (more > 4) return std::nullopt;
  value += (*digit - start) << bits;
  for (; more > 0; --more) {
    if (text.empty()) return std::nullopt;
    digit = crypt_digit(text.front());
    if (!digit) return std::nullopt;
    text.remove_prefix(1);
    bits -= 6;
    value += *digit << bits;
  }
  return value;
}

// `times` the memory of scrypt with 2^log2 blocks of 128 * r bytes must stay below the limit.
Result<CryptCost> scrypt_cost(std::uint64_t log2, std::uint64_t r, std::uint64_t times) {
  if (log2 == 0 || r == 0 || times == 0) return malformed();
  if (log2 > 28 || r > kMaxMemory || times > 64 || (r * 128 << log2) * times > kMaxMemory) return too_costly();
  return CryptCost{};
}

Result<CryptCost> sha2_cost(std::string_view text) {
  CryptCost cost{5000, kMaxShaRounds, true};
  text.remove_prefix(3);
  if (text.starts_with("rounds=")) {
    text.remove_prefix(7);
    auto rounds = parse_number(text.substr(0, text.find('$')), 999'999'999);
    if (!rounds) return malformed();
    cost.rounds = *rounds;
  }
  return within(cost);
}

Result<CryptCost> bcrypt_cost(std::string_view text) {
  if (text.size() != 60 || text[6] != '$') return malformed();
  auto log2 = parse_number(text.substr(4, 2), 99);
  if (!log2 || *log2 < 4) return malformed();
  return within({*log2, kMaxBcryptLog2});
}

Result<CryptCost> sha1_cost(std::string_view text) {
  text.remove_prefix(6);
  auto rounds = parse_number(text.substr(0, text.find('$')), 0xffff'ffff);
  return rounds ? within({*rounds, kMaxSha1Rounds}) : malformed();
}

Result<CryptCost> sun_cost(std::string_view text) {
  CryptCost cost{4096, kMaxSunRounds};
  text.remove_prefix(4);
  if (text.starts_with(",rounds=")) {
    text.remove_prefix(8);
    auto rounds = parse_number(text.substr(0, text.find('$')), 0xffff'ffff);
    if (!rounds) return malformed();
    cost.rounds += *rounds;
  } else if (!text.starts_with('$')) {
    return malformed();
  }
  return within(cost);
}

Result<CryptCost> scrypt7_cost(std::string_view text) {
  text.remove_prefix(3);
  auto log2 = take_fixed(text, 1);
  auto r = take_fixed(text, 5);
  auto p = take_fixed(text, 5);
  return log2 && r && p ? scrypt_cost(*log2, *r, *p) : malformed();
}

// "$y$" flavor, N, r, and optionally which of p, t, g and a ROM follow.
Result<CryptCost> yescrypt_cost(std::string_view text) {
  text.remove_prefix(text.find('$', 1) + 1);
  auto flavor = take_variable(text, 0);
  auto log2 = take_variable(text, 1);
  auto r = take_variable(text, 1);
  if (!flavor || !log2 || !r) return malformed();
  std::uint64_t times = 1;
  if (!text.starts_with('$')) {
    auto have = take_variable(text, 1);
    if (!have) return malformed();
    if (*have > 3) return too_costly();  // growing hashes and ROMs do not occur in password files
    auto p = *have & 1 ? take_variable(text, 2) : 1;
    auto t = *have & 2 ? take_variable(text, 1) : 0;
    if (!p || !t || !text.starts_with('$')) return malformed();
    if (*p > 64 || *t > 64) return too_costly();
    times = std::uint64_t{*p} * (1 + *t);
  }
  return scrypt_cost(*log2, *r, times);
}

Result<CryptCost> fixed_cost(std::string_view) { return CryptCost{}; }

struct CryptMethod {
  std::string_view prefix;
  Result<CryptCost> (*cost)(std::string_view text);
};

constexpr std::array kCryptMethods = {
    CryptMethod{"$1$", fixed_cost},     CryptMethod{"$2a$", bcrypt_cost}, CryptMethod{"$2b$", bcrypt_cost},
    CryptMethod{"$2x$", bcrypt_cost},   CryptMethod{"$2y$", bcrypt_cost}, CryptMethod{"$5$", sha2_cost},
    CryptMethod{"$6$", sha2_cost},      CryptMethod{"$7$", scrypt7_cost}, CryptMethod{"$y$", yescrypt_cost},
    CryptMethod{"$gy$", yescrypt_cost}, CryptMethod{"$sha1$", sha1_cost}, CryptMethod{"$md5", sun_cost},
};

Result<CryptCost> traditional_cost(std::string_view text) {
  auto is_digit = [](char c) { return crypt_digit(c).has_value(); };
  if (text.size() == 13 && std::ranges::all_of(text, is_digit)) return CryptCost{};
  if (text.size() == 20 && text[0] == '_' && std::ranges::all_of(text.substr(1), is_digit)) {
    text.remove_prefix(1);
    return within({*take_fixed(text, 4), kMaxBsdiRounds});
  }
  return fail(Errc::invalid, "the crypt hash is of no known method");
}

Result<CryptCost> crypt_cost(std::string_view text) {
  if (text.starts_with("$3$")) return fail(Errc::invalid, "Windows NT hashes are not accepted: set a new password");
  if (text.starts_with("$P$") || text.starts_with("$H$")) return CryptCost{};
  for (const CryptMethod& method : kCryptMethods)
    if (text.starts_with(method.prefix)) return method.cost(text);
  return traditional_cost(text);
}

}  // namespace

Result<Matcher> unix_crypt(const Stored& stored) {
  TRY(CryptCost cost, crypt_cost(stored.text));
  if (stored.text.starts_with("$P$") || stored.text.starts_with("$H$")) return phpass(stored);
  return [text = std::string(stored.text), cost](const Attempt& attempt) {
    if (cost.grows_with_password && cost.rounds * (1 + attempt.password.size() / 64) > cost.limit) return false;
    // 32 KiB: too large for the stack of a coroutine's caller.
    auto work = std::make_unique<crypt_data>();
    std::string password(attempt.password);
    const char* computed = crypt_r(password.c_str(), text.c_str(), work.get());
    return computed != nullptr && computed[0] != '*' && equal_constant_time(computed, text);
  };
}

Result<Matcher> md5_either(const Stored& stored) {
  if (stored.encoding == Encoding::by_scheme && stored.text.starts_with("$1$")) return unix_crypt(stored);
  return unsalted(stored);
}

}  // namespace kontor::directory::passwords
