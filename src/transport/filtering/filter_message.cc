// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/filtering/filter_message.h"

#include <stdlib.h>
#include <unistd.h>

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/bytes.h"
#include "formats/mime/header.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kBodyKept = 256 << 10;
constexpr std::size_t kBodyPiece = 64 << 10;
constexpr std::size_t kLargestName = 200;
constexpr std::size_t kLargestValue = 64 << 10;
constexpr std::size_t kLargestNewHead = 1 << 20;
constexpr std::size_t kLargestChangedHead = 8 << 20;

// CRLF before each continuation, as it stands in messages.
std::string field_text(const HeaderChange& change) {
  std::string out = change.name + ":";
  if (!change.value.starts_with(' ') && !change.value.starts_with('\t')) out += ' ';
  for (std::size_t i = 0; i < change.value.size(); ++i) {
    const char c = change.value[i];
    if (c == '\r') continue;
    if (c != '\n') {
      out += c;
      continue;
    }
    const bool is_fold = i + 1 < change.value.size() && (change.value[i + 1] == ' ' || change.value[i + 1] == '\t');
    out += is_fold ? "\r\n" : " ";
  }
  return out + "\r\n";
}

std::vector<std::string_view> fields_named(std::string_view head, std::string_view name) {
  std::vector<std::string_view> out;
  mime::each_field(head, [&](const mime::Field& field) {
    if (iequals(field.name, name)) out.push_back(field.whole);
    return true;
  });
  return out;
}

// Where the field begins that has `index` fields before it.
std::size_t place_of(std::string_view head, std::int32_t index) {
  std::size_t at = head.size();
  std::int32_t count = 0;
  mime::each_field(head, [&](const mime::Field& field) {
    if (count++ != index) return true;
    at = static_cast<std::size_t>(field.whole.data() - head.data());
    return false;
  });
  return at;
}

}  // namespace

bool is_sound(const HeaderChange& change) {
  const auto may_name = [](char c) { return c > 32 && c < 127 && c != ':'; };
  return !change.name.empty() && change.name.size() <= kLargestName && std::ranges::all_of(change.name, may_name) &&
         change.value.size() <= kLargestValue && change.value.find('\0') == std::string::npos;
}

std::string with_header_change(std::string_view head, const HeaderChange& change) {
  using What = HeaderChange::What;
  if (!is_sound(change)) return std::string(head);
  std::string_view end;
  if (head == "\r\n" || head.ends_with("\r\n\r\n")) {
    end = "\r\n";
    head.remove_suffix(2);
  }
  std::string out(head);
  if (!out.empty() && !out.ends_with('\n')) out += "\r\n";
  const auto named = fields_named(out, change.name);
  const auto offset = [&](std::string_view field) { return static_cast<std::size_t>(field.data() - out.data()); };
  if (change.what == What::remove_like || (change.what == What::remove && change.index == 0)) {
    const bool is_beginning = change.what == What::remove_like;
    std::string kept;
    mime::each_field(out, [&](const mime::Field& field) {
      const std::string_view name = is_beginning ? field.name.substr(0, change.name.size()) : field.name;
      if (!iequals(name, change.name)) kept += field.whole;
      return true;
    });
    return kept.append(end);
  }
  const std::int32_t count = static_cast<std::int32_t>(named.size());
  const std::int32_t index = change.index < 0 ? count + change.index : std::max(change.index, 1) - 1;
  const bool is_there = index >= 0 && index < count;
  if (change.what == What::remove || (change.what == What::change && is_there)) {
    if (!is_there) return out.append(end);
    const std::string_view old = named[static_cast<std::size_t>(index)];
    out.replace(offset(old), old.size(), change.what == What::change ? field_text(change) : std::string());
    return out.append(end);
  }
  out.insert(change.what == What::insert ? place_of(out, change.index) : out.size(), field_text(change));
  // A header that had no end is one now.
  return out.append(end.empty() ? "\r\n" : end);
}

