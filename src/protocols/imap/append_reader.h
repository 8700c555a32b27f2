// SPDX-License-Identifier: AGPL-3.0-or-later
// Reads the messages of an APPEND or REPLACE: RFC 3501 section 6.3.11, MULTIAPPEND (RFC 3502), CATENATE (RFC 4469),
// literal8 (RFC 3516) and UTF8 (RFC 6855 section 4). Large ones go from the wire into the core's stager in bounded
// pieces, small ones together; nothing is filed before all of them came.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "groupware/accounts.h"
#include "protocols/imap/command.h"
#include "protocols/imap/session.h"

namespace kontor::imap {

// What a client appends, and where to.
struct Appending {
  // Stages what waits: to be called before the items are filed. Blocks. Errors: as Stager.
  Result<void> stage_waiting(groupware::Accounts& accounts);

  std::shared_ptr<groupware::Account> account;
  FolderId folder;
  std::vector<groupware::NewItem> items;
  // Small messages that came but were not staged yet: one turn on a worker does it for many.
  struct Waiting {
    std::size_t item;
    std::string bytes;
  };
  std::vector<Waiting> waiting;
  std::size_t waiting_bytes = 0;
};

class AppendReader {
 public:
  // Both must outlive it.
  AppendReader(Session& session, Command& command);
  AppendReader(const AppendReader&) = delete;
  AppendReader& operator=(const AppendReader&) = delete;

  // What stands before the next literal.
  wire::imap::Cursor& in() { return in_; }

  // From the blank before the mailbox's name to the end of the command. `freed`: bytes of a message that goes in the
  // same change. The refusal is to be given to the client; what the command still had was read.
  Task<std::expected<Appending, Reply>> read(std::size_t most_messages, std::uint64_t freed = 0);

  // Reads what is left of the command, and gives `reply`; if that cannot be, the session ends and the reply is none.
  Task<Reply> give_up(Reply reply);

 private:
  using Refused = std::optional<Reply>;

  bool has_literal() const { return in_.at_end() && !in_.failed() && pending_.has_value(); }
  Task<Refused> read_message(Appending& appending);
  Task<Refused> read_small(Appending& appending);
  // Into one stager, in pieces.
  Task<Refused> read_staged(Appending& appending, Task<Refused> (AppendReader::*read)(groupware::Stager&));
  Task<Refused> read_parts(groupware::Stager& stager);
  Task<Refused> read_utf8(groupware::Stager& stager);
  Task<Refused> read_url(groupware::Stager& stager);
  Task<Refused> copy_part(groupware::Stager& stager, std::string url);
  // A literal that is a message or a part of one.
  Task<Refused> read_data(groupware::Stager& stager);
  Task<Refused> find_target(Appending& appending);
  // Whether so many bytes more may be taken, before they are read: a client on a slow line is told at once.
  Refused check_size(std::uint64_t size) const;
  // Asks for the literal and gives its bytes in pieces to `take`; goes on with the line after it.
  template <class Take>
  Task<Refused> take_literal(Take take);
  Task<Refused> take_small(std::string& into);
  Task<Refused> next_line();

  Session& session_;
  const Command& command_;
  std::string text_;
  wire::imap::Cursor in_;
  std::optional<wire::imap::LiteralMark> pending_;  // the literal behind text_
  std::string folder_;
  std::uint64_t message_size_ = 0;     // of the present message, as far as it came
  std::uint64_t total_size_ = 0;       // of all before it
  std::uint64_t freed_ = 0;            // in the selected folder's account, by the same change
  std::optional<std::uint64_t> room_;  // bytes that the quota leaves, once the folder was found
  bool is_over_ = false;               // the session has ended
};

}  // namespace kontor::imap
