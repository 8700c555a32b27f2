// SPDX-License-Identifier: AGPL-3.0-or-later
// An account with a calendar, for tests.
#pragma once

#include <string>
#include <vector>

#include "groupware/accounts_fixture.h"

namespace kontor::groupware {

// "20231115T100000Z"
inline Instant utc(int year, unsigned month, unsigned day, int hour = 0, int minute = 0) {
  return std::chrono::sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day)) +
         std::chrono::hours(hour) + std::chrono::minutes(minute);
}

// One VEVENT with these further lines.
inline std::string event(const std::string& uid, const std::string& lines) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Kontor//Test//EN\r\nBEGIN:VEVENT\r\nUID:" + uid +
         "\r\nDTSTAMP:20231101T000000Z\r\n" + lines + "END:VEVENT\r\nEND:VCALENDAR\r\n";
}

inline std::string todo(const std::string& uid, const std::string& lines) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Kontor//Test//EN\r\nBEGIN:VTODO\r\nUID:" + uid +
         "\r\nDTSTAMP:20231101T000000Z\r\n" + lines + "END:VTODO\r\nEND:VCALENDAR\r\n";
}

// The clock stands at 2023-11-14T22:13:20Z.
class CalendarTest : public AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    account = open(ada);
    calendar = by_role(*account, FolderRole::calendar);
  }

  Added put(const std::string& bytes, const std::string& name = "") {
    return must(try_put(*account, calendar, make_item(Kind::calendar, bytes, name)));
  }
  void change(const std::function<Result<void>(Transaction&)>& step) { must(account->update(Caller::system(), step)); }
  void replace(Uid uid, const std::string& bytes) {
    const NewItem item = make_item(Kind::calendar, bytes);
    change([&](Transaction& t) -> Result<void> {
      TRY_VOID(t.replace(calendar, uid, item));
      return {};
    });
  }
  void share(PrincipalId with, std::uint32_t rights) {
    change([&](Transaction& t) {
      Transaction::FolderChange grants;
      grants.grants = {{with, rights}};
      return t.change_folder(calendar, grants);
    });
  }
  std::unique_ptr<Reader> reader(Caller caller = Caller::system()) { return must(account->read(caller)); }
  std::vector<std::string> names(Caller caller = Caller::system()) {
    std::vector<std::string> out;
    must(reader(caller)->entries(calendar, [&](const Entry& entry) {
      out.push_back(entry.name);
      return true;
    }));
    return out;
  }
  std::vector<std::string> in_time(Instant from, Instant to, Caller caller = Caller::system()) {
    std::vector<std::string> out;
    must(reader(caller)->in_time(calendar, from, to, [&](const Entry& entry, const Facts&) {
      out.push_back(entry.name);
      return true;
    }));
    std::sort(out.begin(), out.end());
    return out;
  }
  std::string bytes(ItemId item, Caller caller) {
    const auto opened = reader(caller);
    const auto content = must(opened->content(item));
    return must(content->read(0, content->size()));
  }

  std::shared_ptr<Account> account;
  FolderId calendar;
};

}  // namespace kontor::groupware
