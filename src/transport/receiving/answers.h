// SPDX-License-Identifier: AGPL-3.0-or-later
// The one table from what went wrong to what LMTP says about it.
#pragma once

#include <string_view>

#include "base/result.h"
#include "groupware/delivery.h"
#include "wire/smtp/reply.h"

namespace kontor::transport {

// For a recipient, at RCPT or after the data. A fault of ours is always temporary: no mail is bounced for it.
wire::smtp::Reply answer_to(const Error& error, groupware::QuotaPolicy over_quota);

// The recipient's own script refuses the message (RFC 5429 section 2.1): its words, of at most 20 lines.
wire::smtp::Reply refusal_reply(std::string_view words);

}  // namespace kontor::transport
