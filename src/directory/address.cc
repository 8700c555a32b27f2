// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/address.h"

#include <fmt/core.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uidna.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <memory>

#include "base/bytes.h"

namespace kontor::directory {
namespace {

constexpr std::size_t kMaxLocal = 64;
constexpr std::size_t kMaxAddress = 254;
constexpr std::size_t kMaxDomain = 253;
constexpr std::size_t kMaxDomainLabel = 63;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// RFC 5322 atext, and every byte of UTF-8 (RFC 6532).
bool is_atext(char c) {
  return is_letter_or_digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c);
}

bool is_utf8(std::string_view text) {
  std::int32_t at = 0;
  const auto size = static_cast<std::int32_t>(text.size());
  while (at < size) {
    UChar32 c = 0;
    U8_NEXT(text.data(), at, size, c);
    if (c < 0) return false;
  }
  return true;
}

bool is_dot_string(std::string_view text) {
  return !text.empty() && !text.starts_with('.') && !text.ends_with('.') && !text.contains("..") &&
         std::ranges::all_of(text, [](char c) { return c == '.' || is_atext(c); });
}

Result<std::string> unquoted(std::string_view text) {
  std::string out;
  text.remove_prefix(1);
  for (; !text.empty(); text.remove_prefix(1)) {
    if (text.front() == '"') break;
    if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
    if (is_control(text.front())) return fail(Errc::invalid, "the quoted part before the @ has a control character");
    out.push_back(text.front());
  }
  if (text != "\"") return fail(Errc::invalid, "the quoted part before the @ is not closed");
  if (out.empty()) return fail(Errc::invalid, "nothing stands before the @");
  return out;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + '"';
}

Result<std::string> lowered(const std::string& text) {
  if (is_ascii(text)) return to_lower(text);
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(code);
  if (U_FAILURE(code)) return fail(Errc::unavailable, "Unicode data are missing");
  // Lower-casing can leave what NFC composes, and the other way round.
  icu::UnicodeString lower = nfc->normalize(icu::UnicodeString::fromUTF8(text), code).toLower(icu::Locale::getRoot());
  std::string out;
  nfc->normalize(lower, code).toUTF8String(out);
  if (U_FAILURE(code)) return fail(Errc::invalid, "the part before the @ cannot be normalised");
  return out;
}

// The canonical local part of what stands before the @.
Result<std::string> canonical_local(std::string_view text, std::string& written) {
  if (text.empty()) return fail(Errc::invalid, "nothing stands before the @");
  if (!is_utf8(text)) return fail(Errc::invalid, "it is not valid UTF-8");
  written = text;
  if (text.starts_with('"')) {
    TRY(written, unquoted(text));
  } else if (!is_dot_string(text)) {
    return fail(Errc::invalid, "the part before the @ has characters or dots where they may not be");
  }
  TRY(std::string local, lowered(written));
  if (!is_dot_string(local)) local = quoted(local);
  if (local.size() > kMaxLocal) return fail(Errc::invalid, "the part before the @ is longer than 64 bytes");
  return local;
}

Result<std::string> ascii_domain(std::string_view text) {
  if (text.size() > kMaxDomain) return fail(Errc::invalid, "the domain is longer than 253 bytes");
  for (std::string_view rest = text;;) {
    std::size_t dot = rest.find('.');
    std::string_view label = rest.substr(0, dot);
    if (label.empty()) return fail(Errc::invalid, "the domain has an empty label");
    if (label.size() > kMaxDomainLabel) return fail(Errc::invalid, "the domain has a label longer than 63 bytes");
    if (label.starts_with('-') || label.ends_with('-'))
      return fail(Errc::invalid, "the domain has a label that begins or ends with a hyphen");
    if (!std::ranges::all_of(label, [](char c) { return is_letter_or_digit(c) || c == '-'; }))
      return fail(Errc::invalid, "the domain has a character other than letters, digits and hyphens");
    if (dot == rest.npos) break;
    rest.remove_prefix(dot + 1);
  }
  return to_lower(text);
}

// UTS 46, non-transitional; "xn--" labels are checked too.
Result<std::string> idna_domain(std::string_view text) {
  UErrorCode code = U_ZERO_ERROR;
  std::unique_ptr<UIDNA, decltype(&uidna_close)> idna(
      uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ,
                      &code),
      &uidna_close);
  if (U_FAILURE(code)) return fail(Errc::unavailable, "Unicode data are missing");
  std::string out(1024, '\0');
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  std::int32_t length = uidna_nameToASCII_UTF8(idna.get(), text.data(), static_cast<std::int32_t>(text.size()),
                                               out.data(), static_cast<std::int32_t>(out.size()), &info, &code);
  if (U_FAILURE(code) || info.errors != 0)
    return fail(Errc::invalid, "the domain is not a valid internationalised name (IDNA)");
  out.resize(static_cast<std::size_t>(length));
  return ascii_domain(out);
}

