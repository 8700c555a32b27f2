// SPDX-License-Identifier: AGPL-3.0-or-later
// A collection as a page, for those who look with a browser.
#pragma once

#include "protocols/dav/resource.h"
#include "protocols/dav/response.h"

namespace kontor::dav {

Outcome<Response> list_as_html(Context& context, const Resource& collection);

}  // namespace kontor::dav
