// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/auth/spf_record.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"

namespace kontor::transport {
namespace {

constexpr std::string_view kVersion = "v=spf1";

enum class TakesDomain : std::uint8_t { no, maybe, must };
struct MechanismForm {
  std::string_view name;
  SpfMechanism mechanism;
  TakesDomain domain;
  bool has_prefixes;
};
constexpr auto kMechanisms = std::to_array<MechanismForm>({
    {"all", SpfMechanism::all, TakesDomain::no, false},
    {"include", SpfMechanism::include, TakesDomain::must, false},
    {"a", SpfMechanism::a, TakesDomain::maybe, true},
    {"mx", SpfMechanism::mx, TakesDomain::maybe, true},
    {"ptr", SpfMechanism::ptr, TakesDomain::maybe, false},
    {"ip4", SpfMechanism::ip4, TakesDomain::must, false},
    {"ip6", SpfMechanism::ip6, TakesDomain::must, false},
    {"exists", SpfMechanism::exists, TakesDomain::must, false},
});

std::unexpected<Error> bad_term(std::string_view term, std::string_view why) {
  return fail(Errc::invalid, "\"" + std::string(term.substr(0, 100)) + "\": " + std::string(why));
}

// Digits without needless zeros.
std::optional<std::uint8_t> parse_prefix(std::string_view text, std::uint32_t most) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (value > most) return std::nullopt;
  return static_cast<std::uint8_t>(value);
}

// Takes "/24", "//64" or "/24//64" off the end of `text`; false if what stands there is none of them. A domain-spec may
// hold slashes too, so only one with a number behind it counts.
bool take_prefixes(std::string_view& text, SpfDirective& into) {
  const auto is_number = [](std::string_view s) {
    return !s.empty() && s.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (const auto at = text.rfind("//"); at != std::string_view::npos && is_number(text.substr(at + 2))) {
    const auto prefix = parse_prefix(text.substr(at + 2), 128);
    if (!prefix) return false;
    into.prefix6 = *prefix;
    text = text.substr(0, at);
  }
  if (const auto at = text.rfind('/'); at != std::string_view::npos && is_number(text.substr(at + 1))) {
    const auto prefix = parse_prefix(text.substr(at + 1), 32);
    if (!prefix) return false;
    into.prefix4 = *prefix;
    text = text.substr(0, at);
  }
  return true;
}

// "192.0.2.0/24" of ip4 and ip6.
bool take_network(std::string_view text, SpfDirective& into) {
  const bool is_v4 = into.mechanism == SpfMechanism::ip4;
  const auto slash = text.find('/');
  if (slash != std::string_view::npos) {
    const auto prefix = parse_prefix(text.substr(slash + 1), is_v4 ? 32 : 128);
    if (!prefix) return false;
    (is_v4 ? into.prefix4 : into.prefix6) = *prefix;
    text = text.substr(0, slash);
  }
  // ip6 may name IPv4-mapped addresses: they are IPv6 here and match no client.
  const auto address = net::parse_ip(text);
  if (!address || text.contains(':') == is_v4) return false;
  into.address = *address;
  return true;
}

Result<SpfDirective> parse_directive(std::string_view term) {
  SpfDirective out;
  out.text = term;
  std::string_view rest = term;
  constexpr std::string_view kQualifiers = "+-~?";
  constexpr std::array kResults = {SpfResult::pass, SpfResult::fail, SpfResult::softfail, SpfResult::neutral};
  if (const auto at = kQualifiers.find(rest.front()); at != std::string_view::npos) {
    out.result = kResults.at(at);
    rest.remove_prefix(1);
  }
  const auto name_end = std::min(rest.find_first_of(":/"), rest.size());
  const std::string name = to_lower(rest.substr(0, name_end));
  rest.remove_prefix(name_end);
  const auto form = std::ranges::find(kMechanisms, name, &MechanismForm::name);
  if (form == kMechanisms.end()) return bad_term(term, "there is no such mechanism");
  out.mechanism = form->mechanism;

  const bool has_colon = rest.starts_with(':');
  if (has_colon != (form->domain == TakesDomain::must) && form->domain != TakesDomain::maybe)
    return bad_term(term, has_colon ? "nothing may follow" : "something must follow");
  if (has_colon) rest.remove_prefix(1);
  if (out.mechanism == SpfMechanism::ip4 || out.mechanism == SpfMechanism::ip6) {
    if (!take_network(rest, out)) return bad_term(term, "not a network");
    return out;
  }
  if (form->has_prefixes && !take_prefixes(rest, out)) return bad_term(term, "not a length of a prefix");
  if (!has_colon) {
    if (!rest.empty()) return bad_term(term, "something unknown follows");
    return out;
  }
  auto domain = parse_domain_spec(rest);
  if (!domain) return bad_term(term, domain.error().text);
  out.domain = std::move(*domain);
  return out;
}

// The name before the equals sign of a modifier; empty if the term is none.
std::string_view modifier_name(std::string_view term) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_more = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  const auto end = std::ranges::find_if_not(term, is_more);
  if (end == term.begin() || end == term.end() || *end != '=' || !is_letter(term.front())) return {};
  return term.substr(0, static_cast<std::size_t>(end - term.begin()));
}

Result<void> take_modifier(std::string_view term, std::string_view name, SpfRecord& into) {
  const std::string_view value = term.substr(name.size() + 1);
  const bool is_redirect = iequals(name, "redirect");
  if (!is_redirect && !iequals(name, "exp")) {
    if (const auto unknown = parse_macros(value, MacroPlace::record); !unknown)
      return bad_term(term, unknown.error().text);
    return {};
  }
  auto& place = is_redirect ? into.redirect : into.explanation;
  if (place) return bad_term(term, "it comes twice");
  auto domain = parse_domain_spec(value);
  if (!domain) return bad_term(term, domain.error().text);
  place = std::move(*domain);
  return {};
}

}  // namespace

bool is_spf_record(std::string_view text) {
  return iequals(text.substr(0, kVersion.size()), kVersion) &&
         (text.size() == kVersion.size() || text[kVersion.size()] == ' ');
}

Result<SpfRecord> parse_spf_record(std::string_view text) {
  SpfRecord out;
  text.remove_prefix(std::min(text.size(), kVersion.size()));
  while (!text.empty()) {
    const std::string_view term = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), term.size() + 1));
    if (term.empty()) continue;
    if (const auto name = modifier_name(term); !name.empty()) {
      TRY_VOID(take_modifier(term, name, out));
    } else {
      TRY(SpfDirective directive, parse_directive(term));
      out.directives.push_back(std::move(directive));
    }
  }
  return out;
}

}  // namespace kontor::transport
