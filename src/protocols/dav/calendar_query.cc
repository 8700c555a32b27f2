// SPDX-License-Identifier: AGPL-3.0-or-later
// calendar-query and calendar-multiget: RFC 4791 sections 7.8 and 7.9.
#include <algorithm>

#include "formats/icalendar/calendar.h"
#include "protocols/dav/calendar.h"
#include "protocols/dav/calendar_filter.h"
#include "protocols/dav/calendar_index.h"
#include "protocols/dav/methods.h"
#include "protocols/dav/multistatus.h"
#include "wire/dav/href.h"

namespace kontor::dav {
namespace {

using wire::dav::caldav;

constexpr std::uint64_t kStepsPerObject = 50'000;
constexpr std::uint64_t kStepsPerQuery = 50'000'000;
constexpr std::size_t kMostCostly = 100;  // objects of one answer that may use up their steps

Outcome<icalendar::ZonePointer> viewer_of(const wire::dav::CalendarQuery& query, const Resource& collection,
                                          const icalendar::ZoneDatabase& zones) {
  if (!query.timezone_id.empty()) {
    if (auto zone = zones.match(query.timezone_id)) return zone;
    return deny(caldav("valid-timezone"), "this time zone is not known");
  }
  if (query.timezone.empty() && !collection.folder) return icalendar::utc_zone();
  if (query.timezone.empty()) return zone_of(*collection.folder, zones);
  auto zone = groupware::read_calendar_zone(query.timezone, zones);
  if (!zone) return deny(caldav("valid-calendar-data"), zone.error().text);
  return *std::move(zone);
}

// Which items of a calendar match, found before the first is told: a query that cannot be answered is refused whole.
class Search {
 public:
  Search(Context& context, const Resource& collection, const wire::dav::CalendarQuery& query,
         icalendar::ZonePointer viewer)
      : context_(context),
        collection_(collection),
        filter_(query.filter),
        gist_(gist_of(query.filter)),
        hint_(hint_of(query.filter)),
        viewer_(std::move(viewer)) {}

  Outcome<std::vector<Candidate>> find(groupware::Reader& reader) {
    TRY_VOID(gather(reader));
    TRY_VOID(look_into(reader));
    std::ranges::sort(found_, {}, &Candidate::uid);
    return std::move(found_);
  }

  Outcome<bool> is_match(const groupware::Content& content) {
    if (const auto whole = content.whole()) return is_match(std::string_view(*whole));
    const auto bytes = content.read(0, content.size());
    return bytes ? is_match(std::string_view(*bytes)) : false;
  }

  // Whether one item matches, whose content is there.
  Outcome<bool> is_match(std::string_view bytes) {
    if (!hint_.may_be_in(bytes)) return false;
    const auto read = icalendar::read(bytes, "utf-8");
    if (!read) return false;
    icalendar::Budget budget(kStepsPerObject);
    const lines::Component& calendar = read->calendars.front();
    icalendar::Occurrences occurrences(calendar, context_.services.accounts.zones(), viewer_, budget);
    const bool is_found = matches(filter_, calendar, occurrences);
    steps_ += kStepsPerObject - budget.left();
    if ((budget.is_spent() && ++costly_ > kMostCostly) || steps_ > kStepsPerQuery)
      return deny(wire::dav::dav("number-of-matches-within-limits"), "there are too many endless events", 507);
    return is_found;
  }

 private:
  // Decided by what is known of the items, or to be looked into.
  Outcome<> gather(groupware::Reader& reader);

  Outcome<> look_into(groupware::Reader& reader) {
    std::vector<ItemId> items;
    items.reserve(open_.size());
    for (const Candidate& one : open_) items.push_back(one.item);
    std::optional<Problem> problem;
    std::size_t at = 0;
    reader.contents(items, [&](ItemId, const Result<std::shared_ptr<const groupware::Content>>& content) {
      Candidate& one = open_[at++];
      if (!content || (*content)->size() > context_.options.largest_object) return true;
      const auto is_found = is_match(**content);
      if (!is_found) {
        problem = is_found.error();
        return false;
      }
      if (*is_found) found_.push_back(std::move(one));
      return true;
    });
    if (problem) return std::unexpected(std::move(*problem));
    return {};
  }

