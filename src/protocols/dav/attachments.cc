// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/attachments.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "formats/icalendar/calendar.h"
#include "formats/itip/attachments.h"
#include "formats/vcard/card.h"
#include "protocols/dav/calendar.h"
#include "protocols/dav/calendar_zones.h"
#include "protocols/dav/locks.h"
#include "protocols/dav/methods.h"
#include "wire/dav/href.h"
#include "wire/http/parameters.h"

namespace kontor::dav {
namespace {

using groupware::Attachment;
using wire::dav::caldav;
using What = Resource::What;
namespace right = groupware::right;

constexpr xml::NameView kTooLarge = caldav("max-attachment-size");
constexpr xml::NameView kTooMany = caldav("max-attachments-per-resource");
constexpr xml::NameView kBadAction = caldav("valid-action");
constexpr xml::NameView kBadId = caldav("valid-managed-id");
constexpr xml::NameView kBadParts = caldav("valid-rid");
constexpr std::size_t kMostParts = 1000;
constexpr std::size_t kLongestType = 255;

std::uint64_t largest_attachment(const Context& context) {
  return std::min(context.options.largest_attachment, context.services.accounts.options().largest_item);
}

// --- what is there

// Whose attachments can be read, as the caller may. Errors: 404.
Outcome<std::shared_ptr<groupware::Account>> account_of(Context& context, std::string_view id) {
  const auto absent = [] { return deny(404, "there is no such attachment"); };
  const auto account = groupware::account_of_attachment(id);
  if (!account) return absent();
  const auto owner = context.services.directory.by_account(*account);
  if (!owner || owner->tenant != context.user.tenant) return absent();
  return context.account(*owner);
}

// Null: the caller may read nothing there.
const groupware::Reader* reader_of(Context& context, std::string_view id) {
  const auto account = account_of(context, id);
  const auto reader = account ? context.reader(**account) : std::unexpected(account.error());
  return reader ? reader->get() : nullptr;
}

class AttachmentFile final : public Special {
 public:
  AttachmentFile(std::shared_ptr<groupware::Account> account, Attachment attachment)
      : account_(std::move(account)), attachment_(std::move(attachment)) {}

  bool is_collection() const override { return false; }
  std::string display_name() const override { return attachment_.name; }
  std::string etag() const override { return attachment_.etag; }
  std::string content_type() const override {
    return attachment_.content_type.empty() ? "application/octet-stream" : attachment_.content_type;
  }
  std::string disposition() const override { return wire::http::attachment_disposition(attachment_.name); }
  Outcome<std::shared_ptr<const groupware::Content>> stream(Context& context) const override {
    TRY(const auto reader, context.reader(*account_));
    TRY(auto content, reader->attachment_content(attachment_.id));
    return content;
  }

