// SPDX-License-Identifier: AGPL-3.0-or-later
// CardDAV: RFC 6352, as a family.
#include "protocols/dav/card.h"

#include "protocols/dav/card_directory.h"

namespace kontor::dav {
namespace {

using wire::dav::carddav;
using What = Resource::What;

std::vector<xml::NameView> book_types(const Resource& resource) {
  if (!kBookScope.covers(resource)) return {};
  return {carddav("addressbook")};
}

void card_headers(Context& context, const Resource& resource,
                  std::vector<std::pair<std::string, std::string>>& headers) {
  const bool is_read = context.request.method == "GET" || context.request.method == "HEAD";
  if (is_read && kCardScope.covers(resource)) headers.emplace_back("Vary", "Accept");
}

const Method kCardMethods[] = {
    {"GET", kCardScope, Method::Body::none, get_card},
    {"HEAD", kCardScope, Method::Body::none, get_card},
};

bool is_card_query(const wire::dav::Report& report) {
  return std::holds_alternative<wire::dav::AddressbookQuery>(report);
}
bool is_card_multiget(const wire::dav::Report& report) {
  const auto* multiget = std::get_if<wire::dav::Multiget>(&report);
  return multiget != nullptr && multiget->is_of_cards;
}

constexpr Scope kMultigetScope{on(What::collection, What::special, What::item, What::home),
                               of(groupware::Kind::contacts), in(Space::contacts)};

const Report kCardReports[] = {
    {carddav("addressbook-query"), kAnyBookScope, is_card_query, report_addressbook_query},
    {carddav("addressbook-multiget"), kMultigetScope, is_card_multiget, report_addressbook_multiget},
};

const Family kCards = [] {
  Family family{.name = "cards"};
  family.properties = card_properties();
  family.methods = kCardMethods;
  family.reports = kCardReports;
  family.compliance = "addressbook";
  family.types = book_types;
  family.headers = card_headers;
  family.check = check_card;
  family.find = find_directory;
  family.specials = list_directory;
  return family;
}();

}  // namespace

const Family& card_family() { return kCards; }

}  // namespace kontor::dav
