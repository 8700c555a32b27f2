// SPDX-License-Identifier: AGPL-3.0-or-later
// Properties that the server keeps without knowing what they mean (RFC 4918 section 4): any XML, with its language.
// Those of an item are among its own properties and go where it goes; those of a folder are shared annotations of it:
// whoever may write there may set them.
#pragma once

#include <string>
#include <vector>

#include "protocols/dav/resource.h"
#include "wire/dav/properties.h"
#include "wire/xml/element.h"

namespace kontor::dav {

constexpr std::size_t kLargestDeadProperty = groupware::Transaction::kLargestAnnotation;

// All of them; none of what has neither folder nor item. Reads the item or the folder's annotations.
Outcome<std::vector<xml::Element>> dead_properties(Context& context, const Resource& resource);

// In their order, and all at once: each write of an item costs all that the item has. Errors: 507 (too large or too
// many), 403; `at_fault` is the property that it was.
Outcome<void> set_dead_properties(groupware::Transaction& transaction, const Resource& resource,
                                  const std::vector<const wire::dav::PropertyChange*>& changes, xml::Name& at_fault);

// Those of one folder to another, also across accounts.
Outcome<void> copy_dead_properties(const groupware::Reader& reader, FolderId from, groupware::Transaction& transaction,
                                   FolderId to);

}  // namespace kontor::dav
