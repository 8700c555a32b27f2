// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/auth/spf_macro.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace kontor::transport {
namespace {

constexpr std::string_view kRecordLetters = "slodivph";
constexpr std::string_view kExplanationLetters = "slodivphcrt";
constexpr std::string_view kMacroDelimiters = ".-+,/_=";
constexpr std::uint32_t kMostLabels = 128;  // of any domain name: more keep all

bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_macro_letter(char lower, MacroPlace place) {
  if (place == MacroPlace::explanation) return kExplanationLetters.contains(lower);
  return kRecordLetters.contains(lower);
}

// "{ir.-}" behind the percent sign; taken off `rest`.
Result<void> parse_braces(std::string_view& rest, MacroPlace place, MacroPart& part) {
  const auto end = rest.find('}');
  if (end == std::string_view::npos || end < 2) return fail(Errc::invalid, "a macro has no end");
  std::string_view inside = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  const char lower = to_lower(inside.substr(0, 1)).front();
  if (!is_macro_letter(lower, place)) return fail(Errc::invalid, "there is no such macro");
  part.letter = lower;
  part.is_escaped = inside.front() != lower;
  inside.remove_prefix(1);
  const bool has_number = !inside.empty() && is_ascii_digit(inside.front());
  while (!inside.empty() && is_ascii_digit(inside.front())) {
    part.kept = std::min(part.kept * 10 + static_cast<std::uint32_t>(inside.front() - '0'), kMostLabels);
    inside.remove_prefix(1);
  }
  if (has_number && part.kept == 0) return fail(Errc::invalid, "a macro keeps no label");
  if (!inside.empty() && (inside.front() == 'r' || inside.front() == 'R')) {
    part.is_reversed = true;
    inside.remove_prefix(1);
  }
  if (inside.find_first_not_of(kMacroDelimiters) != std::string_view::npos)
    return fail(Errc::invalid, "a macro has something unknown");
  if (!inside.empty()) part.delimiters = inside;
  return {};
}

// Behind a percent sign.
Result<void> parse_macro(std::string_view& rest, MacroPlace place, MacroString& into) {
  const char c = rest.empty() ? '\0' : rest.front();
  if (c == '{') {
    TRY_VOID(parse_braces(rest, place, into.back()));
    into.emplace_back();
    return {};
  }
  switch (c) {
    case '%':
      into.back().text += '%';
      break;
    case '_':
      into.back().text += ' ';
      break;
    case '-':
      into.back().text += "%20";
      break;
    default:
      return fail(Errc::invalid, "a percent sign stands alone");
  }
  rest.remove_prefix(1);
  return {};
}

std::string escape_for_url(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_ascii_letter(c) || is_ascii_digit(c) || std::string_view("-._~").contains(c))
      out += c;
    else
      out += "%" + to_upper(to_hex(std::string_view(&c, 1)));
  }
  return out;
}

std::string transformed(const MacroPart& part, const std::string& value) {
  std::vector<std::string_view> labels;
  for (std::string_view rest = value;;) {
    const auto end = rest.find_first_of(part.delimiters);
    labels.push_back(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  if (part.is_reversed) std::ranges::reverse(labels);
  if (part.kept != 0 && labels.size() > part.kept)
    labels.erase(labels.begin(), labels.end() - static_cast<std::ptrdiff_t>(part.kept));
  std::string out;
  for (const auto label : labels) {
    out += label;
    out += '.';
  }
  out.pop_back();
  return part.is_escaped ? escape_for_url(out) : out;
}

// toplabel: letters, digits and hyphens, not only digits, no hyphen at its ends.
bool is_top_label(std::string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  const auto is_fine = [](char c) { return is_ascii_letter(c) || is_ascii_digit(c) || c == '-'; };
  return std::ranges::all_of(label, is_fine) && !std::ranges::all_of(label, is_ascii_digit);
}

}  // namespace

Result<MacroString> parse_macros(std::string_view text, MacroPlace place) {
  MacroString out(1);
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '%') {
      TRY_VOID(parse_macro(text, place, out));
    } else if ((c > ' ' && c <= '~') || (c == ' ' && place == MacroPlace::explanation)) {
      out.back().text += c;
    } else {
      return fail(Errc::invalid, "there is a character that is not allowed");
    }
  }
  return out;
}

std::string expand_macros(const MacroString& macros, const std::function<std::string(char)>& value) {
  std::string out;
  for (const auto& part : macros) {
    out += part.text;
    if (part.letter != '\0') out += transformed(part, value(part.letter));
  }
  return out;
}

Result<MacroString> parse_domain_spec(std::string_view text) {
  TRY(MacroString out, parse_macros(text, MacroPlace::record));
  if (text.empty()) return fail(Errc::invalid, "a domain is missing");
  // The last part has no macro: it is what stands behind the last one.
  std::string_view tail = out.back().text;
  if (tail.empty()) return out;
  if (tail.ends_with('.')) tail.remove_suffix(1);
  const auto dot = tail.rfind('.');
  if (dot == std::string_view::npos || !is_top_label(tail.substr(dot + 1)))
    return fail(Errc::invalid, "a domain does not end in a name");
  return out;
}

}  // namespace kontor::transport
