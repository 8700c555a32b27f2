// SPDX-License-Identifier: AGPL-3.0-or-later
// What a DAV source is asked, and the reading of its answers.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "migrate/dav/client.h"
#include "wire/dav/multistatus_reader.h"
#include "wire/dav/names.h"

namespace kontor::migrate {

using wire::dav::ResourceStatus;
using NameView = wire::xml::NameView;

std::string propfind_body(std::initializer_list<NameView> properties);
// RFC 6578. Without a token everything is listed.
std::string sync_body(std::string_view token);
// calendar-multiget or addressbook-multiget of encoded paths.
std::string multiget_body(bool is_of_cards, const std::vector<std::string>& paths);

struct DavStatus {
  DavAnswer answer;
  std::string sync_token;
  bool is_multistatus() const { return answer.status == 207; }
};

// Hands on the resources of a multistatus one after another. Another status is no error: see `answer`. Errors: those of
// DavClient::run(), and invalid (the answer cannot be read).
Result<DavStatus> ask(DavClient& client, DavRequest request,
                      const std::function<Result<void>(const ResourceStatus&)>& take);

// The first DAV:href in a property of the resource; "" if there is none.
std::string href_in(const ResourceStatus& resource, NameView property);
// All of them.
std::vector<std::string> hrefs_in(const ResourceStatus& resource, NameView property);
// Whether DAV:resourcetype has it.
bool is_of_type(const ResourceStatus& resource, NameView type);

}  // namespace kontor::migrate
