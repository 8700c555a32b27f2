// SPDX-License-Identifier: AGPL-3.0-or-later
// How an alarm reaches people.
#pragma once

#include <array>
#include <cstdint>

namespace kontor::groupware {

// mail: ACTION:EMAIL. shown: ACTION:DISPLAY and AUDIO, by the devices that asked to be told (push/push.h).
enum class AlarmWay : std::uint8_t { mail, shown };
constexpr std::array<AlarmWay, 2> kAlarmWays = {AlarmWay::mail, AlarmWay::shown};

}  // namespace kontor::groupware
