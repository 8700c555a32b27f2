// SPDX-License-Identifier: AGPL-3.0-or-later
// phpass "portable" hashes: "$P$" or "$H$", a digit for the rounds, 8 bytes of salt, an iterated MD5 in its own base64.
#include "base/bytes.h"
#include "directory/passwords/digests.h"

namespace kontor::directory::passwords {
namespace {

constexpr std::string_view kPhpassDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kPhpassLength = 34;
constexpr std::size_t kMaxPhpassLog2 = 20;

// Little-endian groups of three bytes.
std::string phpass_text(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    std::size_t taken = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < taken; ++k)
      group |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i + k])) << 8 * k;
    for (std::size_t k = 0; k <= taken; ++k) out.push_back(kPhpassDigits[group >> 6 * k & 63]);
  }
  return out;
}

}  // namespace

Result<Matcher> phpass(const Stored& stored) {
  if (stored.text.size() != kPhpassLength) return fail(Errc::invalid, "the phpass hash is not whole");
  std::size_t log2 = kPhpassDigits.find(stored.text[3]);
  if (log2 == kPhpassDigits.npos || log2 < 7)
    return fail(Errc::invalid, "the phpass hash has no valid number of rounds");
  if (log2 > kMaxPhpassLog2) return fail(Errc::invalid, "the phpass hash has too many rounds");
  return [rounds = std::uint64_t{1} << log2, salt = std::string(stored.text.substr(4, 8)),
          expected = std::string(stored.text.substr(12))](const Attempt& attempt) {
    Hasher hasher(Digest::md5);
    std::string state = hasher(salt, attempt.password);
    for (std::uint64_t i = 0; i < rounds; ++i) state = hasher(state, attempt.password);
    return equal_constant_time(phpass_text(state), expected);
  };
}

}  // namespace kontor::directory::passwords
