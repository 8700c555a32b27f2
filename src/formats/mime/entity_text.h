// SPDX-License-Identifier: AGPL-3.0-or-later
// For tests: structures as text that can be compared and read.
#pragma once

#include <string>

#include "formats/mime/entity.h"

namespace kontor::mime {

inline std::string text_of(const std::vector<Param>& params) {
  std::string text;
  for (const Param& param : params) text += (text.empty() ? "" : "|") + param.name + "=" + param.value;
  return text;
}

// `name <@route:mailbox@host>`, groups as `name: ... ;`.
inline std::string text_of(const std::vector<Address>& addresses) {
  std::string text;
  for (const Address& address : addresses) {
    if (!text.empty()) text += ", ";
    if (address.is_group_end) {
      text += ";";
    } else if (address.is_group_start) {
      text += address.mailbox + ":";
    } else {
      if (!address.name.empty()) text += address.name + " ";
      text += "<" + (address.route.empty() ? "" : address.route + ":") + address.mailbox;
      text += (address.host.empty() ? "" : "@" + address.host) + ">";
    }
  }
  return text;
}

// Everything: two entities are equal if and only if their texts are.
inline std::string text_of(const Entity& entity) {
  std::string text;
  for (const std::uint64_t n : {entity.header_offset, entity.header_size, entity.body_offset, entity.body_size})
    text += std::to_string(n) + " ";
  text += std::to_string(entity.body_lines);
  for (const std::string* s : {&entity.type, &entity.subtype, &entity.id, &entity.description, &entity.encoding,
                               &entity.md5, &entity.location, &entity.disposition})
    text += " \"" + *s + "\"";
  text += " " + text_of(entity.params) + " " + text_of(entity.disposition_params);
  for (const std::string& language : entity.languages) text += " " + language;
  if (const Envelope* e = entity.envelope.get()) {
    text += "\nenvelope";
    for (const bool has : {e->has_date, e->has_subject, e->has_in_reply_to, e->has_message_id})
      text += has ? " 1" : " 0";
    for (const std::string* s : {&e->date, &e->subject, &e->in_reply_to, &e->message_id}) text += " \"" + *s + "\"";
    for (const auto* list : {&e->from, &e->sender, &e->reply_to, &e->to, &e->cc, &e->bcc})
      text += " (" + text_of(*list) + ")";
  }
  for (const Entity& part : entity.parts) text += "\npart [" + text_of(part) + "]";
  if (entity.message) text += "\nmessage [" + text_of(*entity.message) + "]";
  return text;
}

}  // namespace kontor::mime
