// SPDX-License-Identifier: AGPL-3.0-or-later
// The two places of content as one: Content over bytes in memory and over a blob, and the stager that chooses.
#pragma once

#include <memory>
#include <string>

#include "groupware/content.h"
#include "groupware/environment.h"

namespace kontor::groupware {

std::shared_ptr<const Content> inline_content(std::string bytes);
std::shared_ptr<const Content> inline_content(std::shared_ptr<const std::string> bytes);
std::shared_ptr<const Content> blob_content(store::Blobs& blobs, TenantId tenant, std::string hash, std::uint64_t size);
// The mail summary of content that was stored before. Errors: what reading gives.
Result<std::string> summarize_content(const Content& content);
std::unique_ptr<Stager> make_stager(Environment& environment, TenantId tenant, Kind kind);

}  // namespace kontor::groupware
