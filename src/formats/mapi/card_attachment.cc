// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/card_attachment.h"

#include <fmt/core.h>

#include "base/bytes.h"
#include "formats/mapi/attachment_names.h"
#include "formats/mapi/line_text.h"
#include "formats/mapi/tags.h"

namespace kontor::mapi {

void add_card_attachment(const Attachment& attachment, MadeCard& into) {
  const std::string name = attachment_name(attachment);
  const std::string type = attachment_type(attachment);
  lines::Property property;
  property.name = "X-KONTOR-ATTACH";
  property.set("FMTTYPE", type);
  if (!name.empty()) property.set("FILENAME", name);
  if (const std::string uri = attachment_uri(attachment); !uri.empty())
    property.value = uri;
  else if (const std::string* data = attachment.properties.bytes(tag::kAttachDataBinary))
    property.value = fmt::format("data:{};base64,{}", type, to_base64(*data));
  else
    into.losses.push_back(fmt::format("The attachment \"{}\" of a contact is left out.", one_line(name, 100)));
  if (!property.value.empty()) into.card.properties.push_back(std::move(property));
}

}  // namespace kontor::mapi
