// SPDX-License-Identifier: AGPL-3.0-or-later
// `kontor calendar`: calendars whose items come from elsewhere.
#include "kontor/commands.h"
#include "kontor/exit_code.h"
#include "kontor/print.h"

namespace kontor::app {
namespace {

int print_feeds(const json::value& answer) {
  print_table(answer, {{"ADDRESS", "address"},
                       {"CALENDAR", "folder"},
                       {"SOURCE", "source"},
                       {"CHECKED", "checked"},
                       {"CHANGED", "changed"},
                       {"NEXT", "next"},
                       {"FAILURES", "failures"},
                       {"ERROR", "error"}});
  return kOk;
}

}  // namespace

void add_calendar_commands(CommandLine& line) {
  line.group("calendar", "Calendars of accounts");
  line.group("calendar subscription", "Calendars whose items come from elsewhere");
  line.verb("calendar subscription list", "calendar.subscription.list", "Shows them, and what went wrong", print_feeds)
      .text("--of", "address", "ADDRESS", "Whose; else everybody's");
  line.verb("calendar subscription add", "calendar.subscription.add", "Makes a calendar of what an .ics says",
            print_feeds)
      .required("address", "ADDRESS", "Whose calendar it is to be")
      .required("folder", "NAME", "What it is called")
      .required("source", "URL", "Where the .ics is")
      .text("--refresh", "refresh", "DURATION", "How often it is fetched: PT1H if nothing is said")
      .example(
          "kontor calendar subscription add ada@example.org Holidays https://example.com/holidays.ics --refresh P1D");
  line.verb("calendar subscription refresh", "calendar.subscription.refresh", "Fetches it now", print_feeds)
      .required("address", "ADDRESS", "Whose calendar")
      .required("folder", "NAME", "Which");
  line.verb("calendar subscription end", "calendar.subscription.end",
            "Fetches it no more; what is in it stays, and can be changed", print_feeds)
      .required("address", "ADDRESS", "Whose calendar")
      .required("folder", "NAME", "Which");
}

}  // namespace kontor::app
