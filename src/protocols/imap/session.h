// SPDX-License-Identifier: AGPL-3.0-or-later
// One IMAP connection from greeting to BYE.
//
// Commands are read one at a time and executed in order; what is pipelined waits in the stream. Output gathers and is
// sent when it is large, before waiting for the client, and before every continuation request. All blocking work runs
// on the workers; no lock, reader or transaction lives across an await.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "groupware/search/fold.h"
#include "groupware/search/subject_cache.h"
#include "net/blocking.h"
#include "net/buffered.h"
#include "net/presence.h"
#include "protocols/imap/command.h"
#include "protocols/imap/directory_news.h"
#include "protocols/imap/mailboxes.h"
#include "protocols/imap/names.h"
#include "protocols/imap/pace.h"
#include "protocols/imap/selected.h"
#include "protocols/imap/server.h"
#include "wire/imap/fetch_request.h"

namespace kontor::imap {

// What all sessions share.
struct Server {
  Server(const Services& services_, const Options& options_);

  Services services;
  Options options;
  std::vector<metrics::Histogram> timings;  // one per row of the table
  metrics::Counter refused, bad;            // tagged NO, tagged or untagged BAD
  metrics::Gauge open_sessions;
  mutable net::Presence presence;  // by principal
  mutable Pace pace;
  mutable DirectoryNews directory_news;
  mutable groupware::SubjectCache subjects;
  mutable std::atomic<std::uint64_t> logins{0};  // which numbers the sessions
  std::unique_ptr<directory::Watch> watch;
};

class Notifications;

// How texts are compared (RFC 5255 section 4.7).
struct Comparator {
  groupware::Collation collation = groupware::Collation::unicode_casemap;
  bool is_descending = false;  // "-" before its name: orders are turned round (RFC 4790 section 3.3)
};

enum class Expunges : std::uint8_t { tell, hold };

class Session {
 public:
  Session(std::shared_ptr<const Server> server, std::unique_ptr<net::Stream> stream);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Task<void> run();

  // For handlers.
  const Services& services() const { return server_->services; }
  const Options& options() const { return server_->options; }
  Workers& workers() const { return server_->services.workers; }
  net::Buffered& io() { return io_; }
  net::Stream& stream() { return io_.stream(); }
  Task<void> write(std::string_view bytes) { return io_.write(bytes); }

  // Bytes of the largest message that is taken (RFC 7889).
  std::uint64_t append_limit() const;

  std::uint8_t state() const;
  bool may_send_password() const;
  std::string capabilities();

  // Back to before the login (RFC 8437).
  void leave();

  bool is_compressed() const { return is_compressed_; }
  // From now on both directions are deflated. No input may be buffered.
  Task<void> compress();

  // After a login. Errors: as Accounts::open.
  Task<Result<void>> enter(directory::Principal principal);
  groupware::Account& account() { return *account_; }  // the user's own
  const std::shared_ptr<groupware::Account>& account_pointer() const { return account_; }
  const Mailboxes& mailboxes() const { return *mailboxes_; }
  // Where a name leads; see Mailboxes::at. The account of others is opened on a worker.
  Task<Result<Mailbox>> mailbox(std::string path);
  const groupware::Caller& caller() const { return caller_; }
  const std::string& user() const { return user_; }

  // Null if none is selected.
  Selected* selected() { return selected_.get(); }
  void select(std::unique_ptr<Selected> selected) {
    selected_ = std::move(selected);
    if (selected_) selected_->uid_only = is_uid_only_;
  }

  Comparator comparator() const { return comparator_; }
  void set_comparator(Comparator comparator) { comparator_ = comparator; }
  NameForm name_form() const { return name_form_; }
  void enable_utf8() { name_form_ = NameForm::utf8; }
  // The client speaks IMAP4rev2 (RFC 9051): nothing is \Recent, and names are UTF-8.
  bool is_rev2() const { return is_rev2_; }
  void enable_rev2() {
    is_rev2_ = true;
    enable_utf8();
    if (selected_) selected_->recent.clear();
  }
  // The client knows no message numbers (RFC 9586).
  bool is_uid_only() const { return is_uid_only_; }
  void enable_uid_only() {
    is_uid_only_ = true;
    if (selected_) selected_->uid_only = true;
  }
  bool knows_modseq() const { return knows_modseq_; }
  // QRESYNC is on: messages that go are told by UID, in VANISHED (RFC 7162 section 3.2.3).
  bool knows_vanished() const { return knows_vanished_; }
  void enable_vanished() { knows_vanished_ = true; }
  // The client used CONDSTORE: from now on FETCH answers carry MODSEQ (RFC 7162 section 3.1.2).
  Task<void> enable_modseq();

