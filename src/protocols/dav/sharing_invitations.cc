// SPDX-License-Identifier: AGPL-3.0-or-later
// Invitations as Apple's clients send and answer them (calendarserver-sharing).
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "protocols/dav/locks.h"
#include "protocols/dav/principals.h"
#include "protocols/dav/segments.h"
#include "protocols/dav/sharing.h"
#include "protocols/dav/sharing_news.h"
#include "wire/dav/href.h"
#include "wire/dav/multistatus.h"
#include "wire/dav/properties.h"

namespace kontor::dav {
namespace {

namespace right = groupware::right;
using directory::Principal;
using groupware::Grant;
using wire::dav::dav;
using What = Resource::What;
using State = ShareNote::State;

// In a note about what was granted without one.
constexpr const char* kNoInvitation = "none";
constexpr std::size_t kMostInvited = 100;  // by one request
// What is in a collection is the guests' to change, but the collection stays its owner's.
constexpr std::uint32_t kGuestEditor = right::kEditor;

// Of one DAV:href of a CS:share.
struct Invited {
  std::string href;
  bool is_removal = false;
  bool may_write = false;
};

Outcome<std::vector<Invited>> parse_share(const xml::Element& root) {
  std::vector<Invited> out;
  for (const xml::Element* one : root.children()) {
    const bool is_set = one->is(cs("set"));
    if (!is_set && !one->is(cs("remove"))) continue;
    const xml::Element* href = one->child(dav("href"));
    if (!href) return deny(400, "an invitation says whom it is for");
    const bool may_write = one->child(cs("read-write")) != nullptr;
    if (is_set && !may_write && !one->child(cs("read"))) return deny(400, "an invitation says what it lets do");
    if (out.size() >= kMostInvited) return deny(403, "these are too many at once");
    out.push_back({href->own_text(), !is_set, may_write});
  }
  if (out.empty()) return deny(400, "nobody is invited");
  return out;
}

std::vector<Grant> with_rights(std::vector<Grant> grants, PrincipalId who, std::uint32_t rights) {
  std::erase_if(grants, [&](const Grant& grant) { return grant.principal == who; });
  grants.push_back({who, rights});
  return groupware::in_order(std::move(grants));
}

// The grant and the note about it in one commit. The same invitation again changes nothing; another access alone keeps
// what was answered.
// `news`: what the guest is to be told beside an open invitation, which shows by itself.
Outcome<void> invite(Context& context, groupware::Transaction& transaction, FolderId id, const Principal& who,
                     const Invited& invited, std::optional<ShareNews>& news) {
  news.reset();
  const auto folder = transaction.folders()->find(id);
  if (!folder) return deny(404, "it is gone");
  groupware::Transaction::FolderChange change;
  const auto before = note_about(*folder, who.id);
  const bool was_accepted = before && before->state == State::accepted;
  if (was_accepted && (invited.is_removal || invited.may_write != before->may_write))
    news = ShareNews{.what = invited.is_removal ? ShareNews::What::withdrawn : ShareNews::What::changed,
                     .at = context.now(),
                     .other = {},
                     .may_write = invited.may_write,
                     .invitation = before->uid,
                     .path = {},
                     .summary = folder->name};
  if (invited.is_removal) {
    change.grants = with_rights(folder->grants, who.id, 0);
    change.properties[note_key(who.id)] = "";
  } else {
    change.grants = with_rights(folder->grants, who.id, invited.may_write ? kGuestEditor : right::kReader);
    ShareNote note = before.value_or(ShareNote());
    if (!before || before->state == State::declined || before->uid == kNoInvitation) {
      note.state = State::open;
      note.at = context.now();
      note.uid = to_hex(random_bytes(16));
    }
    note.may_write = invited.may_write;
    change.properties[note_key(who.id)] = print_note(note);
  }
  TRY_VOID(transaction.change_folder(id, change));
  return {};
}

xml::NameView status_of(State state) {
  switch (state) {
    case State::accepted:
      return cs("invite-accepted");
    case State::declined:
      return cs("invite-declined");
    case State::open:
    case State::put_away:
      break;
  }
  return cs("invite-noresponse");
}

void print_access(xml::Printer& out, bool may_write) {
  out.open(cs("access"));
  out.leaf(may_write ? cs("read-write") : cs("read"));
  out.close();
}

std::string shown_name_of(const Principal& principal) {
  return principal.name.empty() ? principal.primary_address() : principal.name;
}

void print_organizer(xml::Printer& out, const Principal& owner) {
  out.open(cs("organizer"));
  out.leaf(dav("href"), "mailto:" + owner.primary_address());
  out.leaf(cs("common-name"), shown_name_of(owner));
  out.close();
}

std::string notice_name(const SharedFolder& shared) { return shared.note->uid + ".xml"; }

// An invitation without an answer.
class Notice final : public Special {
 public:
  Notice(SharedFolder shared, std::string path, const Principal& user)
      : shared_(std::move(shared)), path_(std::move(path)), address_(user.primary_address()) {}

