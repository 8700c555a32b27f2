// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: the header of a message, but for the fields of MIME.
#pragma once

#include <string>
#include <vector>

#include "formats/mapi/mailbox.h"
#include "formats/mapi/property.h"

namespace kontor::mapi {

struct MailHeader {
  std::string text;          // fields with their line ends, no empty line
  std::string content_type;  // of the message as it once was, unfolded; "" where that is not known
};

// The fields as they came, where they were kept (PidTagTransportMessageHeaders): in their order, without those of MIME,
// with the subject and, of what was never sent, the recipients that the properties say now; what is missing there, and
// all where nothing was kept, is made of the properties. No field is made up: who is not known to have sent it has no
// From.
MailHeader mail_header(const Message& message, const ResolveEntry& resolve, std::vector<std::string>& losses);

// The kept header's fields as they came, with sound line ends; for what is no message of its own.
std::string kept_fields(const Properties& message);

}  // namespace kontor::mapi
