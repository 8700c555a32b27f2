// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/junk_lists.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "formats/mapi/junk_filter.h"

namespace kontor::migrate::kopano {
namespace {

constexpr const char* kFilter = "Outlook's junk filter";
constexpr const char* kSafeRecipients = "outlook.junk.safe_recipients";

std::string some_of(const std::vector<std::string>& entries) {
  constexpr std::size_t kShown = 5;
  std::string out;
  for (std::size_t i = 0; i < std::min(entries.size(), kShown); ++i) out += (i == 0 ? "" : ", ") + entries[i];
  return entries.size() > kShown ? fmt::format("{} and {} more", out, entries.size() - kShown) : out;
}

// With Outlook a blocked address of a safe domain is blocked; here who is safe in any way is.
std::vector<std::string> blocked_in_safe_domains(const mapi::JunkFilter& filter) {
  const std::set<std::string_view> safe(filter.safe.begin(), filter.safe.end());
  std::vector<std::string> out;
  for (const std::string& entry : filter.blocked)
    if (const auto at = entry.rfind('@'); at != 0 && safe.contains(std::string_view(entry).substr(at)))
      out.push_back(entry);
  return out;
}

void name_differences(const mapi::JunkFilter& filter, std::vector<SettingLoss>& losses) {
  const auto lose = [&](std::string why) { losses.push_back({kFilter, std::move(why)}); };
  if (!filter.odd.empty())
    lose(fmt::format("what is neither an address nor a domain does not come along: {}", some_of(filter.odd)));
  if (!filter.safe_recipients.empty())
    lose(
        fmt::format("it lets pass what goes to some recipients; here only senders count, and that list stays as a "
                    "setting that nothing acts on: {}",
                    some_of(filter.safe_recipients)));
  if (const auto both = blocked_in_safe_domains(filter); !both.empty())
    lose(fmt::format("of safe domains it blocks single senders; here the domain counts: {}", some_of(both)));
  if (filter.trusts_contacts) lose("people in contacts are safe senders as they were; who is added later is not");
  if (filter.trusts_recipients) lose("to whom mail is sent does not become a safe sender here by itself");
  if (filter.removes) lose("it removes junk at once; here it goes into the folder for junk");
  if (filter.threshold == mapi::kJunkUnlessSafe)
    lose("it takes all mail for junk but that of safe senders; here the server's filter decides");
  if (filter.asks_more) lose("it asks for something else than senders and recipients, which does not come along");
}

void take(const mapi::JunkFilter& filter, archive::Settings& settings, std::vector<SettingLoss>& losses) {
  if (!filter.problem.empty()) {
    losses.push_back({kFilter, "its lists of senders cannot be read: " + filter.problem});
    return;
  }
  auto& senders = settings.senders.emplace();
  if (!filter.is_enabled) {
    if (!filter.safe.empty() || !filter.blocked.empty())
      losses.push_back({kFilter, "it is switched off: its lists of senders do not come along"});
    return;
  }
  senders.allowed = filter.safe;
  senders.blocked = filter.blocked;
  if (!filter.safe_recipients.empty()) {
    boost::json::array list(filter.safe_recipients.begin(), filter.safe_recipients.end());
    settings.display[kSafeRecipients] = boost::json::serialize(list);
  }
  name_differences(filter, losses);
}

}  // namespace

void take_junk_filter(const std::vector<mapi::Properties>& messages, bool are_all, archive::Settings& settings,
                      std::vector<SettingLoss>& losses) {
  for (const mapi::Properties& message : messages) {
    const auto rule = mapi::rule_of_message(message);
    if (!rule || !mapi::is_junk_filter(*rule)) continue;
    take(mapi::junk_filter_of(*rule, message), settings, losses);
    return;
  }
  if (are_all) settings.senders.emplace();
}

}  // namespace kontor::migrate::kopano
