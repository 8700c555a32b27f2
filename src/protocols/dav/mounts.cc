// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/mounts.h"

#include <fmt/format.h>

#include <charconv>

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

// Free/busy tells of one's own calendars.
Shown print_own_transparency(Context&, const Resource&, xml::Printer& out) {
  out.open(kTransparency);
  out.leaf(caldav("transparent"));
  out.close();
  return Shown::yes;
}

Outcome<> set_own_transparency(Context&, const Resource&, Transaction&, const xml::Element* value) {
  if (!value || value->child(caldav("transparent"))) return {};
  return deny(403, "what others share takes no time of one's own: put what does into a calendar of your own");
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
