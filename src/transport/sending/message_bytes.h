// SPDX-License-Identifier: AGPL-3.0-or-later
// A queued message's bytes as they are sent: signatures, then its content, or that made over for a host that takes
// less, in pieces. For the sender.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "directory/directory.h"
#include "formats/mime/reencode.h"
#include "transport/auth/resolver.h"
#include "transport/queue/queue.h"
#include "transport/sending/domain_keys.h"

namespace kontor::transport {

// One thread at a time. Small messages are read from the store once.
class MessageBytes {
 public:
  // Both must outlive it.
  MessageBytes(Queue& queue, const QueuedMessage& message) : queue_(queue), message_(message) {}

  // A piece of the content as it is in the queue. Errors: of Queue::read.
  Result<std::string> content(std::uint64_t offset);
  // From here on, until the next call, the message is as `width` wants it (and is signed so); nothing: as it is in the
  // queue. Errors: of mime::reencode; then it is as before.
  Result<void> use(std::optional<mime::Width> width);
  // Of what is used: a piece of signatures and content together; nothing at the end.
  Result<std::string> piece(std::uint64_t offset);
  std::uint64_t size() const { return used().prefix.size() + content_size(); }
  Needs needs() const;

  // Signs for the domain of From, if it is one of ours that may sign this message; seals what is passed on for others
  // (ARC), with the key of the domain of the account that passes it on. What hinders it is logged: the message goes
  // without.
  struct Signers {
    const DomainKeys& keys;
    const directory::Directory& directory;
    Resolver& resolver;  // for chains of which Authentication-Results do not tell
    std::string hostname;
    Instant now{};
  };
  void sign(const Signers& signers);

 private:
  struct Edition {
    bool is_made = false;
    QueueContent content;  // of what was made over
    std::string prefix;    // signatures
  };
  Edition& used() { return editions_[used_]; }
  const Edition& used() const { return editions_[used_]; }
  std::uint64_t content_size() const { return used_ == 0 ? message_.size : used().content.size; }
  Result<std::string> used_content(std::uint64_t offset);
  Result<void> make(mime::Width width, Edition& edition);
  void sign_used();
  Result<void> each_piece(const std::function<void(std::string_view)>& take);
  Result<void> sign_as_author(const Signers& signers);
  Result<void> seal(const Signers& signers);

  Queue& queue_;
  const QueuedMessage& message_;
  std::optional<Signers> signers_;
  Edition editions_[3];  // as it is, for 7 bits, for 8 bits
  std::size_t used_ = 0;
  std::string first_;  // the content's first piece, once read
};

// The domain of the first address in From, in A-labels; empty if there is none.
std::string from_domain(std::string_view message_start);

}  // namespace kontor::transport
