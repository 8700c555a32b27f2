// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/files/status_fields.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"
#include "formats/mime/decode.h"
#include "formats/mime/header.h"
#include "migrate/names/item_flags.h"

namespace kontor::migrate {
namespace {

std::vector<std::string> split_at(std::string_view text, std::string_view separators) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::uint32_t field_number(std::string_view text, int base = 10) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end == text.data() + text.size() ? value : 0;
}

void read_letters(std::string_view letters, SourceItem& item) {
  for (const char letter : letters) {
    if (letter == 'R') item.flags |= kItemSeen;
    if (letter == 'A') item.flags |= kItemAnswered;
    if (letter == 'F') item.flags |= kItemFlagged;
    if (letter == 'T') item.flags |= kItemDraft;
    if (letter == 'D') item.flags |= kItemDeleted;
  }
}

void read_mozilla(std::uint32_t bits, SourceItem& item, StatusFields& fields) {
  if (bits & 0x1) item.flags |= kItemSeen;
  if (bits & 0x2) item.flags |= kItemAnswered;
  if (bits & 0x4) item.flags |= kItemFlagged;
  if (bits & 0x1000) add_keyword(item, "$Forwarded");
  fields.is_expunged = (bits & 0x8) != 0;
}

// "1275660208 0000025022 $Forwarded NonJunk": UIDVALIDITY, last UID, and names that are no news.
void read_base(std::string_view text, StatusFields& fields) {
  const auto words = split_at(text, " \t");
  if (words.size() < 2) return;
  fields.uid_validity = field_number(words[0]);
  fields.last_uid = field_number(words[1]);
}

// A label may be quoted, with commas in it.
std::vector<std::string> read_labels(std::string_view text) {
  std::vector<std::string> out;
  std::string label;
  bool quoted = false;
  const auto flush = [&] {
    const auto first = label.find_first_not_of(" \t");
    if (first != std::string::npos) out.push_back(label.substr(first, label.find_last_not_of(" \t") + 1 - first));
    label.clear();
  };
  for (const char c : text) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      flush();
    else
      label += c;
  }
  flush();
  return out;
}

}  // namespace

bool is_status_field(std::string_view name) {
  static constexpr std::array<std::string_view, 11> kNames{
      "Status",           "X-Status",          "X-Keywords",     "X-UID",          "X-IMAP",        "X-IMAPbase",
      "X-Mozilla-Status", "X-Mozilla-Status2", "X-Mozilla-Keys", "Content-Length", "X-Gmail-Labels"};
  return std::any_of(kNames.begin(), kNames.end(), [&](auto one) { return iequals(one, name); });
}

StatusFields read_status_fields(std::string_view header, SourceItem& item) {
  StatusFields fields;
  bool is_internal = false;
  mime::each_field(header, [&](const mime::Field& field) {
    if (field.name.empty() || (field.name.front() | 0x20) < 's') {
      if (!iequals(field.name, "Subject")) return true;
    }
    const auto value = mime::unfold(field.value);
    const auto is = [&](std::string_view name) { return iequals(field.name, name); };
    if (is("Subject")) {
      is_internal = value.find("FOLDER INTERNAL DATA") != std::string::npos;
    } else if (is("Status")) {
      fields.has_status = true;
      if (value.find('R') != std::string::npos) item.flags |= kItemSeen;
    } else if (is("X-Status")) {
      read_letters(value, item);
    } else if (is("X-Keywords")) {
      for (const auto& word : split_at(value, " \t,")) add_keyword(item, word);
    } else if (is("X-UID")) {
      fields.uid = field_number(value);
    } else if (is("X-IMAP") || is("X-IMAPbase")) {
      read_base(value, fields);
    } else if (is("X-Mozilla-Status") && value.size() <= 8) {
      fields.has_status = true;
      read_mozilla(field_number(value, 16), item, fields);
    } else if (is("X-Mozilla-Keys")) {
      for (const auto& word : split_at(value, " \t")) add_keyword(item, word);
    } else if (is("X-Unsent") && value == "1") {
      item.flags |= kItemDraft;
    } else if (is("X-Gmail-Labels")) {
      fields.labels = read_labels(mime::decode_header(field.value));
    }
    return true;
  });
  fields.is_folder_data = is_internal && fields.uid_validity != 0;
  return fields;
}

}  // namespace kontor::migrate
