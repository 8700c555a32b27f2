// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/calendar_publish.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <tuple>

#include "formats/icalendar/calendar.h"
#include "formats/icalendar/examples_fixture.h"

namespace kontor::dav {
namespace {

TEST(CalendarPublish, WhatStrangersSee) {
  const std::tuple<std::string_view, std::string_view, std::string_view> cases[] = {
      {"SUMMARY:Open house\r\nLOCATION:Here\r\n", "SUMMARY:Open house\r\nLOCATION:Here\r\n",
       "all that is not personal"},
      {"SUMMARY:x\r\nATTENDEE:mailto:a@example.org\r\nORGANIZER:mailto:b@example.org\r\nATTACH:https://example.org/"
       "1\r\n"
       "X-SECRET:1\r\nBEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT1M\r\nEND:VALARM\r\n",
       "SUMMARY:x\r\n", "not who comes and what reminds"},
      {"CLASS:CONFIDENTIAL\r\nSUMMARY:Loan\r\nDESCRIPTION:Much\r\nTRANSP:OPAQUE\r\n",
       "TRANSP:OPAQUE\r\nSUMMARY:Busy\r\n", "times only"},
      {"CLASS:PRIVATE\r\nSUMMARY:Doctor\r\n", "", "nothing"},
      {"CLASS:X-OWN\r\nSUMMARY:?\r\n", "", "what is not known is private"},
  };
  for (const auto& [inner, expected, why] : cases) {
    const std::string head = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260104T100000Z\r\n";
    const auto read = icalendar::read(icalendar::examples::plain(head + std::string(inner) + "END:VEVENT\r\n"));
    const auto shown = for_strangers(read->calendars.front());
    EXPECT_EQ(shown.has_value(), !expected.empty()) << why;
    if (shown)
      EXPECT_NE(icalendar::write(*shown).find(head + std::string(expected) + "END:VEVENT\r\n"), std::string::npos)
          << why;
  }
}

}  // namespace
}  // namespace kontor::dav
