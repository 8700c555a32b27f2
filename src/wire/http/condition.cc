// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/http/condition.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "wire/http/date.h"

namespace kontor::wire::http {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

struct Tag {
  std::string_view opaque;  // with its quotes
  bool is_weak = false;
};

// An entity tag at the front of `text`, which is taken from it.
std::optional<Tag> take_tag(std::string_view& text) {
  Tag tag;
  if (text.starts_with("W/")) {
    tag.is_weak = true;
    text.remove_prefix(2);
  }
  if (!text.starts_with('"')) return std::nullopt;
  const auto end = text.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  tag.opaque = text.substr(0, end + 1);
  text.remove_prefix(end + 1);
  return tag;
}

std::optional<Tag> as_tag(std::string_view text) {
  auto tag = take_tag(text);
  if (!text.empty()) return std::nullopt;
  return tag;
}

enum class Comparison : std::uint8_t { strong, weak };

bool are_equal(const Tag& a, const Tag& b, Comparison how) {
  return a.opaque == b.opaque && (how == Comparison::weak || (!a.is_weak && !b.is_weak));
}

// Whether one of the listed tags, or "*", is that of what is there.
bool list_matches(std::string_view list, const Representation& there, Comparison how) {
  list = trimmed(list);
  if (list == "*") return there.is_there;
  const auto own = as_tag(there.etag);
  if (!there.is_there || !own) return false;
  while (!list.empty()) {
    const auto tag = take_tag(list);
    if (!tag) return false;
    if (are_equal(*tag, *own, how)) return true;
    list = trimmed(list);
    if (!list.empty() && !list.starts_with(',')) return false;
    while (list.starts_with(',')) list = trimmed(list.substr(1));
  }
  return false;
}

// Whether the header is there; if so, whether one of its lines matches.
std::optional<bool> matches(const Headers& headers, std::string_view name, const Representation& there,
                            Comparison how) {
  std::optional<bool> out;
  for (const auto& [known, value] : headers) {
    if (iequals(known, name)) out = out.value_or(false) || list_matches(value, there, how);
  }
  return out;
}

std::optional<Instant> date_in(const Headers& headers, std::string_view name, Instant now) {
  return parse_date(find_header(headers, name), now);
}

// Section 13.1.5.
bool if_range_holds(const Headers& headers, const Representation& there, Instant now) {
  const std::string_view value = trimmed(find_header(headers, "if-range"));
  if (value.empty()) return true;
  if (value.starts_with('"') || value.starts_with("W/")) {
    const auto given = as_tag(value), own = as_tag(there.etag);
    return given && own && are_equal(*given, *own, Comparison::strong);
  }
  const auto date = parse_date(value, now);
  // A second is too coarse while it lasts: what was written twice within it is not told apart (section 8.8.2.2).
  return date && there.modified && *date == *there.modified && now - *date > std::chrono::seconds(1);
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc::result_out_of_range) return UINT64_MAX;
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// One range-spec. Nothing if it is malformed; of size 0 if nothing of it is there.
std::optional<ByteRange> range_of(std::string_view spec, std::uint64_t size) {
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view from = spec.substr(0, dash), to = spec.substr(dash + 1);
  if (from.empty()) {
    const auto last = number(to);
    if (!last) return std::nullopt;
    const auto count = std::min(*last, size);
    return ByteRange{size - count, count};
  }
  const auto first = number(from);
  const auto last = to.empty() ? std::optional<std::uint64_t>(UINT64_MAX) : number(to);
  if (!first || !last || *last < *first) return std::nullopt;
  if (*first >= size) return ByteRange{0, 0};
  return ByteRange{*first, std::min(*last, size - 1) - *first + 1};
}

// A weight in thousandths (section 12.4.2); 1000 where there is none, nothing where it is malformed.
std::optional<int> weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto end = std::min(parameters.find(';'), parameters.size());
    const std::string_view one = trimmed(parameters.substr(0, end));
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
    if (one.size() < 2 || (one[0] != 'q' && one[0] != 'Q') || one[1] != '=') continue;
    const std::string_view value = one.substr(2);
    if (value.empty() || value.size() > 5 || (value[0] != '0' && value[0] != '1')) return std::nullopt;
    if (value.size() > 1 && value[1] != '.') return std::nullopt;
    int out = (value[0] - '0') * 1000, unit = 100;
    for (const char c : value.substr(std::min<std::size_t>(2, value.size()))) {
      if (c < '0' || c > '9') return std::nullopt;
      out += (c - '0') * unit;
      unit /= 10;
    }
    return std::min(out, 1000);
  }
  return 1000;
}

}  // namespace

