// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/smtp/path.h"

#include <algorithm>

namespace kontor::wire::smtp {
namespace {

bool is_alnum(unsigned char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

// RFC 5322 atext, and every byte above ASCII (RFC 6531): whether those are UTF-8 is checked for the whole path.
bool is_atext(unsigned char c) {
  return is_alnum(c) || c >= 0x80 ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(static_cast<char>(c)) != std::string_view::npos;
}

// Well-formed UTF-8 without overlong forms, surrogates or code points above U+10FFFF.
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    auto at = [&](std::size_t k) { return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U; };
    unsigned lead = at(0);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((at(k) & 0xc0) != 0x80) return false;
    if ((lead == 0xe0 && at(1) < 0xa0) || (lead == 0xed && at(1) > 0x9f) || (lead == 0xf0 && at(1) < 0x90) ||
        (lead == 0xf4 && at(1) > 0x8f))
      return false;
    i += length;
  }
  return true;
}

// A dot-string that is not picky about where its dots are: addresses like "a..b@docomo" exist.
std::string take_dot_string(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && (is_atext(static_cast<unsigned char>(text[end])) || text[end] == '.')) ++end;
  std::string out(text.substr(0, end));
  text.remove_prefix(end);
  return out;
}

std::optional<std::string> take_quoted(std::string_view& text) {
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"') {
      text.remove_prefix(i + 1);
      return out;
    }
    if (c == '\\' && ++i < text.size()) c = text[i];
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
    out += c;
  }
  return std::nullopt;
}

// A name of letters, digits, hyphens (and, seen in the wild, underscores) or an address literal.
std::optional<std::string> take_domain(std::string_view& text) {
  std::size_t end = 0;
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    ++end;
    auto is_literal = [](unsigned char c) { return is_alnum(c) || c == '.' || c == ':' || c == '-'; };
    if (end < 4 || !std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(end) - 1, is_literal))
      return std::nullopt;
  } else {
    auto is_name = [](unsigned char c) { return is_alnum(c) || c >= 0x80 || c == '-' || c == '_' || c == '.'; };
    while (end < text.size() && is_name(static_cast<unsigned char>(text[end]))) ++end;
    std::string_view name = text.substr(0, end);
    if (name.empty() || name.starts_with('.') || name.find("..") != std::string_view::npos) return std::nullopt;
  }
  std::string out(text.substr(0, end));
  text.remove_prefix(end);
  if (out.size() > 1 && out.ends_with('.')) out.pop_back();  // an absolute name
  if (out.size() > kMaxDomain) return std::nullopt;
  return out;
}

std::optional<Path> take_mailbox(std::string_view& text) {
  Path path;
  if (text.starts_with('"')) {
    auto local = take_quoted(text);
    if (!local || local->empty()) return std::nullopt;
    path.local = *std::move(local);
  } else {
    path.local = take_dot_string(text);
  }
  if (path.local.empty() || path.local.size() > kMaxLocalPart) return std::nullopt;
  if (!text.starts_with('@')) return path;
  text.remove_prefix(1);
  auto domain = take_domain(text);
  if (!domain) return std::nullopt;
  path.domain = *std::move(domain);
  return path;
}

// "@one,@two:" before the mailbox.
bool skip_route(std::string_view& text) {
  while (text.starts_with('@')) {
    text.remove_prefix(1);
    if (!take_domain(text)) return false;
    if (text.starts_with(':')) {
      text.remove_prefix(1);
      return true;
    }
    if (!text.starts_with(',')) return false;
    text.remove_prefix(1);
  }
  return true;
}

bool is_plain_local(std::string_view local) {
  return std::all_of(local.begin(), local.end(), [](unsigned char c) { return is_atext(c) || c == '.'; });
}

}  // namespace

bool Path::is_ascii() const {
  auto low = [](unsigned char c) { return c < 0x80; };
  return std::all_of(local.begin(), local.end(), low) && std::all_of(domain.begin(), domain.end(), low);
}

std::string Path::to_string() const {
  std::string out;
  if (is_plain_local(local)) {
    out = local;
  } else {
    out = "\"";
    for (char c : local) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  if (!domain.empty()) out += "@" + domain;
  return out;
}

std::optional<Path> take_path(std::string_view& text) {
  std::string_view start = text;
  bool has_bracket = text.starts_with('<');
  if (has_bracket) text.remove_prefix(1);
  Path path;
  if (has_bracket && text.starts_with('>')) {
    text.remove_prefix(1);
    return path;
  }
  if (!skip_route(text)) return std::nullopt;
  auto mailbox = take_mailbox(text);
  if (!mailbox) return std::nullopt;
  if (has_bracket) {
    if (!text.starts_with('>')) return std::nullopt;
    text.remove_prefix(1);
  } else if (!text.empty() && !text.starts_with(' ')) {
    return std::nullopt;
  }
  std::string_view used = start.substr(0, start.size() - text.size());
  if (used.size() > kMaxPath || !is_utf8(used)) return std::nullopt;
  return mailbox;
}

}  // namespace kontor::wire::smtp
