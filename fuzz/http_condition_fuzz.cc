// SPDX-License-Identifier: AGPL-3.0-or-later
// links: wire base
// Conditions, ranges, dates and logins in the headers of HTTP. Ranges lie within the content and do not overlap; a part
// of several has the length that was said; what was printed is read again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wire/http/authorization.h"
#include "wire/http/condition.h"
#include "wire/http/date.h"

using namespace kontor;
using namespace kontor::wire::http;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_ranges(const Headers& headers, const Representation& there, std::uint64_t size, Instant now) {
  const Ranges asked = asked_ranges(headers, there, size, now);
  require(asked.ranges.size() <= kMostRanges);
  require(!asked.is_unsatisfiable || asked.ranges.empty());
  std::uint64_t sum = 0, parts = 0;
  for (const ByteRange& range : asked.ranges) {
    require(range.size > 0 && range.first < size && range.size <= size - range.first);
    sum += range.size;
  }
  require(sum <= size);
  const Multipart multipart = multipart_of(asked.ranges, "text/plain", size, "b");
  for (const std::string& head : multipart.heads) parts += head.size();
  require(multipart.length == parts + sum + multipart.end.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Instant now(std::chrono::seconds(1'700'000'000));
  if (const auto date = parse_date(text, now)) require(parse_date(print_date(*date), now) == date);
  if (const auto login = parse_authorization(text)) {
    require(login->scheme == Authorization::Scheme::bearer || !login->user.contains(':'));
    if (login->scheme == Authorization::Scheme::basic)
      require(parse_authorization("Basic " + to_base64(login->user + ":" + login->secret))->secret == login->secret);
  }
  // Lines: the names of the headers by turns.
  constexpr const char* kNames[] = {"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since",
                                    "Range",    "If-Range",      "Accept-Encoding"};
  Headers headers;
  std::size_t turn = 0;
  for (std::string_view rest = text; !rest.empty() && headers.size() < kMaxHeaders;) {
    const auto end = std::min(rest.find('\n'), rest.size());
    if (end > 0) headers.emplace_back(kNames[turn % std::size(kNames)], rest.substr(0, end));
    ++turn;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const Representation there{true, "\"a\"", now - std::chrono::hours(1)}, nothing{false, "", std::nullopt};
  require(evaluate(headers, false, there, now) != Condition::not_modified);
  const bool has_match = !find_header(headers, "if-match").empty();
  if (has_match) require(evaluate(headers, true, nothing, now) == Condition::fails);
  accepts_gzip(headers);
  for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, UINT64_MAX})
    check_ranges(headers, there, length, now);
  return 0;
}