 private:
  std::shared_ptr<groupware::Account> account_;
  Attachment attachment_;
};

// --- what a request asks

enum class Action : std::uint8_t { add, update, remove };

struct Asked {
  Action action = Action::add;
  std::string id;
  itip::PartNames parts;
};

Outcome<Asked> asked_edit(const Context& context) {
  std::string action;
  std::optional<std::string> id, parts;
  for (const auto& [name, value] : wire::http::query_parameters(context.request.query)) {
    if (name == "action") action = value;
    if (name == "managed-id") id = value;
    if (name == "rid") parts = value;
  }
  Asked out;
  if (action == "attachment-update")
    out.action = Action::update;
  else if (action == "attachment-remove")
    out.action = Action::remove;
  else if (action != "attachment-add")
    return deny(kBadAction, "an attachment is added, updated or removed");
  if (id.has_value() == (out.action == Action::add))
    return deny(kBadId, id ? "what is added gets its id here" : "it is to be said which attachment is meant");
  if (parts && (out.action == Action::update || parts->empty()))
    return deny(kBadParts, "an update is for all instances that have the attachment");
  out.id = id.value_or("");
  if (!parts) return out;
  for (const std::string_view part : lines::split(*parts, ',')) out.parts.emplace_back(part);
  if (out.parts.size() > kMostParts) return deny(kBadParts, "these are too many instances");
  return out;
}

bool asks_for_attachments(Context& context, const Resource&) {
  const auto parameters = wire::http::query_parameters(context.request.query);
  return std::ranges::any_of(parameters, [](const auto& parameter) { return parameter.first == "action"; });
}

// Whoever sees only a part of the event would store that part.
Outcome<> check_writing(Context& context, const Resource& resource) {
  constexpr std::uint32_t kReplacing = right::kInsert | right::kDeleteItems | right::kExpunge;
  const std::uint32_t rights = resource.rights(context);
  if ((rights & kReplacing) != kReplacing) return deny(403, "you may not write here");
  if (rights & right::kReadPrivate) return {};
  TRY(const auto reader, context.reader(*resource.account));
  const auto facts = reader->facts(resource.entry->item);
  if (!facts || facts->privacy != groupware::Privacy::open)
    return deny(403, "there may be more of it than you may see");
  return {};
}

Outcome<std::optional<PutPlan>> plan_post(Context& context, const Resource& resource) {
  TRY(const Asked want, asked_edit(context));
  TRY_VOID(check_writing(context, resource));
  TRY(const auto reader, context.reader(*resource.account));
  TRY_VOID(check_conditions(context, *reader, resource));
  TRY_VOID(check_locks(context, *reader, resource, Touch::itself));
  if (want.action == Action::remove) return std::nullopt;
  PutPlan plan;
  plan.tenant = resource.account->tenant();
  plan.largest = largest_attachment(context);
  plan.too_large = kTooLarge;
  const std::string_view length = context.header("content-length");
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bytes);
  const bool is_number = !length.empty() && end == length.data() + length.size();
  if (is_number && (error != std::errc() || bytes > plan.largest))
    return deny(kTooLarge, "it is larger than what is taken here");
  return plan;
}

// --- what is done

struct NewLine {
  groupware::NewAttachment attachment;
  itip::AttachmentLine line;
};

NewLine new_line(Context& context, const Resource& resource, const std::string& former_name) {
  NewLine out;
  out.attachment.id = groupware::new_attachment_id(resource.account->id());
  out.attachment.content = context.upload->content;
  out.attachment.name = wire::http::disposition_filename(context.header("content-disposition"));
  if (out.attachment.name.empty()) out.attachment.name = former_name.empty() ? "attachment" : former_name;
  const std::string_view type = context.header("content-type");
  if (type.size() <= kLongestType) out.attachment.content_type = type;
  const std::string path = groupware::kAttachmentsPath + out.attachment.id + "/" + out.attachment.name;
  const std::string_view plain = type.substr(0, std::min(type.find(';'), type.size()));
  out.line = {.id = out.attachment.id,
              .uri = context.origin() + wire::dav::encode_path(path),
              .name = out.attachment.name,
              .type = to_lower(plain.substr(0, std::min(plain.find(' '), plain.size()))),
              .size = out.attachment.content.size};
  return out;
}

std::unexpected<Problem> refused_edit(const Error& error) {
  if (error.code == Errc::not_found) return deny(kBadId, error.text);
  return deny(kBadParts, error.text);
}

std::string former_name(const lines::Component& calendar, const std::string& id) {
  for (const lines::Component& part : calendar.components)
    for (const lines::Property* property : part.all("ATTACH"))
      if (property->parameter("MANAGED-ID") == id) return std::string(property->parameter("FILENAME"));
  return {};
}

Outcome<Response> answer_with(Context& context, const Resource& resource, const Stored& stored, const Asked& want,
                              const std::string& id) {
  const bool is_new = want.action == Action::add;
  Response response{.status = is_new ? 201U : 204U};
  response.headers = stored.headers;
  if (!id.empty()) response.headers.emplace_back("Cal-Managed-ID", id);
  const auto there = as_stored(context, resource, stored.uid);
  if (!there) return response;
  add_family_headers(context, *there, response.headers);
  if (!context.preferences().wants_new_state) return response;
  // RFC 7240 section 2; RFC 8607 section 3.4.
  TRY(const auto bytes, whole_content(context, *resource.account, there->entry->item, context.options.largest_object));
  response.status = is_new ? 201U : 200U;
  response.content_type = content_type_of(context, *there);
  response.headers.emplace_back("ETag", there->entry->etag);
  response.headers.emplace_back("Content-Location", context.origin() + wire::dav::encode_path(resource.path));
  response.headers.emplace_back("Preference-Applied", "return=representation");
  response.body = with_zones_as_asked(context, *bytes);
  return response;
}

Outcome<Response> post_once(Context& context, const Resource& resource, bool& is_stale) {
  if (!resource.entry) return deny(404, "there is nothing here");
  TRY(const Asked want, asked_edit(context));
  TRY_VOID(check_writing(context, resource));
  TRY(const auto present,
      whole_content(context, *resource.account, resource.entry->item, context.options.largest_object));
  auto read = icalendar::read(*present);
  if (!read) return deny(caldav("valid-calendar-data"), read.error().text);
  lines::Component& calendar = read->calendars.front();
  Storing storing{.upload = {}, .is_edit = true};
  const auto& zones = context.services.accounts.zones();
  std::string id;
  Result<void> changed;
  if (want.action == Action::remove) {
    changed = itip::remove_attachment(calendar, want.id, want.parts, zones);
  } else {
    const bool is_new = want.action == Action::add;
    NewLine made = new_line(context, resource, is_new ? std::string() : former_name(calendar, want.id));
    changed = is_new ? itip::add_attachment(calendar, made.line, want.parts, zones)
                     : itip::replace_attachment(calendar, want.id, made.line);
    id = made.attachment.id;
    storing.attached = {id};
    storing.consequences.within.emplace_back(
        [attachment = std::move(made.attachment)](groupware::Transaction& transaction) -> Outcome<> {
          TRY_VOID(transaction.attach(attachment));
          return {};
        });
  }
  if (!changed) return refused_edit(changed.error());
  auto bytes = std::make_shared<const std::string>(icalendar::write(calendar));
  TRY(storing.upload.content, stage_for(context, resource, *bytes));
  storing.upload.bytes = std::move(bytes);
  TRY(const Stored stored, store_item(context, resource, std::move(storing), is_stale));
  return answer_with(context, resource, stored, want, id);
}

Outcome<Response> do_post(Context& context, const Resource& resource) {
  return until_as_found(context, resource, post_once);
}

// --- what is put elsewhere

bool is_calendar_object(const Change& change) {
  return change.what != Change::What::remove && change.bytes && change.target.folder &&
         change.target.space == Space::calendars && kOfCalendars & of(change.target.kind());
}

bool is_card(const Change& change) {
  return change.what != Change::What::remove && change.bytes && change.target.folder &&
         change.target.space == Space::contacts && change.target.kind() == groupware::Kind::contacts;
}

// Whether the word is there, in any case and however lines are folded.
bool mentions_ids(std::string_view bytes) {
  std::string unfolded;
  unfolded.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\r') continue;
    if (bytes[i] == '\n' && i + 1 < bytes.size() && (bytes[i + 1] == ' ' || bytes[i + 1] == '\t')) {
      ++i;
      continue;
    }
    unfolded += bytes[i];
  }
  return to_upper(unfolded).find("MANAGED-ID") != std::string::npos;
}

