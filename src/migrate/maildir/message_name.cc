// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/maildir/message_name.h"

#include <charconv>

namespace kontor::migrate {
namespace {

std::optional<std::uint64_t> size_in(std::string_view base, std::string_view mark) {
  const auto at = base.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const auto digits = base.substr(at + mark.size());
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (error != std::errc{} || (end != digits.data() + digits.size() && *end != ',')) return std::nullopt;
  return size;
}

std::optional<Instant> delivery_time(std::string_view base) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(base.data(), base.data() + base.size(), seconds);
  // 1980 to 2100: other numbers are no times.
  if (error != std::errc{} || end == base.data() + base.size() || *end != '.') return std::nullopt;
  if (seconds < 315'532'800 || seconds > 4'102'444'800) return std::nullopt;
  return Instant(std::chrono::seconds(seconds));
}

}  // namespace

MessageName parse_message_name(std::string_view name) {
  MessageName out;
  out.base = name;
  // Something must stand before the mark: the name's base is never empty.
  for (auto at = name.rfind("2,"); at != std::string_view::npos && at > 1; at = name.rfind("2,", at - 1)) {
    const char mark = name[at - 1];
    if (mark != ':' && mark != ';' && mark != '!') continue;
    out.base = name.substr(0, at - 1);
    // Some add fields of their own after another comma.
    out.letters = name.substr(at + 2);
    out.letters = out.letters.substr(0, out.letters.find(','));
    break;
  }
  // ":1," is the experimental form without flags we could know.
  if (const auto at = out.base.rfind(":1,"); at != std::string_view::npos && at > 0) out.base = out.base.substr(0, at);
  if (out.base.ends_with(':') && out.base.size() > 1) out.base.remove_suffix(1);
  out.size = size_in(out.base, ",S=");
  out.crlf_size = size_in(out.base, ",W=");
  out.delivered = delivery_time(out.base);
  return out;
}

}  // namespace kontor::migrate
