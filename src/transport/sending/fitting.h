// SPDX-License-Identifier: AGPL-3.0-or-later
// A message as its host takes it. For the sender.
#pragma once

#include <vector>

#include "transport/sending/message_bytes.h"
#include "transport/sending/smtp_client.h"

namespace kontor::transport {

// As SmtpClient::send; but where the host takes no binary message, or none of 8 bits, it gets one made over (RFC 3030
// section 3, RFC 6152 section 3). What may not be made over fails for good.
SendResult<std::vector<wire::smtp::Reply>> send_fitting(SmtpClient& client, SmtpTransaction transaction,
                                                        MessageBytes& bytes);

}  // namespace kontor::transport
