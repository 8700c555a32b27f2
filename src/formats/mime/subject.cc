// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 5256 section 2.1. Each step looks only at what it takes off, and a row of blobs is walked once.
#include "formats/mime/fields.h"

namespace kontor::mime {
namespace {

std::string collapse_white(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : trim(text)) {
    if (!is_white(c)) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != ' ') {
      out.push_back(' ');
    }
  }
  return out;
}

bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && same_name(text.substr(0, word.size()), word);
}

// subj-blob = "[" *BLOBCHAR "]" *WSP. Its length, 0 if there is none.
std::size_t blob_length(std::string_view text) {
  if (!text.starts_with('[')) return 0;
  const auto end = text.find_first_of("[]", 1);
  if (end == std::string_view::npos || text[end] != ']') return 0;
  const auto next = text.find_first_not_of(' ', end + 1);
  return next == std::string_view::npos ? text.size() : next;
}

// subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":". Its length, 0 if there is none.
std::size_t refwd_length(std::string_view text) {
  std::size_t at = 0;
  for (const std::string_view word : {"re", "fwd", "fw"}) {
    if (!starts_with_word(text, word)) continue;
    at = word.size();
    break;
  }
  if (at == 0) return 0;
  while (at < text.size() && text[at] == ' ') at++;
  at += blob_length(text.substr(at));
  return at < text.size() && text[at] == ':' ? at + 1 : 0;
}

class SubjectReader {
 public:
  explicit SubjectReader(std::string_view text) : text_(text) {}
  std::string_view read();
  bool is_reply() const { return is_reply_; }

 private:
  void strip_trailers();
  void strip_leaders();
  bool strip_forward();

  std::string_view text_;
  bool is_reply_ = false;
};

std::string_view SubjectReader::read() {
  do {
    strip_trailers();
    strip_leaders();
  } while (strip_forward());
  return text_;
}

void SubjectReader::strip_trailers() {
  for (;;) {
    while (text_.ends_with(' ')) text_.remove_suffix(1);
    if (text_.size() < 5 || !same_name(text_.substr(text_.size() - 5), "(fwd)")) return;
    text_.remove_suffix(5);
    is_reply_ = true;
  }
}

void SubjectReader::strip_leaders() {
  for (;;) {
    while (text_.starts_with(' ')) text_.remove_prefix(1);
    std::string_view rest = text_;
    std::string_view after_blobs = text_;  // what is left if the blobs go, unless nothing would be left
    while (const auto length = blob_length(rest)) {
      rest.remove_prefix(length);
      if (!rest.empty()) after_blobs = rest;
    }
    const auto refwd = refwd_length(rest);
    if (refwd == 0) {
      text_ = after_blobs;
      return;
    }
    text_ = rest.substr(refwd);
    is_reply_ = true;
  }
}

// "[fwd:" ... "]"
bool SubjectReader::strip_forward() {
  if (!starts_with_word(text_, "[fwd:") || !text_.ends_with(']')) return false;
  text_ = text_.substr(5, text_.size() - 6);
  is_reply_ = true;
  return true;
}

}  // namespace

BaseSubject base_subject(std::string_view decoded) {
  const std::string text = collapse_white(decoded);
  SubjectReader reader(text);
  BaseSubject base;
  base.text = reader.read();
  base.is_reply = reader.is_reply();
  return base;
}

}  // namespace kontor::mime
