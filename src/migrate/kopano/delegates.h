// SPDX-License-Identifier: AGPL-3.0-or-later
// Who stands in for a store's owner, and how a resource answers, as the message LocalFreebusy has it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/archive/settings.h"
#include "formats/mapi/mailbox.h"
#include "formats/mapi/property.h"
#include "migrate/source.h"

namespace kontor::migrate::kopano {

// The message's entry id is the second of these, on the root folder or the inbox.
constexpr mapi::Tag kFreeBusyEntries{.id = 0x36E4};
std::string free_busy_entry(const mapi::Properties& root, const mapi::Properties& inbox);

// Those who are gone are named.
std::vector<archive::Delegate> delegates_of(const mapi::Properties& free_busy, const mapi::ResolveEntry& resolve,
                                            std::vector<SettingLoss>& losses);

// Nothing: nobody ever said how it answers.
std::optional<archive::Booking> booking_of(const mapi::Properties& free_busy);

}  // namespace kontor::migrate::kopano
