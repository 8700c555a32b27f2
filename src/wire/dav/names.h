// SPDX-License-Identifier: AGPL-3.0-or-later
// The namespaces of WebDAV and its relatives, with the prefixes that we write.
#pragma once

#include <string_view>

#include "wire/xml/element.h"
#include "wire/xml/print.h"

namespace kontor::wire::dav {

constexpr std::string_view kDav = "DAV:";
constexpr std::string_view kCalDav = "urn:ietf:params:xml:ns:caldav";
constexpr std::string_view kCardDav = "urn:ietf:params:xml:ns:carddav";
constexpr std::string_view kCalendarServer = "http://calendarserver.org/ns/";  // Apple's extensions
constexpr std::string_view kAppleIcal = "http://apple.com/ns/ical/";           // colour and order of calendars

constexpr xml::Prefix kPrefixes[] = {
    {"D", kDav}, {"C", kCalDav}, {"CR", kCardDav}, {"CS", kCalendarServer}, {"A", kAppleIcal}};

constexpr xml::NameView dav(std::string_view local) { return {kDav, local}; }
constexpr xml::NameView caldav(std::string_view local) { return {kCalDav, local}; }
constexpr xml::NameView carddav(std::string_view local) { return {kCardDav, local}; }

}  // namespace kontor::wire::dav
