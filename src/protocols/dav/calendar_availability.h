// SPDX-License-Identifier: AGPL-3.0-or-later
// The hours that the owner of a home keeps, as a property of its inbox: RFC 7953 section 7.2.4.
#pragma once

#include "protocols/dav/family.h"

namespace kontor::dav {

Shown print_availability(Context& context, const Resource& resource, xml::Printer& out);
Outcome<> set_availability(Context& context, const Resource& resource, groupware::Transaction& transaction,
                           const xml::Element* value);

}  // namespace kontor::dav
