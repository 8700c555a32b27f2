// SPDX-License-Identifier: AGPL-3.0-or-later
// Address books over CardDAV (RFC 6352): what its files share.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "formats/vcard/card.h"
#include "groupware/contacts/card_data.h"
#include "groupware/contacts/query.h"
#include "protocols/dav/family.h"

namespace kontor::dav {

// Address books and cards in accounts.
constexpr Scope kBookScope{on(Resource::What::collection), of(groupware::Kind::contacts), in(Space::contacts)};
constexpr Scope kCardScope{on(Resource::What::item), of(groupware::Kind::contacts), in(Space::contacts)};
// These and those of the directory.
constexpr Scope kAnyBookScope{on(Resource::What::collection, Resource::What::special), of(groupware::Kind::contacts),
                              in(Space::contacts)};
constexpr Scope kAnyCardScope{on(Resource::What::item, Resource::What::special), of(groupware::Kind::contacts),
                              in(Space::contacts)};

std::span<const Property> card_properties();

Outcome<Response> report_addressbook_query(Context& context, const Resource& resource, const wire::dav::Report& report);
Outcome<Response> report_addressbook_multiget(Context& context, const Resource& resource,
                                              const wire::dav::Report& report);
// GET and HEAD of a card: as it came, or in the version that the client asks for (RFC 6352 section 5.1.1).
Outcome<Response> get_card(Context& context, const Resource& resource);
// The preconditions of PUT, COPY and MOVE (RFC 6352 section 6.3.2.1).
Outcome<> check_card(Context& context, const Change& change);

// In which version a client that says `accept` wants a card that is there in `present`; where it takes both equally,
// or names neither, as it is.
vcard::Version accepted_version(std::string_view accept, vcard::Version present);

// What a report wants of cards. Errors: 403 supported-address-data.
Outcome<groupware::CardSelection> selection_of(const wire::dav::AddressData& wanted);
groupware::CardQuery query_of(const wire::dav::CardFilter& filter);

const Family& card_family();

}  // namespace kontor::dav
