// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/http/condition.h"

#include <gtest/gtest.h>

#include "wire/http/date.h"

namespace kontor::wire::http {
namespace {

const Instant kThen = Instant(std::chrono::seconds(784'111'777));  // Sun, 06 Nov 1994 08:49:37 GMT
const Instant kNow = kThen + std::chrono::hours(24 * 365 * 30);

TEST(HttpDate, IsReadInItsThreeForms) {
  struct Case {
    std::string text;
    std::optional<Instant> expected;
    const char* why;
  } cases[] = {
      {"Sun, 06 Nov 1994 08:49:37 GMT", kThen, "RFC 9110 section 5.6.7"},
      {"Sunday, 06-Nov-94 08:49:37 GMT", kThen, "RFC 850"},
      {"Sun Nov  6 08:49:37 1994", kThen, "asctime()"},
      {"Sunday, 06-Nov-20 08:49:37 GMT", kThen + std::chrono::days(26 * 365 + 7), "this century"},
      {"Sun, 06 Nov 1994 08:49:37 CET", std::nullopt, "another zone"},
      {"Sun, 31 Nov 1994 08:49:37 GMT", std::nullopt, "no such day"},
      {"Sun, 06 Nov 1994 24:49:37 GMT", std::nullopt, "no such hour"},
      {"Sun, 6 Nov 1994 08:49:37 GMT", std::nullopt, "one digit"},
      {"Sun, 06 Nov 1994 08:49 GMT", std::nullopt, "no seconds"},
      {"0", std::nullopt, "a number"},
      {"", std::nullopt, "nothing"},
      {std::string(100, ' ') + "Sun, 06 Nov 1994 08:49:37 GMT", std::nullopt, "too long"},
  };
  for (const Case& c : cases) EXPECT_EQ(parse_date(c.text, kNow), c.expected) << c.why;
  EXPECT_EQ(print_date(kThen), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(print_date(Instant(std::chrono::seconds(0))), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(HttpCondition, DecidesInOrder) {
  const Representation there{true, "\"a\"", kThen}, weak{true, "W/\"a\"", kThen}, nothing{false, "", std::nullopt},
      untagged{true, "", std::nullopt};
  const std::string then = print_date(kThen), before = print_date(kThen - std::chrono::seconds(1));
  struct Case {
    Headers headers;
    bool to_read;
    Representation what;
    Condition expected;
    const char* why;
  } cases[] = {
      {{}, false, there, Condition::holds, "unconditional"},
      {{{"If-Match", "\"a\""}}, false, there, Condition::holds, "the same"},
      {{{"If-Match", "\"b\", \"a\""}}, false, there, Condition::holds, "in a list"},
      {{{"If-Match", "\"b\""}, {"if-match", "\"a\""}}, false, there, Condition::holds, "in a second line"},
      {{{"If-Match", "\"b\""}}, false, there, Condition::fails, "another"},
      {{{"If-Match", "\"a,b\""}}, false, {true, "\"a,b\"", kThen}, Condition::holds, "a comma within"},
      {{{"If-Match", "W/\"a\""}}, false, there, Condition::fails, "a weak one proves nothing"},
      {{{"If-Match", "\"a\""}}, false, weak, Condition::fails, "nor is a weak one proven"},
      {{{"If-Match", "a"}}, false, there, Condition::fails, "no entity tag"},
      {{{"If-Match", ""}}, false, there, Condition::fails, "an empty list"},
      {{{"If-Match", "*"}}, false, there, Condition::holds, "anything"},
      {{{"If-Match", "*"}}, false, untagged, Condition::holds, "anything, also without a tag"},
      {{{"If-Match", "*"}}, false, nothing, Condition::fails, "anything, but there is nothing"},
      {{{"If-None-Match", "*"}}, false, nothing, Condition::holds, "to make it new"},
      {{{"If-None-Match", "*"}}, false, there, Condition::fails, "it is there already"},
      {{{"If-None-Match", "W/\"a\""}}, true, there, Condition::not_modified, "compared weakly"},
      {{{"If-None-Match", "\"a\""}}, true, weak, Condition::not_modified, "compared weakly"},
      {{{"If-None-Match", "\"b\""}, {"If-Modified-Since", then}},
       true,
       there,
       Condition::holds,
       "the date is left out"},
      {{{"If-None-Match", "\"a\""}}, false, there, Condition::fails, "to write"},
      {{{"If-Modified-Since", then}}, true, there, Condition::not_modified, "the same time"},
      {{{"If-Modified-Since", before}}, true, there, Condition::holds, "changed since"},
      {{{"If-Modified-Since", then}}, false, there, Condition::holds, "only for reading"},
      {{{"If-Modified-Since", "yesterday"}}, true, there, Condition::holds, "no date"},
      {{{"If-Unmodified-Since", then}}, false, there, Condition::holds, "not changed"},
      {{{"If-Unmodified-Since", before}}, false, there, Condition::fails, "changed"},
      {{{"If-Unmodified-Since", before}, {"If-Match", "\"a\""}}, false, there, Condition::holds, "the tag decides"},
      {{{"If-Match", "\"a\""}, {"If-None-Match", "\"a\""}}, true, there, Condition::not_modified, "both"},
  };
  for (const Case& c : cases) EXPECT_EQ(evaluate(c.headers, c.to_read, c.what, kNow), c.expected) << c.why;
}

TEST(HttpRanges, AreThoseOfTheContent) {
  const Representation there{true, "\"a\"", kThen};
  const std::string then = print_date(kThen);
  std::string many = "bytes=0-0";
  for (std::size_t i = 1; i < kMostRanges; ++i) many += "," + std::to_string(i * 10) + "-" + std::to_string(i * 10);
  struct Case {
    Headers headers;
    std::uint64_t size;
    std::vector<ByteRange> expected;
    bool is_unsatisfiable;
    const char* why;
  } cases[] = {
      {{}, 10'000, {}, false, "none"},
      {{{"Range", "bytes=0-499"}}, 10'000, {{0, 500}}, false, "RFC 9110 section 14.1.2"},
      {{{"Range", "bytes=500-999"}}, 10'000, {{500, 500}}, false, "the second 500"},
      {{{"Range", "bytes=-500"}}, 10'000, {{9500, 500}}, false, "the last 500"},
      {{{"Range", "bytes=9500-"}}, 10'000, {{9500, 500}}, false, "from there"},
      {{{"Range", "bytes=0-0,-1"}}, 10'000, {{0, 1}, {9999, 1}}, false, "first and last"},
      {{{"Range", "bytes= 0-999, 4500-5499, -1000"}}, 10'000, {{0, 1000}, {4500, 1000}, {9000, 1000}}, false, "three"},
      {{{"Range", "bytes=500-600,601-999"}}, 10'000, {{500, 101}, {601, 399}}, false, "adjacent"},
      {{{"Range", "BYTES=1-1"}}, 10, {{1, 1}}, false, "any case"},
      {{{"Range", "bytes=0-99999999999999999999999"}}, 10, {{0, 10}}, false, "beyond any number"},
      {{{"Range", "bytes=-99"}}, 10, {{0, 10}}, false, "more than there is"},
      {{{"Range", "bytes=10-"}}, 10, {}, true, "behind the end"},
      {{{"Range", "bytes=-0"}}, 10, {}, true, "nothing"},
      {{{"Range", "bytes=0-"}}, 0, {}, true, "of nothing"},
      {{{"Range", "bytes=20-30,1-2"}}, 10, {{1, 2}}, false, "one of them"},
      {{{"Range", "bytes=5-4"}}, 10, {}, false, "malformed: all of it"},
      {{{"Range", "bytes=a-b"}}, 10, {}, false, "malformed"},
      {{{"Range", "lines=1-2"}}, 10, {}, false, "another unit"},
      {{{"Range", "bytes=0-8,1-9"}}, 10, {}, false, "they overlap"},
      {{{"Range", many + ",999-999"}}, 10'000, {}, false, "too many"},
      {{{"Range", "bytes=0-1"}, {"If-Range", "\"a\""}}, 10, {{0, 2}}, false, "still the same"},
      {{{"Range", "bytes=0-1"}, {"If-Range", "\"b\""}}, 10, {}, false, "not the same"},
      {{{"Range", "bytes=0-1"}, {"If-Range", "W/\"a\""}}, 10, {}, false, "a weak one"},
      {{{"Range", "bytes=0-1"}, {"If-Range", then}}, 10, {{0, 2}}, false, "the very date"},
      {{{"Range", "bytes=0-1"}, {"If-Range", print_date(kNow)}}, 10, {}, false, "a later one"},
  };
  for (const Case& c : cases) {
    const Ranges asked = asked_ranges(c.headers, there, c.size, kNow);
    EXPECT_EQ(asked.ranges, c.expected) << c.why;
    EXPECT_EQ(asked.is_unsatisfiable, c.is_unsatisfiable) << c.why;
  }
  EXPECT_EQ(asked_ranges({{"Range", many}}, there, 10'000, kNow).ranges.size(), kMostRanges);
  EXPECT_TRUE(asked_ranges({{"Range", "bytes=0-1"}, {"If-Range", then}}, there, 10, kThen).ranges.empty())
      << "in the second in which it was written a date says nothing";
}

TEST(HttpRanges, ArePrinted) {
  EXPECT_EQ(content_range({0, 10}, 100), "bytes 0-9/100");
  EXPECT_EQ(content_range_of_none(100), "bytes */100");
  const Multipart parts = multipart_of({{0, 2}, {8, 2}}, "text/plain", 10, "x");
  EXPECT_EQ(parts.content_type, "multipart/byteranges; boundary=x");
  const std::string all = parts.heads[0] + "ab" + parts.heads[1] + "ij" + parts.end;
  EXPECT_EQ(all,
            "\r\n--x\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\nab"
            "\r\n--x\r\nContent-Type: text/plain\r\nContent-Range: bytes 8-9/10\r\n\r\nij\r\n--x--\r\n");
  EXPECT_EQ(parts.length, all.size());
}

TEST(HttpAccept, GzipIsUsedWhereItIsWanted) {
  struct Case {
    Headers headers;
    bool expected;
    const char* why;
  } cases[] = {
      {{}, false, "nothing is said"},
      {{{"Accept-Encoding", "gzip, deflate, br"}}, true, "what browsers say"},
      {{{"accept-encoding", "deflate"}, {"Accept-Encoding", "GZIP"}}, true, "two lines"},
      {{{"Accept-Encoding", ""}}, false, "empty: none"},
      {{{"Accept-Encoding", "*"}}, true, "anything"},
      {{{"Accept-Encoding", "*;q=0"}}, false, "nothing"},
      {{{"Accept-Encoding", "gzip;q=0, *"}}, false, "anything but gzip"},
      {{{"Accept-Encoding", "compress;q=0.5, gzip;q=1.0"}}, true, "RFC 9110 section 12.5.3"},
      {{{"Accept-Encoding", "gzip;q=1.0, identity; q=0.5, *;q=0"}}, true, "section 12.5.3"},
      {{{"Accept-Encoding", "gzip;q=0.2, identity"}}, false, "rather as it is"},
      {{{"Accept-Encoding", "x-gzip ; Q=0.001"}}, true, "hardly, but yes"},
      {{{"Accept-Encoding", "gzip;q=2"}}, false, "malformed"},
      {{{"Accept-Encoding", "gzipped"}}, false, "another word"},
  };
  for (const Case& c : cases) EXPECT_EQ(accepts_gzip(c.headers), c.expected) << c.why;
}

}  // namespace
}  // namespace kontor::wire::http
