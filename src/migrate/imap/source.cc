// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/imap/source.h"

#include <fmt/format.h>

#include "migrate/imap/fetching.h"
#include "migrate/imap/folders.h"
#include "migrate/imap/listing.h"
#include "migrate/imap/login.h"
#include "migrate/source_login.h"

namespace kontor::migrate {
namespace {

class ImapSession : public SourceSession {
 public:
  ImapSession(std::unique_ptr<ImapConnection> connection, const SourceOptions& options)
      : connection_(std::move(connection)), window_(options.window), fetcher_(*connection_, options.batch_bytes) {}

  Result<std::vector<SourceFolder>> folders() override {
    TRY_VOID(leave());
    TRY(auto read, read_folders(*connection_));
    other_subscriptions_ = std::move(read.other_subscriptions);
    return std::move(read.folders);
  }

  std::vector<SourcePath> other_subscriptions() const override { return other_subscriptions_; }

  Result<FolderPass> list(const SourceFolder& folder, const FolderState& state,
                          const std::function<Result<void>(const SourceItem&)>& visit) override {
    FolderPass pass;
    if (folder.is_container) return pass;
    const auto known = parse_state(state);
    if (known && is_untouched(folder, *known)) {
      pass.unchanged = true;
      pass.state = state;
      return pass;
    }
    TRY(const auto examined, enter(folder, known ? &*known : nullptr));
    return list_folder(*connection_, folder, examined, known, window_, visit);
  }

  Result<void> fetch(const SourceFolder& folder, const SourceItem& item, const TakePiece& take) override {
    if (item.uid == 0) return fail(Errc::not_found, "the source gives no UID for the message");
    TRY_VOID(ensure_open(folder));
    if (item.key != item_key(uid_validity_, item.uid))
      return fail(Errc::not_found, "the folder was made anew at the source (UIDVALIDITY changed)");
    return fetcher_.fetch(item, take);
  }

  void announce(const SourceFolder& folder, const std::vector<SourceItem>& items) override {
    // Opening the folder can fail: fetch() will say so.
    if (ensure_open(folder)) fetcher_.announce(items);
  }

 private:
  // STATUS of an open folder tells what it was when it was opened. CLOSE removes nothing after EXAMINE.
  Result<void> leave() {
    TRY_VOID(fetcher_.reset());
    if (!open_key_.has_value()) return {};
    open_key_.reset();
    TRY_VOID(connection_->run(ImapCommand(connection_->has("UNSELECT") ? "UNSELECT" : "CLOSE")));
    return {};
  }

  Result<ImapExamined> enter(const SourceFolder& folder, const ImapFolderState* known) {
    TRY_VOID(fetcher_.reset());
    TRY_VOID(connection_->keep_alive());
    open_key_.reset();
    TRY(auto examined, examine(*connection_, folder.key, known));
    open_key_ = folder.key;
    uid_validity_ = examined.uid_validity;
    return examined;
  }

  Result<void> ensure_open(const SourceFolder& folder) {
    if (open_key_ == folder.key) return fetcher_.is_idle() ? connection_->keep_alive() : Result<void>();
    TRY_VOID(enter(folder, nullptr));
    return {};
  }

  std::unique_ptr<ImapConnection> connection_;
  std::uint32_t window_;
  ImapFetcher fetcher_;
  std::vector<SourcePath> other_subscriptions_;
  std::optional<std::string> open_key_;
  std::uint32_t uid_validity_ = 0;
};

class ImapSource : public Source {
 public:
  explicit ImapSource(const SourceOptions& options) : options_(options) {}

  std::string name() const override {
    if (options_.port == 0 || options_.port == 143 || options_.port == 993) return "imap:" + options_.host;
    return fmt::format("imap:{}:{}", options_.host, options_.port);
  }

  Result<std::vector<SourceAccount>> accounts() override { return named_accounts(options_); }

  Result<std::unique_ptr<SourceSession>> open(const SourceAccount& account) override {
    TRY(const auto identity, source_login(options_, account.key));
    TRY(auto connection, ImapConnection::open(options_));
    TRY_VOID(log_in(*connection, identity, options_));
    return std::make_unique<ImapSession>(std::move(connection), options_);
  }

 private:
  const SourceOptions options_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_imap_source(const SourceOptions& options) {
  if (options.host.empty()) return fail(Errc::invalid, "an IMAP source needs a host");
  if (options.users.empty()) return fail(Errc::invalid, "an IMAP source needs users: it cannot be asked who there is");
  for (const auto& user : options.users)
    if (options.master_user.empty() && user.password.empty() && user.token.empty() && options.token.empty())
      return fail(Errc::invalid, fmt::format("no password or token is given for {}", user.login));
  if (!options.master_user.empty() && options.master_style == MasterStyle::authzid && options.mechanism == "LOGIN")
    return fail(Errc::invalid, "a master user by authzid needs the mechanism PLAIN");
  return std::make_unique<ImapSource>(options);
}

}  // namespace kontor::migrate
