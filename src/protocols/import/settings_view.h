// SPDX-License-Identifier: AGPL-3.0-or-later
// What a source says of an account's settings beside what they are here, setting by setting.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "directory/directory.h"
#include "formats/archive/answer.h"
#include "formats/archive/settings.h"
#include "groupware/account.h"
#include "protocols/import/imported_rules.h"
#include "protocols/import/traits.h"

namespace kontor::importing {

// Settings that are followed by themselves, beside those of preference_traits.h.
namespace setting {
constexpr const char* kRules = "rules";
constexpr const char* kOutOfOffice = "out-of-office";
constexpr const char* kQuota = "quota";
constexpr const char* kSendAs = "send-as";
constexpr const char* kOnBehalf = "send-on-behalf";
constexpr const char* kBooking = "booking";
constexpr const char* kDelegates = "delegates";
constexpr const char* kSender = "sender/";  // before each sender whose mail is junk never or always
}  // namespace setting

// The source's settings as they can be here: people and folders by what they are called here.
class SettingsView {
 public:
  // What cannot be here as it is at the source is named in `damaged`. `settings` must outlive the view. Errors:
  // not_found (the owner), corrupt, unavailable.
  static Result<SettingsView> make(const groupware::Reader& reader, const directory::Directory& directory,
                                   PrincipalId owner, const std::string& source, const archive::Settings& settings,
                                   std::vector<archive::Quarantined>& damaged);

  Traits wanted() const;
  // As it is now, by `reader` and by `owner`'s record.
  Result<Traits> here(const groupware::Reader& reader, const directory::Principal& owner) const;
  // Beginnings of the names of what the source was asked for.
  std::vector<std::string> families() const;

  const directory::Principal& owner() const { return owner_; }
  const groupware::Preferences& preferences() const { return preferences_; }
  const std::optional<ImportedRules>& rules() const { return rules_; }
  // Whether a sender's mail is junk always, else never.
  const std::map<std::string, bool, std::less<>>& junk_senders() const { return junk_senders_; }
  const std::vector<PrincipalId>& senders() const { return senders_; }
  const std::vector<PrincipalId>& delegates() const { return delegates_; }
  directory::BookingPolicy booking() const;

 private:
  explicit SettingsView(const archive::Settings& settings) : settings_(&settings) {}
  void find_junk_senders(std::vector<archive::Quarantined>& damaged);
  void add_rules_here(const RulesHere& rules, Traits& out) const;
  void find_people(const directory::Directory& directory, std::vector<archive::Quarantined>& damaged);

  const archive::Settings* settings_;
  directory::Principal owner_;
  groupware::Preferences preferences_;
  std::optional<ImportedRules> rules_;
  std::map<std::string, bool, std::less<>> junk_senders_;
  std::vector<PrincipalId> senders_, delegates_;
};

}  // namespace kontor::importing
