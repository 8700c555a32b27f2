// SPDX-License-Identifier: AGPL-3.0-or-later
// vCards: 3.0 (RFC 2426) and 4.0 (RFC 6350) as trees of properties that lose nothing; 2.1, as old programs export it,
// is read and becomes 3.0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/lines/component.h"
#include "formats/lines/reader.h"

namespace kontor::vcard {

using lines::Component;
using lines::Property;

enum class Version : std::uint8_t { v3, v4 };

struct Cards {
  std::vector<Component> cards;  // each a VCARD; at least one
  std::vector<lines::Repair> repairs;
  bool is_truncated = false;
};

// What is only badly written is put right: a missing VERSION, FN or (in 3.0) N is added, parameters without a name get
// TYPE or ENCODING. Errors: too_large (a limit, with its line), invalid.
Result<Cards> read(std::string_view bytes, std::string_view charset = {}, const lines::Limits& limits = {});
std::string write(const Component& card);

Version version_of(const Component& card);
// The same card in the other version, as far as that can say it; what it cannot say stays as a property or parameter
// that its readers skip. Back again gives the same meaning. RFC 6350 appendix A.
Component convert(const Component& card, Version to);

// The first property of that name as text; "" if it is not there: FN, NOTE, TITLE, UID, REV.
std::string text(const Component& card, std::string_view property);
// The parts between commas, of all properties of that name: NICKNAME, CATEGORIES.
std::vector<std::string> text_list(const Component& card, std::string_view property);
// The parts of a structured value: each a list. ORG has one item in each.
std::vector<std::vector<std::string>> structured(const Property& property);

struct Name {
  std::string family, given, additional, prefixes, suffixes;  // several with blanks between
};
Name name_of(const Component& card);

// An EMAIL, TEL, URL, IMPP, ADR, ...
struct Detail {
  const Property* property = nullptr;
  std::string value;               // as text; of mailto: and tel: what follows them
  std::vector<std::string> types;  // lower case, without "pref" and "internet"
  int preference = 0;              // 1 is the most preferred, 0: nothing said
  std::string label;               // X-ABLabel of its group, without Apple's "_$!<" and ">!$_"
};
// In their order; several types in one TYPE or in many.
std::vector<Detail> details(const Component& card, std::string_view property);

struct Address {
  std::string box, extended, street, locality, region, code, country;
};
Address address_of(const Property& adr);

// BDAY and the like; the year may be missing, in Apple's way too (X-APPLE-OMIT-YEAR).
struct PartialDate {
  bool operator==(const PartialDate&) const = default;
  std::optional<int> year, month, day;
};
std::optional<PartialDate> date_of(const Property& property);

// PHOTO, LOGO, SOUND, KEY: inline or somewhere.
struct Media {
  std::string type;   // "image/jpeg"; "" if nothing says it
  std::string bytes;  // inline, decoded
  std::string uri;    // else
};
std::optional<Media> media_of(const Property& property);

// KIND:group, and Apple's X-ADDRESSBOOKSERVER-KIND.
bool is_group(const Component& card);
std::vector<std::string> members(const Component& card);  // URIs, as "urn:uuid:..."

}  // namespace kontor::vcard
