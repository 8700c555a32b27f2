// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/vcard/value.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "base/bytes.h"
#include "formats/mime/decode.h"

namespace kontor::vcard {
namespace {

constexpr int kAppleNoYear = 1604;

std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool skip_dash(std::string_view& text) {
  if (!text.starts_with('-')) return false;
  text.remove_prefix(1);
  return true;
}

bool is_possible(const PartialDate& date) {
  if (date.month && (*date.month < 1 || *date.month > 12)) return false;
  if (!date.day) return true;
  if (*date.day < 1 || *date.day > 31) return false;
  if (!date.month) return true;
  return std::chrono::year_month_day(std::chrono::year(date.year.value_or(2000)),
                                     std::chrono::month(static_cast<unsigned>(*date.month)),
                                     std::chrono::day(static_cast<unsigned>(*date.day)))
      .ok();
}

std::string decoded_base64(std::string_view text) {
  std::string bytes;
  mime::BodyDecoder decoder(mime::TransferEncoding::base64);
  decoder.feed(text, bytes);
  decoder.finish(bytes);
  return bytes;
}

}  // namespace

std::string media_type_of(std::string_view property, std::string_view type) {
  std::string lower = to_lower(type);
  if (lower.empty() || lower.contains('/')) return lower;
  if (iequals(property, "PHOTO") || iequals(property, "LOGO")) return "image/" + (lower == "jpg" ? "jpeg" : lower);
  if (iequals(property, "SOUND")) return "audio/" + lower;
  if (lower == "x509") return "application/pkix-cert";
  if (lower == "pgp") return "application/pgp-keys";
  return "application/" + lower;
}

std::string short_type_of(std::string_view media_type) {
  if (media_type == "application/pkix-cert") return "X509";
  if (media_type == "application/pgp-keys") return "PGP";
  const std::size_t slash = media_type.find('/');
  return to_upper(slash == std::string_view::npos ? media_type : media_type.substr(slash + 1));
}

std::optional<DataUri> parse_data_uri(std::string_view uri) {
  if (uri.size() < 5 || !iequals(uri.substr(0, 5), "data:")) return std::nullopt;
  // A comma may be escaped as in text.
  const std::size_t comma = uri.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  std::string head = lines::unescape(uri.substr(5, comma - 5));
  if (head.ends_with('\\')) head.pop_back();
  if (head.size() < 7 || !iequals(std::string_view(head).substr(head.size() - 7), ";base64")) return std::nullopt;
  return DataUri{.type = to_lower(std::string_view(head).substr(0, head.find(';'))), .base64 = uri.substr(comma + 1)};
}

std::optional<PartialDate> date_of(const Property& property) {
  std::string_view text = property.value;
  text = text.substr(0, text.find('T'));
  text = text.substr(0, text.find(' '));
  PartialDate date;
  if (text.starts_with("---")) {
    text.remove_prefix(3);
    date.day = take_digits(text, 2);
    if (!date.day) return std::nullopt;
  } else {
    if (text.starts_with("--")) {
      text.remove_prefix(2);
    } else {
      date.year = take_digits(text, 4);
      if (!date.year) return std::nullopt;
      skip_dash(text);
    }
    if (!text.empty()) {
      date.month = take_digits(text, 2);
      if (!date.month) return std::nullopt;
      skip_dash(text);
    }
    if (!text.empty()) {
      date.day = take_digits(text, 2);
      if (!date.day) return std::nullopt;
    }
  }
  if (!text.empty() || !is_possible(date) || (!date.year && !date.month && !date.day)) return std::nullopt;
  const std::string_view omitted = property.parameter("X-APPLE-OMIT-YEAR");
  if (date.year && !omitted.empty() && omitted == fmt::format("{:04}", *date.year)) date.year.reset();
  return date;
}

std::string print_date(const PartialDate& date, Version version) {
  const auto two = [](const std::optional<int>& n) { return n ? fmt::format("{:02}", *n) : std::string(); };
  if (version == Version::v3 && date.month && date.day)
    return fmt::format("{:04}-{:02}-{:02}", date.year.value_or(kAppleNoYear), *date.month, *date.day);
  if (!date.year) return date.month ? "--" + two(date.month) + two(date.day) : "---" + two(date.day);
  const bool needs_dash = date.month && !date.day;  // RFC 6350 section 4.3.1: 1985-04
  return fmt::format("{:04}", *date.year) + (needs_dash ? "-" : "") + two(date.month) + two(date.day);
}

std::optional<Media> media_of(const Property& property) {
  if (property.value.empty()) return std::nullopt;
  if (const auto data = parse_data_uri(property.value))
    return Media{.type = data->type, .bytes = decoded_base64(data->base64), .uri = {}};
  std::string type(property.parameter("MEDIATYPE"));
  if (type.empty()) type = media_type_of(property.name, property.parameter("TYPE"));
  if (property.has("ENCODING", "b")) return Media{.type = type, .bytes = decoded_base64(property.value), .uri = {}};
  return Media{.type = type, .bytes = {}, .uri = property.value};
}

}  // namespace kontor::vcard
