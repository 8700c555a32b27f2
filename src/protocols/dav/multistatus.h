// SPDX-License-Identifier: AGPL-3.0-or-later
// Answers of 207 about resources and their properties.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "protocols/dav/family.h"
#include "wire/dav/multistatus.h"

namespace kontor::dav {

// One DAV:response with the properties that are wanted of the resource. With return=minimal those that are not there
// are passed over.
void print_resource(Context& context, const Resource& resource, const wire::dav::PropRequest& wanted,
                    wire::dav::Multistatus& out);

// An answer that is printed piece by piece in bounded memory. `next` prints some resources and returns whether there
// are more; it keeps its place itself and is called with fresh readers. After the last one `finish` gives the sync
// token, if there is one.
Response stream_resources(Context& context, std::function<Outcome<bool>(Context&, wire::dav::Multistatus&)> next,
                          std::function<std::string()> finish = {});

// The answer for a list of resources that were found already: `find_one` makes the resource of a place in the list, or
// prints its status itself and returns nothing.
Response list_resources(
    Context& context, std::size_t count, wire::dav::PropRequest wanted,
    std::function<std::optional<Resource>(Context&, std::size_t, wire::dav::Multistatus&)> find_one);

}  // namespace kontor::dav