  Context& context_;
  const Resource& collection_;
  const wire::dav::CompFilter& filter_;
  FilterGist gist_;
  groupware::ContentHint hint_;
  icalendar::ZonePointer viewer_;
  std::vector<Candidate> found_;
  std::vector<Candidate> open_;  // in the order of items
  std::size_t costly_ = 0;
  std::uint64_t steps_ = 0;
};

Outcome<> Search::gather(groupware::Reader& reader) {
  Sought sought{.component = gist_.component,
                .time = {},
                .uid = gist_.uid,
                .has_alarm = gist_.has_alarm,
                .rings = {},
                .has_text = !hint_.is_empty(),
                .is_all = gist_.is_all};
  if (gist_.time) sought.time = window_of(*gist_.time);
  if (gist_.rings) sought.rings = window_of(*gist_.rings);
  TRY(auto candidates, candidates_in(reader, *collection_.folder, std::move(sought)));
  for (Candidate& one : candidates) (gist_.is_all && one.is_certain ? found_ : open_).push_back(std::move(one));
  return {};
}

// Found in the folder as it was at `highest`. As long as nothing changes there, entries need not be read again.
Outcome<Response> list(Context& context, const Resource& collection, Modseq highest, std::vector<Candidate> found,
                       const wire::dav::Wanted& wanted) {
  context.wanted = std::make_shared<wire::dav::Wanted>(wanted);
  const std::size_t count = found.size();
  return list_resources(context, count, wanted.props,
                        [collection, highest, found = std::move(found)](
                            Context& now, std::size_t at, wire::dav::Multistatus&) -> std::optional<Resource> {
                          const FolderId id = collection.folder->id;
                          const auto reader = now.reader(*collection.account);
                          if (!reader) return std::nullopt;
                          const auto folder = (*reader)->folder(id);
                          if (!folder) return std::nullopt;
                          if (found[at].entry && (*folder)->highest == highest)
                            return item_of(collection, *found[at].entry);
                          const auto entry = (*reader)->entry(id, found[at].uid);
                          if (!entry) return std::nullopt;  // removed meanwhile
                          return item_of(collection, *entry);
                        });
}

// Of a box, which has few items.
Outcome<Response> query_box(Context& context, const Resource& box, const wire::dav::CalendarQuery& query,
                            Search& search) {
  auto found = std::make_shared<std::vector<Resource>>();
  std::vector<Resource> all;
  TRY_VOID(members(context, box, [&](Resource one) {
    if (kMessageScope.covers(one)) all.push_back(std::move(one));
    return true;
  }));
  for (Resource& one : all) {
    const auto bytes = whole_content(context, *one.account, one.entry->item, context.options.largest_object);
    if (!bytes) continue;
    TRY(const bool is_found, search.is_match(**bytes));
    if (is_found) found->push_back(std::move(one));
  }
  context.wanted = std::make_shared<wire::dav::Wanted>(query.wanted);
  const std::size_t count = found->size();
  return list_resources(context, count, query.wanted.props, [found](Context&, std::size_t at, wire::dav::Multistatus&) {
    return std::optional(found->at(at));
  });
}

}  // namespace

Outcome<Response> report_calendar_query(Context& context, const Resource& resource, const wire::dav::Report& report) {
  const auto& query = std::get<wire::dav::CalendarQuery>(report);
  // Of what is special only boxes have an account with calendar objects.
  if (!resource.account) return deny(wire::dav::dav("supported-report"), "there are no calendar objects here");
  TRY_VOID(check_filter(query.filter));
  TRY(icalendar::ZonePointer viewer, viewer_of(query, resource, context.services.accounts.zones()));
  TRY(const auto reader, context.reader(*resource.account));
  Search search(context, resource, query, std::move(viewer));
  if (resource.what == Resource::What::special) return query_box(context, resource, query, search);
  if (resource.what == Resource::What::item) {
    TRY(const auto bytes,
        whole_content(context, *resource.account, resource.entry->item, context.options.largest_object));
    TRY(const bool is_found, search.is_match(*bytes));
    context.wanted = std::make_shared<wire::dav::Wanted>(query.wanted);
    return list_resources(
        context, is_found ? 1 : 0, query.wanted.props,
        [resource](Context&, std::size_t, wire::dav::Multistatus&) { return std::optional(resource); });
  }
  // Depth zero is the collection itself, which is no calendar object.
  TRY(const wire::dav::Depth depth, wire::dav::parse_depth(context.header("depth"), wire::dav::Depth::zero));
  std::vector<Candidate> found;
  if (depth != wire::dav::Depth::zero) {
    TRY(found, search.find(*reader));
  }
  TRY(const auto folder, reader->folder(resource.folder->id));
  return list(context, resource, folder->highest, std::move(found), query.wanted);
}

Outcome<Response> report_calendar_multiget(Context& context, const Resource&, const wire::dav::Report& report) {
  const auto& multiget = std::get<wire::dav::Multiget>(report);
  context.wanted = std::make_shared<wire::dav::Wanted>(multiget.wanted);
  return list_resources(
      context, multiget.hrefs.size(), multiget.wanted.props,
      [hrefs = multiget.hrefs](Context& now, std::size_t at, wire::dav::Multistatus& out) -> std::optional<Resource> {
        auto found = find_href(now, hrefs[at]);
        if (found && (kCalendarItemScope.covers(*found) || kMessageScope.covers(*found))) return *std::move(found);
        const auto path = wire::dav::decode_href(hrefs[at], now.header("host"));
        out.status(path.value_or(hrefs[at]), !found && found.error().status != 400 ? found.error().status : 404);
        return std::nullopt;
      });
}

}  // namespace kontor::dav