Condition evaluate(const Headers& headers, bool to_read, const Representation& there, Instant now) {
  const auto if_match = matches(headers, "if-match", there, Comparison::strong);
  if (if_match) {
    if (!*if_match) return Condition::fails;
  } else if (const auto since = date_in(headers, "if-unmodified-since", now)) {
    if (there.is_there && there.modified && *there.modified > *since) return Condition::fails;
  }
  if (const auto if_none_match = matches(headers, "if-none-match", there, Comparison::weak)) {
    if (!*if_none_match) return Condition::holds;
    return to_read ? Condition::not_modified : Condition::fails;
  }
  if (!to_read || !there.is_there || !there.modified) return Condition::holds;
  const auto since = date_in(headers, "if-modified-since", now);
  return since && *there.modified <= *since ? Condition::not_modified : Condition::holds;
}

Ranges asked_ranges(const Headers& headers, const Representation& there, std::uint64_t size, Instant now) {
  constexpr std::string_view kUnit = "bytes=";
  std::string_view value = find_header(headers, "range");
  if (value.size() < kUnit.size() || !iequals(value.substr(0, kUnit.size()), kUnit)) return {};
  if (!if_range_holds(headers, there, now)) return {};
  value.remove_prefix(kUnit.size());
  Ranges out;
  std::uint64_t sum = 0;
  for (std::size_t seen = 0; !value.empty();) {
    const auto comma = std::min(value.find(','), value.size());
    const std::string_view spec = trimmed(value.substr(0, comma));
    value.remove_prefix(std::min(comma + 1, value.size()));
    if (spec.empty()) continue;
    const auto range = range_of(spec, size);
    if (!range || ++seen > kMostRanges) return {};
    if (range->size == 0) continue;
    out.ranges.push_back(*range);
    if (range->size > size - sum) return {};  // they overlap
    sum += range->size;
  }
  out.is_unsatisfiable = out.ranges.empty();
  return out;
}

std::string content_range(const ByteRange& range, std::uint64_t size) {
  return fmt::format("bytes {}-{}/{}", range.first, range.first + range.size - 1, size);
}

std::string content_range_of_none(std::uint64_t size) { return fmt::format("bytes */{}", size); }

Multipart multipart_of(const std::vector<ByteRange>& ranges, std::string_view content_type, std::uint64_t size,
                       std::string_view boundary) {
  Multipart out;
  out.content_type = fmt::format("multipart/byteranges; boundary={}", boundary);
  out.end = fmt::format("\r\n--{}--\r\n", boundary);
  out.length = out.end.size();
  for (const ByteRange& range : ranges) {
    out.heads.push_back(fmt::format("\r\n--{}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n", boundary, content_type,
                                    content_range(range, size)));
    out.length += out.heads.back().size() + range.size;
  }
  return out;
}

bool accepts_gzip(const Headers& headers) {
  std::optional<int> gzip, others, identity;
  for (const auto& [name, value] : headers) {
    if (!iequals(name, "accept-encoding")) continue;
    std::string_view list = value;
    while (!list.empty()) {
      const auto comma = std::min(list.find(','), list.size());
      const std::string_view item = list.substr(0, comma);
      list.remove_prefix(std::min(comma + 1, list.size()));
      const auto semicolon = std::min(item.find(';'), item.size());
      const std::string_view coding = trimmed(item.substr(0, semicolon));
      const auto weight = weight_of(item.substr(std::min(semicolon + 1, item.size())));
      if (!weight) continue;
      if (iequals(coding, "gzip") || iequals(coding, "x-gzip")) gzip = weight;
      if (coding == "*") others = weight;
      if (iequals(coding, "identity")) identity = weight;
    }
  }
  const int wanted = gzip.value_or(others.value_or(0));
  return wanted > 0 && wanted >= identity.value_or(0);
}

}  // namespace kontor::wire::http
