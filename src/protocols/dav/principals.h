// SPDX-License-Identifier: AGPL-3.0-or-later
#pragma once

#include "protocols/dav/family.h"

namespace kontor::dav {

// Who there is (RFC 3744 sections 4 and 9, RFC 5397, RFC 4791 section 6.2.1, RFC 6638 section 2.4).
const Family& principal_family();

// Searching for principals, and properties with what they name: RFC 3744 section 9, RFC 3253 section 3.8.
Outcome<Response> report_principal_search(Context&, const Resource&, const wire::dav::Report&);
Outcome<Response> report_principal_match(Context&, const Resource&, const wire::dav::Report&);
Outcome<Response> report_searchable(Context&, const Resource&, const wire::dav::Report&);
Outcome<Response> report_expand(Context&, const Resource&, const wire::dav::Report&);

// DAV:href with an encoded path.
void print_href(xml::Printer& out, std::string_view path);

// As a resource; nothing if it is gone or of another tenant.
std::optional<Resource> principal_resource(Context& context, PrincipalId id);

// The addresses of a principal as calendar user addresses, the preferred one first: "mailto:...", and its path.
std::vector<std::string> calendar_addresses(const directory::Principal& principal);

// The principal of the caller's tenant that an address of a calendar user, a URI or a path names. Nothing: nobody here.
std::optional<directory::Principal> principal_of_address(Context& context, std::string_view address);

}  // namespace kontor::dav
