// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/structure.h"

#include <algorithm>

#include "base/bytes.h"
#include "formats/mime/decode.h"
#include "wire/imap/print.h"

namespace kontor::wire::imap {
namespace {

namespace fb = mime::fb;

using Addresses = flatbuffers::Vector<flatbuffers::Offset<fb::Address>>;
using Params = flatbuffers::Vector<flatbuffers::Offset<fb::Param>>;
using Strings = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;

std::string_view fb_view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

void append_nil_or(std::string& out, const flatbuffers::String* text) {
  if (text == nullptr) {
    out += "NIL";
  } else {
    append_string(out, fb_view(text));
  }
}

// What the summary keeps as "" when the field was absent.
void append_nonempty_or_nil(std::string& out, const flatbuffers::String* text) {
  append_nil_or(out, text != nullptr && text->size() > 0 ? text : nullptr);
}

void append_address(std::string& out, const fb::Address& address) {
  out.push_back('(');
  append_nonempty_or_nil(out, address.name());
  out.push_back(' ');
  append_nonempty_or_nil(out, address.route());
  out.push_back(' ');
  if (address.is_group_end()) {
    out += "NIL NIL)";
    return;
  }
  append_string(out, fb_view(address.mailbox()));
  out.push_back(' ');
  if (address.is_group_start()) {
    out += "NIL)";
    return;
  }
  append_string(out, fb_view(address.host()));
  out.push_back(')');
}

void append_addresses(std::string& out, const Addresses* addresses) {
  if (addresses == nullptr || addresses->size() == 0) {
    out += "NIL";
    return;
  }
  out.push_back('(');
  for (const auto* address : *addresses) append_address(out, *address);
  out.push_back(')');
}

std::vector<mime::Param> decoded_params(const Params& params) {
  std::vector<mime::Param> raw, decoded;
  for (const auto* param : params)
    raw.push_back({std::string(fb_view(param->name())), std::string(fb_view(param->value()))});
  std::vector<std::string> joined;
  for (const auto& param : raw) {
    const auto star = param.name.find('*');
    const std::string base = param.name.substr(0, star);
    if (std::find(joined.begin(), joined.end(), base) != joined.end()) continue;
    const auto is_piece = [&](const mime::Param& one) { return one.name.starts_with(base + "*"); };
    const auto is_first = [&](const mime::Param& one) {
      return one.name == base + "*" || one.name == base + "*0" || one.name == base + "*0*";
    };
    if (star == std::string::npos || std::none_of(raw.begin(), raw.end(), is_first)) {
      decoded.push_back(param);
      continue;
    }
    const bool is_encoded = std::any_of(
        raw.begin(), raw.end(), [&](const mime::Param& one) { return is_piece(one) && one.name.ends_with('*'); });
    joined.push_back(base);
    decoded.push_back({is_encoded ? base + "*" : base, mime::param(raw, base).value_or(param.value)});
  }
  return decoded;
}

void append_params(std::string& out, const Params* params, BodyForm form) {
  if (params == nullptr || params->size() == 0) {
    out += "NIL";
    return;
  }
  const auto is_split = [](const fb::Param* param) { return fb_view(param->name()).contains('*'); };
  if (form == BodyForm::decoded && std::any_of(params->begin(), params->end(), is_split)) {
    char between = '(';
    for (const auto& param : decoded_params(*params)) {
      out.push_back(between);
      append_string(out, param.name);
      out.push_back(' ');
      append_string(out, param.value);
      between = ' ';
    }
    out.push_back(')');
    return;
  }
  char before = '(';
  for (const auto* param : *params) {
    out.push_back(before);
    append_string(out, fb_view(param->name()));
    out.push_back(' ');
    append_string(out, fb_view(param->value()));
    before = ' ';
  }
  out.push_back(')');
}

void append_disposition(std::string& out, const fb::Entity& entity, BodyForm form) {
  if (fb_view(entity.disposition()).empty()) {
    out += "NIL";
    return;
  }
  out.push_back('(');
  append_string(out, fb_view(entity.disposition()));
  out.push_back(' ');
  append_params(out, entity.disposition_params(), form);
  out.push_back(')');
}

void append_languages(std::string& out, const Strings* languages) {
  if (languages == nullptr || languages->size() == 0) {
    out += "NIL";
    return;
  }
  if (languages->size() == 1) return append_string(out, fb_view(languages->Get(0)));
  char before = '(';
  for (const auto* language : *languages) {
    out.push_back(before);
    append_string(out, fb_view(language));
    before = ' ';
  }
  out.push_back(')');
}

// Disposition, language, location: the end of both extended forms.
void append_extension(std::string& out, const fb::Entity& entity, BodyForm form) {
  out.push_back(' ');
  append_disposition(out, entity, form);
  out.push_back(' ');
  append_languages(out, entity.languages());
  out.push_back(' ');
  append_nonempty_or_nil(out, entity.location());
}

void append_multipart(std::string& out, const fb::Entity& entity, BodyForm form) {
  out.push_back('(');
  for (const auto* part : *entity.parts()) append_body(out, *part, form);
  out.push_back(' ');
  append_string(out, fb_view(entity.subtype()));
  if (form != BodyForm::plain) {
    out.push_back(' ');
    append_params(out, entity.params(), form);
    append_extension(out, entity, form);
  }
  out.push_back(')');
}

bool is_message(const fb::Entity& entity) {
  const auto subtype = fb_view(entity.subtype());
  return iequals(fb_view(entity.type()), "message") && (iequals(subtype, "rfc822") || iequals(subtype, "global"));
}

// A leaf whose type promises a structure that it does not have would break the answer's grammar: a multipart without
// parts is shown as text, a message that was not looked into as bytes.
void append_leaf_type(std::string& out, const fb::Entity& entity, bool& is_text) {
  const auto type = fb_view(entity.type());
  is_text = iequals(type, "text");
  if (iequals(type, "multipart")) {
    is_text = true;
    out += "\"text\" \"plain\"";
  } else if (is_message(entity) && entity.message() == nullptr) {
    out += "\"application\" \"octet-stream\"";
  } else {
    append_string(out, type);
    out.push_back(' ');
    append_string(out, fb_view(entity.subtype()));
  }
}

void append_leaf(std::string& out, const fb::Entity& entity, BodyForm form) {
  bool is_text = false;
  out.push_back('(');
  append_leaf_type(out, entity, is_text);
  out.push_back(' ');
  append_params(out, entity.params(), form);
  out.push_back(' ');
  append_nonempty_or_nil(out, entity.id());
  out.push_back(' ');
  append_nonempty_or_nil(out, entity.description());
  out.push_back(' ');
  const auto encoding = fb_view(entity.encoding());
  append_string(out, encoding.empty() ? std::string_view("7bit") : encoding);
  out.push_back(' ');
  append_number(out, entity.body_size());
  if (entity.message() != nullptr && is_message(entity)) {
    out.push_back(' ');
    append_envelope(out, entity.message()->envelope());
    out.push_back(' ');
    append_body(out, *entity.message(), form);
    out.push_back(' ');
    append_number(out, entity.body_lines());
  } else if (is_text) {
    out.push_back(' ');
    append_number(out, entity.body_lines());
  }
  if (form != BodyForm::plain) {
    out.push_back(' ');
    append_nonempty_or_nil(out, entity.md5());
    append_extension(out, entity, form);
  }
  out.push_back(')');
}

}  // namespace

void append_envelope(std::string& out, const fb::Envelope* envelope) {
  if (envelope == nullptr) {
    out += "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)";
    return;
  }
  const auto or_from = [&](const Addresses* addresses) {
    return addresses != nullptr && addresses->size() > 0 ? addresses : envelope->from();
  };
  out.push_back('(');
  append_nil_or(out, envelope->date());
  out.push_back(' ');
  append_nil_or(out, envelope->subject());
  for (const Addresses* addresses : {envelope->from(), or_from(envelope->sender()), or_from(envelope->reply_to()),
                                     envelope->to(), envelope->cc(), envelope->bcc()}) {
    out.push_back(' ');
    append_addresses(out, addresses);
  }
  out.push_back(' ');
  append_nil_or(out, envelope->in_reply_to());
  out.push_back(' ');
  append_nil_or(out, envelope->message_id());
  out.push_back(')');
}

void append_body(std::string& out, const fb::Entity& entity, BodyForm form) {
  if (entity.is_multipart() && entity.parts() != nullptr && entity.parts()->size() > 0) {
    append_multipart(out, entity, form);
  } else {
    append_leaf(out, entity, form);
  }
}

}  // namespace kontor::wire::imap
