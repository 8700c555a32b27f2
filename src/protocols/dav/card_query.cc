// SPDX-License-Identifier: AGPL-3.0-or-later
// addressbook-query and addressbook-multiget: RFC 6352 sections 8.6 and 8.7.
#include <algorithm>

#include "groupware/contacts/directory_book.h"
#include "protocols/dav/card.h"
#include "protocols/dav/card_directory.h"
#include "protocols/dav/methods.h"
#include "protocols/dav/multistatus.h"
#include "wire/dav/href.h"

namespace kontor::dav {
namespace {

using groupware::CardMatcher;
using groupware::CardParameter;
using groupware::CardProperty;
using groupware::CardText;
using wire::dav::carddav;
using wire::dav::Multistatus;
using What = Resource::What;

constexpr std::size_t kCardsAtOnce = 1000;

// "ITEM1.TEL" to its group and its name.
std::pair<std::string, std::string> group_and_name(const std::string& name) {
  const auto point = name.find('.');
  if (point == std::string::npos) return {"", name};
  return {name.substr(0, point), name.substr(point + 1)};
}

CardText text_of(const wire::dav::TextMatch& match) {
  using Wire = wire::dav::TextMatch;
  CardText out{.text = match.text, .is_negated = match.is_negated};
  switch (match.how) {
    case Wire::How::contains:
      out.how = CardText::How::contains;
      break;
    case Wire::How::equals:
      out.how = CardText::How::equals;
      break;
    case Wire::How::starts_with:
      out.how = CardText::How::starts_with;
      break;
    case Wire::How::ends_with:
      out.how = CardText::How::ends_with;
      break;
  }
  switch (match.collation) {
    case Wire::Collation::octet:
      out.collation = groupware::Collation::octet;
      break;
    case Wire::Collation::ascii_casemap:
      out.collation = groupware::Collation::ascii_casemap;
      break;
    case Wire::Collation::unicode_casemap:
      out.collation = groupware::Collation::unicode_casemap;
      break;
  }
  return out;
}

// Goes through an address book in the order in which contents lie, and tells the cards that match while it goes.
struct CardSearch {
  Resource collection;
  CardMatcher matcher;
  groupware::ContentHint hint;
  wire::dav::PropRequest wanted;
  std::optional<std::uint32_t> limit;
  std::vector<std::pair<ItemId, Uid>> all;  // that are looked at
  std::size_t at = 0;                       // how many were
  std::vector<Resource> matching;           // of those, to be told from the last one on
  std::uint32_t found = 0;

  bool is_match(std::string_view bytes) {
    if (!hint.may_be_in(bytes)) return false;
    const auto read = vcard::read(bytes, {}, groupware::kCardLimits);
    return read && std::ranges::any_of(read->cards, [&](const auto& card) { return matcher.matches(card); });
  }
  bool is_match(const Context& context, const Result<std::shared_ptr<const groupware::Content>>& content) {
    if (!content || (*content)->size() > context.options.largest_object) return false;
    if (const auto whole = (*content)->whole()) return is_match(*whole);
    const auto bytes = (*content)->read(0, (*content)->size());
    return bytes && is_match(*bytes);
  }

  // Those of the next items that match.
  Outcome<> look_on(Context& context) {
    TRY(const auto reader, context.reader(*collection.account));
    const std::size_t end = std::min(all.size(), at + kCardsAtOnce);
    std::vector<ItemId> ids;
    for (std::size_t i = at; i < end; ++i) ids.push_back(all[i].first);
    std::vector<Uid> uids;
    reader->contents(ids, [&](ItemId, const auto& content) {
      if (is_match(context, content)) uids.push_back(all[at].second);
      ++at;
      return true;
    });
    at = end;
    for (const Uid uid : uids)
      if (const auto entry = reader->entry(collection.folder->id, uid)) matching.push_back(item_of(collection, *entry));
    std::ranges::reverse(matching);
    return {};
  }

