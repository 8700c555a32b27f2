// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/scripts/scripted_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "migrate/files/places.h"
#include "migrate/scripts/managesieve.h"
#include "migrate/scripts/script_files.h"

namespace kontor::migrate {
namespace {

class ScriptedSession final : public SourceSession {
 public:
  ScriptedSession(std::unique_ptr<SourceSession> session, const SourceOptions& options, SourceUser user)
      : session_(std::move(session)), options_(options), user_(std::move(user)) {}

  Result<std::vector<SourceFolder>> folders() override { return session_->folders(); }
  std::vector<SourcePath> other_subscriptions() const override { return session_->other_subscriptions(); }
  Result<FolderPass> list(const SourceFolder& folder, const FolderState& state,
                          const std::function<Result<void>(const SourceItem&)>& visit) override {
    return session_->list(folder, state, visit);
  }
  Result<void> fetch(const SourceFolder& folder, const SourceItem& item, const TakePiece& take) override {
    return session_->fetch(folder, item, take);
  }
  Result<void> fetch_with_files(const SourceFolder& folder, const SourceItem& item, const TakePiece& take,
                                const TakeFile& file) override {
    return session_->fetch_with_files(folder, item, take, file);
  }
  std::vector<std::string> losses() override { return session_->losses(); }
  std::map<std::string, std::string> kept() override { return session_->kept(); }
  void announce(const SourceFolder& folder, const std::vector<SourceItem>& items) override {
    session_->announce(folder, items);
  }
  Result<std::optional<SourceSettings>> settings() override { return session_->settings(); }
  Result<std::optional<std::vector<SourceScript>>> scripts() override {
    // A login is a file name here: it must not lead elsewhere.
    if (options_.managesieve.empty() && is_pattern(options_.sieve_path) &&
        (user_.login.contains('/') || user_.login.starts_with('.')))
      return fail(Errc::invalid, fmt::format("\"{}\" cannot be part of a path", user_.login));
    auto read = options_.managesieve.empty() ? read_script_files(fill_pattern(options_.sieve_path, user_.login))
                                             : read_managesieve(options_, user_);
    if (!read) return std::unexpected(read.error());
    return *std::move(read);
  }

 private:
  std::unique_ptr<SourceSession> session_;
  const SourceOptions& options_;
  const SourceUser user_;
};

class ScriptedSource final : public Source {
 public:
  ScriptedSource(std::unique_ptr<Source> source, SourceOptions options)
      : source_(std::move(source)), options_(std::move(options)) {}

  std::string name() const override { return source_->name(); }
  bool has_logins() const override { return source_->has_logins(); }
  Result<std::vector<SourceAccount>> accounts() override { return source_->accounts(); }
  Result<std::vector<archive::Principal>> principals() override { return source_->principals(); }
  std::vector<std::string> remarks() override { return source_->remarks(); }
  Result<std::unique_ptr<SourceSession>> open(const SourceAccount& account) override {
    TRY(auto session, source_->open(account));
    const auto is_this = [&](const SourceUser& user) { return iequals(user.login, account.key); };
    const auto found = std::ranges::find_if(options_.users, is_this);
    SourceUser user;
    user.login = account.key;
    return std::make_unique<ScriptedSession>(std::move(session), options_,
                                             found == options_.users.end() ? user : *found);
  }

 private:
  std::unique_ptr<Source> source_;
  const SourceOptions options_;
};

}  // namespace

std::unique_ptr<Source> with_scripts(std::unique_ptr<Source> source, const SourceOptions& options) {
  if (options.managesieve.empty() && options.sieve_path.empty()) return source;
  return std::make_unique<ScriptedSource>(std::move(source), options);
}

}  // namespace kontor::migrate
