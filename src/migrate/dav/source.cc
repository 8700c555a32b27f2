// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/dav/source.h"

#include <fmt/format.h>

#include <map>

#include "migrate/dav/address.h"
#include "migrate/dav/attached.h"
#include "migrate/dav/client.h"
#include "migrate/dav/discovery.h"
#include "migrate/dav/fetching.h"
#include "migrate/dav/listing.h"
#include "migrate/files/places.h"
#include "migrate/source_login.h"

namespace kontor::migrate {
namespace {

class DavSession : public SourceSession {
 public:
  DavSession(const SourceOptions& options, const SourceUser& user)
      : options_(options), login_(user.login), client_(options, user), fetcher_(client_, options.batch_bytes) {}

  // The first request, which shows whether the login is taken.
  Result<void> begin() {
    TRY(auto found, options_.kind == SourceKind::webdav ? find_directories(client_, options_, login_)
                                                        : find_collections(client_, options_, login_));
    collections_ = std::move(found);
    is_fresh_ = true;
    return {};
  }

  Result<std::vector<SourceFolder>> folders() override {
    if (!std::exchange(is_fresh_, false)) TRY_VOID(begin());
    is_fresh_ = false;
    std::vector<SourceFolder> out;
    for (const auto& one : collections_) out.push_back(one.folder);
    return out;
  }

  Result<FolderPass> list(const SourceFolder& folder, const FolderState& state,
                          const std::function<Result<void>(const SourceItem&)>& visit) override {
    TRY(const auto* collection, find(folder));
    return list_collection(client_, *collection, state, visit);
  }

  Result<void> fetch(const SourceFolder& folder, const SourceItem& item, const TakePiece& take) override {
    TRY(const auto* collection, find(folder));
    return fetcher_.fetch(*collection, item, take);
  }

  // With what is attached to events and cards, as far as it is on this server.
  Result<void> fetch_with_files(const SourceFolder& folder, const SourceItem& item, const TakePiece& take,
                                const TakeFile& file) override {
    losses_.clear();
    if (folder.kind == "files") return fetch(folder, item, take);
    std::string text;
    bool is_large = false;
    TRY_VOID(fetch(folder, item, [&](std::string_view piece) -> Result<void> {
      if (is_large) return take(piece);
      text += piece;
      if (text.size() <= kMostAttachedText) return {};
      is_large = true;
      return take(std::exchange(text, {}));
    }));
    if (is_large) return {};
    TRY(text, bring_attachments(client_, std::move(text), file, losses_));
    return take(text);
  }
  std::vector<std::string> losses() override { return std::exchange(losses_, {}); }

  void announce(const SourceFolder& folder, const std::vector<SourceItem>& items) override {
    if (const auto collection = find(folder)) fetcher_.announce(**collection, items);
  }

 private:
  Result<const DavCollection*> find(const SourceFolder& folder) const {
    for (const auto& one : collections_)
      if (one.folder.key == folder.key) return &one;
    return fail(Errc::not_found, fmt::format("{} vanished from the source", folder.key));
  }

  const SourceOptions options_;
  const std::string login_;
  DavClient client_;
  DavFetcher fetcher_;
  std::vector<DavCollection> collections_;
  std::vector<std::string> losses_;  // of the item fetched last
  bool is_fresh_ = false;
};

class DavSource : public Source {
 public:
  explicit DavSource(const SourceOptions& options) : options_(options) {}

  std::string name() const override {
    const char* scheme = options_.kind == SourceKind::webdav    ? "dav"
                         : options_.kind == SourceKind::carddav ? "carddav"
                                                                : "caldav";
    const auto origin = dav_origin(options_);
    return fmt::format("{}:{}{}", scheme, origin.substr(origin.find("://") + 3), options_.path);
  }

  Result<std::vector<SourceAccount>> accounts() override { return named_accounts(options_); }

  Result<std::unique_ptr<SourceSession>> open(const SourceAccount& account) override {
    TRY(const auto identity, source_login(options_, account.key));
    auto session = std::make_unique<DavSession>(options_, identity);
    TRY_VOID(session->begin());
    return session;
  }

 private:
  const SourceOptions options_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_dav_source(const SourceOptions& options) {
  if (options.host.empty()) return fail(Errc::invalid, "a DAV source needs a host");
  if (options.tls == SourceTls::starttls)
    return fail(Errc::invalid, "HTTP has no STARTTLS: write caldavs://, carddavs:// or davs://, or add ?tls=none");
  if (options.users.empty()) return fail(Errc::invalid, "a DAV source needs users: it cannot be asked who there is");
  if (!options.path.empty() && !options.path.starts_with('/'))
    return fail(Errc::invalid, "the path on the server must begin with \"/\"");
  if (!options.master_user.empty() && options.master_style == MasterStyle::authzid && !is_pattern(options.path))
    return fail(Errc::invalid, "a master user that logs in as itself needs a path with %u: whose data it is to read");
  for (const auto& user : options.users) {
    if (options.master_user.empty() && user.password.empty() && user.token.empty() && options.token.empty())
      return fail(Errc::invalid, fmt::format("no password or token is given for {}", user.login));
    if (is_pattern(options.path) && (user.login.contains('/') || user.login.starts_with('.')))
      return fail(Errc::invalid, fmt::format("\"{}\" cannot be part of a path", user.login));
  }
  return std::make_unique<DavSource>(options);
}

}  // namespace kontor::migrate