  bool is_collection() const override { return false; }
  std::string content_type() const override { return kXml; }
  std::string etag() const override { return "\"" + to_hex(sha256(text())).substr(0, 32) + "\""; }
  std::optional<Instant> modified() const override { return shared_.note->at; }
  Outcome<std::string> content(Context&) const override { return text(); }

  const SharedFolder& shared() const { return shared_; }

 private:
  std::string text() const {
    std::string text;
    xml::Printer out(text, wire::dav::kPrefixes);
    out.open(cs("notification"));
    out.leaf(cs("dtstamp"), fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(shared_.note->at.time_since_epoch().count())));
    out.open(cs("invite-notification"));
    out.leaf(cs("uid"), shared_.note->uid);
    out.leaf(dav("href"), "mailto:" + address_);
    out.leaf(cs("invite-noresponse"));
    print_access(out, shared_.note->may_write);
    out.open(cs("hosturl"));
    out.leaf(dav("href"), wire::dav::encode_path(path_));
    out.close();
    print_organizer(out, shared_.owner);
    out.leaf(cs("summary"), shared_.folder->name);
    out.close();
    out.close();
    return text;
  }

  SharedFolder shared_;
  std::string path_;  // of the collection, at its owner's
  std::string address_;
};

Outcome<void> open_invitations(Context& context, const std::function<bool(const SharedFolder&)>& visit) {
  bool goes_on = true;
  for (const Space space : {Space::calendars, Space::contacts}) {
    if (!goes_on) break;
    TRY_VOID(shared_folders(context, space, [&](const SharedFolder& shared) {
      if (shared.note && shared.note->state == State::open) goes_on = visit(shared);
      return goes_on;
    }));
  }
  return {};
}

class Notices final : public Special {
 public:
  bool is_collection() const override { return true; }
  std::string display_name() const override { return "Notifications"; }
  std::vector<xml::NameView> types() const override { return {cs("notification")}; }

  Outcome<void> members(Context& context, const Resource& self,
                        const std::function<bool(Resource)>& visit) const override {
    std::vector<Resource> found;
    TRY_VOID(open_invitations(context, [&](const SharedFolder& shared) {
      found.push_back(notice_of(context, self, shared));
      return true;
    }));
    TRY(const auto news, own_news(context));
    for (const auto& [name, one] : news) found.push_back(resource_of_news(context, self, name, one));
    for (Resource& one : found)
      if (!visit(std::move(one))) break;
    return {};
  }

  Outcome<std::optional<Resource>> member(Context& context, const Resource& self,
                                          const std::string& name) const override {
    std::optional<Resource> found;
    TRY(const auto news, own_news(context));
    for (const auto& [stem, one] : news)
      if (stem + ".xml" == name) return resource_of_news(context, self, stem, one);
    TRY_VOID(open_invitations(context, [&](const SharedFolder& shared) {
      if (notice_name(shared) == name) found = notice_of(context, self, shared);
      return !found;
    }));
    return found;
  }

