// SPDX-License-Identifier: AGPL-3.0-or-later
// The one table from what went wrong to what LMTP says about it.
#pragma once

#include "base/result.h"
#include "groupware/delivery.h"
#include "wire/smtp/reply.h"

namespace kontor::transport {

// For a recipient, at RCPT or after the data. A fault of ours is always temporary: no mail is bounced for it.
wire::smtp::Reply answer_to(const Error& error, groupware::QuotaPolicy over_quota);

}  // namespace kontor::transport
