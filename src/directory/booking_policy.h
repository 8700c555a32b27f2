// SPDX-License-Identifier: AGPL-3.0-or-later
// What a room or a piece of equipment says to who wants it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"

namespace kontor::directory {

struct BookingPolicy {
  // automatic: yes where the rules allow it and it is free, else no; by_approval: the same, but instead of yes it says
  // maybe, and the approvers are told; manual: whoever looks after it answers.
  enum class Answer : std::uint8_t { automatic, by_approval, manual };
  // When it can be booked: minutes of the day; `to` may be 1440.
  struct Hours {
    bool operator==(const Hours&) const = default;
    std::uint8_t days = 0;  // a bit for each, Monday first
    std::uint16_t from = 0, to = 0;
  };
  bool operator==(const BookingPolicy&) const = default;

  Answer answer = Answer::automatic;
  bool takes_series = true;
  std::uint32_t most_conflicts = 0;   // so many instances of a series may be taken already; these it declines
  std::uint32_t window_days = 0;      // how far ahead; 0: any time
  std::uint32_t longest_minutes = 0;  // of one booking; 0: as long as wanted
  std::vector<Hours> hours;           // empty: always
  std::string zone;                   // IANA name, of `hours` and of whole days; empty: UTC
  std::vector<PrincipalId> approvers;
};

std::string_view name(BookingPolicy::Answer answer);  // "automatic", "approval", "manual"
std::optional<BookingPolicy::Answer> parse_booking_answer(std::string_view text);

// "mon-fri 08:00-18:00", "sat 09:00-24:00". Errors: invalid.
Result<BookingPolicy::Hours> parse_hours(std::string_view text);
std::string print(const BookingPolicy::Hours& hours);

}  // namespace kontor::directory
