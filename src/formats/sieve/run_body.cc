// SPDX-License-Identifier: AGPL-3.0-or-later
// What the message's parts hold: "body" (RFC 5173) and "extracttext" (RFC 5703 section 7).
#include "base/bytes.h"
#include "formats/sieve/matcher.h"
#include "formats/sieve/runner.h"
#include "formats/sieve/text_tools.h"

namespace kontor::sieve {
namespace {

// RFC 5173 section 5.2: "" is everything, "text" all of a type, "text/plain" exactly one; others match nothing.
bool is_of_type(const mime::Entity& part, std::string_view wanted) {
  if (wanted.empty()) return true;
  const auto slash = wanted.find('/');
  if (slash == std::string_view::npos) return iequals(part.type, wanted);
  const std::string_view subtype = wanted.substr(slash + 1);
  if (slash == 0 || subtype.empty() || subtype.find('/') != std::string_view::npos) return false;
  return iequals(part.type, wanted.substr(0, slash)) && iequals(part.subtype, subtype);
}

}  // namespace

// Of a multipart what stands before and behind its parts, of a message its header, of others what they hold.
Result<bool> Runner::match_part(const mime::Entity& part, const std::vector<std::string>& types, Matcher& matcher) {
  bool is_wanted = types.empty() && iequals(part.type, "text");
  for (const std::string& type : types) is_wanted |= is_of_type(part, type);
  if (!is_wanted) return false;
  if (types.empty()) {  // :text
    TRY(const std::string* text, letter_.readable(part));
    return matcher.take(*text);
  }
  if (part.message) {
    const mime::Entity& inner = *part.message;
    TRY(const std::string header, letter_.raw(inner.header_offset, inner.header_size));
    return matcher.take(header);
  }
  if (part.is_multipart()) {
    const mime::Entity &first = part.parts.front(), &last = part.parts.back();
    const std::uint64_t end = part.body_offset + part.body_size, after = last.body_offset + last.body_size;
    TRY(const std::string prologue, letter_.raw(part.body_offset, first.header_offset - part.body_offset));
    TRY(const bool is_match, matcher.take(prologue));
    if (is_match) return true;
    TRY(const std::string epilogue, letter_.raw(after, end > after ? end - after : 0));
    return matcher.take(epilogue);
  }
  TRY(const std::string* content, letter_.content(part));
  return matcher.take(*content);
}

Result<bool> Runner::test_body(const Call& call) {
  TRY(Matcher matcher, Matcher::make(*this, call, &call.arguments[0]));
  const mime::Entity& top = letter_.structure();
  if (call.has(Tag::raw)) {
    TRY(const std::string body, letter_.raw(top.body_offset, top.body_size));
    TRY(const bool is_match, matcher.take(body));
    return is_match ? Result<bool>(true) : matcher.end();
  }
  std::vector<std::string> types;
  if (const Argument* wanted = call.find(Tag::content)) {
    TRY(types, expand(*wanted));
  }
  std::vector<const mime::Entity*> waiting{&top};
  while (!waiting.empty()) {
    TRY_VOID(spend(1));
    const mime::Entity* part = waiting.back();
    waiting.pop_back();
    TRY(const bool is_match, match_part(*part, types, matcher));
    if (is_match) return true;
    if (part->message) waiting.push_back(part->message.get());
    for (auto child = part->parts.rbegin(); child != part->parts.rend(); ++child) waiting.push_back(&*child);
  }
  return matcher.end();
}

Result<void> Runner::do_extracttext(const Call& call) {
  const mime::Entity& part = *parts_.back();
  std::string text;
  if (iequals(part.type, "text")) {
    TRY(const std::string* readable, letter_.readable(part));
    TRY_VOID(spend_bytes(readable->size()));
    text = *readable;
  }
  if (const Argument* first = call.find(Tag::first)) {
    std::size_t end = 0, count = 0;
    for (; end < text.size(); end++)
      if ((static_cast<unsigned char>(text[end]) & 0xC0) != 0x80 && count++ == first->number) break;
    text.resize(end);
  }
  text.resize(cut_text(text, limits_.variable_bytes).size());
  TRY(text, modify(call, std::move(text)));
  return assign(call.arguments[0].texts[0], std::move(text));
}

}  // namespace kontor::sieve