Result<void> SpooledBody::write(std::string_view bytes) {
  if (size() + bytes.size() > limit_) return fail(Errc::too_large, "a filter's new text is too large");
  tail_ += bytes;
  if (tail_.size() < kBodyKept) return {};
  if (!file_) {
    std::string name = folder_ + "/filter-XXXXXX";
    file_ = net::Fd(::mkostemp(name.data(), O_CLOEXEC));
    if (!file_) return fail(Errc::unavailable, "a filter's new text could not be kept in " + folder_);
    ::unlink(name.c_str());
  }
  for (std::string_view rest = tail_; !rest.empty();) {
    const ssize_t done = ::write(file_.get(), rest.data(), rest.size());
    if (done <= 0) return fail(Errc::unavailable, "a filter's new text could not be kept: the disk may be full");
    rest.remove_prefix(static_cast<std::size_t>(done));
  }
  spilled_ += tail_.size();
  tail_.clear();
  return {};
}

Result<std::string> SpooledBody::read(std::uint64_t offset, std::size_t length) const {
  std::string out;
  if (offset < spilled_) {
    out.resize(static_cast<std::size_t>(std::min<std::uint64_t>(length, spilled_ - offset)));
    const ssize_t got = ::pread(file_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (got <= 0) return fail(Errc::unavailable, "a filter's new text could not be read");
    out.resize(static_cast<std::size_t>(got));
    if (static_cast<std::size_t>(got) == length || offset + out.size() < spilled_) return out;
  }
  const std::uint64_t at = offset + out.size() - spilled_;
  if (at < tail_.size()) out += tail_.substr(static_cast<std::size_t>(at), length - out.size());
  return out;
}

Result<std::string> FilterMessage::read_body(std::uint64_t offset, std::size_t length) const {
  return body_ ? body_->read(body_start_ + offset, length) : source_(offset, length);
}

Result<std::string> FilterMessage::read(std::uint64_t offset, std::size_t length) const {
  if (offset < head_.size()) return head_.substr(static_cast<std::size_t>(offset), length);
  return read_body(offset - head_.size(), length);
}

Result<void> FilterMessage::each_of_body(const std::function<Result<void>(std::string_view)>& take) const {
  for (std::uint64_t at = 0;;) {
    TRY(const std::string piece, read_body(at, kBodyPiece));
    if (piece.empty()) return {};
    TRY_VOID(take(piece));
    at += piece.size();
  }
}

void FilterMessage::change(const HeaderChange& change) {
  std::string head = with_header_change(head_, change);
  if (head.size() > head_.size() && head.size() > kLargestChangedHead) return;
  // What had no empty line behind its header has no body either.
  has_changed_ = has_changed_ || head != head_;
  head_ = std::move(head);
}

void FilterMessage::replace_body(std::shared_ptr<const SpooledBody> body) {
  body_ = std::move(body);
  body_start_ = 0;
  has_changed_ = true;
  if (head_ != "\r\n" && !head_.ends_with("\r\n\r\n"))
    head_ += head_.ends_with("\r\n") || head_.empty() ? "\r\n" : "\r\n\r\n";
}

Result<void> FilterMessage::replace(std::shared_ptr<const SpooledBody> message) {
  TRY(std::string start, message->read(0, kLargestNewHead));
  while (start.size() < kLargestNewHead && start.size() < message->size()) {
    TRY(const std::string more, message->read(start.size(), kLargestNewHead - start.size()));
    if (more.empty()) break;
    start += more;
  }
  std::size_t end = start.starts_with("\r\n") ? 2 : start.find("\r\n\r\n");
  if (end != 2 && end != std::string::npos) end += 4;
  if (end == std::string::npos && start.size() < message->size())
    return fail(Errc::invalid, "the header of a filter's new message is too large");
  if (start.starts_with(' ') || start.starts_with('\t'))
    return fail(Errc::invalid, "a filter's new message begins in the middle of a header field");
  head_ = start.substr(0, end);
  body_start_ = head_.size();
  body_ = std::move(message);
  has_changed_ = true;
  return {};
}

}  // namespace kontor::transport
