// SPDX-License-Identifier: AGPL-3.0-or-later
// Contents of messages, read ahead: announced messages are asked for in batches bounded by bytes, and the next batch is
// on its way while the one before is still being read, so that round trips cost nothing.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "migrate/imap/connection.h"
#include "migrate/imap/spool.h"
#include "migrate/source.h"

namespace kontor::migrate {

// For the folder that is open; another one needs reset().
class ImapFetcher {
 public:
  ImapFetcher(ImapConnection& connection, std::uint64_t batch_bytes)
      : connection_(connection), batch_bytes_(batch_bytes) {}

  void announce(const std::vector<SourceItem>& items);
  // Errors: as SourceSession::fetch.
  Result<void> fetch(const SourceItem& item, const TakePiece& take);
  // Nothing is on its way.
  bool is_idle() const { return batches_.empty(); }
  // Lets answers on their way pass, so that another command can be given. Errors: unavailable.
  Result<void> settle();
  // Forgets what was announced and what came: before another folder is opened. Errors: unavailable.
  Result<void> reset();

 private:
  struct Wanted {
    std::uint32_t uid = 0;
    std::uint64_t size = 0;
  };
  struct Batch {
    std::string tag;
    std::vector<std::uint32_t> uids;  // that have not come yet
    bool is_single = false;
  };
  // The one message that is being waited for.
  struct Target {
    const SourceItem& item;
    const TakePiece& take;
    bool is_done = false;
    Result<void> result;
  };

  Result<void> fill();
  Result<void> send_batch(std::vector<std::uint32_t> uids);
  Result<void> step(Target* target);
  Result<void> read_body(Target* target);
  Result<void> take_fetch(imap_client::Fetch& fetch, Target* target);
  Result<void> finish_batch(const std::string& tag, const imap_client::Status& status);
  Result<void> deliver_spooled(const SourceItem& item, const TakePiece& take);
  void arrive(std::uint32_t uid);
  bool is_in_flight(std::uint32_t uid) const;
  std::size_t uids_in_flight() const;
  static Result<void> check_size(const SourceItem& item, std::uint64_t size);

  ImapConnection& connection_;
  std::uint64_t batch_bytes_;
  std::deque<Wanted> wanted_;               // announced, not yet asked for
  std::deque<Batch> batches_;               // asked for
  std::map<std::uint32_t, Spool> arrived_;  // not yet fetched
  std::map<std::uint32_t, imap_client::Status> refused_;
  std::set<std::uint32_t> nil_;  // there, it seems, but without content
  // The content read last, until the response says whose it is.
  std::optional<Spool> nameless_;
  std::uint32_t streamed_uid_ = 0;  // whose content went to the target directly
};

}  // namespace kontor::migrate
