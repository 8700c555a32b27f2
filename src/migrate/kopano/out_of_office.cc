// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/out_of_office.h"

namespace kontor::migrate::kopano {
namespace {

constexpr mapi::Tag kAway{.id = 0x6760}, kAwayText{.id = 0x6761}, kAwaySubject{.id = 0x6762}, kAwayFrom{.id = 0x6763},
    kAwayUntil{.id = 0x6764};
// How often one sender is told: kopano-autorespond's standard.
constexpr std::uint32_t kAwayDays = 1;

std::string with_line_feeds(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != '\r' && c != '\0') out += c;
  return out;
}

}  // namespace

std::optional<sieve::Rule> out_of_office_of(const mapi::Properties& store, std::string& loss) {
  sieve::OutOfOfficeRule rule;
  rule.text = with_line_feeds(store.text_or_empty(kAwayText));
  rule.subject = with_line_feeds(store.text_or_empty(kAwaySubject));
  for (char& c : rule.subject)
    if (c == '\n') c = ' ';
  rule.days = kAwayDays;
  const bool is_set = store.boolean(kAway);
  if (rule.text.empty()) {
    if (is_set) loss = "It answers without a text; nothing answers here.";
    return std::nullopt;
  }
  if (const auto from = store.time(kAwayFrom)) rule.from = *from;
  if (const auto until = store.time(kAwayUntil)) rule.until = *until;
  sieve::Rule out{"", is_set, rule};
  if (sieve::rules_of_json(sieve::to_json({{out}, {}}))) return out;
  // What ends before it begins never answers.
  rule.from = rule.until = std::nullopt;
  out = {"", false, rule};
  if (is_set) loss = "Its time ends before it begins; it is switched off here.";
  if (sieve::rules_of_json(sieve::to_json({{out}, {}}))) return out;
  loss = "Its text cannot be kept here.";
  return std::nullopt;
}

}  // namespace kontor::migrate::kopano
