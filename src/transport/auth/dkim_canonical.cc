// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/auth/dkim_canonical.h"

#include <algorithm>

#include "base/bytes.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kLargestHead = 1 << 20;
constexpr std::size_t kReadyBytes = 16 << 10;

bool is_wsp(char c) { return c == ' ' || c == '\t'; }

}  // namespace

void DkimBody::emit(std::string_view bytes) {
  const auto before = length_;
  length_ += bytes.size();
  if (limit_) bytes = bytes.substr(0, *limit_ > before ? static_cast<std::size_t>(*limit_ - before) : 0);
  ready_ += bytes;
  if (ready_.size() >= kReadyBytes) flush();
}

void DkimBody::flush() {
  hash_.update(ready_);
  ready_.clear();
}

void DkimBody::line_end() {
  owes_blank_ = false;
  ++owed_lines_;
}

void DkimBody::byte(char c) {
  if (form_ == DkimForm::relaxed && is_wsp(c)) {
    owes_blank_ = true;
    return;
  }
  is_blank_ = false;
  for (; owed_lines_ > 0; --owed_lines_) emit("\r\n");
  if (owes_blank_) emit(" ");
  owes_blank_ = false;
  emit(std::string_view(&c, 1));
}

void DkimBody::feed(std::string_view piece) {
  for (const char c : piece) {
    if (has_cr_ && c == '\n') {
      has_cr_ = false;
      line_end();
      continue;
    }
    if (has_cr_) byte('\r');
    has_cr_ = c == '\r';
    if (!has_cr_) byte(c);
  }
}

std::string DkimBody::finish() {
  if (has_cr_) byte('\r');
  // The lines at the end are one; a body of nothing is one line in the simple
  // form only.
  if (!is_blank_ || form_ == DkimForm::simple) emit("\r\n");
  flush();
  return hash_.finish();
}

std::string_view DkimHead::feed(std::string_view piece) {
  if (is_complete_) return piece;
  const std::size_t from = bytes_.size() < 3 ? 0 : bytes_.size() - 3;
  bytes_ += piece;
  const bool is_empty = bytes_.starts_with("\r\n");
  const auto end = is_empty ? 0 : bytes_.find("\r\n\r\n", from);
  if (end == std::string::npos) {
    if (bytes_.size() <= kLargestHead) return {};
    is_too_large_ = is_complete_ = true;
    bytes_.clear();
    return {};
  }
  last_ = bytes_.substr(is_empty ? 2 : end + 4);
  bytes_.resize(is_empty ? 0 : end + 2);
  finish();
  return last_;
}

void DkimHead::finish() {
  if (is_complete_) return;
  is_complete_ = true;
  if (bytes_.size() > kLargestHead) is_too_large_ = true;
  if (!bytes_.empty() && !bytes_.ends_with("\r\n")) bytes_ += "\r\n";
  split();
}

void DkimHead::split() {
  std::string_view rest = bytes_;
  while (!rest.empty()) {
    std::size_t end = rest.find("\r\n");
    while (end + 2 < rest.size() && is_wsp(rest[end + 2])) end = rest.find("\r\n", end + 2);
    const auto raw = rest.substr(0, end + 2);
    rest.remove_prefix(raw.size());
    const auto colon = raw.find(':');
    if (colon == std::string_view::npos) continue;
    auto name = raw.substr(0, colon);
    while (!name.empty() && is_wsp(name.back())) name.remove_suffix(1);
    fields_.push_back({to_lower(name), raw});
  }
}

std::string canonical_field(std::string_view raw, DkimForm form) {
  if (form == DkimForm::simple) return std::string(raw);
  const auto colon = raw.find(':');
  auto name = raw.substr(0, colon);
  while (!name.empty() && is_wsp(name.back())) name.remove_suffix(1);
  std::string out = to_lower(name) + ":";
  const std::size_t value = out.size();
  bool owes_blank = false;
  const auto folded = raw.substr(colon + 1);
  for (std::size_t i = 0; i < folded.size(); ++i) {
    const char c = folded[i];
    if (folded.substr(i).starts_with("\r\n")) {
      ++i;
      continue;
    }
    if (is_wsp(c)) {
      owes_blank = true;
      continue;
    }
    if (owes_blank && out.size() > value) out += ' ';
    owes_blank = false;
    out += c;
  }
  return out + "\r\n";
}

std::string signed_header(const DkimHead& head, const std::vector<std::string>& names, std::string_view own_field,
                          DkimForm form) {
  std::map<std::string_view, std::vector<const DkimHead::Field*>> left;
  for (const auto& field : head.fields()) left[field.name].push_back(&field);
  std::string out;
  for (const auto& name : names) {
    const auto found = left.find(name);
    if (found == left.end() || found->second.empty()) continue;  // signed as not there
    out += canonical_field(found->second.back()->raw, form);
    found->second.pop_back();
  }
  std::string own = canonical_field(own_field, form);
  own.resize(own.size() - 2);
  return out + own;
}

}  // namespace kontor::transport
