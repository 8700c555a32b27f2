// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/http/parameters.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"

namespace kontor::wire::http {
namespace {

constexpr std::size_t kMostParameters = 100;
constexpr std::size_t kLongestFilename = 200;

std::optional<unsigned> query_hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

std::string_view without_spaces(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// What is no escape stays as it is.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto high = text[i] == '%' && i + 2 < text.size() ? query_hex_digit(text[i + 1]) : std::nullopt;
    const auto low = high ? query_hex_digit(text[i + 2]) : std::nullopt;
    if (!low) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(*high << 4 | *low);
    i += 2;
  }
  return out;
}

// The length of the UTF-8 sequence that begins there; 0: there is none.
std::size_t sequence_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length == 0 || first >= 0xf5) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f) || (first == 0xf0 && byte(1) < 0x90) ||
      (first == 0xf4 && byte(1) > 0x8f))
    return 0;
  return length;
}

bool is_utf8_text(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_at(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string from_latin1(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return out;
}

std::string sound(std::string text) {
  if (!is_utf8_text(text)) text = from_latin1(text);
  if (const auto slash = text.find_last_of("/\\"); slash != std::string::npos) text.erase(0, slash + 1);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_at(text, at);
    const auto first = static_cast<unsigned char>(text[at]);
    const bool is_control =
        first < 0x20 || first == 0x7f || (first == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0);
    if (!is_control && out.size() + length > kLongestFilename) break;
    if (!is_control) out.append(text, at, length);
    at += length;
  }
  if (out == "." || out == "..") out.clear();
  return out;
}

struct DispositionParameter {
  std::string name, value;
};

// From behind the ";" on; the rest is left in `text`.
std::optional<DispositionParameter> next_parameter(std::string_view& text) {
  while (!text.empty() && (text[0] == ';' || text[0] == ' ' || text[0] == '\t')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  const std::size_t name_end = std::min(text.find_first_of("=;"), text.size());
  DispositionParameter out{to_lower(without_spaces(text.substr(0, name_end))), {}};
  text.remove_prefix(name_end);
  if (text.empty() || text[0] == ';') return out;
  text.remove_prefix(1);
  while (!text.empty() && (text[0] == ' ' || text[0] == '\t')) text.remove_prefix(1);
  if (text.empty() || text[0] != '"') {
    const std::size_t end = std::min(text.find(';'), text.size());
    out.value = without_spaces(text.substr(0, end));
    text.remove_prefix(end);
    return out;
  }
  for (text.remove_prefix(1); !text.empty() && text[0] != '"'; text.remove_prefix(1)) {
    if (text[0] == '\\' && text.size() > 1) text.remove_prefix(1);
    out.value += text[0];
  }
  text.remove_prefix(std::min(text.find(';'), text.size()));
  return out;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> query_parameters(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!query.empty() && out.size() < kMostParameters) {
    const std::string_view pair = query.substr(0, std::min(query.find('&'), query.size()));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.empty()) continue;
    out.emplace_back(unescaped(pair.substr(0, equals)), unescaped(pair.substr(std::min(equals + 1, pair.size()))));
  }
  return out;
}

std::string disposition_filename(std::string_view value) {
  std::string plain, extended;
  value.remove_prefix(std::min(value.find(';'), value.size()));
  for (std::size_t i = 0; i < kMostParameters; ++i) {
    const auto parameter = next_parameter(value);
    if (!parameter) break;
    if (parameter->name == "filename") plain = parameter->value;
    if (parameter->name != "filename*") continue;
    // charset'language'value (RFC 8187).
    const std::string& text = parameter->value;
    const std::size_t first = text.find('\''), second = first == std::string::npos ? first : text.find('\'', first + 1);
    if (second == std::string::npos) continue;
    extended = unescaped(std::string_view(text).substr(second + 1));
    if (iequals(std::string_view(text).substr(0, first), "iso-8859-1")) extended = from_latin1(extended);
  }
  if (std::string name = sound(std::move(extended)); !name.empty()) return name;
  return sound(std::move(plain));
}

std::string attachment_disposition(std::string_view filename) {
  if (filename.empty()) return "attachment";
  std::string plain, extended;
  bool is_plain = true;
  for (const char c : filename) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_safe = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                         std::string_view("-._~!#$&+^`|").find(c) != std::string_view::npos;
    const bool is_ascii = byte >= 0x20 && byte < 0x7f;
    plain += is_ascii && c != '"' && c != '\\' && c != '%' ? c : '_';
    is_plain = is_plain && plain.back() == c;
    extended += is_safe ? std::string(1, c) : "%" + to_upper(to_hex(std::string(1, c)));
  }
  std::string out = "attachment; filename=\"" + plain + "\"";
  if (!is_plain) out += "; filename*=UTF-8''" + extended;
  return out;
}

}  // namespace kontor::wire::http
