// SPDX-License-Identifier: AGPL-3.0-or-later
// "date" and "currentdate" (RFC 5260 section 4).
#include "base/bytes.h"
#include "formats/mime/header.h"
#include "formats/sieve/compiler.h"
#include "formats/sieve/date_part.h"
#include "formats/sieve/matcher.h"
#include "formats/sieve/runner.h"

namespace kontor::sieve {

Result<bool> Runner::test_date(const Call& call) {
  const bool is_current = call.op == Op::currentdate;
  TRY(Matcher matcher, Matcher::make(*this, call, &call.arguments.back()));
  TRY(const std::string part, expand(call.arguments[is_current ? 0 : 1].texts[0]));
  InternalDate date(environment_.now);
  if (!is_current) {
    TRY(const std::string name, expand(call.arguments[0].texts[0]));
    TRY(const auto fields, fields_named(call, nullptr, name));
    if (fields.empty()) return matcher.end();
    // Of fields like Received the date stands behind the last semicolon (RFC 5260 section 4).
    const std::string_view value = fields.front()->value;
    const auto semicolon = value.rfind(';');
    const auto found = mime::parse_date(semicolon == std::string_view::npos ? value : value.substr(semicolon + 1));
    if (!found) return matcher.end();
    date = *found;
  }
  int zone = environment_.zone ? environment_.zone(date.at) : 0;
  if (call.has(Tag::originalzone)) zone = date.zone_minutes;
  if (call.has(Tag::zone)) {
    TRY(const std::string wanted, expand_tag(call, Tag::zone));
    const auto minutes = parse_zone(wanted);
    if (!minutes) return fail(Errc::invalid, "A time zone is written like \"+0100\".");
    zone = *minutes;
  }
  TRY(const bool is_match, matcher.take(date_part(date.at, zone, to_lower(part))));
  return is_match ? Result<bool>(true) : matcher.end();
}

}  // namespace kontor::sieve
