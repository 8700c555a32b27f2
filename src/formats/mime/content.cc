// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mime/content.h"

#include <algorithm>
#include <utility>

#include "formats/mime/fields.h"

namespace kontor::mime {
namespace {

constexpr std::size_t kMaxParams = 100;
constexpr std::size_t kMaxLanguages = 100;

// RFC 2045 section 5.1: a value is a token or quoted. Mail software also writes `name=two words.pdf` and forgets
// semicolons (`charset=utf-8 format=flowed`): blanks belong to the value unless another "=" comes before the next ";".
std::string read_param_value(Lexer& lexer) {
  std::string value;
  lexer.skip_white();
  if (lexer.looking_at('"')) {
    lexer.read_quoted(value);
    return value;
  }
  value = lexer.read_until("; \t\r\n(\"");
  if (lexer.at_end() || !is_white(lexer.peek())) return value;
  const std::string_view rest = lexer.rest();
  const auto stop = rest.find_first_of(";=(\"");
  if (stop != std::string_view::npos && rest[stop] != ';') return value;
  value += lexer.read_until(";");
  return unfold(value);
}

std::vector<Param> read_params(Lexer& lexer) {
  std::vector<Param> params;
  while (params.size() < kMaxParams) {
    lexer.skip_white();
    if (lexer.at_end()) break;
    if (lexer.looking_at(';')) {
      lexer.skip();
      continue;
    }
    Param param;
    for (const char c : lexer.read_until("=; \t\r\n(\"")) param.name.push_back(lower(c));
    lexer.skip_white();
    if (lexer.looking_at('=')) {
      lexer.skip();
      param.value = read_param_value(lexer);
      if (!param.name.empty()) params.push_back(std::move(param));
    } else if (lexer.looking_at('"')) {  // stray
      std::string ignored;
      lexer.read_quoted(ignored);
    }
  }
  return params;
}

// Anything that does not begin with type "/" subtype leaves the default (RFC 2045 section 5.2), with one exception: a
// bare "multipart" with its boundary can only be meant as multipart/mixed.
void read_content_type(std::string_view raw, Entity& entity) {
  Lexer lexer(raw);
  lexer.skip_white();
  const std::string_view type = lexer.read_token();
  lexer.skip_white();
  std::string_view subtype;
  if (lexer.looking_at('/')) {
    lexer.skip();
    lexer.skip_white();
    subtype = lexer.read_token();
  } else if (same_name(type, "multipart")) {
    subtype = "mixed";
  }
  entity.type = "text";
  entity.subtype = "plain";
  if (!type.empty() && !subtype.empty()) {
    entity.type = type;
    entity.subtype = subtype;
  }
  lexer.read_until("; \t\r\n(");
  entity.params = read_params(lexer);
}

void read_disposition(std::string_view raw, Entity& entity) {
  Lexer lexer(raw);
  lexer.skip_white();
  entity.disposition = lexer.read_token();
  lexer.read_until("; \t\r\n(");
  entity.disposition_params = read_params(lexer);
}

void read_languages(std::string_view raw, Entity& entity) {
  Lexer lexer(raw);
  while (entity.languages.size() < kMaxLanguages) {
    lexer.skip_white();
    if (lexer.at_end()) break;
    const std::string_view language = lexer.read_until(", \t\r\n;(");
    if (!language.empty()) {
      entity.languages.emplace_back(language);
    } else {
      lexer.skip();
    }
  }
}

// Up to a comment or a stray parameter. Usually a token, but "quoted printable" and "8 bit" are seen too.
std::string read_encoding(std::string_view raw) {
  Lexer lexer(raw);
  lexer.skip_white();
  return unfold(lexer.read_until(";("));
}

// RFC 5322 section 4.5.3: several destination fields count as one. Others that are there twice too, so that no author
// stays hidden.
void append_addresses(std::string_view raw, std::uint32_t& left, std::vector<Address>& list) {
  std::vector<Address> more = parse_addresses(raw, left);
  left -= static_cast<std::uint32_t>(std::min<std::size_t>(more.size(), left));
  if (list.empty()) {
    list = std::move(more);
  } else {
    list.insert(list.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
}

void set(std::string_view raw, bool& has, std::string& value) {
  has = true;
  value = unfold(raw);
}

}  // namespace

void read_content_fields(std::string_view header, bool in_digest, Entity& entity) {
  bool has_type = false, has_disposition = false;
  const auto set_first = [](std::string& value, const Field& field) {
    if (value.empty()) value = unfold(field.value);
  };
  for_each_field(header, [&](const Field& field) {
    if (field.name.size() < 10 || !same_name(field.name.substr(0, 8), "content-")) return true;
    const std::string_view name = field.name.substr(8);
    if (same_name(name, "type")) {
      if (!std::exchange(has_type, true)) read_content_type(field.value, entity);
    } else if (same_name(name, "transfer-encoding")) {
      if (entity.encoding.empty()) entity.encoding = read_encoding(field.value);
    } else if (same_name(name, "disposition")) {
      if (!std::exchange(has_disposition, true)) read_disposition(field.value, entity);
    } else if (same_name(name, "id")) {
      set_first(entity.id, field);
    } else if (same_name(name, "description")) {
      set_first(entity.description, field);
    } else if (same_name(name, "md5")) {
      set_first(entity.md5, field);
    } else if (same_name(name, "location")) {
      set_first(entity.location, field);
    } else if (same_name(name, "language")) {
      if (entity.languages.empty()) read_languages(field.value, entity);
    }
    return true;
  });
  if (has_type) return;
  entity.type = in_digest ? "message" : "text";
  entity.subtype = in_digest ? "rfc822" : "plain";
}

Envelope read_envelope(std::string_view header, std::uint32_t& addresses) {
  Envelope envelope;
  const auto visit = [&](const Field& field) {
    const std::string_view name = field.name;
    switch (name.size()) {
      case 2:
        if (same_name(name, "to")) append_addresses(field.value, addresses, envelope.to);
        if (same_name(name, "cc")) append_addresses(field.value, addresses, envelope.cc);
        break;
      case 3:
        if (same_name(name, "bcc")) append_addresses(field.value, addresses, envelope.bcc);
        break;
      case 4:
        if (same_name(name, "from")) append_addresses(field.value, addresses, envelope.from);
        if (same_name(name, "date")) set(field.value, envelope.has_date, envelope.date);
        break;
      case 6:
        if (same_name(name, "sender")) append_addresses(field.value, addresses, envelope.sender);
        break;
      case 7:
        if (same_name(name, "subject")) set(field.value, envelope.has_subject, envelope.subject);
        break;
      case 8:
        if (same_name(name, "reply-to")) append_addresses(field.value, addresses, envelope.reply_to);
        break;
      case 10:
        if (same_name(name, "message-id")) set(field.value, envelope.has_message_id, envelope.message_id);
        break;
      case 11:
        if (same_name(name, "in-reply-to")) set(field.value, envelope.has_in_reply_to, envelope.in_reply_to);
        break;
      default:
        break;
    }
    return true;
  };
  for_each_field(header, visit);
  if (envelope.sender.empty()) envelope.sender = envelope.from;
  if (envelope.reply_to.empty()) envelope.reply_to = envelope.from;
  return envelope;
}

bool is_message_type(const Entity& entity) {
  return same_name(entity.type, "message") &&
         (same_name(entity.subtype, "rfc822") || same_name(entity.subtype, "global"));
}

bool Entity::is_multipart() const { return same_name(type, "multipart") && !parts.empty(); }

}  // namespace kontor::mime
