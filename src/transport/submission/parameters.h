// SPDX-License-Identifier: AGPL-3.0-or-later
// Parameters of MAIL and RCPT that ask for reports (DSN, RFC 3461) and for a later release (FUTURERELEASE, RFC 4865).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "transport/queue/message.h"
#include "wire/smtp/command.h"
#include "wire/smtp/reply.h"

namespace kontor::transport {

struct MailParameters {
  DsnReturn dsn_return = DsnReturn::unset;
  std::string envelope_id;
  Instant release{};
};
struct RecipientParameters {
  DsnNotify notify;
  std::string original;
};

// Takes those it knows out of `parameters`. `latest`: how far ahead a release may be; 0: not at all. Failures: the
// reply to send.
std::expected<MailParameters, wire::smtp::Reply> take_mail_parameters(std::vector<wire::smtp::Parameter>& parameters,
                                                                      Instant now, std::chrono::seconds latest);
std::expected<RecipientParameters, wire::smtp::Reply> take_recipient_parameters(
    std::vector<wire::smtp::Parameter>& parameters);

// Nothing if it is none.
std::optional<std::string> from_xtext(std::string_view text);

}  // namespace kontor::transport
