// SPDX-License-Identifier: AGPL-3.0-or-later
// The records of push, as they are stored.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "groupware/push/push.h"

namespace kontor::groupware {

std::string encode(const std::vector<PushSubscription>& subscriptions);
Result<std::vector<PushSubscription>> decode_push_subscriptions(std::string_view bytes);
std::string encode(const PushMessage& message);
Result<PushMessage> decode_push_message(std::string_view bytes);

}  // namespace kontor::groupware
