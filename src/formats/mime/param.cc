// SPDX-License-Identifier: AGPL-3.0-or-later
// Parameters as RFC 2231 splits and encodes them, and as RFC 2047 must not but does.
#include <algorithm>
#include <charconv>

#include "formats/mime/body_codec.h"
#include "formats/mime/decode.h"
#include "formats/mime/fields.h"

namespace kontor::mime {
namespace {

struct Section {
  int index = 0;
  std::size_t order = 0;  // in the field
  bool is_encoded = false;
  std::string_view value;
};

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i++) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out.push_back(static_cast<char>(high << 4 | low));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

// "*", "*0" or "*0*" after the name. False if it is none of them.
bool parse_section(std::string_view suffix, Section& section) {
  suffix.remove_prefix(1);
  section.is_encoded = suffix.empty() || suffix.ends_with('*');
  if (suffix.empty()) return true;
  if (section.is_encoded) suffix.remove_suffix(1);
  const auto [end, error] = std::from_chars(suffix.data(), suffix.data() + suffix.size(), section.index);
  return error == std::errc() && end == suffix.data() + suffix.size() && section.index >= 0;
}

// charset'language'text; the charset is said in the first section only. Bytes are joined before they become text, for
// sections cut characters in two.
std::string join_sections(const std::vector<Section>& sections) {
  std::string charset;
  std::string bytes;
  int expected = 0;
  for (const Section& section : sections) {
    if (section.index < expected) continue;  // said twice
    if (section.index > expected) break;     // a gap: the rest is lost
    std::string_view value = section.value;
    if (section.is_encoded && expected == 0) {
      const auto first = value.find('\'');
      const auto second = first == std::string_view::npos ? first : value.find('\'', first + 1);
      if (second != std::string_view::npos) {
        charset = value.substr(0, first);
        value.remove_prefix(second + 1);
      }
    }
    bytes += section.is_encoded ? percent_decoded(value) : std::string(value);
    expected++;
  }
  return to_utf8(bytes, charset).text;
}

}  // namespace

std::optional<std::string> param(const std::vector<Param>& params, std::string_view name) {
  std::vector<Section> sections;
  const Param* plain = nullptr;
  for (const Param& candidate : params) {
    const std::string_view whole = candidate.name;
    if (whole.size() < name.size() || !same_name(whole.substr(0, name.size()), name)) continue;
    const std::string_view suffix = whole.substr(name.size());
    Section section;
    section.value = candidate.value;
    section.order = sections.size();
    if (suffix.empty()) {
      if (!plain) plain = &candidate;
    } else if (suffix[0] == '*' && parse_section(suffix, section)) {
      sections.push_back(section);
    }
  }
  std::ranges::sort(sections, {}, [](const Section& section) { return std::pair(section.index, section.order); });
  if (!sections.empty() && sections.front().index == 0) return join_sections(sections);
  if (plain) return decode_header(plain->value);
  return std::nullopt;
}

std::optional<std::string> filename(const Entity& entity) {
  if (auto name = param(entity.disposition_params, "filename")) return name;
  return param(entity.params, "name");
}

}  // namespace kontor::mime
