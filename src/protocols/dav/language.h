// SPDX-License-Identifier: AGPL-3.0-or-later
// The language of what people call their collections (RFC 4918 section 4.3; RFC 4791 section 5.2.1 and RFC 6352 section
// 6.2.1: "MUST return any xml:lang attribute if set"), kept beside the text.
#pragma once

#include <string>

#include "groupware/account.h"
#include "protocols/dav/resource.h"
#include "wire/xml/element.h"
#include "wire/xml/print.h"

namespace kontor::dav {

// Of a folder: the language of its name, and of its description.
constexpr const char* kNameLanguage = "dav.displayname.lang";
constexpr const char* kDescriptionLanguage = "dav.description.lang";

// The language in which `value` was set, with what else changes. Null: there is no text any more.
void note_language(groupware::Transaction::FolderChange& change, const char* key, const xml::Element* value);

// A leaf with the text and the language that was noted of it.
void print_with_language(const Resource& resource, const char* key, xml::NameView name, const std::string& text,
                         xml::Printer& out);

}  // namespace kontor::dav
