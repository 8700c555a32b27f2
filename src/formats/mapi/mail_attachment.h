// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: attachments as parts of mail.
#pragma once

#include <string>
#include <vector>

#include "formats/mapi/mail.h"
#include "formats/mapi/mail_part.h"

namespace kontor::mapi {

// What all parts of one message are made with; outlives them, as their losses are found when they are written.
struct PartContext {
  const MailSource& source;
  std::vector<std::string>& losses;
  std::string seed = {};  // digests of what is written as it is: no boundary may be known to who made it
  int depth = 0;          // of messages in messages
};

enum class Disposition : std::uint8_t { attached, shown };

// "type/subtype" in lower case: what the attachment says, else by its name, else application/octet-stream.
std::string content_type_of(const Attachment& attachment);
// "" if it has none.
std::string file_name_of(const Attachment& attachment);
// Without angle brackets; "".
std::string content_id_of(const Attachment& attachment);

// Of an attachment with data of its own; not of a message in it.
Result<MailPart> data_part(const Attachment& attachment, Disposition disposition, PartContext& context,
                           std::string_view type = {});
// Whether data is a part with a header of its own, as signed ones are kept.
bool begins_as_part(std::string_view bytes);
// A link where there is no data: what it points at, as a text.
MailPart link_part(const Attachment& attachment, PartContext& context);
// The fields of a part: `type` may have parameters.
std::string part_header(std::string_view type, const Attachment& attachment, Disposition disposition);

// The data, or nothing and a loss where the source has none.
Result<void> take_data(const Attachment& attachment, PartContext& context, const TakePiece& take);
// At most so many of its first bytes; "" where there are none.
Result<std::string> first_bytes(const Attachment& attachment, const PartContext& context, std::size_t most);

}  // namespace kontor::mapi