Result<std::string> canonical_domain(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty()) return fail(Errc::invalid, "the domain is missing");
  if (text.starts_with('[')) return fail(Errc::invalid, "an address literal is not a domain");
  if (text.size() > 4 * kMaxDomain) return fail(Errc::invalid, "the domain is longer than 253 bytes");
  std::string lower = to_lower(text);
  if (is_ascii(text) && !lower.starts_with("xn--") && !lower.contains(".xn--")) return ascii_domain(text);
  if (!is_utf8(text)) return fail(Errc::invalid, "it is not valid UTF-8");
  return idna_domain(text);
}

Result<Address> canonical_address(std::string_view text) {
  std::size_t at = text.rfind('@');
  if (at == text.npos) return fail(Errc::invalid, "it has no @");
  if (text.size() > 4 * kMaxAddress) return fail(Errc::invalid, "it is longer than 254 bytes");
  Address address;
  std::string written;
  TRY(address.local, canonical_local(text.substr(0, at), written));
  TRY(address.domain, canonical_domain(text.substr(at + 1)));
  if (address.local.size() + 1 + address.domain.size() > kMaxAddress)
    return fail(Errc::invalid, "it is longer than 254 bytes");
  std::size_t plus = written.find('+');
  if (plus != written.npos) address.detail = written.substr(plus + 1);
  return address;
}

}  // namespace

std::optional<std::string> Address::without_detail() const {
  std::size_t plus = local.find('+');
  if (plus == local.npos || plus == 0 || local.starts_with('"')) return std::nullopt;
  return local.substr(0, plus) + '@' + domain;
}

Result<Address> parse_address(std::string_view text) {
  auto address = canonical_address(text);
  if (!address && address.error().code == Errc::invalid)
    return fail(Errc::invalid, fmt::format("\"{}\" is not an address: {}", shown(text), address.error().text));
  return address;
}

Result<std::string> parse_domain(std::string_view text) {
  auto domain = canonical_domain(text);
  if (!domain && domain.error().code == Errc::invalid)
    return fail(Errc::invalid, fmt::format("\"{}\" is not a domain name: {}", shown(text), domain.error().text));
  return domain;
}

Result<std::string> parse_tenant_name(std::string_view text) {
  constexpr std::size_t kMaxTenantName = 63;
  bool allowed =
      std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
  if (text.empty() || text.size() > kMaxTenantName || !allowed || !is_letter_or_digit(text.front()))
    return fail(
        Errc::invalid,
        fmt::format("\"{}\" is not a name for a tenant: up to 63 letters, digits, dots, hyphens and underscores "
                    "are, beginning with a letter or digit",
                    shown(text)));
  return to_lower(text);
}

Result<void> check_label(std::string_view what, std::string_view text, std::size_t max) {
  if (text.size() > max) return fail(Errc::invalid, fmt::format("{} is longer than {} bytes", what, max));
  if (!is_utf8(text)) return fail(Errc::invalid, fmt::format("{} is not valid UTF-8", what));
  if (std::ranges::any_of(text, is_control))
    return fail(Errc::invalid, fmt::format("{} has a control character", what));
  return {};
}

std::string shown(std::string_view text) {
  constexpr std::size_t kMaxShown = 80;
  bool readable = is_utf8(text);
  std::string out;
  for (char c : text) {
    // Not in the middle of a character.
    bool continues = readable && (static_cast<unsigned char>(c) & 0xc0) == 0x80;
    if (out.size() >= kMaxShown && !continues) return out + "...";
    out.push_back(is_control(c) || (!readable && static_cast<unsigned char>(c) >= 0x80) ? '?' : c);
  }
  return out;
}

}  // namespace kontor::directory