// Most objects have none: those are not read for it.
std::vector<std::string> ids_in(const std::string& bytes, std::optional<lines::Component>& object) {
  if (!mentions_ids(bytes)) return {};
  auto read = icalendar::read(bytes);
  if (!read) return {};
  object = std::move(read->calendars.front());
  return itip::managed_ids(*object);
}
std::vector<std::string> ids_in_card(const std::string& bytes, std::optional<lines::Component>& object) {
  if (!mentions_ids(bytes)) return {};
  auto read = vcard::read(bytes);
  if (!read) return {};
  object = std::move(read->cards.front());
  return itip::managed_ids(*object);
}

// The object as it was.
std::vector<std::string> present_ids(Context& context, const Change& change) {
  if (!change.target.entry) return {};
  const auto bytes =
      whole_content(context, *change.target.account, change.target.entry->item, context.options.largest_object);
  std::optional<lines::Component> calendar;
  return bytes ? ids_in(**bytes, calendar) : std::vector<std::string>();
}

Outcome<> check_attachments(Context& context, const Change& change) {
  if (!is_calendar_object(change)) return {};
  std::optional<lines::Component> calendar;
  const auto ids = ids_in(*change.bytes, calendar);
  if (ids.empty()) return {};
  if (change.what != Change::What::put) return {};
  std::optional<std::vector<std::string>> present;
  const auto former = [&]() -> const std::vector<std::string>& {
    if (!present) present = present_ids(context, change);
    return *present;
  };
  const auto was_there = [&](const std::string& id) { return std::ranges::find(former(), id) != former().end(); };
  // What came with more can be changed all the same.
  if (ids.size() > context.options.attachments_per_object && ids.size() > former().size())
    return deny(kTooMany, "no more files can be attached to one event");
  for (const std::string& id : ids) {
    if (std::ranges::find(change.attached, id) != change.attached.end()) continue;
    const groupware::Reader* reader = reader_of(context, id);
    if (reader != nullptr && reader->attachment(id)) continue;
    // What came from elsewhere with ids of that server's stays as it is.
    if (!was_there(id)) return deny(kBadId, "an attachment that it names is not there");
  }
  return {};
}

