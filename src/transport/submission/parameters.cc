// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/submission/parameters.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/bytes.h"

namespace kontor::transport {

using wire::smtp::Parameter;
using wire::smtp::Reply;

namespace {

constexpr std::size_t kLongestEnvelopeId = 100;  // RFC 3461 section 4.4, decoded
constexpr std::size_t kLongestOriginal = 500;

std::unexpected<Reply> bad(std::string_view what) {
  return std::unexpected(Reply(501, "5.5.4", "Bad parameter " + std::string(what)));
}

bool read_number(std::string_view text, std::int64_t& into) {
  if (text.empty() || text.size() > 9) return false;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc() && end == text.data() + text.size() && into >= 0;
}

// "2026-11-22T09:00:00Z", or with "+01:00" (RFC 3339).
std::optional<Instant> read_time(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
  if (text.size() < kForm.size() + 1) return std::nullopt;
  int parts[6] = {};
  int part = 0;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const char c = text[i];
    if (kForm[i] == 'd') {
      if (c < '0' || c > '9') return std::nullopt;
      parts[part] = parts[part] * 10 + (c - '0');
    } else {
      if (c != kForm[i] && !(kForm[i] == 'T' && c == 't')) return std::nullopt;
      ++part;
    }
  }
  const std::chrono::year_month_day day(std::chrono::year(parts[0]),
                                        std::chrono::month(static_cast<unsigned>(parts[1])),
                                        std::chrono::day(static_cast<unsigned>(parts[2])));
  if (!day.ok() || parts[3] > 23 || parts[4] > 59 || parts[5] > 60) return std::nullopt;
  Instant at = std::chrono::sys_days(day) + std::chrono::hours(parts[3]) + std::chrono::minutes(parts[4]) +
               std::chrono::seconds(parts[5]);
  std::string_view zone = text.substr(kForm.size());
  if (zone.starts_with('.')) {
    zone.remove_prefix(1);
    while (!zone.empty() && zone.front() >= '0' && zone.front() <= '9') zone.remove_prefix(1);
  }
  if (zone == "Z" || zone == "z") return at;
  std::int64_t hours = 0, minutes = 0;
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':' ||
      !read_number(zone.substr(1, 2), hours) || !read_number(zone.substr(4, 2), minutes) || hours > 23 || minutes > 59)
    return std::nullopt;
  const auto east = std::chrono::minutes(hours * 60 + minutes);
  return zone[0] == '+' ? at - east : at + east;
}

std::optional<DsnNotify> read_notify(std::string_view text) {
  DsnNotify notify;
  const std::string upper = to_upper(text);
  if (upper == "NEVER") return DsnNotify{.bits = DsnNotify::kNever};
  std::string_view rest = upper;
  for (;;) {
    const auto comma = rest.find(',');
    const std::string_view word = rest.substr(0, comma);
    std::uint8_t bit = 0;
    if (word == "SUCCESS") bit = DsnNotify::kSuccess;
    if (word == "FAILURE") bit = DsnNotify::kFailure;
    if (word == "DELAY") bit = DsnNotify::kDelay;
    if (bit == 0) return std::nullopt;
    notify.bits |= bit;
    if (comma == std::string_view::npos) return notify;
    rest.remove_prefix(comma + 1);
  }
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

// Calls `take` for each parameter; those that it takes are removed. False ends it.
template <class Take>
std::optional<Reply> take_each(std::vector<Parameter>& parameters, Take take) {
  std::set<std::string> seen;
  std::optional<Reply> fault;
  std::erase_if(parameters, [&](const Parameter& one) {
    if (fault) return false;
    const std::expected<bool, Reply> taken = take(one);
    if (!taken) fault = taken.error();
    if (taken.value_or(false) && !seen.insert(one.keyword).second)
      fault = Reply(501, "5.5.4", "Parameter " + one.keyword + " comes twice");
    return taken.value_or(false);
  });
  return fault;
}

}  // namespace

std::optional<std::string> from_xtext(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c < 33 || c > 126 || c == '=') return std::nullopt;
    if (c != '+') {
      out += c;
      continue;
    }
    const auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    out += *byte;
    i += 2;
  }
  return out;
}

std::expected<MailParameters, Reply> take_mail_parameters(std::vector<Parameter>& parameters, Instant now,
                                                          std::chrono::seconds latest) {
  MailParameters out;
  auto release = [&](std::optional<Instant> at, const Parameter& one) -> std::expected<bool, Reply> {
    if (!at || out.release != Instant()) return bad(one.keyword);
    if (*at > now + latest) return std::unexpected(Reply(501, "5.5.4", "That is too far ahead"));
    out.release = std::max(*at, now);
    return true;
  };
  auto fault = take_each(parameters, [&](const Parameter& one) -> std::expected<bool, Reply> {
    const std::string value = one.value.value_or("");
    if (one.keyword == "RET") {
      const std::string upper = to_upper(value);
      if (upper != "FULL" && upper != "HDRS") return bad("RET");
      out.dsn_return = upper == "FULL" ? DsnReturn::full : DsnReturn::headers;
      return true;
    }
    if (one.keyword == "ENVID") {
      auto id = from_xtext(value);
      if (!id || id->empty() || id->size() > kLongestEnvelopeId || !is_printable(*id)) return bad("ENVID");
      out.envelope_id = *std::move(id);
      return true;
    }
    if (latest.count() == 0) return false;
    if (one.keyword == "HOLDFOR") {
      std::int64_t seconds = 0;
      if (!read_number(value, seconds)) return bad("HOLDFOR");
      return release(now + std::chrono::seconds(seconds), one);
    }
    if (one.keyword == "HOLDUNTIL") return release(read_time(value), one);
    return false;
  });
  if (fault) return std::unexpected(*fault);
  return out;
}

std::expected<RecipientParameters, Reply> take_recipient_parameters(std::vector<Parameter>& parameters) {
  RecipientParameters out;
  auto fault = take_each(parameters, [&](const Parameter& one) -> std::expected<bool, Reply> {
    const std::string value = one.value.value_or("");
    if (one.keyword == "NOTIFY") {
      auto notify = read_notify(value);
      if (!notify) return bad("NOTIFY");
      out.notify = *notify;
      return true;
    }
    if (one.keyword == "ORCPT") {
      const auto at = value.find(';');
      if (at == std::string::npos || at == 0) return bad("ORCPT");
      // RFC 6533 section 3 has an encoding of its own for UTF-8; it is kept as it came.
      auto original = from_xtext(std::string_view(value).substr(at + 1));
      const bool is_atom = std::ranges::all_of(std::string_view(value).substr(0, at), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
      });
      if (!is_atom || !original || original->empty() || original->size() > kLongestOriginal || !is_printable(*original))
        return bad("ORCPT");
      out.original = value.substr(0, at) + ";" + *original;
      return true;
    }
    return false;
  });
  if (fault) return std::unexpected(*fault);
  return out;
}

}  // namespace kontor::transport
