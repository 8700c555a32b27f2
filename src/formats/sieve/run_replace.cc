// SPDX-License-Identifier: AGPL-3.0-or-later
// "replace" and "enclose" (RFC 5703 sections 5 and 6).
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/mime/fields.h"
#include "formats/sieve/address_value.h"
#include "formats/sieve/date_part.h"
#include "formats/sieve/header_text.h"
#include "formats/sieve/runner.h"

namespace kontor::sieve {
namespace {

bool is_mime_field(std::string_view name) {
  return to_lower(name.substr(0, 8)) == "content-" || iequals(name, "MIME-Version");
}

std::string with_whole_line_ends(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i++) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
    out += text[i];
  }
  return out;
}

std::string text_entity(std::string_view text) {
  return fmt::format("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {}\r\n\r\n{}",
                     !is_ascii(text) ? "8bit" : "7bit", text);
}

// Header and body of an entity; one that begins with an empty line has no header.
std::pair<std::string_view, std::string_view> halves(std::string_view entity) {
  if (entity.starts_with("\r\n")) return {{}, entity.substr(2)};
  const auto end = entity.find("\r\n\r\n");
  if (end == std::string_view::npos) return {entity, {}};
  return {entity.substr(0, end + 2), entity.substr(end + 4)};
}

}  // namespace

Result<void> Runner::do_replace(const Call& call) {
  TRY(std::string text, expand(call.arguments[0].texts[0]));
  TRY_VOID(spend_bytes(text.size()));
  text = with_whole_line_ends(text);
  const std::string entity = call.has(Tag::mime) ? text : text_entity(text);
  const mime::Entity& part = parts_.empty() ? letter_.structure() : *parts_.back();
  if (!parts_.empty()) replaced_.insert(&part);
  if (&part == &letter_.structure()) return replace_all(call, entity);
  return letter_.replace(part, entity);
}

// Of the header goes what spoke of the old content; a subject and an author that are replaced are kept beside.
Result<void> Runner::replace_all(const Call& call, const std::string& entity) {
  const auto [head, body] = halves(entity);
  TRY(const LetterFields* fields, letter_.fields());
  std::string header;
  TRY(const std::string subject, expand_tag(call, Tag::subject));
  TRY(const std::string from, expand_tag(call, Tag::from));
  if (call.has(Tag::from) && !is_address(from))
    return fail(Errc::invalid, fmt::format("'{}' is no mail address.", from));
  for (const LetterField& field : *fields) {
    if (is_mime_field(field.name) || field.name.empty()) continue;
    const bool is_old = (call.has(Tag::subject) && iequals(field.name, "Subject")) ||
                        (call.has(Tag::from) && iequals(field.name, "From"));
    header += is_old ? "Original-" + field.whole : field.whole;
  }
  if (call.has(Tag::subject)) header += header_line("Subject", subject);
  // An encoded-word must not hold the address itself.
  if (call.has(Tag::from)) header += header_line("From", !is_ascii(from) ? bare_address(from) : from);
  header += "MIME-Version: 1.0\r\n";
  for (const LetterField& field : read_fields(head))
    if (is_mime_field(field.name) && !iequals(field.name, "MIME-Version")) header += field.whole;
  TRY_VOID(spend_bytes(header.size()));
  if (header.size() > limits_.header_bytes) return fail(Errc::too_large, "The message's header grew too large.");
  return letter_.become({.header = header + "\r\n", .before = std::string(body), .behind = "", .encloses = false});
}

// The new message is from the script's owner, of now, unless the script asks for the fields of the old one.
Result<void> Runner::do_enclose(const Call& call) {
  TRY(std::string text, expand(call.arguments[0].texts[0]));
  text = with_whole_line_ends(text);
  std::vector<std::string> copied;
  if (const Argument* given = call.find(Tag::headers)) {
    TRY(copied, expand(*given));
  }
  const auto is_copied = [&](std::string_view name) {
    return !is_mime_field(name) && std::ranges::any_of(copied, [&](const auto& one) { return iequals(one, name); });
  };
  TRY(const LetterFields* fields, letter_.fields());
  std::string header, subject, all;
  for (const LetterField& field : *fields) {
    all += field.whole;
    if (iequals(field.name, "Subject")) subject = field.whole;
    if (!field.name.empty() && is_copied(field.name) && !(iequals(field.name, "Subject") && call.has(Tag::subject)))
      header += field.whole;
  }
  TRY_VOID(spend_bytes(all.size() + text.size()));
  const int zone = environment_.zone ? environment_.zone(environment_.now) : 0;
  const std::string& owner = environment_.addresses.empty() ? environment_.envelope.to : environment_.addresses.front();
  if (!is_copied("Date")) header += header_line("Date", date_part(environment_.now, zone, "std11"));
  if (!is_copied("From")) header += header_line("From", owner);
  if (call.has(Tag::subject)) {
    TRY(subject, expand_tag(call, Tag::subject));
    header += header_line("Subject", subject);
  } else if (!is_copied("Subject")) {
    header += subject;
  }
  if (header.size() > limits_.header_bytes) return fail(Errc::too_large, "The message's header grew too large.");
  // Nobody who writes a message knows what this server has put before it.
  const std::string boundary = "=_" + to_hex(sha256(all + text + std::to_string(letter_.size()))).substr(0, 40);
  header += fmt::format(
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"{}\"\r\nContent-Transfer-Encoding: "
      "8bit\r\n\r\n",
      boundary);
  Letter::Cover cover;
  cover.header = std::move(header);
  cover.before = fmt::format(
      "--{0}\r\n{1}\r\n--{0}\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment\r\n"
      "Content-Transfer-Encoding: 8bit\r\n\r\n",
      boundary, text_entity(text));
  cover.behind = fmt::format("\r\n--{}--\r\n", boundary);
  cover.encloses = true;
  return letter_.become(std::move(cover));
}

}  // namespace kontor::sieve
