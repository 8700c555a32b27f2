// SPDX-License-Identifier: AGPL-3.0-or-later
// What a command or test needs beyond the right number and kind of arguments.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/sieve/address_value.h"
#include "formats/sieve/compare.h"
#include "formats/sieve/compiler.h"
#include "formats/sieve/pattern.h"

namespace kontor::sieve {
namespace {

constexpr std::string_view kDateParts[] = {"year",   "month", "day",     "date",  "julian", "hour",   "minute",
                                           "second", "time",  "iso8601", "std11", "zone",   "weekday"};

// The argument that holds the keys of a test that compares: always the last.
const Argument* keys_of(const Call& call) {
  switch (call.op) {
    case Op::address:
    case Op::envelope:
    case Op::header:
    case Op::body:
    case Op::hasflag:
    case Op::string:
    case Op::metadata:
    case Op::servermetadata:
    case Op::date:
    case Op::currentdate:
    case Op::notify_method_capability:
    case Op::environment:
    case Op::deleteheader:
      return call.arguments.empty() || !call.arguments.back().is_given ? nullptr : &call.arguments.back();
    default:
      return nullptr;
  }
}

}  // namespace

bool is_date_part(std::string_view part) { return std::ranges::find(kDateParts, part) != std::end(kDateParts); }

std::optional<int> parse_zone(std::string_view zone) {
  if (zone.size() != 5 || (zone[0] != '+' && zone[0] != '-')) return std::nullopt;
  int digits[4];
  for (std::size_t i = 0; i < 4; i++) {
    if (zone[i + 1] < '0' || zone[i + 1] > '9') return std::nullopt;
    digits[i] = zone[i + 1] - '0';
  }
  const int minutes = (digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 + digits[3];
  if (digits[2] > 5 || minutes >= 24 * 60) return std::nullopt;
  return zone[0] == '-' ? -minutes : minutes;
}

void Compiler::check_call(Call& call) {
  check_match(call);
  check_names(call);
  switch (call.op) {
    case Op::size:
      return check_one_of(call, {Tag::over, Tag::under}, "':over' or ':under'");
    case Op::date:
    case Op::currentdate:
      return check_date(call);
    case Op::vacation:
      return check_vacation(call);
    case Op::set:
    case Op::extracttext:
    case Op::setflag:
    case Op::addflag:
    case Op::removeflag:
    case Op::hasflag:
      return check_variable_names(call);
    case Op::global:
      return check_globals(call);
    case Op::ihave:
      return check_ihave(call);
    case Op::break_:
      return check_loops(call);
    default:
      return;
  }
}

void Compiler::check_one_of(const Call& call, std::initializer_list<Tag> tags, std::string_view what) {
  if (std::ranges::none_of(tags, [&](Tag tag) { return call.has(tag); }))
    fault(call.at, fmt::format("{} is missing here.", what));
}

void Compiler::make_unknown(Call& call, std::string text) {
  if (!can(Capability::ihave)) return fault(call.at, std::move(text));
  call.op = Op::fault;
  call.arguments.assign(1, Argument());
  call.arguments[0].texts.push_back({{Piece{Piece::Kind::literal, std::move(text), 0}}});
}

void Compiler::check_match(Call& call) {
  if (const Argument* given = call.find(Tag::comparator)) {
    const std::string& wanted = given->texts[0].constant();
    const auto comparator = find_comparator(wanted);
    if (!comparator || !given->texts[0].is_constant())
      return make_unknown(call,
                          fmt::format("There is no comparator '{}': use i;ascii-casemap, i;octet, i;ascii-numeric or "
                                      "i;unicode-casemap.",
                                      wanted));
    if (!can(capability_of(*comparator)))
      return make_unknown(
          call,
          fmt::format("The comparator '{0}' needs require \"comparator-{0}\"; at the script's beginning.", wanted));
    call.comparator = *comparator;
  }
  if (call.match == Tag::value || call.match == Tag::count) {
    const Text& text = call.find(call.match)->texts[0];
    const auto relation = find_relation(text.constant());
    if (!relation || !text.is_constant())
      fault(call.at, "A relation is one of \"gt\", \"ge\", \"lt\", \"le\", \"eq\" and \"ne\".");
    call.relation = relation.value_or(Relation::eq);
  }
  const bool is_text_match = call.match == Tag::contains || call.match == Tag::matches || call.match == Tag::regex;
  if (is_text_match && call.comparator == Comparator::ascii_numeric)
    fault(call.at,
          "The comparator i;ascii-numeric compares whole numbers: it goes with ':is', ':value' and ':count' only.");
  if (call.has(Tag::last) && !call.has(Tag::index) && call.op != Op::duplicate && call.op != Op::addheader)
    fault(call.at, "':last' counts from the end: give ':index' and a number, too.");
  if (const Argument* index = call.find(Tag::index); index && index->number == 0)
    fault(call.at, "':index' counts from 1.");
  if ((call.has(Tag::anychild) || call.has(Tag::type) || call.has(Tag::subtype) || call.has(Tag::contenttype) ||
       call.has(Tag::param)) &&
      !call.has(Tag::mime))
    fault(call.at, "':mime' is missing here (RFC 5703 section 4).");
  check_patterns(call);
}

void Compiler::check_patterns(Call& call) {
  const Argument* keys = keys_of(call);
  if (!keys || call.match != Tag::regex) return;
  for (const Text& key : keys->texts) {
    auto& slot = call.patterns.emplace_back();
    if (!key.is_constant()) continue;
    auto pattern = Pattern::compile(call.comparator, key.constant());
    if (!pattern) {
      fault(call.at, std::move(pattern.error().text));
    } else {
      slot = std::move(*pattern);
    }
  }
}

void Compiler::check_date(const Call& call) {
  const Text& part = call.arguments[call.op == Op::date ? 1 : 0].texts[0];
  if (part.is_constant() && !is_date_part(to_lower(part.constant())))
    fault(call.at, fmt::format("A date has no part '{}': see RFC 5260 section 4.2.", part.constant()));
  if (const Argument* zone = call.find(Tag::zone);
      zone && zone->texts[0].is_constant() && !parse_zone(zone->texts[0].constant()))
    fault(call.at, "A time zone is written like \"+0100\".");
}

void Compiler::check_vacation(const Call& call) {
  if (const Argument* from = call.find(Tag::from);
      from && from->texts[0].is_constant() && !is_address(from->texts[0].constant()))
    fault(call.at, fmt::format("'{}' is no mail address.", from->texts[0].constant()));
}

// A first argument of setflag and the like names a variable; with "set" and "extracttext" always.
void Compiler::check_variable_names(Call& call) {
  const bool is_flags = call.op != Op::set && call.op != Op::extracttext;
  if (is_flags && !call.arguments[0].is_given) return;
  if (!can(Capability::variables))
    return fault(call.at, "Naming a variable needs require \"variables\"; at the script's beginning.");
  if (call.op == Op::extracttext && loops_.empty())
    return fault(call.at, "'extracttext' may stand only within 'foreverypart'.");
  for (Text& text : call.arguments[0].texts) {
    Text variable;
    const std::string name = text.constant();
    const bool is_number = !name.empty() && name[0] >= '0' && name[0] <= '9';
    if (!text.is_constant() || is_number || !append_variable(name, call.at, variable)) {
      fault(call.at, fmt::format("'{}' cannot be the name of a variable.", name));
    } else {
      text = std::move(variable);  // a single piece: where it lies
    }
  }
}

void Compiler::check_globals(const Call& call) {
  if (!can(Capability::variables))
    return fault(call.at, "'global' needs require [\"include\", \"variables\"]; at the script's beginning.");
  for (const Text& text : call.arguments[0].texts) {
    const std::string name = to_lower(text.constant());
    if (!text.is_constant() || !is_variable_name(name)) {
      fault(call.at, fmt::format("'{}' cannot be the name of a variable.", name));
    } else if (locals_.contains(name)) {
      fault(call.at,
            fmt::format("'{}' was used before it became global: move 'global' to the script's beginning.", name));
    } else if (globals_.size() == options_.limits.variables) {
      fault(call.at, "The script has too many variables.");
    } else {
      globals_.insert(name);
    }
  }
}

// RFC 5463 section 4: known before the script runs; what a test that holds names is as good as required from here on.
void Compiler::check_ihave(Call& call) {
  call.op = Op::false_;
  Capabilities named;
  for (const Text& text : call.arguments[0].texts) {
    if (!text.is_constant()) return fault(call.at, "'ihave' takes no variables.");
    const auto capability = find_capability(text.constant());
    if (!capability || !has(options_.capabilities, *capability)) return;
    add(named, *capability);
  }
  call.op = Op::true_;
  enabled_ |= named;
}

void Compiler::check_loops(const Call& call) {
  if (loops_.empty()) return fault(call.at, "'break' may stand only within 'foreverypart'.");
  const Argument* wanted = call.find(Tag::name);
  if (wanted && std::ranges::find(loops_, to_lower(wanted->texts[0].constant())) == loops_.end())
    fault(call.at, fmt::format("No 'foreverypart' around this has the name '{}'.", wanted->texts[0].constant()));
}

}  // namespace kontor::sieve