 private:
  static Resource notice_of(Context& context, const Resource& self, const SharedFolder& shared) {
    const auto at = resource_of(context, shared.owner, shared.account, shared.folder->id);
    Resource out;
    out.what = What::special;
    out.space = self.space;
    out.name = notice_name(shared);
    out.path = self.path + out.name;
    out.owner = self.owner;
    out.special = std::make_shared<Notice>(shared, at ? at->path : std::string(), context.user);
    return out;
  }
};

const Notice* as_notice(const Resource& resource) { return dynamic_cast<const Notice*>(resource.special.get()); }

}  // namespace

Outcome<Response> do_share(Context& context, const Resource& collection) {
  TRY(const xml::Element root, wire::dav::parse_any_body(context.body));
  // What else is posted to a calendar is its own family's, which stands first and sends on what it does not know.
  if (!root.is(cs("share"))) return deny(415, "a collection takes CS:share");
  if (is_mount(collection) || !(collection.rights(context) & right::kAdminister))
    return deny(dav("need-privileges"), "only who gives rights can invite");
  TRY(const std::vector<Invited> all, parse_share(root));
  std::vector<std::pair<Principal, Invited>> known;
  std::vector<std::string> unknown;
  for (const Invited& one : all) {
    auto who = principal_of_address(context, one.href);
    if (who && who->id != collection.owner->id)
      known.emplace_back(*std::move(who), one);
    else
      unknown.push_back(one.href);
  }
  std::vector<std::pair<PrincipalId, ShareNews>> all_news;
  TRY_VOID(context.update(*collection.account, [&](groupware::Transaction& transaction) -> Outcome<void> {
    all_news.clear();
    TRY_VOID(check_conditions(context, transaction, collection));
    TRY_VOID(check_locks(context, transaction, collection, Touch::itself));
    for (const auto& [who, invited] : known) {
      std::optional<ShareNews> news;
      TRY_VOID(invite(context, transaction, collection.folder->id, who, invited, news));
      if (news) all_news.emplace_back(who.id, *std::move(news));
    }
    return {};
  }));
  for (auto& [who, news] : all_news) {
    news.other = collection.owner->id;
    news.path = collection.path;
    tell_news(context, who, news);
  }
  if (unknown.empty()) return answer(200);
  // Whom nobody knows here cannot be invited; the others were.
  Response response{.status = 207, .content_type = kXml};
  xml::Printer out(response.body, wire::dav::kPrefixes);
  out.open(dav("multistatus"));
  for (const Invited& one : all) {
    out.open(dav("response"));
    out.leaf(dav("href"), one.href);
    const bool is_known = std::ranges::find(unknown, one.href) == unknown.end();
    out.leaf(dav("status"), is_known ? "HTTP/1.1 200 OK" : "HTTP/1.1 403 Forbidden");
    out.close();
  }
  out.close();
  return response;
}

Outcome<Response> do_reply(Context& context, const Resource& home) {
  TRY(const xml::Element root, wire::dav::parse_any_body(context.body));
  if (!root.is(cs("invite-reply"))) return deny(415, "a home takes CS:invite-reply");
  const xml::Element* host = root.child(cs("hosturl"));
  const xml::Element* href = host ? host->child(dav("href")) : nullptr;
  const bool accepts = root.child(cs("invite-accepted")) != nullptr;
  if (!href || accepts == (root.child(cs("invite-declined")) != nullptr))
    return deny(400, "a reply says what is accepted or declined");
  TRY(const Resource collection, find_href(context, href->own_text()));
  if (collection.what != What::collection || collection.kind() == groupware::Kind::files ||
      collection.owner->id == context.user.id)
    return deny(404, "nothing there is shared");
  TRY(const ShareNote note, note_answer(context, collection, accepts));
  if (!accepts) return answer(200);
  Resource own = home;
  own.space = collection.space;
  own.path = home_path(collection.space, context.user);
  const SharedFolder shared{*collection.owner, collection.account, collection.folder, note};
  Response response{.status = 200, .content_type = kXml};
  xml::Printer out(response.body, wire::dav::kPrefixes);
  out.open(cs("shared-as"));
  out.leaf(dav("href"), wire::dav::encode_path(mount_of(own, shared).path));
  out.close();
  return response;
}

