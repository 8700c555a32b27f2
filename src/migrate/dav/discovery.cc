// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/dav/discovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "migrate/dav/queries.h"
#include "migrate/files/places.h"
#include "migrate/ics/collection_files.h"
#include "migrate/names/collections.h"
#include "migrate/names/folder_name.h"
#include "wire/dav/href.h"

namespace kontor::migrate {
namespace {

namespace dav = wire::dav;

constexpr std::size_t kMostDavCollections = 20'000;
constexpr std::size_t kDeepestDavTree = 60;
constexpr NameView kChangeTag{dav::kCalendarServer, "getctag"};
constexpr NameView kColour{dav::kAppleIcal, "calendar-color"}, kOrder{dav::kAppleIcal, "calendar-order"};
constexpr NameView kBookColour{"http://inf-it.com/ns/ab/", "addressbook-color"};
constexpr NameView kPrincipal = dav::dav("current-user-principal");

std::string with_slash(std::string url) {
  if (!url.ends_with('/')) url += '/';
  return url;
}

std::string_view last_segment(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

bool is_below_or_at(std::string_view path, std::string_view above) {
  while (above.ends_with('/')) above.remove_suffix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path == above || (path.starts_with(above) && path.substr(above.size()).starts_with('/'));
}

class Discovery {
 public:
  Discovery(DavClient& client, const SourceOptions& options, const std::string& login)
      : client_(client), options_(options), login_(login), is_of_cards_(options.kind == SourceKind::carddav) {}

  Result<std::vector<DavCollection>> run() {
    TRY_VOID(find_homes());
    for (const auto& home : homes_) TRY_VOID(read_home(home));
    if (out_.empty())
      return fail(Errc::not_found, fmt::format("{} has no {} for {}", client_.origin(),
                                               is_of_cards_ ? "address books" : "calendars", login_));
    std::vector<SourceFolder> folders;
    for (const auto& one : out_) folders.push_back(one.folder);
    make_paths_unique(folders);
    assign_collection_roles(folders);
    for (std::size_t i = 0; i < out_.size(); ++i) out_[i].folder = std::move(folders[i]);
    return std::move(out_);
  }

 private:
  NameView home_set() const {
    return is_of_cards_ ? dav::carddav("addressbook-home-set") : dav::caldav("calendar-home-set");
  }
  NameView collection_type() const { return is_of_cards_ ? dav::carddav("addressbook") : dav::caldav("calendar"); }

  // Where to begin: what was given, else what RFC 6764 says, else the root.
  std::vector<std::string> beginnings() const {
    if (!options_.path.empty()) return {client_.origin() + dav::encode_path(fill_pattern(options_.path, login_))};
    return {client_.origin() + (is_of_cards_ ? "/.well-known/carddav" : "/.well-known/caldav"), client_.origin() + "/"};
  }

  Result<void> find_homes() {
    std::string refusal = "nothing there says where they are";
    for (const auto& url : beginnings()) {
      TRY(const bool found, begin_at(url, refusal));
      if (found) return {};
    }
    return fail(Errc::not_found, fmt::format("{} has no {} for {}: {}", client_.origin(),
                                             is_of_cards_ ? "address books" : "calendars", login_, refusal));
  }

  Result<bool> begin_at(const std::string& url, std::string& refusal) {
    ResourceStatus start;
    const auto body = propfind_body({kPrincipal, dav::dav("resourcetype"), home_set(), dav::dav("principal-URL")});
    TRY(const auto status, ask_one(url, body, start));
    if (!status.is_multistatus()) {
      refusal = fmt::format("{} answers {}", url, words_of(status.answer));
      return false;
    }
    const auto& base = status.answer.url;
    if (is_of_type(start, collection_type())) {
      homes_ = {base};
      is_one_ = true;
      return true;
    }
    auto principal = href_in(start, kPrincipal);
    if (principal.empty()) principal = href_in(start, dav::dav("principal-URL"));
    if (!principal.empty()) {
      TRY(principal_, resolve_url(base, principal));
    }
    TRY_VOID(take_homes(start, base));
    if (homes_.empty() && !principal_.empty()) {
      ResourceStatus self;
      TRY(const auto asked, ask_one(principal_, propfind_body({home_set()}), self));
      if (asked.is_multistatus()) TRY_VOID(take_homes(self, asked.answer.url));
    }
    // A path that was given may itself be the home.
    if (homes_.empty() && !options_.path.empty()) homes_ = {base};
    return !homes_.empty();
  }

  Result<void> take_homes(const ResourceStatus& resource, const std::string& base) {
    for (const auto& href : hrefs_in(resource, home_set())) {
      TRY(auto url, resolve_url(base, href));
      url = with_slash(std::move(url));
      if (std::find(homes_.begin(), homes_.end(), url) == homes_.end()) homes_.push_back(std::move(url));
    }
    return {};
  }

  Result<DavStatus> ask_one(const std::string& url, const std::string& body, ResourceStatus& out) {
    bool is_first = true;
    return ask(client_, {"PROPFIND", url, "0", body}, [&](const ResourceStatus& one) -> Result<void> {
      if (std::exchange(is_first, false)) out = one;
      return {};
    });
  }

  Result<void> read_home(const std::string& home) {
    const auto body = propfind_body(
        {dav::dav("resourcetype"), dav::dav("displayname"), dav::dav("owner"), dav::dav("supported-report-set"),
         dav::dav("sync-token"), kChangeTag, kColour, kOrder, kBookColour, dav::caldav("calendar-description"),
         dav::caldav("supported-calendar-component-set"), dav::caldav("schedule-calendar-transp"),
         dav::caldav("schedule-default-calendar-URL"), dav::carddav("addressbook-description")});
    std::string default_url;
    std::vector<ResourceStatus> found;
    TRY(const auto status,
        ask(client_, {"PROPFIND", home, is_one_ ? "0" : "1", body}, [&](const ResourceStatus& one) -> Result<void> {
          if (is_of_type(one, dav::caldav("schedule-inbox")))
            default_url = href_in(one, dav::caldav("schedule-default-calendar-URL"));
          if (is_of_type(one, collection_type())) found.push_back(one);
          if (found.size() > kMostDavCollections) return fail(Errc::too_large, "the source has too many collections");
          return {};
        }));
    if (!status.is_multistatus()) return std::unexpected(error_of(status.answer));
    for (const auto& one : found) TRY_VOID(take_collection(one, status.answer.url, default_url));
    return {};
  }

  Result<void> take_collection(const ResourceStatus& one, const std::string& base, const std::string& default_url) {
    DavCollection out;
    TRY(out.url, resolve_url(base, one.href));
    out.url = with_slash(std::move(out.url));
    out.folder.key = path_of_url(out.url);
    if (is_of_others(one, base)) {
      log::warn("migrate.not_own", {{"collection", out.folder.key}, {"login", login_}});
      return {};
    }
    if (!seen_.insert(out.folder.key).second) return {};
    describe(one, out);
    if (!default_url.empty()) {
      const auto url = resolve_url(base, default_url);
      if (url && with_slash(*url) == out.url && out.folder.kind == "calendar") out.folder.role = "calendar";
    }
    out_.push_back(std::move(out));
    return {};
  }

  // Shared by somebody, and shown among the login's own.
  bool is_of_others(const ResourceStatus& one, const std::string& base) const {
    const auto owner = href_in(one, dav::dav("owner"));
    if (owner.empty() || principal_.empty() || !options_.path.empty()) return false;
    const auto url = resolve_url(base, owner);
    if (!url) return false;
    const auto path = path_of_url(*url), own = path_of_url(principal_);
    return !is_below_or_at(path, own) && !is_below_or_at(own, path);
  }

  void describe(const ResourceStatus& one, DavCollection& out) const {
    auto& folder = out.folder;
    auto name = one.text(dav::dav("displayname"));
    if (name.empty()) name = last_segment(folder.key);
    auto decoded = decode_folder_name(name, NameEncoding::utf8);
    folder.path = {std::move(decoded.text)};
    folder.name_was_rewritten = decoded.was_rewritten;
    folder.kind = is_of_cards_ ? "contacts" : calendar_kind(one);
    folder.colour = one.text(kColour);
    if (folder.colour.empty()) folder.colour = one.text(kBookColour);
    folder.description =
        one.text(is_of_cards_ ? dav::carddav("addressbook-description") : dav::caldav("calendar-description"));
    if (auto order = one.text(kOrder); !order.empty()) folder.properties["calendar.order"] = std::move(order);
    if (const auto* transparency = one.property(dav::caldav("schedule-calendar-transp")))
      if (transparency->child(dav::caldav("transparent")) != nullptr)
        folder.properties["calendar.transparent"] = "true";
    folder.properties["dav.name"] = last_segment(folder.key);
    out.change_tag = one.text(kChangeTag);
    out.can_sync = reports(one);
  }

  static std::string calendar_kind(const ResourceStatus& one) {
    std::string names;
    if (const auto* set = one.property(dav::caldav("supported-calendar-component-set")))
      for (const auto* comp : set->children(dav::caldav("comp")))
        if (const auto* name = comp->attribute("name")) names += *name + " ";
    auto kind = kind_of_components(names);
    return kind.empty() ? "calendar" : kind;
  }

  // Some have a token and do not list the report.
  static bool reports(const ResourceStatus& one) {
    if (!one.text(dav::dav("sync-token")).empty()) return true;
    const auto* set = one.property(dav::dav("supported-report-set"));
    if (set == nullptr) return false;
    for (const auto* supported : set->children(dav::dav("supported-report")))
      if (const auto* report = supported->child(dav::dav("report")))
        if (report->child(dav::dav("sync-collection")) != nullptr) return true;
    return false;
  }

  DavClient& client_;
  const SourceOptions& options_;
  const std::string& login_;
  const bool is_of_cards_;
  std::string principal_;
  std::vector<std::string> homes_;
  bool is_one_ = false;  // they are one collection
  std::set<std::string> seen_;
  std::vector<DavCollection> out_;
};

// One directory, then those in it. Its files are counted for the plan.
class Directories {
 public:
  Directories(DavClient& client, std::string login) : client_(client), login_(std::move(login)) {}

  Result<std::vector<DavCollection>> run(const std::string& url) {
    root_path_ = path_of_url(with_slash(url));
    DavCollection root;
    root.url = with_slash(url);
    root.folder.key = ".";
    root.folder.path = {"Files"};
    root.folder.kind = "files";
    root.folder.role = "files";
    out_.push_back(std::move(root));
    for (std::size_t i = 0; i < out_.size(); ++i) TRY_VOID(read(i));
    std::vector<SourceFolder> folders;
    for (const auto& one : out_) folders.push_back(one.folder);
    make_paths_unique(folders);
    for (std::size_t i = 0; i < out_.size(); ++i) out_[i].folder = std::move(folders[i]);
    return std::move(out_);
  }

 private:
  Result<void> read(std::size_t at) {
    const auto body = propfind_body({dav::dav("resourcetype"), kChangeTag});
    const auto url = out_[at].url;
    const auto path = path_of_url(url);
    std::vector<std::string> below;
    std::uint64_t files = 0;
    TRY(const auto status, ask(client_, {"PROPFIND", url, "1", body}, [&](const ResourceStatus& one) -> Result<void> {
          TRY(auto member, resolve_url(url, one.href));
          const bool is_directory = is_of_type(one, dav::dav("collection"));
          if (with_slash(path_of_url(member)) == path) return {};
          if (!is_directory) ++files;
          if (is_directory) below.push_back(with_slash(std::move(member)));
          return {};
        }));
    if (!status.is_multistatus()) {
      auto error = error_of(status.answer);
      error.text = fmt::format("{}: {}", url, error.text);
      return std::unexpected(std::move(error));
    }
    if (at == 0 && status.answer.url != url) {
      out_[0].url = with_slash(status.answer.url);
      root_path_ = path_of_url(out_[0].url);
    }
    out_[at].folder.messages = files;
    std::sort(below.begin(), below.end());
    for (auto& member : below) TRY_VOID(add(at, std::move(member)));
    return {};
  }

  Result<void> add(std::size_t parent, std::string url) {
    const auto path = path_of_url(url);
    if (!is_below_or_at(path, root_path_) || !seen_.insert(path).second) return {};
    if (out_.size() >= kMostDavCollections || out_[parent].folder.path.size() >= kDeepestDavTree)
      return fail(Errc::too_large, "the source has too many directories, or they lie too deep in one another");
    DavCollection one;
    one.folder.key = path.substr(root_path_.size());
    while (one.folder.key.ends_with('/')) one.folder.key.pop_back();
    one.folder.kind = "files";
    one.folder.path = out_[parent].folder.path;
    auto decoded = decode_folder_name(last_segment(path), NameEncoding::utf8);
    one.folder.path.push_back(std::move(decoded.text));
    one.folder.name_was_rewritten = decoded.was_rewritten;
    one.url = std::move(url);
    out_.push_back(std::move(one));
    return {};
  }

  DavClient& client_;
  const std::string login_;
  std::string root_path_;
  std::set<std::string> seen_;
  std::vector<DavCollection> out_;
};

}  // namespace

Result<std::vector<DavCollection>> find_collections(DavClient& client, const SourceOptions& options,
                                                    const std::string& login) {
  return Discovery(client, options, login).run();
}

Result<std::vector<DavCollection>> find_directories(DavClient& client, const SourceOptions& options,
                                                    const std::string& login) {
  const auto path = options.path.empty() ? std::string("/") : fill_pattern(options.path, login);
  return Directories(client, login).run(client.origin() + dav::encode_path(path));
}

}  // namespace kontor::migrate
