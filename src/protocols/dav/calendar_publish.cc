// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/calendar_publish.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/icalendar/access.h"
#include "formats/icalendar/calendar.h"
#include "formats/lines/writer.h"
#include "protocols/dav/calendar.h"
#include "protocols/dav/locks.h"
#include "protocols/dav/methods.h"
#include "wire/dav/href.h"

namespace kontor::dav {
namespace {

namespace right = groupware::right;

constexpr xml::NameView kPublish{wire::dav::kCalendarServer, "publish-calendar"};
constexpr xml::NameView kUnpublish{wire::dav::kCalendarServer, "unpublish-calendar"};
constexpr std::string_view kEnding = ".ics";
constexpr std::size_t kPublishedAtOnce = 200;
constexpr std::size_t kPublishedPiece = 64 << 10;

std::string url_of(const Context& context, const std::string& secret) {
  return context.origin() + wire::dav::encode_path("/dav/public/" + secret + std::string(kEnding));
}

std::string secret_of(const groupware::Folder& folder) {
  const auto found = folder.properties.find(kPublished);
  return found == folder.properties.end() ? std::string() : found->second;
}

// "<account>-<folder>-<64 hex digits>".
struct PublicName {
  AccountId account;
  FolderId folder;
};
std::optional<PublicName> parse_public_name(std::string_view secret) {
  PublicName out;
  for (std::uint64_t* number : {&out.account.value, &out.folder.value}) {
    const auto [end, error] = std::from_chars(secret.data(), secret.data() + secret.size(), *number);
    if (error != std::errc() || end == secret.data() + secret.size() || *end != '-') return std::nullopt;
    secret.remove_prefix(static_cast<std::size_t>(end - secret.data()) + 1);
  }
  if (secret.size() != 64) return std::nullopt;
  return out;
}

bool is_kept(const lines::Property& property, bool is_confidential) {
  static constexpr std::array<std::string_view, 6> kPersonal = {"ATTENDEE", "ORGANIZER", "ATTACH",
                                                                "CONTACT",  "COMMENT",   "REQUEST-STATUS"};
  static constexpr std::array<std::string_view, 16> kOfTime = {
      "UID",    "DTSTAMP", "DTSTART",       "DTEND",    "DUE",     "DURATION", "RRULE",  "RDATE",
      "EXDATE", "EXRULE",  "RECURRENCE-ID", "SEQUENCE", "CREATED", "TRANSP",   "STATUS", "LAST-MODIFIED"};
  const auto is_one = [&](std::string_view name) { return property.is(name); };
  if (is_confidential) return std::ranges::any_of(kOfTime, is_one);
  return std::ranges::none_of(kPersonal, is_one) && !to_upper(property.name).starts_with("X-");
}

// One calendar of all that is in a folder, in bounded memory.
class PublishedCalendar {
 public:
  PublishedCalendar(std::shared_ptr<groupware::Account> account, const groupware::Folder& folder, std::uint64_t largest)
      : account_(std::move(account)), folder_(folder.id), largest_(largest) {
    lines::Component head{.name = "VCALENDAR"};
    head.set("VERSION", "2.0");
    head.set("PRODID", "-//Kontor//Kontor//EN");
    head.set("X-WR-CALNAME", lines::escape(folder.name));
    if (!folder.colour.empty()) head.set("X-APPLE-CALENDAR-COLOR", lines::escape(folder.colour));
    const std::string all = lines::write(head);
    text_ = all.substr(0, all.rfind("END:"));
  }

  Outcome<std::string> piece() {
    TRY(const auto reader, account_->read(groupware::Caller::system()));
    if (!is_listed_) TRY_VOID(list(*reader));
    while (text_.size() < kPublishedPiece && at_ < items_.size()) {
      const std::size_t end = std::min(items_.size(), at_ + kPublishedAtOnce);
      const std::vector<ItemId> some(items_.begin() + static_cast<std::ptrdiff_t>(at_),
                                     items_.begin() + static_cast<std::ptrdiff_t>(end));
      reader->contents(some, [&](ItemId, const auto& content) {
        if (content && (*content)->size() <= largest_)
          if (const auto bytes = (*content)->read(0, (*content)->size())) append(*bytes);
        return true;
      });
      at_ = end;
    }
    if (at_ == items_.size() && !is_done_) {
      text_ += "END:VCALENDAR\r\n";
      is_done_ = true;
    }
    return std::exchange(text_, {});
  }

 private:
  Outcome<> list(groupware::Reader& reader) {
    TRY_VOID(reader.entries(folder_, [&](const groupware::Entry& entry) {
      items_.push_back(entry.item);
      return true;
    }));
    std::ranges::sort(items_);
    is_listed_ = true;
    return {};
  }

