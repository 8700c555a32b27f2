// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/names/folder_name.h"

#include <fmt/format.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <set>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/mime/charset.h"
#include "formats/mime/decode.h"
#include "wire/imap/mutf7.h"

namespace kontor::migrate {
namespace {

constexpr std::size_t kLongestName = 255;

std::string to_nfc(const std::string& utf8) {
  UErrorCode status = U_ZERO_ERROR;
  const auto* nfc = icu::Normalizer2::getNFCInstance(status);
  if (U_FAILURE(status)) return utf8;
  const auto text = nfc->normalize(icu::UnicodeString::fromUTF8(utf8), status);
  if (U_FAILURE(status)) return utf8;
  std::string out;
  return text.toUTF8String(out);
}

std::string decode(std::string_view raw, NameEncoding encoding, bool& was_rewritten) {
  if (encoding != NameEncoding::utf8)
    if (auto name = wire::imap::decode_mutf7(raw)) return *name;
  if (mime::is_utf8(raw)) return std::string(raw);
  was_rewritten = true;
  return mime::to_utf8(raw, "windows-1252").text;
}

void replace_all(std::string& text, std::string_view what, std::string_view by, bool& was_rewritten) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
    was_rewritten = true;
  }
}

void replace_controls(std::string& text, bool& was_rewritten) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      out += c;
      continue;
    }
    const unsigned picture = byte == 0x7f ? 0x2421 : 0x2400 + byte;
    out += static_cast<char>(0xe0 | (picture >> 12));
    out += static_cast<char>(0x80 | ((picture >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (picture & 0x3f));
    was_rewritten = true;
  }
  text = std::move(out);
}

void replace_outer_blanks(std::string& text, bool& was_rewritten) {
  static constexpr std::string_view kNoBreak = "\u00a0";
  std::size_t front = 0;
  while (front < text.size() && text[front] == ' ') ++front;
  std::size_t back = text.size();
  while (back > front && text[back - 1] == ' ') --back;
  if (front == 0 && back == text.size()) return;
  std::string out;
  for (std::size_t i = 0; i < front; ++i) out += kNoBreak;
  out.append(text, front, back - front);
  for (std::size_t i = back; i < text.size(); ++i) out += kNoBreak;
  text = std::move(out);
  was_rewritten = true;
}

// Too long a name keeps its beginning and gets a digest of the whole.
void shorten(std::string& text, bool& was_rewritten) {
  if (text.size() <= kLongestName) return;
  const auto digest = to_hex(sha256(text).substr(0, 4));
  auto end = kLongestName - 1 - digest.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text = text.substr(0, end) + "~" + digest;
  was_rewritten = true;
}

}  // namespace

FolderName decode_folder_name(std::string_view raw, NameEncoding encoding) {
  FolderName name;
  name.text = to_nfc(decode(raw, encoding, name.was_rewritten));
  replace_all(name.text, "/", "\u2215", name.was_rewritten);
  replace_all(name.text, "\uf8ff", "\u2215", name.was_rewritten);
  replace_controls(name.text, name.was_rewritten);
  replace_outer_blanks(name.text, name.was_rewritten);
  shorten(name.text, name.was_rewritten);
  return name;
}

void set_path(SourceFolder& folder, std::string_view raw, std::string_view delimiter, NameEncoding encoding) {
  while (true) {
    const auto end = delimiter.empty() ? std::string_view::npos : raw.find(delimiter);
    const auto level = raw.substr(0, end);
    if (level.empty()) {
      folder.name_was_rewritten = true;
    } else {
      auto name = decode_folder_name(level, encoding);
      folder.name_was_rewritten = folder.name_was_rewritten || name.was_rewritten;
      folder.path.push_back(std::move(name.text));
    }
    if (end == std::string_view::npos) break;
    raw.remove_prefix(end + delimiter.size());
  }
  if (folder.path.empty()) folder.path.emplace_back("(unnamed)");
}

void make_paths_unique(std::vector<SourceFolder>& folders) {
  const auto key = [](std::vector<std::string> path) {
    if (iequals(path.front(), "INBOX")) path.front() = "INBOX";
    return path;
  };
  std::set<std::vector<std::string>> taken;
  for (auto& folder : folders) {
    const auto last = folder.path.back();
    for (int n = 2; !taken.insert(key(folder.path)).second; ++n) {
      folder.path.back() = fmt::format("{} ({})", last, n);
      folder.name_was_rewritten = true;
    }
  }
}

}  // namespace kontor::migrate
