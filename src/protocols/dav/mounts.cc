// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/mounts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "groupware/calendar/free_busy.h"
#include "protocols/dav/sharing.h"

namespace kontor::dav {
namespace {

using groupware::Kind;
using groupware::Transaction;
using wire::dav::caldav;
using wire::dav::dav;

// Annotations of the folder, the caller's own: the language, a line end, the text.
constexpr std::string_view kOwnPrefix = "/private/dav/mount/";
constexpr std::size_t kLongestOwn = 4096;
constexpr xml::NameView kLanguage{xml::kXmlSpace, "lang"};

constexpr Scope kMounts{on(Resource::What::collection), of(Kind::calendar, Kind::tasks, Kind::notes, Kind::contacts),
                        in(Space::calendars, Space::contacts), true};
constexpr Scope kMountedCalendars{on(Resource::What::collection), of(Kind::calendar, Kind::tasks, Kind::notes),
                                  in(Space::calendars), true};
constexpr Scope kMountedBooks{on(Resource::What::collection), of(Kind::contacts), in(Space::contacts), true};

constexpr xml::NameView kOwnName = dav("displayname");
constexpr xml::NameView kAbout = caldav("calendar-description");
constexpr xml::NameView kAboutBook{wire::dav::kCardDav, "addressbook-description"};
constexpr xml::NameView kOwnColour{wire::dav::kAppleIcal, "calendar-color"};
constexpr xml::NameView kOwnOrder{wire::dav::kAppleIcal, "calendar-order"};
constexpr xml::NameView kTransparency = caldav("schedule-calendar-transp");

std::string own_entry(xml::NameView name) { return std::string(kOwnPrefix).append(name.local); }

// As the owner has it, until one chooses.
std::string owners(const Resource& resource, xml::NameView name) {
  if (name.local == kOwnName.local) {
    const directory::Principal& owner = *resource.owner;
    return fmt::format("{} ({})", resource.folder->name, owner.name.empty() ? owner.primary_address() : owner.name);
  }
  if (name.local == kOwnColour.local) return resource.folder->colour;
  return name.local == kOwnOrder.local ? std::string() : resource.folder->description;
}

template <const xml::NameView& name>
Shown print_own(Context& context, const Resource& resource, xml::Printer& out) {
  std::string language, text = owners(resource, name);
  const auto reader = context.reader(*resource.account);
  const auto annotations =
      reader ? (*reader)->annotations(resource.folder->id) : std::unexpected(Error{Errc::denied, "not to be read"});
  if (annotations) {
    const auto own = annotations->find(own_entry(name));
    const auto line = own == annotations->end() ? std::string::npos : own->second.find('\n');
    if (line != std::string::npos) {
      language = own->second.substr(0, line);
      text = own->second.substr(line + 1);
    }
  }
  if (text.empty()) return Shown::absent;
  if (language.empty()) {
    out.leaf(name, text);
    return Shown::yes;
  }
  out.open(name, {{"xml:lang", language}});
  out.text(text);
  out.close();
  return Shown::yes;
}

bool is_order(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

template <const xml::NameView& name>
Outcome<> set_own(Context&, const Resource& resource, Transaction& transaction, const xml::Element* value) {
  if (!value) {
    TRY_VOID(transaction.annotate(resource.folder->id, own_entry(name), std::nullopt));
    return {};
  }
  const std::string text = value->own_text();
  if (text.size() > kLongestOwn) return deny(507, "this is too long");
  if (name.local == kOwnOrder.local && !is_order(text)) return deny(409, "an order is a number");
  const std::string* language = value->attribute(kLanguage);
  const bool is_line = language && language->find('\n') == std::string::npos && language->size() <= 64;
  TRY_VOID(
      transaction.annotate(resource.folder->id, own_entry(name), (is_line ? *language : std::string()) + "\n" + text));
  return {};
}

groupware::CountedShare share_of(const Resource& resource) { return {resource.account->id(), resource.folder->id}; }

// It takes none of the guest's time until he says so; that is kept in his own account, where free/busy looks.
Shown print_own_transparency(Context& context, const Resource& resource, xml::Printer& out) {
  bool is_opaque = false;
  if (const auto own = context.account(context.user)) {
    const auto counted = groupware::counted_shares(*(*own)->folders());
    is_opaque = std::ranges::find(counted, share_of(resource)) != counted.end();
  }
  out.open(kTransparency);
  out.leaf(caldav(is_opaque ? "opaque" : "transparent"));
  out.close();
  return Shown::yes;
}

Outcome<> count_share(Context& context, const groupware::CountedShare& share, bool counts) {
  TRY(const auto own, context.account(context.user));
  TRY_VOID(context.update(*own, [&](Transaction& transaction) -> Outcome<void> {
    const auto calendar = transaction.folders()->by_role(groupware::FolderRole::calendar);
    if (!calendar) return deny(409, "there is no calendar of one's own to note it with");
    auto counted = groupware::counted_shares(*transaction.folders());
    std::erase(counted, share);
    if (counts && counted.size() >= groupware::kMostCountedShares)
      return deny(507, "as many calendars of others as may take one's time");
    if (counts) counted.push_back(share);
    Transaction::FolderChange change;
    change.properties[groupware::kCountedShares] = groupware::print_counted_shares(counted);
    TRY_VOID(transaction.change_folder(calendar->id, change));
    return {};
  }));
  return {};
}

Outcome<> set_own_transparency(Context& context, const Resource& resource, Transaction&, const xml::Element* value) {
  const bool is_opaque = value && value->child(caldav("opaque"));
  if (value && !is_opaque && !value->child(caldav("transparent")))
    return deny(409, "a calendar is opaque or transparent");
  if (is_opaque && resource.kind() != Kind::calendar) return deny(403, "only calendars of events take time");
  context.afterwards.emplace_back(
      [&context, share = share_of(resource), is_opaque] { return count_share(context, share, is_opaque); });
  return {};
}

const Property kMountProperties[] = {
    {kOwnName, kMounts, true, print_own<kOwnName>, set_own<kOwnName>},
    {kAbout, kMountedCalendars, false, print_own<kAbout>, set_own<kAbout>},
    {kAboutBook, kMountedBooks, false, print_own<kAboutBook>, set_own<kAboutBook>},
    {kOwnColour, kMountedCalendars, false, print_own<kOwnColour>, set_own<kOwnColour>},
    {kOwnOrder, kMountedCalendars, false, print_own<kOwnOrder>, set_own<kOwnOrder>},
    {kTransparency, kMountedCalendars, false, print_own_transparency, set_own_transparency},
};

}  // namespace

const Family& mounts_family() {
  static const Family kFamily{.name = "mounts", .properties = kMountProperties};
  return kFamily;
}

}  // namespace kontor::dav
