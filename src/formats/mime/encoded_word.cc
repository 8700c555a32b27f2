// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 2047, and what is near to it: blanks in the encoded text, characters cut in two by neighbouring words.
#include "formats/mime/body_codec.h"
#include "formats/mime/charset.h"
#include "formats/mime/decode.h"
#include "formats/mime/fields.h"

namespace kontor::mime {
namespace {

constexpr std::size_t kMaxCharset = 64;

struct EncodedWord {
  std::string_view charset;
  char encoding = 0;  // 'q' or 'b'
  std::string_view text;
  std::size_t size = 0;  // of the whole
};

class HeaderDecoder {
 public:
  explicit HeaderDecoder(std::string_view text) : text_(text) {}
  std::string decode();

 private:
  std::optional<EncodedWord> word_at(std::size_t start);
  void take(const EncodedWord& word);
  void flush();

  std::string_view text_;
  std::size_t next_end_ = 0;  // of the next "?=": looked for only once, so that many beginnings without end cost little
  std::string out_;
  std::string charset_;  // of the bytes that wait: words side by side are decoded together
  std::string bytes_;
};

std::string HeaderDecoder::decode() {
  std::size_t plain = 0;  // where text starts that is in no word yet
  bool after_word = false;
  for (std::size_t at = 0; (at = text_.find("=?", at)) != std::string_view::npos;) {
    const auto word = word_at(at);
    if (!word) {
      at += 2;
      continue;
    }
    const std::string_view between = text_.substr(plain, at - plain);
    if (!after_word || !trim(between).empty()) {
      flush();
      append_guessed(between, out_);
    }
    take(*word);
    after_word = true;
    plain = at += word->size;
  }
  flush();
  append_guessed(text_.substr(plain), out_);
  return std::move(out_);
}

std::optional<EncodedWord> HeaderDecoder::word_at(std::size_t start) {
  EncodedWord word;
  const std::size_t charset = start + 2;
  std::size_t at = charset;
  while (at < text_.size() && at - charset < kMaxCharset && text_[at] != '?' && text_[at] != '=' && text_[at] != ' ')
    at++;
  if (at == charset || at + 3 > text_.size() || text_[at] != '?' || text_[at + 2] != '?') return std::nullopt;
  word.charset = text_.substr(charset, at - charset);
  word.encoding = lower(text_[at + 1]);
  if (word.encoding != 'q' && word.encoding != 'b') return std::nullopt;
  at += 3;
  if (next_end_ < at) next_end_ = text_.find("?=", at);
  if (next_end_ == std::string_view::npos) return std::nullopt;
  word.text = text_.substr(at, next_end_ - at);
  word.size = next_end_ + 2 - start;
  return word;
}

void HeaderDecoder::take(const EncodedWord& word) {
  if (!same_name(word.charset, charset_)) flush();
  charset_ = word.charset;
  if (word.encoding == 'b') {
    Base64Codec codec;
    codec.feed(word.text, bytes_);
    codec.finish(bytes_);
    return;
  }
  for (std::size_t i = 0; i < word.text.size(); i++) {
    const char c = word.text[i];
    const int high = c == '=' && i + 2 < word.text.size() ? hex_digit(word.text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(word.text[i + 2]) : -1;
    if (low >= 0) {
      bytes_.push_back(static_cast<char>(high << 4 | low));
      i += 2;
    } else {
      bytes_.push_back(c == '_' ? ' ' : c);
    }
  }
}

void HeaderDecoder::flush() {
  if (!bytes_.empty()) out_ += to_utf8(bytes_, charset_).text;
  bytes_.clear();
}

}  // namespace

std::string decode_header(std::string_view raw) {
  const std::string text = unfold(raw);
  return HeaderDecoder(text).decode();
}

}  // namespace kontor::mime
