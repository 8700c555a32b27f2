// SPDX-License-Identifier: AGPL-3.0-or-later
// What became of invitations (calendarserver-sharing): that one was changed or withdrawn, for the guest; that one was
// answered, for the host. Kept in the account of whom it concerns until it is put away: the latest fifty, of each
// invitation the last.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocols/dav/family.h"

namespace kontor::dav {

struct ShareNews {
  enum class What : std::uint8_t { changed, withdrawn, accepted, declined };

  What what = What::changed;
  Instant at{};
  PrincipalId other;       // whose collection it is; of an answer: who gave it
  bool may_write = false;  // by the invitation
  std::string invitation;  // ShareNote::uid
  std::string path;        // of the collection, at its owner's
  std::string summary;     // its name

  bool is_answer() const { return what == What::accepted || what == What::declined; }
  bool operator==(const ShareNews&) const = default;
};
std::string print_news(const ShareNews& news);
std::optional<ShareNews> parse_news(std::string_view text);

// Each with its name, "<name>.xml" in the collection of notices: those of the caller.
Outcome<std::vector<std::pair<std::string, ShareNews>>> own_news(Context& context);
Outcome<void> put_away_news(Context& context, const std::string& name);

// Tells somebody of the caller's tenant. What cannot be kept is only logged: CS:invite has the state itself.
void tell_news(Context& context, PrincipalId whom, const ShareNews& news);

// The notice as a resource of the collection `self`, and whether one is such.
Resource resource_of_news(Context& context, const Resource& self, const std::string& name, const ShareNews& news);
// Null: it is another resource.
const ShareNews* news_in(const Resource& resource);

}  // namespace kontor::dav
