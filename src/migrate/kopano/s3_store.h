// SPDX-License-Identifier: AGPL-3.0-or-later
// Attachments in a bucket of S3 or of a server that speaks as it does: objects named <path>/<instance>.
#pragma once

#include <memory>

#include "base/result.h"
#include "migrate/kopano/attachment_store.h"

namespace kontor::migrate::kopano {

// Requests are signed (AWS Signature Version 4). Reading fails as `unavailable` while keys are refused or the server
// cannot be reached, so that no item is given up for it. Errors: invalid (what is missing or wrong).
Result<std::unique_ptr<AttachmentStore>> s3_store(S3Options options);

}  // namespace kontor::migrate::kopano