  // Counts what changed in the directory: rights that it gives may be others now.
  std::uint64_t directory_changes() const { return server_->directory_news.changes(); }
  groupware::SubjectCache& subjects() const { return server_->subjects; }
  DirectoryNews& directory_news() const { return server_->directory_news; }
  // In one's own account nothing can be taken away.
  bool may_lose_rights() const { return selected_ && selected_->account != account_; }

  // Null if the client did not ask for any (RFC 5465).
  Notifications* notifications() { return notifications_.get(); }
  void notify(std::unique_ptr<Notifications> notifications);
  // Tells what the notifications have.
  Task<void> tell_news(Expunges expunges);
  // The same, again and again, until input is there.
  Task<void> tell_until_input();

  // Tells what changed in the selected folder since it was last told.
  Task<void> announce(Expunges expunges);

  // Takes the account's present keywords; the FLAGS line if there are new ones, else nothing.
  std::string learn_keywords(const std::shared_ptr<const groupware::KeywordTable>& present);

  // The next line, within the limit of the present state. Errors: too_large.
  Task<Result<std::string>> read_line();
  // Says "+ text" and sends all output.
  Task<void> ask(std::string_view text);
  // Reads the rest of a command whose literal is not wanted. False: it was too much, or makes no sense; say BYE.
  Task<bool> drain(wire::imap::LiteralMark mark);
  // Between the two the session may end, but say nothing: the peer is within a literal or an answer whose size it
  // knows.
  void begin_answer() { is_answering_ = true; }
  void end_answer() { is_answering_ = false; }
  // Ends the session after this command.
  void end() { is_ended_ = true; }
  Task<void> bye(std::string_view text);
  // For commands that take long: says how many of `goal` messages are done, if nothing was said for a while (RFC 9585).
  Task<void> progress(const Command& command, std::uint64_t done, std::uint64_t goal);

  std::uint32_t failed_logins = 0;

 private:
  Task<void> tell_messages(wire::imap::FetchRequest request, std::uint32_t first);
  Task<void> talk();
  std::size_t line_limit() const;
  Task<void> greet();
  Task<void> read_and_execute();
  Task<void> handle(std::string line);
  // Reads the literals of `command` from the line that began it. False: it was answered already.
  Task<bool> collect(Command& command, std::string_view line);
  Task<bool> refuse_literal(const Command& command, wire::imap::LiteralMark mark, Reply reply);
  Task<void> execute(Command& command);
  // Looks what the session may do in the selected folder now, if that can have changed, and tells what differs.
  Task<void> renew_rights();
  // Whether the command is for messages that the session may not read any more.
  bool is_barred(const Row& row) const;
  Task<void> answer(std::string_view tag, const Reply& reply);
  // What changed rows do to searches that are kept up to date.
  Task<void> announce_results(std::vector<std::uint32_t> touched);

  std::shared_ptr<const Server> server_;
  net::Buffered io_;
  std::shared_ptr<groupware::Account> account_;
  groupware::Caller caller_;
  std::optional<Mailboxes> mailboxes_;  // once somebody logged in
  std::string user_;
  net::Limits::Place place_;
  net::Presence::Ticket ticket_;
  std::unique_ptr<Selected> selected_;
  std::unique_ptr<Notifications> notifications_;
  std::uint32_t bad_in_a_row_ = 0;
  std::chrono::steady_clock::time_point last_progress_;
  NameForm name_form_ = NameForm::mutf7;
  Comparator comparator_;
  bool is_rev2_ = false;
  bool is_uid_only_ = false;
  bool knows_modseq_ = false;
  bool knows_vanished_ = false;
  bool is_compressed_ = false;
  bool is_ended_ = false;
  bool is_answering_ = false;
};

}  // namespace kontor::imap
