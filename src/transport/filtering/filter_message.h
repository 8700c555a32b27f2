// SPDX-License-Identifier: AGPL-3.0-or-later
// A message while filters look at it: its header in memory, where they change it; its body read in pieces.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/fd.h"

namespace kontor::transport {

struct HeaderChange {
  enum class What : std::uint8_t {
    add,          // behind the others
    insert,       // before the field of that place, counted from 0; behind all where there are fewer
    change,       // the index-th field of that name, counted from 1; added where there are fewer
    remove,       // the index-th field of that name; 0: all of them; negative: counted from the last
    remove_like,  // all fields whose names begin with that one
  };
  What what = What::add;
  std::string name;
  std::string value;  // folds with LF or CRLF; the blank behind the colon comes by itself unless there is white space
  std::int32_t index = 0;
};

// Whether the name can be a field's, and the value cannot break out of it. `why`-less: what cannot be is left out.
bool is_sound(const HeaderChange& change);

// The header (with or without the empty line at its end) after the change.
std::string with_header_change(std::string_view head, const HeaderChange& change);

// Bytes that a filter gives: in memory as long as they are few, then in a file that has no name.
class SpooledBody {
 public:
  // `limit`: in bytes.
  SpooledBody(std::string folder, std::uint64_t limit) : folder_(std::move(folder)), limit_(limit) {}

  // Errors: too_large, unavailable (the disk).
  Result<void> write(std::string_view bytes);
  std::uint64_t size() const { return spilled_ + tail_.size(); }
  // Up to `length` bytes from `offset`; fewer also in between, none only at the end. Errors:
  // unavailable.
  Result<std::string> read(std::uint64_t offset, std::size_t length) const;

 private:
  const std::string folder_;
  const std::uint64_t limit_;
  net::Fd file_;
  std::uint64_t spilled_ = 0;
  std::string tail_;
};

// One thread at a time. The source must outlive it.
class FilterMessage {
 public:
  // Up to `length` bytes of the body from `offset`; fewer also in between, none only at the end.
  using Source = std::function<Result<std::string>(std::uint64_t offset, std::size_t length)>;

  FilterMessage(std::string head, Source body, std::uint64_t body_size)
      : head_(std::move(head)), source_(std::move(body)), body_size_(body_size) {}

  const std::string& head() const { return head_; }  // with the empty line behind it, where there is one
  std::uint64_t body_size() const { return body_ ? body_->size() - body_start_ : body_size_; }
  std::uint64_t size() const { return head_.size() + body_size(); }
  // Of the body.
  Result<std::string> read_body(std::uint64_t offset, std::size_t length) const;
  // Of the whole message.
  Result<std::string> read(std::uint64_t offset, std::size_t length) const;
  Result<void> each_of_body(const std::function<Result<void>(std::string_view)>& take) const;

  void change(const HeaderChange& change);
  void replace_body(std::shared_ptr<const SpooledBody> body);
  // Header and body. Errors: invalid (its header is too large, or begins in the middle of a field), unavailable.
  Result<void> replace(std::shared_ptr<const SpooledBody> message);

  bool has_changed() const { return has_changed_; }
  bool has_new_body() const { return body_ != nullptr; }

 private:
  std::string head_;
  Source source_;
  std::uint64_t body_size_;
  std::shared_ptr<const SpooledBody> body_;  // that a filter gave
  std::uint64_t body_start_ = 0;             // in it
  bool has_changed_ = false;
};

}  // namespace kontor::transport
