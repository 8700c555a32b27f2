// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/compare.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "base/bytes.h"

namespace kontor::sieve {
namespace {

// RFC 5051 section 2: titlecase, then decomposition. In ASCII titlecase is upper case.
std::string unicode_fold(std::string_view text) {
  if (is_ascii(text)) return to_upper(text);
  const auto source = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  icu::UnicodeString titled;
  for (int32_t i = 0; i < source.length(); i = source.moveIndex32(i, 1)) titled.append(u_totitle(source.char32At(i)));
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFKDInstance(error);
  std::string folded;
  if (U_SUCCESS(error)) titled = normalizer->normalize(titled, error);
  titled.toUTF8String(folded);
  return folded;
}

// The digits that it begins with, without leading zeros; nothing is infinite.
std::optional<std::string_view> numeral(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto end = static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
  if (end == 0) return std::nullopt;
  text = text.substr(0, end);
  while (text.size() > 1 && text.front() == '0') text.remove_prefix(1);
  return text;
}

int numeric_order(std::string_view a, std::string_view b) {
  const auto left = numeral(a), right = numeral(b);
  if (!left || !right) return static_cast<int>(!left) - static_cast<int>(!right);
  if (left->size() != right->size()) return left->size() < right->size() ? -1 : 1;
  return left->compare(*right);
}

}  // namespace

std::optional<Comparator> find_comparator(std::string_view name) {
  if (name == "i;octet") return Comparator::octet;
  if (name == "i;ascii-casemap") return Comparator::ascii_casemap;
  if (name == "i;ascii-numeric") return Comparator::ascii_numeric;
  if (name == "i;unicode-casemap") return Comparator::unicode_casemap;
  return std::nullopt;
}

// The first two are always there (RFC 5228 section 2.7.3).
Capability capability_of(Comparator comparator) {
  if (comparator == Comparator::ascii_numeric) return Capability::comparator_ascii_numeric;
  if (comparator == Comparator::unicode_casemap) return Capability::comparator_unicode_casemap;
  return Capability::none;
}

std::string fold(Comparator comparator, std::string_view text) {
  switch (comparator) {
    case Comparator::ascii_casemap:
      return to_lower(text);
    case Comparator::unicode_casemap:
      return unicode_fold(text);
    case Comparator::octet:
    case Comparator::ascii_numeric:
      break;
  }
  return std::string(text);
}

int order(Comparator comparator, std::string_view a, std::string_view b) {
  return comparator == Comparator::ascii_numeric ? numeric_order(a, b) : a.compare(b);
}

bool holds(Relation relation, int order) {
  switch (relation) {
    case Relation::gt:
      return order > 0;
    case Relation::ge:
      return order >= 0;
    case Relation::lt:
      return order < 0;
    case Relation::le:
      return order <= 0;
    case Relation::eq:
      return order == 0;
    case Relation::ne:
      return order != 0;
  }
  return false;
}

std::optional<Relation> find_relation(std::string_view name) {
  const std::string lower = to_lower(name);
  if (lower == "gt") return Relation::gt;
  if (lower == "ge") return Relation::ge;
  if (lower == "lt") return Relation::lt;
  if (lower == "le") return Relation::le;
  if (lower == "eq") return Relation::eq;
  if (lower == "ne") return Relation::ne;
  return std::nullopt;
}

}  // namespace kontor::sieve
