// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mime/encoders.h"

#include "base/bytes.h"

namespace kontor::mime {
namespace {

constexpr std::size_t kBytesOfLine = 57;  // 76 digits
constexpr std::size_t kColumns = 75;      // and "=" for a soft line break

}  // namespace

void Base64Writer::line(std::string_view bytes, std::string& out) {
  if (has_line_) out += "\r\n";
  out += to_base64(bytes);
  has_line_ = true;
}

void Base64Writer::feed(std::string_view bytes, std::string& out) {
  if (rest_.size() + bytes.size() < kBytesOfLine) {
    rest_ += bytes;
    return;
  }
  if (!rest_.empty()) {
    const std::size_t missing = kBytesOfLine - rest_.size();
    rest_ += bytes.substr(0, missing);
    bytes.remove_prefix(missing);
    line(rest_, out);
  }
  for (; bytes.size() >= kBytesOfLine; bytes.remove_prefix(kBytesOfLine)) line(bytes.substr(0, kBytesOfLine), out);
  rest_ = bytes;
}

void Base64Writer::finish(std::string& out) {
  if (!rest_.empty()) line(rest_, out);
  rest_.clear();
}

void QuotedPrintableWriter::wrap(std::size_t more, std::string& out) {
  if (column_ + more > kColumns) {
    out += "=\r\n";
    column_ = 0;
  }
  column_ += more;
}

void QuotedPrintableWriter::put(char c, std::string& out) {
  wrap(1, out);
  out += c;
}

void QuotedPrintableWriter::escape(char c, std::string& out) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  wrap(3, out);
  out += {'=', kDigits[byte >> 4], kDigits[byte & 15]};
}

void QuotedPrintableWriter::end_blank(bool is_line_end, std::string& out) {
  if (blank_ == 0) return;
  if (is_line_end)
    escape(blank_, out);
  else
    put(blank_, out);
  blank_ = 0;
}

void QuotedPrintableWriter::feed(std::string_view bytes, std::string& out) {
  for (const char c : bytes) {
    if (has_cr_) {
      has_cr_ = false;
      if (c == '\n') {
        end_blank(true, out);
        out += "\r\n";
        column_ = 0;
        continue;
      }
      end_blank(false, out);
      escape('\r', out);
    }
    if (c == '\r') {
      has_cr_ = true;
      continue;
    }
    end_blank(false, out);
    if (c == ' ' || c == '\t')
      blank_ = c;
    else if (c > ' ' && c < 127 && c != '=')
      put(c, out);
    else
      escape(c, out);
  }
}

void QuotedPrintableWriter::finish(std::string& out) {
  end_blank(true, out);
  if (has_cr_) escape('\r', out);
  has_cr_ = false;
}

}  // namespace kontor::mime
