// SPDX-License-Identifier: AGPL-3.0-or-later
// A message on its way in by SMTP, until it is known what becomes of it: its header in memory, its body in memory as
// long as it is small, then in a file that has no name.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "net/fd.h"
#include "transport/filtering/filter_message.h"
#include "transport/smtp/options.h"
#include "wire/smtp/line_ends.h"
#include "wire/smtp/reply.h"

namespace kontor::transport {

// Blocks: use it on a worker, one thread at a time.
class SmtpMessage {
 public:
  // `options` must outlive it. `largest`: in bytes. `is_binary`: the body is kept byte for byte (BINARYMIME, RFC 3030);
  // else its line ends are judged.
  SmtpMessage(const SmtpOptions& options, std::uint64_t largest, bool is_binary = false);

  // What goes wrong is told by finish(). Beyond the limit bytes are counted and dropped.
  void write(std::string_view bytes);
  // Once, at the end. What the sender is told, if it cannot be taken whoever it is for.
  std::optional<wire::smtp::Reply> finish();

  // After finish(). The header with the empty line behind it, where there is one.
  const std::string& head() const { return head_; }
  // In pieces. Errors: unavailable, and what `take` returns.
  Result<void> each_of_body(const std::function<Result<void>(std::string_view)>& take) const;
  // Up to `length` bytes of the body from `offset`, none only at the end. Errors: unavailable.
  Result<std::string> read_body(std::uint64_t offset, std::size_t length) const;
  std::uint64_t body_size() const { return changed_ ? changed_->body_size() : in_file_ + body_.size(); }
  // What filters made of it takes its place. `changed` reads this message's body where it has none of its own.
  void adopt(FilterMessage changed);
  std::uint64_t size() const { return size_; }  // as it came
  // Stands for the bytes as they came.
  const std::string& fingerprint() const { return fingerprint_; }

 private:
  void add(std::string_view bytes);
  void add_to_body(std::string_view bytes);
  Result<void> spill();

  const SmtpOptions& options_;
  const std::uint64_t largest_;
  const bool is_binary_;
  wire::smtp::LineEnds line_ends_;
  Sha256 hash_;
  std::string fingerprint_;
  std::uint64_t size_ = 0;
  std::string head_;
  bool has_head_ = false;  // whole
  std::string body_;       // that is not in the file
  net::Fd file_;
  std::uint64_t in_file_ = 0;  // bytes
  std::optional<FilterMessage> changed_;
  std::optional<wire::smtp::Reply> fault_;
};

}  // namespace kontor::transport
