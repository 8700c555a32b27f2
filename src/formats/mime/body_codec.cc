// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mime/body_codec.h"

#include <array>
#include <variant>

#include "formats/mime/decode.h"
#include "formats/mime/fields.h"

namespace kontor::mime {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 255;

constexpr std::array<std::uint8_t, 256> base64_digits() {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::size_t i = 0; i < kBase64.size(); i++)
    digits[static_cast<unsigned char>(kBase64[i])] = static_cast<std::uint8_t>(i);
  return digits;
}
constexpr auto kBase64Digits = base64_digits();

}  // namespace

void Base64Codec::feed(std::string_view bytes, std::string& out) {
  out.reserve(out.size() + bytes.size() / 4 * 3 + 3);
  for (const char c : bytes) {
    if (c == '=') {
      finish(out);
      continue;
    }
    const std::uint8_t digit = kBase64Digits[static_cast<unsigned char>(c)];
    if (digit == kNoDigit) continue;
    bits_ = bits_ << 6 | digit;
    if (++digits_ < 4) continue;
    const char three[] = {static_cast<char>(bits_ >> 16), static_cast<char>(bits_ >> 8), static_cast<char>(bits_)};
    out.append(three, 3);
    digits_ = 0;
  }
}

void Base64Codec::finish(std::string& out) {
  if (digits_ >= 2) out.push_back(static_cast<char>(bits_ >> (digits_ == 2 ? 4 : 10)));
  if (digits_ == 3) out.push_back(static_cast<char>(bits_ >> 2));
  digits_ = 0;
}

void QuotedPrintableCodec::feed(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    const char c = bytes.front();
    if (!pending_.empty()) {
      if (pending_[0] != '=') {
        if (is_blank(c) || c == '\r') {
          pending_.push_back(c);
          bytes.remove_prefix(1);
        } else {
          end_blanks(c, out);
        }
      } else if (continues_escape(c, out)) {
        bytes.remove_prefix(1);
      }
      continue;
    }
    if (c == '=' || is_blank(c)) {
      pending_.push_back(c);
      bytes.remove_prefix(1);
      continue;
    }
    const std::string_view plain = bytes.substr(0, bytes.find_first_of("= \t"));
    out.append(plain);
    bytes.remove_prefix(plain.size());
  }
}

// What follows blanks and carriage returns: at a line's end the blanks go.
void QuotedPrintableCodec::end_blanks(char c, std::string& out) {
  if (c == '\n') {
    if (pending_.back() == '\r') out.push_back('\r');
  } else {
    out.append(pending_);
  }
  pending_.clear();
}

// Whether `c` was taken into the escape; if not it is looked at anew.
bool QuotedPrintableCodec::continues_escape(char c, std::string& out) {
  const bool is_hex = pending_.size() == 2 && hex_digit(pending_[1]) >= 0;
  if (is_hex && hex_digit(c) >= 0) {
    out.push_back(static_cast<char>(hex_digit(pending_[1]) << 4 | hex_digit(c)));
    pending_.clear();
    return true;
  }
  if (!is_hex && c == '\n') {  // a soft line break, with blanks a relay may have added
    pending_.clear();
    return true;
  }
  if (!is_hex && (is_white(c) || (pending_.size() == 1 && hex_digit(c) >= 0))) {
    pending_.push_back(c);
    return true;
  }
  out.append(pending_);
  pending_.clear();
  return false;
}

void QuotedPrintableCodec::finish(std::string& out) {
  if (pending_.size() == 2 && hex_digit(pending_[1]) >= 0) out.append(pending_);
  pending_.clear();
}

void UuCodec::feed(std::string_view bytes, std::string& out) {
  constexpr std::size_t kMaxLine = 128;  // 45 bytes make 61 characters; more is noise
  for (std::size_t end; (end = bytes.find('\n')) != std::string_view::npos; bytes.remove_prefix(end + 1)) {
    if (line_.size() < kMaxLine) line_.append(bytes.substr(0, std::min(end, kMaxLine - line_.size())));
    take_line(out);
  }
  if (line_.size() < kMaxLine) line_.append(bytes.substr(0, kMaxLine - line_.size()));
}

void UuCodec::take_line(std::string& out) {
  std::string line;
  std::swap(line, line_);
  while (line.ends_with('\r')) line.pop_back();
  if (!is_inside_) {
    is_inside_ = line.starts_with("begin ");
    return;
  }
  if (line == "end") {
    is_inside_ = false;
    return;
  }
  if (line.empty()) return;
  const auto digit = [&](std::size_t i) { return i < line.size() ? static_cast<unsigned>(line[i] - 32) & 63U : 0U; };
  unsigned left = digit(0);
  for (std::size_t i = 1; left > 0 && i < line.size(); i += 4) {
    const unsigned bits = digit(i) << 18 | digit(i + 1) << 12 | digit(i + 2) << 6 | digit(i + 3);
    for (int shift = 16; shift >= 0 && left > 0; shift -= 8, left--) out.push_back(static_cast<char>(bits >> shift));
  }
}

void UuCodec::finish(std::string& out) {
  if (!line_.empty()) take_line(out);
}

TransferEncoding parse_transfer_encoding(std::string_view text) {
  std::string name;  // without the blanks, hyphens and underscores that come and go: "8-bit", "quoted printable"
  for (const char c : text.substr(0, text.find_first_of(";(")))
    if (!is_white(c) && c != '-' && c != '_' && c != '"' && name.size() < 32) name.push_back(lower(c));
  for (const std::string_view known : {"", "7bit", "7bits", "8bit", "8bits", "binary", "none", "identity"})
    if (name == known) return TransferEncoding::identity;
  if (name == "base64") return TransferEncoding::base64;
  if (name == "quotedprintable") return TransferEncoding::quoted_printable;
  for (const std::string_view known : {"xuuencode", "uuencode", "xuue", "uue"})
    if (name == known) return TransferEncoding::uuencode;
  return TransferEncoding::unknown;
}

struct BodyDecoder::State {
  std::variant<std::monostate, Base64Codec, QuotedPrintableCodec, UuCodec> codec;
};

BodyDecoder::BodyDecoder(TransferEncoding encoding) : state_(std::make_unique<State>()) {
  if (encoding == TransferEncoding::base64) state_->codec = Base64Codec();
  if (encoding == TransferEncoding::quoted_printable) state_->codec = QuotedPrintableCodec();
  if (encoding == TransferEncoding::uuencode) state_->codec = UuCodec();
}
BodyDecoder::~BodyDecoder() = default;
BodyDecoder::BodyDecoder(BodyDecoder&&) noexcept = default;

void BodyDecoder::feed(std::string_view bytes, std::string& out) {
  std::visit(
      [&](auto& codec) {
        if constexpr (std::is_same_v<std::decay_t<decltype(codec)>, std::monostate>) {
          out.append(bytes);
        } else {
          codec.feed(bytes, out);
        }
      },
      state_->codec);
}

void BodyDecoder::finish(std::string& out) {
  std::visit(
      [&](auto& codec) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(codec)>, std::monostate>) codec.finish(out);
      },
      state_->codec);
}

}  // namespace kontor::mime
