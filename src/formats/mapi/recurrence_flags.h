// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: constants of AppointmentRecurrencePattern ([MS-OXOCAL] sections 2.2.1.44.2 to 2.2.1.44.5).
#pragma once

#include <cstdint>

namespace kontor::mapi {

constexpr std::uint16_t kPatternVersion = 0x3004;
constexpr std::uint32_t kTimesVersion = 0x3006;
constexpr std::uint32_t kHighlightVersion = 0x3009;

// OverrideFlags of an exception.
constexpr std::uint16_t kHasSubject = 0x0001;
constexpr std::uint16_t kHasMeetingType = 0x0002;
constexpr std::uint16_t kHasReminderMinutes = 0x0004;
constexpr std::uint16_t kHasReminder = 0x0008;
constexpr std::uint16_t kHasLocation = 0x0010;
constexpr std::uint16_t kHasBusyStatus = 0x0020;
constexpr std::uint16_t kHasAttachments = 0x0040;
constexpr std::uint16_t kHasAllDay = 0x0080;
constexpr std::uint16_t kHasColor = 0x0100;
constexpr std::uint16_t kHasBody = 0x0200;

}  // namespace kontor::mapi
