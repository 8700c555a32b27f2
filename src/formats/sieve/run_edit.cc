// SPDX-License-Identifier: AGPL-3.0-or-later
// "addheader" and "deleteheader" (RFC 5293).
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/mime/charset.h"
#include "formats/sieve/compiler.h"
#include "formats/sieve/header_text.h"
#include "formats/sieve/matcher.h"
#include "formats/sieve/runner.h"

namespace kontor::sieve {
namespace {

// What tells where a message came from and that it is no person's stays (RFC 5293 section 8).
bool is_protected(std::string_view name) { return iequals(name, "Received") || iequals(name, "Auto-Submitted"); }

}  // namespace

Result<void> Runner::do_addheader(const Call& call) {
  TRY(const std::string name, expand(call.arguments[0].texts[0]));
  TRY(const std::string value, expand(call.arguments[1].texts[0]));
  if (!is_header_name(name) || name.size() > 76)
    return fail(Errc::invalid, fmt::format("'{}' cannot be the name of a header field.", name));
  TRY(LetterFields * fields, letter_.fields());
  std::size_t bytes = value.size();
  for (const LetterField& field : *fields) bytes += field.whole.size();
  TRY_VOID(spend_bytes(bytes));
  if (bytes > limits_.header_bytes) return fail(Errc::too_large, "The message's header grew too large.");
  LetterFields added = read_fields(header_line(name, value));
  fields->insert(call.has(Tag::last) ? fields->end() : fields->begin(), std::move(added.front()));
  letter_.touch();
  return {};
}

Result<void> Runner::do_deleteheader(const Call& call) {
  TRY(const std::string name, expand(call.arguments[0].texts[0]));
  if (is_protected(name)) return {};
  const bool has_values = call.arguments[1].is_given;
  TRY(Matcher matcher, Matcher::make(*this, call, has_values ? &call.arguments[1] : nullptr));
  TRY(const auto candidates, fields_named(call, nullptr, name));
  std::vector<const LetterField*> doomed;
  for (const LetterField* field : candidates) {
    TRY(const bool is_match, matcher.take(field->text()));
    if (is_match) doomed.push_back(field);
  }
  if (matcher.counts() && has_values) {
    TRY(const bool all, matcher.end());
    if (all) doomed = candidates;
  }
  if (doomed.empty()) return {};
  TRY(LetterFields * fields, letter_.fields());
  LetterFields left;
  auto next = doomed.begin();  // in the order of the fields
  for (LetterField& field : *fields) {
    if (next != doomed.end() && &field == *next) {
      ++next;
    } else {
      left.push_back(std::move(field));
    }
  }
  *fields = std::move(left);
  letter_.touch();
  return {};
}

}  // namespace kontor::sieve