// Attachments of other accounts come along as copies.
Outcome<> plan_attachments(Context& context, Change& change, Consequences& consequences) {
  const bool is_of_card = is_card(change);
  if (!is_of_card && !is_calendar_object(change)) return {};
  std::optional<lines::Component> object;
  const AccountId to = change.target.account->id();
  const auto ids = is_of_card ? ids_in_card(*change.bytes, object) : ids_in(*change.bytes, object);
  const bool are_own = std::ranges::all_of(ids, [&](const std::string& id) {
    const auto account = groupware::account_of_attachment(id);
    return !account || *account == to;
  });
  if (are_own) return {};
  const groupware::Carriage carriage{.accounts = context.services.accounts,
                                     .to = to,
                                     .tenant = change.target.account->tenant(),
                                     .reader_of = [&](AccountId account) -> const groupware::Reader* {
                                       const auto id = std::ranges::find_if(ids, [&](const std::string& one) {
                                         return groupware::account_of_attachment(one) == account;
                                       });
                                       return id == ids.end() ? nullptr : reader_of(context, *id);
                                     }};
  TRY(const groupware::Carried carried, groupware::carry_attachments(*object, carriage));
  change.bytes = std::make_shared<const std::string>(is_of_card ? vcard::write(*object) : icalendar::write(*object));
  for (const groupware::NewAttachment& attachment : carried.attachments)
    consequences.within.emplace_back([attachment](groupware::Transaction& transaction) -> Outcome<> {
      TRY_VOID(transaction.attach(attachment));
      return {};
    });
  return {};
}

// --- tables

Shown print_largest_attachment(Context& context, const Resource&, xml::Printer& out) {
  out.leaf(kTooLarge, std::to_string(largest_attachment(context)));
  return Shown::yes;
}
Shown print_most_attachments(Context& context, const Resource&, xml::Printer& out) {
  out.leaf(kTooMany, std::to_string(context.options.attachments_per_object));
  return Shown::yes;
}

constexpr Scope kAttachmentHomes{on(What::home), ~0U, in(Space::calendars)};
const Property kAttachmentProperties[] = {
    {kTooLarge, kCalendarScope, false, print_largest_attachment},
    {kTooLarge, kAttachmentHomes, false, print_largest_attachment},
    {kTooMany, kCalendarScope, false, print_most_attachments},
    {kTooMany, kAttachmentHomes, false, print_most_attachments},
};

const Method kAttachmentMethods[] = {
    {"POST", kCalendarItemScope, Method::Body::none, do_post, asks_for_attachments, plan_post},
};

}  // namespace

Outcome<Resource> find_attachment(Context& context, const Path& path) {
  if (path.names.size() > 1 || path.address.empty()) return deny(404, "there is nothing here");
  TRY(const auto account, account_of(context, path.address));
  const auto reader = context.reader(*account);
  const auto found = reader ? (*reader)->attachment(path.address) : fail(Errc::not_found, "");
  if (!found) return deny(404, "there is no such attachment");
  Resource out;
  out.what = What::special;
  out.space = Space::attachments;
  out.path = path.text;
  out.name = path.names.empty() ? path.address : path.names[0];
  out.special = std::make_shared<AttachmentFile>(account, *found);
  return out;
}

const Family& attachments_family() {
  static const Family kFamily{.name = "attachments",
                              .properties = kAttachmentProperties,
                              .methods = kAttachmentMethods,
                              .compliance = "calendar-managed-attachments",
                              .check = check_attachments,
                              .plan = plan_attachments};
  return kFamily;
}

}  // namespace kontor::dav