Outcome<ShareNote> note_answer(Context& context, const Resource& collection, bool accepts) {
  const auto before = note_about(*collection.folder, context.user.id);
  ShareNote note = before.value_or(ShareNote());
  note.state = accepts ? State::accepted : State::declined;
  note.at = context.now();
  if (note.uid.empty()) note.uid = kNoInvitation;
  TRY_VOID(note_share(context, *collection.account, collection.folder->id, context.user.id, note));
  // Who leaves takes along what was his own; if that fails it goes with his right.
  if (!accepts)
    (void)context.update(*collection.account, [&](groupware::Transaction& transaction) -> Outcome<void> {
      TRY_VOID(transaction.forget_own_parts(collection.folder->id));
      return {};
    });
  if (note.uid != kNoInvitation && before->state != note.state)
    tell_news(context, collection.owner->id,
              {.what = accepts ? ShareNews::What::accepted : ShareNews::What::declined,
               .at = note.at,
               .other = context.user.id,
               .may_write = note.may_write,
               .invitation = note.uid,
               .path = own_path(context, collection),
               .summary = collection.folder->name});
  return note;
}

// Seen, and not to be shown again; the invitation stays open.
Outcome<Response> do_put_away(Context& context, const Resource& resource) {
  if (news_in(resource)) {
    TRY_VOID(put_away_news(context, resource.name.substr(0, resource.name.size() - 4)));
    return answer(204);
  }
  const SharedFolder& shared = as_notice(resource)->shared();
  ShareNote note = *shared.note;
  note.state = State::put_away;
  TRY_VOID(note_share(context, *shared.account, shared.folder->id, context.user.id, note));
  return answer(204);
}

Shown print_invite(Context& context, const Resource& collection, xml::Printer& out) {
  const bool is_host = !is_mount(collection) && (collection.rights(context) & right::kAdminister);
  if (!is_host && !is_mount(collection)) return Shown::absent;
  out.open(cs("invite"));
  print_organizer(out, *collection.owner);
  for (const Grant& grant : collection.folder->grants) {
    if (!is_host || !grant.principal) continue;
    const auto who = context.services.directory.principal(grant.principal);
    if (!who || !(grant.rights & right::kRead)) continue;
    const auto note = note_about(*collection.folder, grant.principal);
    out.open(cs("user"));
    if (note) out.leaf(cs("uid"), note->uid);
    out.leaf(dav("href"), "mailto:" + who->primary_address());
    out.leaf(cs("common-name"), shown_name_of(*who));
    out.leaf(status_of(note ? note->state : State::accepted));
    print_access(out, (grant.rights & right::kInsert) != 0);
    out.close();
  }
  out.close();
  return Shown::yes;
}

Resource notices_of(const Resource& home) {
  Resource out;
  out.what = What::special;
  out.space = home.space;
  out.name = "notifications";
  out.path = home.path + "notifications/";
  out.owner = home.owner;
  out.special = std::make_shared<Notices>();
  return out;
}

bool is_notice(Context&, const Resource& resource) { return as_notice(resource) != nullptr || news_in(resource); }

Shown print_notice_type(Context&, const Resource& resource, xml::Printer& out) {
  const ShareNews* news = news_in(resource);
  if (!news && !as_notice(resource)) return Shown::absent;
  out.open(cs("notificationtype"));
  out.leaf(news && news->is_answer() ? cs("invite-reply") : cs("invite-notification"));
  out.close();
  return Shown::yes;
}

}  // namespace kontor::dav
