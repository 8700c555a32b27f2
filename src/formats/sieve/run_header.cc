// SPDX-License-Identifier: AGPL-3.0-or-later
// Tests of header fields, addresses, the envelope and the size (RFC 5228 section 5), with ":index" (RFC 5260 section 6)
// and ":mime" (RFC 5703 section 4).
#include "base/bytes.h"
#include "formats/mime/decode.h"
#include "formats/mime/fields.h"
#include "formats/sieve/address_value.h"
#include "formats/sieve/matcher.h"
#include "formats/sieve/runner.h"

namespace kontor::sieve {
namespace {

bool asks_for_parameter(const Call& call) {
  return call.has(Tag::type) || call.has(Tag::subtype) || call.has(Tag::contenttype) || call.has(Tag::param);
}

// "type/subtype; name=value" or "disposition; name=value".
struct Parameterized {
  std::string type;
  std::string subtype;
  std::vector<mime::Param> params;
};

Parameterized read_parameterized(std::string_view text) {
  Parameterized result;
  mime::Lexer lexer(text);
  lexer.skip_white();
  result.type = lexer.read_token();
  lexer.skip_white();
  if (lexer.looking_at('/')) {
    lexer.skip();
    lexer.skip_white();
    result.subtype = lexer.read_token();
  }
  while (result.params.size() < 100) {
    lexer.skip_white();
    lexer.read_until(";");
    if (lexer.at_end()) break;
    lexer.skip();
    lexer.skip_white();
    mime::Param param;
    param.name = to_lower(lexer.read_token());
    lexer.skip_white();
    if (!lexer.looking_at('=')) continue;
    lexer.skip();
    lexer.skip_white();
    if (lexer.looking_at('"')) {
      lexer.read_quoted(param.value);
    } else {
      param.value = lexer.read_token();
    }
    result.params.push_back(std::move(param));
  }
  return result;
}

}  // namespace

// Null stands for the message itself, with its edits.
Result<std::vector<const mime::Entity*>> Runner::parts_of(const Call& call) {
  if (!call.has(Tag::mime)) return std::vector<const mime::Entity*>{nullptr};
  const mime::Entity* current = parts_.empty() ? &letter_.structure() : parts_.back();
  std::vector<const mime::Entity*> parts;
  std::vector<const mime::Entity*> waiting{current};
  while (!waiting.empty()) {
    TRY_VOID(spend(1));
    const mime::Entity* part = waiting.back();
    waiting.pop_back();
    parts.push_back(part == &letter_.structure() ? nullptr : part);
    if (!call.has(Tag::anychild)) break;
    if (part->message) waiting.push_back(part->message.get());
    for (auto child = part->parts.rbegin(); child != part->parts.rend(); ++child) waiting.push_back(&*child);
  }
  return parts;
}

Result<std::vector<const LetterField*>> Runner::fields_named(const Call& call, const mime::Entity* part,
                                                             std::string_view name) {
  const LetterFields* fields = nullptr;
  if (part) {
    TRY(fields, letter_.fields_of(*part));
  } else {
    TRY(fields, letter_.fields());
  }
  TRY_VOID(spend_bytes(fields->size()));
  std::vector<const LetterField*> found;
  for (const LetterField& field : *fields)
    if (iequals(field.name, name)) found.push_back(&field);
  const Argument* index = call.find(Tag::index);
  if (!index) return found;
  if (index->number > found.size()) return std::vector<const LetterField*>{};
  const std::size_t place = call.has(Tag::last) ? found.size() - index->number : index->number - 1;
  return std::vector<const LetterField*>{found[place]};
}

Result<bool> Runner::match_mime_field(const Call& call, Matcher& matcher, const LetterField& field) {
  const bool is_type = iequals(field.name, "Content-Type"), is_disposition = iequals(field.name, "Content-Disposition");
  const Parameterized value = read_parameterized(field.value);
  if (const Argument* wanted = call.find(Tag::param)) {
    TRY(const auto names, expand(*wanted));
    for (const std::string& name : names) {
      const auto parameter = mime::param(value.params, to_lower(name));
      if (!parameter) continue;
      TRY(const bool is_match, matcher.take(*parameter));
      if (is_match) return true;
    }
    return false;
  }
  if (call.has(Tag::subtype)) return matcher.take(is_type ? value.subtype : "");
  if (call.has(Tag::contenttype) && is_type) return matcher.take(value.type + "/" + value.subtype);
  return matcher.take(is_type || is_disposition ? value.type : "");
}

Result<bool> Runner::test_header(const Call& call) {
  TRY(Matcher matcher, Matcher::make(*this, call, &call.arguments[1]));
  TRY(const auto names, expand(call.arguments[0]));
  TRY(const auto parts, parts_of(call));
  const bool wants_parameter = asks_for_parameter(call);
  for (const mime::Entity* part : parts) {
    for (const std::string& name : names) {
      TRY(const auto fields, fields_named(call, part, name));
      for (const LetterField* field : fields) {
        TRY(const bool is_match,
            wants_parameter ? match_mime_field(call, matcher, *field) : matcher.take(field->text()));
        if (is_match) return true;
      }
    }
  }
  return matcher.end();
}

Result<bool> Runner::test_exists(const Call& call) {
  TRY(const auto names, expand(call.arguments[0]));
  TRY(const auto parts, parts_of(call));
  for (const std::string& name : names) {
    bool is_there = false;
    for (const mime::Entity* part : parts) {
      TRY(const auto fields, fields_named(call, part, name));
      is_there |= !fields.empty();
    }
    if (!is_there) return false;
  }
  return true;
}

Result<bool> Runner::test_address(const Call& call) {
  TRY(Matcher matcher, Matcher::make(*this, call, &call.arguments[1]));
  TRY(const auto names, expand(call.arguments[0]));
  TRY(const auto parts, parts_of(call));
  for (const mime::Entity* part : parts) {
    for (const std::string& name : names) {
      TRY(const auto fields, fields_named(call, part, name));
      for (const LetterField* field : fields) {
        for (const mime::Address& address : field->addresses()) {
          if (address.is_group_start || address.is_group_end) continue;
          TRY_VOID(spend(1));
          // What is no address has no parts (RFC 5228 section 5.1).
          const bool is_sound = !address.mailbox.empty() && !address.host.empty();
          if (!is_sound && call.part != Tag::all) continue;
          const auto value = address_part(address, call.part, environment_.delimiter);
          if (!value) continue;
          TRY(const bool is_match, matcher.take(*value));
          if (is_match) return true;
        }
      }
    }
  }
  return matcher.end();
}

Result<bool> Runner::test_envelope(const Call& call) {
  TRY(Matcher matcher, Matcher::make(*this, call, &call.arguments[1]));
  TRY(const auto names, expand(call.arguments[0]));
  for (const std::string& name : names) {
    const Envelope& envelope = environment_.envelope;
    const bool is_auth = iequals(name, "auth");
    if (is_auth && !envelope.auth) continue;
    const std::string& value = is_auth ? *envelope.auth : iequals(name, "from") ? envelope.from : envelope.to;
    mime::Address address;
    const auto at = value.rfind('@');
    address.mailbox = value.substr(0, at);
    if (at != std::string::npos) address.host = value.substr(at + 1);
    // The null sender is empty in every part (RFC 5228 section 5.4).
    const auto part =
        value.empty() ? std::optional<std::string>("") : address_part(address, call.part, environment_.delimiter);
    if (!part) continue;
    TRY(const bool is_match, matcher.take(*part));
    if (is_match) return true;
  }
  return matcher.end();
}

Result<bool> Runner::test_size(const Call& call) {
  const std::uint64_t limit = call.arguments[0].number;
  return call.has(Tag::over) ? letter_.size() > limit : letter_.size() < limit;
}

}  // namespace kontor::sieve
