// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/maildir/control_files.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "migrate/maildir/message_name.h"

namespace kontor::migrate {
namespace {

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view take_word(std::string_view& text) {
  const auto end = std::min(text.find(' '), text.size());
  const auto word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

std::optional<std::uint32_t> list_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "3 V1275660208 N25022 G3085f01b7f11094c501100008c4a11c1", or "1 1275660208 25022".
bool read_header(std::string_view line, UidList& list) {
  const auto version = take_word(line);
  if (version == "1") {
    list.uid_validity = list_number(take_word(line)).value_or(0);
    list.uid_next = list_number(take_word(line)).value_or(0);
    return true;
  }
  while (!line.empty()) {
    const auto word = take_word(line);
    if (word.starts_with('V')) list.uid_validity = list_number(word.substr(1)).value_or(0);
    if (word.starts_with('N')) list.uid_next = list_number(word.substr(1)).value_or(0);
  }
  return version == "3";
}

std::optional<std::pair<std::string_view, UidList::Message>> read_record(std::string_view line) {
  UidList::Message message;
  const auto uid = list_number(take_word(line));
  if (!uid || *uid == 0) return std::nullopt;
  message.uid = *uid;
  // Version 1 has the name at once; version 3 has fields first, and " :" before the name.
  if (line.find(':') == std::string_view::npos ||
      !(line.starts_with(':') || line.find(" :") != std::string_view::npos)) {
    if (line.empty()) return std::nullopt;
    return std::pair(line, message);
  }
  while (!line.empty() && !line.starts_with(':')) {
    const auto field = take_word(line);
    if (field.empty()) continue;
    const auto value = std::string(field.substr(1));
    if (field.front() == 'P') message.pop3_uidl = value;
    if (field.front() == 'O') message.pop3_order = value;
    if (field.front() == 'G') message.guid = value;
  }
  if (line.size() < 2) return std::nullopt;
  return std::pair(line.substr(1), message);
}

}  // namespace

UidList parse_uid_list(std::string_view text) {
  UidList list;
  const auto header = take_line(text);
  if (!read_header(header, list) || list.uid_validity == 0) return {};
  std::uint32_t last = 0;
  while (!text.empty()) {
    auto record = read_record(take_line(text));
    // UIDs ascend; anything else is damage.
    if (!record || record->second.uid <= last || record->second.uid == std::numeric_limits<std::uint32_t>::max())
      continue;
    const auto base = parse_message_name(record->first).base;
    if (base.empty() || !list.messages.emplace(std::string(base), std::move(record->second)).second) continue;
    last = record->second.uid;
  }
  list.uid_next = std::max({list.uid_next, last + 1, 1u});
  return list;
}

std::map<unsigned, std::string> parse_keyword_file(std::string_view text) {
  std::map<unsigned, std::string> names;
  while (!text.empty()) {
    auto line = take_line(text);
    const auto index = list_number(take_word(line));
    if (index && *index < 26 && !line.empty()) names.emplace(*index, std::string(line));
  }
  return names;
}

std::set<std::string, std::less<>> parse_subscriptions(std::string_view text) {
  std::set<std::string, std::less<>> names;
  const bool is_v2 = text.starts_with("V\t2\n") || text.starts_with("V\t2\r\n");
  if (is_v2) take_line(text);
  while (!text.empty()) {
    std::string name(take_line(text));
    if (name.empty()) continue;
    if (is_v2)
      std::replace(name.begin(), name.end(), '\t', '.');
    else if (name.find('.') == std::string::npos)
      std::replace(name.begin(), name.end(), '/', '.');
    names.insert(std::move(name));
  }
  return names;
}

}  // namespace kontor::migrate
