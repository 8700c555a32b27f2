// SPDX-License-Identifier: AGPL-3.0-or-later
// Managed attachments (RFC 8607) of calendar objects on a server of DAV, and those of cards on one of ours: they come
// with the object.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "migrate/dav/client.h"
#include "migrate/source.h"

namespace kontor::migrate {

// Objects that are larger are handed on as they are.
constexpr std::size_t kMostAttachedText = std::size_t{10} << 20;

// The object with its managed attachments given to `file`, and with references to those in place of links. Only what
// is on the client's own server is asked for. Links to what is gone stay, and are named in `losses`. Errors: invalid
// (an attachment does not come now), unavailable, those of `file`.
Result<std::string> bring_attachments(DavClient& client, std::string text, const TakeFile& file,
                                      std::vector<std::string>& losses);

}  // namespace kontor::migrate
