// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 5465: what a client asked to be told of all mailboxes, and what it was told already.
//
// Commits of the watched accounts note what they touched and wake the session; it then compares what the client knows
// with what is. So however much happens meanwhile, what waits is bounded by the number of folders, and nothing is lost.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/stream.h"
#include "protocols/imap/directory_news.h"
#include "protocols/imap/listing.h"
#include "protocols/imap/selected.h"
#include "wire/imap/notify_request.h"

namespace kontor::imap {

class Notifications {
 public:
  // Whose they are. All must outlive the calls they are given to.
  struct Reader {
    const Mailboxes& mailboxes;
    groupware::Account& own;
    const groupware::Caller& caller;
    NameForm form;
    const Selected* selected;  // null if none is
    bool knows_modseq;
    DirectoryNews& directory_news;
    const directory::Directory& directory;
  };

  // `signal` is set when there may be news. Names in `groups` are in the client's form. Without groups nothing is told.
  Notifications(std::vector<wire::imap::NotifyGroup> groups, std::shared_ptr<net::Signal> signal);
  ~Notifications();

  // Takes the present state for known and begins to watch; names of folders that may not be watched, and the STATUS
  // lines of all others if `wants_status`.
  // Blocks. Errors: unavailable.
  Result<std::string> begin(const Reader& reader, bool wants_status);
  // The lines about everything but the messages of the selected folder. Blocks. Errors: unavailable.
  Result<std::string> news(const Reader& reader);

  net::Signal& signal() { return *signal_; }
  // What is to be told of the selected folder; null: nothing.
  const wire::imap::NotifyGroup* selected() const;

 private:
  using Place = std::pair<AccountId, FolderId>;
  struct Known {
    std::string name;  // on the wire
    const wire::imap::NotifyGroup* group = nullptr;
    std::shared_ptr<groupware::Account> account;
    bool is_subscribed = false;
    bool is_container = false;
    bool is_readable = false;
    Modseq highest;
    std::uint32_t total = 0;
    Uid next_uid;
    std::map<std::string, std::string> annotations;  // where they are watched
  };
  struct Pending;
  class Readers;

  const wire::imap::NotifyGroup* group_of(const std::string& name, const Listed& listed, const Reader& reader) const;
  Result<void> watch_accounts(const Reader& reader);
  bool reaches_others() const;
  void take_names(const Listing& listing, const Reader& reader, std::string* lines);
  void take_folder(const Place& place, Known& known, Readers& readers, const Reader& reader, std::string* lines);
  void take_server(Readers& readers, const Reader& reader, std::string* lines);
  bool has_event(std::uint8_t event) const;

  const std::vector<wire::imap::NotifyGroup> groups_;
  std::shared_ptr<net::Signal> signal_;
  std::shared_ptr<Pending> pending_;
  std::map<Place, Known> known_;
  std::map<std::string, std::string> server_annotations_;
  std::vector<std::pair<std::shared_ptr<groupware::Account>, std::unique_ptr<groupware::Watch>>> watched_;
  std::unique_ptr<DirectoryNews::Watch> directory_watch_;
};

}  // namespace kontor::imap
