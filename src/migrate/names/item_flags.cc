// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/names/item_flags.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::migrate {
namespace {

// RFC 9051 "atom": what a keyword is made of.
bool may_be_in_atom(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7f && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
}

}  // namespace

void add_keyword(SourceItem& item, std::string_view name) {
  if (name.empty()) return;
  std::string keyword(name.substr(0, 255));
  for (auto& c : keyword)
    if (!may_be_in_atom(c)) c = '_';
  const bool is_known = std::any_of(item.keywords.begin(), item.keywords.end(),
                                    [&](const auto& other) { return iequals(other, keyword); });
  if (!is_known) item.keywords.push_back(std::move(keyword));
}

void add_imap_flag(SourceItem& item, std::string_view name) {
  static constexpr std::pair<std::string_view, std::uint8_t> kFlags[] = {
      {"\\seen", kItemSeen},   {"\\answered", kItemAnswered}, {"\\flagged", kItemFlagged},
      {"\\draft", kItemDraft}, {"\\deleted", kItemDeleted},   {"\\recent", 0}};
  static constexpr std::pair<std::string_view, std::string_view> kMeant[] = {
      {"\\forwarded", "$Forwarded"}, {"\\passed", "$Forwarded"}, {"\\mdnsent", "$MDNSent"},
      {"\\junk", "$Junk"},           {"\\notjunk", "$NotJunk"},  {"\\phishing", "$Phishing"}};
  if (!name.starts_with('\\')) return add_keyword(item, name);
  for (const auto& [flag, bit] : kFlags)
    if (iequals(flag, name)) {
      item.flags |= bit;
      return;
    }
  for (const auto& [flag, keyword] : kMeant)
    if (iequals(flag, name)) return add_keyword(item, keyword);
  auto& others = item.properties["imap.other-flags"];
  if (!others.empty()) others += ' ';
  others += name;
}

}  // namespace kontor::migrate
