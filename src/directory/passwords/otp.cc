// SPDX-License-Identifier: AGPL-3.0-or-later
// {OTP} (RFC 2289): "algorithm count seed hash". The pass phrase itself is what is checked, not a one-time word.
#include <vector>

#include "base/bytes.h"
#include "directory/passwords/digests.h"

namespace kontor::directory::passwords {
namespace {

constexpr std::uint64_t kMaxOtpCount = 100'000;

// RFC 2289 appendix A: to 64 bits. SHA-1's words are folded as integers and stored little-endian.
std::string folded(Digest digest, const std::string& bytes) {
  std::string out = bytes.substr(0, 8);
  auto mix = [&](std::size_t to, std::size_t from) {
    for (std::size_t i = 0; i < 4; ++i) out[to + i] = static_cast<char>(out[to + i] ^ bytes[from + i]);
  };
  mix(0, 8);
  mix(4, 12);
  if (digest != Digest::sha1) return out;
  mix(0, 16);
  return {out[3], out[2], out[1], out[0], out[7], out[6], out[5], out[4]};
}

}  // namespace

Result<Matcher> otp(const Stored& stored) {
  std::vector<std::string_view> parts;
  for (std::string_view rest = stored.text; parts.size() < 5;) {
    std::size_t space = rest.find(' ');
    parts.push_back(rest.substr(0, space));
    if (space == rest.npos) break;
    rest.remove_prefix(space + 1);
  }
  if (parts.size() != 4)
    return fail(Errc::invalid, "the OTP hash does not have the parts algorithm, count, seed, hash");
  Digest digest = iequals(parts[0], "md4")    ? Digest::md4
                  : iequals(parts[0], "md5")  ? Digest::md5
                  : iequals(parts[0], "sha1") ? Digest::sha1
                                              : Digest::none;
  auto count = parse_number(parts[1], kMaxOtpCount);
  auto expected = from_hex(parts[3]);
  if (digest == Digest::none) return fail(Errc::invalid, "the OTP hash uses a digest that is not supported");
  if (!count) return fail(Errc::invalid, "the OTP hash has no count, or one that is too high");
  if (!expected || expected->size() != 8) return fail(Errc::invalid, "the OTP hash does not have 16 hex digits");
  return [digest, count = *count, seed = to_lower(parts[2]), expected = *expected](const Attempt& attempt) {
    Hasher hasher(digest);
    std::string state = folded(digest, hasher(seed, attempt.password));
    for (std::uint64_t i = 0; i < count; ++i) state = folded(digest, hasher(state));
    return equal_constant_time(state, expected);
  };
}

}  // namespace kontor::directory::passwords