  void append(const std::string& bytes) {
    const auto read = icalendar::read(bytes, "utf-8");
    if (!read) return;
    const auto shown = for_strangers(read->calendars.front());
    if (!shown) return;
    for (const lines::Component& component : shown->components) {
      if (component.is("VTIMEZONE") && !zones_.insert(std::string(component.value("TZID"))).second) continue;
      lines::append(component, text_);
    }
  }

  std::shared_ptr<groupware::Account> account_;
  FolderId folder_;
  std::uint64_t largest_;
  bool is_listed_ = false, is_done_ = false;
  std::vector<ItemId> items_;
  std::size_t at_ = 0;
  std::set<std::string> zones_;
  std::string text_;
};

// What else is POSTed to a calendar is another family's.
Outcome<Response> other_post(Context& context, const Resource& resource) {
  for (const Family* family : families())
    for (const Method& method : family->methods)
      if (method.name == "POST" && method.handle != do_publish && method.scope.covers(resource) &&
          (!method.applies || method.applies(context, resource)))
        return method.handle(context, resource);
  return deny(400, "a calendar can be published or unpublished");
}

}  // namespace

Shown print_publish_url(Context& context, const Resource& resource, xml::Printer& out) {
  const std::string secret = secret_of(*resource.folder);
  if (secret.empty()) return Shown::absent;
  if (!(resource.rights(context) & right::kAdminister)) return Shown::denied;
  out.open(kPublishUrl);
  out.leaf(wire::dav::dav("href"), url_of(context, secret));
  out.close();
  return Shown::yes;
}

std::optional<lines::Component> for_strangers(const lines::Component& calendar) {
  lines::Component out{.name = calendar.name, .properties = calendar.properties, .components = {}};
  bool has_some = false;
  for (const lines::Component& component : calendar.components) {
    if (component.is("VTIMEZONE")) {
      out.components.push_back(component);
      continue;
    }
    const icalendar::Class secrecy = icalendar::class_of(component);
    if (secrecy == icalendar::Class::private_) return std::nullopt;  // with all its overrides
    const bool is_confidential = secrecy == icalendar::Class::confidential;
    lines::Component shown{.name = component.name};
    for (const lines::Property& property : component.properties)
      if (is_kept(property, is_confidential)) shown.properties.push_back(property);
    if (is_confidential) shown.set("SUMMARY", "Busy");
    out.components.push_back(std::move(shown));
    has_some = true;
  }
  if (!has_some) return std::nullopt;
  return out;
}

Outcome<Response> do_publish(Context& context, const Resource& resource) {
  TRY(const xml::Element body, wire::dav::parse_any_body(context.body));
  const bool is_on = body.is(kPublish);
  if (!is_on && !body.is(kUnpublish)) return other_post(context, resource);
  if (!(resource.rights(context) & right::kAdminister))
    return deny(403, "only who administers a calendar publishes it");
  const FolderId id = resource.folder->id;
  std::string secret;
  TRY_VOID(context.update(*resource.account, [&](groupware::Transaction& transaction) -> Outcome<void> {
    TRY_VOID(check_conditions(context, transaction, resource));
    TRY_VOID(check_locks(context, transaction, resource, Touch::itself));
    const auto folder = transaction.folders()->find(id);
    if (!folder) return deny(404, "it is gone");
    secret = is_on ? secret_of(*folder) : std::string();
    if (is_on && secret.empty())
      secret = std::to_string(resource.account->id().value) + "-" + std::to_string(id.value) + "-" +
               to_hex(random_bytes(32));
    groupware::Transaction::FolderChange change;
    change.properties[kPublished] = secret;
    TRY_VOID(transaction.change_folder(id, change));
    return {};
  }));
  Response response{.status = is_on ? 202U : 200U};
  if (is_on) response.headers.emplace_back("Location", url_of(context, secret));
  return response;
}

Outcome<std::optional<Response>> open_published(Context& context, const std::string& name) {
  if (!name.ends_with(kEnding)) return std::nullopt;
  const std::string_view secret = std::string_view(name).substr(0, name.size() - kEnding.size());
  const auto place = parse_public_name(secret);
  if (!place) return std::nullopt;
  // Nobody learns which accounts there are: all that is wrong looks the same.
  auto account = context.services.accounts.open(place->account);
  if (!account) return std::nullopt;
  TRY(const auto reader, (*account)->read(groupware::Caller::system()));
  const auto folder = reader->folders()->find(place->folder);
  if (!folder || secret_of(*folder).empty() || !equal_constant_time(secret_of(*folder), secret)) return std::nullopt;
  Response response{.status = 200, .content_type = "text/calendar; charset=utf-8"};
  response.headers.emplace_back("Cache-Control", "no-cache");
  if (context.request.method == "HEAD") return response;
  auto calendar = std::make_shared<PublishedCalendar>(*account, *folder, context.options.largest_object);
  response.more = [calendar] { return calendar->piece(); };
  return response;
}

}  // namespace kontor::dav
