// SPDX-License-Identifier: AGPL-3.0-or-later
// PushSubscription objects of RFC 8620 section 7.2 as JSON. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "groupware/push/push.h"

namespace kontor::push {

constexpr std::size_t kLargestRequest = 16 << 10;

// The object of a request that makes one. Errors: invalid, each with its sentence.
Result<groupware::NewPushSubscription> read_new(std::string_view text);
// The members of a request that changes one: verificationCode, expires, types. Errors: invalid.
Result<groupware::PushChange> read_change(std::string_view text);

// What the device's owner may see: neither url nor keys, which are the device's own.
std::string print(const groupware::PushSubscription& subscription);
std::string print(const std::vector<groupware::PushSubscription>& all);

}  // namespace kontor::push
