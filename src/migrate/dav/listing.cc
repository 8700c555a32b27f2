// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/dav/listing.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "migrate/dav/queries.h"
#include "wire/dav/href.h"

namespace kontor::migrate {
namespace {

namespace dav = wire::dav;

constexpr std::string_view kByToken = "dav1 token ", kByTag = "dav1 tag ", kByDigest = "dav1 digest ";
constexpr int kMostPartsOfSync = 100'000;

class CollectionListing {
 public:
  CollectionListing(DavClient& client, const DavCollection& collection,
                    const std::function<Result<void>(const SourceItem&)>& visit)
      : client_(client), collection_(collection), path_(path_of_url(collection.url)), visit_(visit) {}

  Result<FolderPass> run(const FolderState& state) {
    if (collection_.can_sync) {
      const auto token = state.starts_with(kByToken) ? state.substr(kByToken.size()) : std::string();
      if (!token.empty()) {
        TRY(auto changed, sync(token));
        if (changed) return std::move(*changed);
        pass_ = {};  // the server does not know the token any more
      }
      // A listing that broke off has told items already: the other way tells all of them again.
      TRY(auto all, sync({}));
      if (all) return std::move(*all);
      pass_ = {};
    }
    return enumerate(state);
  }

 private:
  // Nothing: the server does not do that, or not from there. Only before anything was told.
  Result<std::optional<FolderPass>> sync(std::string token) {
    const bool is_delta = !token.empty();
    pass_.is_delta = is_delta;
    told_ = 0;
    for (int part = 0; part < kMostPartsOfSync; ++part) {
      bool has_more = false;
      TRY(const auto status, ask(client_, {"REPORT", collection_.url, "0", sync_body(token)},
                                 [&](const ResourceStatus& one) { return take_synced(one, is_delta, has_more); }));
      const bool is_sound = status.is_multistatus() && !status.sync_token.empty();
      if (!is_sound && (told_ > 0 || !pass_.vanished.empty()))
        return fail(Errc::unavailable,
                    fmt::format("{}: a synchronisation broke off: {}", collection_.url, words_of(status.answer)));
      if (!is_sound) return std::nullopt;
      const bool is_stuck = has_more && status.sync_token == token;
      token = status.sync_token;
      if (is_stuck) return fail(Errc::invalid, collection_.url + ": a synchronisation does not go on");
      if (has_more) continue;
      pass_.state = std::string(kByToken) + token;
      pass_.unchanged = is_delta && told_ == 0 && pass_.vanished.empty();
      return std::optional(std::move(pass_));
    }
    return fail(Errc::invalid, collection_.url + ": a synchronisation has no end");
  }

  Result<void> take_synced(const ResourceStatus& one, bool is_delta, bool& has_more) {
    const auto key = key_of(one.href);
    if (!key) {
      has_more = has_more || one.status == 507;  // RFC 6578 section 3.6
      return {};
    }
    if (one.status == 404 || one.status == 410) {
      if (is_delta) pass_.vanished.push_back(*key);
      return {};
    }
    return take_item(one, *key);
  }

  Result<FolderPass> enumerate(const FolderState& state) {
    const auto by_tag = std::string(kByTag) + collection_.change_tag;
    if (!collection_.change_tag.empty() && state == by_tag) {
      pass_.unchanged = true;
      pass_.state = state;
      return std::move(pass_);
    }
    const auto body = propfind_body({dav::dav("getetag"), dav::dav("getcontentlength"), dav::dav("getlastmodified"),
                                     dav::dav("resourcetype"), dav::dav("getcontenttype")});
    TRY(const auto status,
        ask(client_, {"PROPFIND", collection_.url, "1", body}, [&](const ResourceStatus& one) -> Result<void> {
          if (one.status == 507) return fail(Errc::too_large, collection_.url + ": the server does not list all of it");
          const auto key = key_of(one.href);
          return key ? take_item(one, *key) : Result<void>();
        }));
    if (!status.is_multistatus()) {
      auto error = error_of(status.answer);
      error.text = fmt::format("{}: {}", collection_.url, error.text);
      return std::unexpected(std::move(error));
    }
    // A change tag was read before the list: what came between is found again.
    pass_.state = !collection_.change_tag.empty() ? by_tag : std::string(kByDigest) + to_hex(digest_.finish());
    return std::move(pass_);
  }

  // Nothing for the collection itself and what is not directly in it.
  std::optional<std::string> key_of(const std::string& href) {
    const auto url = resolve_url(collection_.url, href);
    if (!url) return std::nullopt;
    auto path = path_of_url(*url);
    if (!path.starts_with(path_) || path.size() == path_.size()) return std::nullopt;
    path.erase(0, path_.size());
    if (path.contains('/')) return std::nullopt;
    return path;
  }

  Result<void> take_item(const ResourceStatus& one, const std::string& key) {
    if (is_of_type(one, dav::dav("collection")) || one.status == 404 || one.status == 410) return {};
    // What the server fails to tell of is there all the same: fetch() shows why it does not come.
    SourceItem item;
    item.key = key;
    item.name = key;
    std::replace(item.name.begin(), item.name.end(), '/', '-');
    const auto length = one.text(dav::dav("getcontentlength"));
    std::from_chars(length.data(), length.data() + length.size(), item.announced_size);
    const auto modified = one.text(dav::dav("getlastmodified"));
    const auto seconds = modified.empty() ? -1 : curl_getdate(modified.c_str(), nullptr);
    item.date_is_guess = seconds < 0;
    if (seconds >= 0) item.date = InternalDate(Instant(std::chrono::seconds(seconds)));
    item.fingerprint = one.text(dav::dav("getetag"));
    // A file's date is carried, too.
    const bool is_file = collection_.folder.kind == "files";
    if (item.fingerprint.empty() || is_file) item.fingerprint += fmt::format(" {} {}", modified, length);
    digest_.update(fmt::format("{}\n{}\n", item.key, item.fingerprint));
    ++told_;
    return visit_(item);
  }

  DavClient& client_;
  const DavCollection& collection_;
  const std::string path_;
  const std::function<Result<void>(const SourceItem&)>& visit_;
  FolderPass pass_;
  std::uint64_t told_ = 0;
  Sha256 digest_;
};

}  // namespace

Result<FolderPass> list_collection(DavClient& client, const DavCollection& collection, const FolderState& state,
                                   const std::function<Result<void>(const SourceItem&)>& visit) {
  return CollectionListing(client, collection, visit).run(state);
}

std::string url_of_item(const DavCollection& collection, std::string_view key) {
  auto path = dav::encode_path(key);
  for (std::size_t at = 0; (at = path.find("%252F", at)) != std::string::npos;) path.replace(at, 5, "%2F");
  return collection.url + path;
}

}  // namespace kontor::migrate