  // A card that matches, or some that do not; whether there are more.
  Outcome<bool> step(Context& context, Multistatus& out) {
    if (matching.empty()) TRY_VOID(look_on(context));
    if (!matching.empty()) {
      if (limit && found == *limit) {
        out.status(collection.path, 507, wire::dav::dav("number-of-matches-within-limits"));
        return false;
      }
      print_resource(context, matching.back(), wanted, out);
      matching.pop_back();
      ++found;
    }
    return at < all.size() || !matching.empty();
  }
};

Outcome<std::vector<std::pair<ItemId, Uid>>> items_of(Context& context, const Resource& book) {
  TRY(const auto reader, context.reader(*book.account));
  TRY(const auto rows, reader->view(book.folder->id));
  std::vector<std::pair<ItemId, Uid>> out;
  out.reserve(rows->size());
  rows->each(0, rows->size(), [&](std::uint32_t, const groupware::Row& row) {
    out.emplace_back(row.item, row.uid);
    return true;
  });
  std::ranges::sort(out);
  return out;
}

Outcome<Response> query_directory(Context& context, const Resource& book, const CardMatcher& matcher,
                                  const wire::dav::AddressbookQuery& query) {
  const std::size_t most =
      std::min<std::size_t>(query.limit.value_or(UINT32_MAX), groupware::DirectoryBook::kMostFound);
  auto found = std::make_shared<groupware::DirectoryBook::Found>(
      context.services.people->query(context.user.tenant, matcher, most));
  const std::size_t count = found->people.size() + (found->is_cut ? 1 : 0);
  return list_resources(context, count, query.wanted.props,
                        [found, book](Context&, std::size_t at, Multistatus& out) -> std::optional<Resource> {
                          if (at < found->people.size()) return directory_card(book, found->people[at]);
                          out.status(book.path, 507, wire::dav::dav("number-of-matches-within-limits"));
                          return std::nullopt;
                        });
}

Outcome<> check_wanted(const wire::dav::Wanted& wanted) {
  if (wanted.card) TRY_VOID(selection_of(*wanted.card));
  return {};
}

}  // namespace

groupware::CardQuery query_of(const wire::dav::CardFilter& filter) {
  groupware::CardQuery out{.needs_all = filter.needs_all, .properties = {}};
  for (const wire::dav::PropFilter& one : filter.properties) {
    CardProperty property;
    std::tie(property.group, property.name) = group_and_name(one.name);
    property.is_absent = one.is_absent;
    property.needs_all = one.needs_all;
    for (const wire::dav::TextMatch& text : one.texts) property.texts.push_back(text_of(text));
    for (const wire::dav::ParamFilter& param : one.params) {
      CardParameter parameter{.name = param.name, .is_absent = param.is_absent, .text = {}};
      if (param.text) parameter.text = text_of(*param.text);
      property.parameters.push_back(std::move(parameter));
    }
    out.properties.push_back(std::move(property));
  }
  return out;
}

Outcome<groupware::CardSelection> selection_of(const wire::dav::AddressData& wanted) {
  const bool is_card = wanted.content_type.empty() || wanted.content_type == "text/vcard";
  if (!is_card || (wanted.version != "3.0" && wanted.version != "4.0"))
    return deny(carddav("supported-address-data"), "cards come as text/vcard, in version 3.0 or 4.0");
  groupware::CardSelection out;
  out.version = wanted.version == "4.0" ? vcard::Version::v4 : vcard::Version::v3;
  if (!wanted.only) return out;
  out.only.emplace();
  for (const auto& property : *wanted.only) {
    auto [group, name] = group_and_name(property.name);
    out.only->push_back({std::move(group), std::move(name), property.is_without_value});
  }
  return out;
}

Outcome<Response> report_addressbook_query(Context& context, const Resource& resource,
                                           const wire::dav::Report& report) {
  const auto& query = std::get<wire::dav::AddressbookQuery>(report);
  TRY_VOID(check_wanted(query.wanted));
  groupware::CardQuery wanted_cards = query_of(query.filter);
  groupware::ContentHint hint = hint_of(wanted_cards);
  auto matcher = CardMatcher::make(std::move(wanted_cards));
  if (!matcher) return deny(carddav("supported-filter"), matcher.error().text);
  context.wanted = std::make_shared<wire::dav::Wanted>(query.wanted);
  // Depth zero is the collection itself, which is no card.
  TRY(const auto depth, wire::dav::parse_depth(context.header("depth"), wire::dav::Depth::zero));
  if (depth == wire::dav::Depth::zero)
    return list_resources(context, 0, query.wanted.props,
                          [](Context&, std::size_t, Multistatus&) { return std::optional<Resource>(); });
  if (resource.what == What::special) return query_directory(context, resource, *matcher, query);
  if (!(resource.rights(context) & groupware::right::kRead)) return deny(403, "you may not read this");
  auto search = std::make_shared<CardSearch>(CardSearch{.collection = resource,
                                                        .matcher = *std::move(matcher),
                                                        .hint = std::move(hint),
                                                        .wanted = query.wanted.props,
                                                        .limit = query.limit});
  TRY(search->all, items_of(context, resource));
  return stream_resources(context, [search](Context& now, Multistatus& out) { return search->step(now, out); });
}

Outcome<Response> report_addressbook_multiget(Context& context, const Resource&, const wire::dav::Report& report) {
  const auto& multiget = std::get<wire::dav::Multiget>(report);
  TRY_VOID(check_wanted(multiget.wanted));
  context.wanted = std::make_shared<wire::dav::Wanted>(multiget.wanted);
  return list_resources(
      context, multiget.hrefs.size(), multiget.wanted.props,
      [hrefs = multiget.hrefs](Context& now, std::size_t at, Multistatus& out) -> std::optional<Resource> {
        auto found = find_href(now, hrefs[at]);
        if (found && kAnyCardScope.covers(*found) && !found->is_collection()) return *std::move(found);
        const auto path = wire::dav::decode_href(hrefs[at], now.header("host"));
        out.status(path.value_or(hrefs[at]), !found && found.error().status != 400 ? found.error().status : 404);
        return std::nullopt;
      });
}

}  // namespace kontor::dav
