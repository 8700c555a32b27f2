// SPDX-License-Identifier: AGPL-3.0-or-later
#include <gtest/gtest.h>

#include "wire/http/chunked.h"
#include "wire/http/head.h"

namespace kontor::wire::http {
namespace {

TEST(HttpHead, ParsesWhatIsRight) {
  auto head = parse_head(
      "POST /import/v1/x?y=1 HTTP/1.1\r\nHost: example.org\r\nX-Empty:\r\nContent-Length: 12\r\n"
      "expect: 100-Continue\r\nX-Text: \t two words \t\r\n\r\n");
  ASSERT_TRUE(head) << head.error().why;
  EXPECT_EQ(head->method, "POST");
  EXPECT_EQ(head->target, "/import/v1/x?y=1");
  EXPECT_EQ(head->framing, Framing::counted);
  EXPECT_EQ(head->length, 12u);
  EXPECT_TRUE(head->keeps_alive);
  EXPECT_TRUE(head->expects_continue);
  EXPECT_EQ(find_header(head->headers, "x-text"), "two words");
  EXPECT_EQ(find_header(head->headers, "x-empty"), "");
}

TEST(HttpHead, RefusesWhatIsNot) {
  const std::string host = "Host: a\r\n";
  struct Case {
    std::string head;
    unsigned status;  // 0 = fine
    const char* why;
  } cases[] = {
      {"GET / HTTP/1.1\r\n" + host, 0, "the least"},
      {"GET / HTTP/1.0\r\n", 0, "1.0 needs no host"},
      {"GET / HTTP/1.1\r\n", 400, "no host"},
      {"GET / HTTP/1.1\r\n" + host + host, 400, "two hosts"},
      {"GET / HTTP/2.0\r\n" + host, 505, "version"},
      {"GET / http/1.1\r\n" + host, 400, "version in lower case"},
      {"GET /\r\n" + host, 400, "no version"},
      {"GET  HTTP/1.1\r\n" + host, 400, "no target"},
      {"GET /a b HTTP/1.1\r\n" + host, 400, "space in the target"},
      {"G(T / HTTP/1.1\r\n" + host, 400, "no token"},
      {std::string(33, 'G') + " / HTTP/1.1\r\n" + host, 501, "long method"},
      {"GET /" + std::string(8192, 'a') + " HTTP/1.1\r\n" + host, 414, "long target"},
      {"GET / HTTP/1.1\r\n" + host + "X: " + std::string(33000, 'a') + "\r\n", 431, "long head"},
      {"GET / HTTP/1.1\r\n" + host +
           [] {
             std::string many;
             for (int i = 0; i < 100; ++i) many += "X: y\r\n";
             return many;
           }(),
       431, "too many headers"},
      {"GET / HTTP/1.1\r\n" + host + "X : y\r\n", 400, "space before the colon"},
      {"GET / HTTP/1.1\r\n" + host + " folded\r\n", 400, "obs-fold"},
      {"GET / HTTP/1.1\r\n" + host + "X: a\nY: b\r\n", 400, "a bare LF"},
      {"GET / HTTP/1.1\r\n" + host + "X: a\rb\r\n", 400, "a bare CR"},
      {"GET / HTTP/1.1\r\n" + host + std::string("X: a\0b\r\n", 8), 400, "a NUL"},
      {"GET / HTTP/1.1\r\n" + host + "no colon\r\n", 400, "no colon"},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 1\r\n", 400, "two lengths"},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", 400, "CL and TE"},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1, 1\r\n", 400, "a list of lengths"},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: +1\r\n", 400, "a sign"},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 0x1\r\n", 400, "hex"},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length:\r\n", 400, "empty"},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 18446744073709551616\r\n", 400, "2^64"},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: Chunked\r\n", 0, "chunked has no case"},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n", 501, "gzip"},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400, "twice"},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", 400, "1.0 has none"},
      {"POST / HTTP/1.1\r\n" + host + "Expect: tea\r\n", 417, "an unknown expectation"},
  };
  for (const Case& c : cases) {
    auto head = parse_head(c.head + "\r\n");
    EXPECT_EQ(head ? 0 : head.error().status, c.status) << c.why;
  }
}

TEST(HttpHead, KeepsAliveAsTheVersionSays) {
  struct Case {
    const char* head;
    bool keeps_alive;
  } cases[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: foo, Close\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", true},
      {"GET / HTTP/1.0\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
  };
  for (const Case& c : cases) EXPECT_EQ(parse_head(c.head)->keeps_alive, c.keeps_alive) << c.head;
}

TEST(HttpHead, FindsItsEndInPieces) {
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
  for (std::size_t from = 0; from < 27; ++from) {
    EXPECT_EQ(head_size(bytes, std::min(from, std::size_t{26})), 27u) << from;
    EXPECT_EQ(head_size(bytes.substr(0, from), 0), 0u) << from;
  }
}

TEST(HttpTarget, IsTakenApart) {
  struct Case {
    std::string target;
    std::string path;  // empty: refused
    std::string query;
  } cases[] = {
      {"/", "/", ""},
      {"/a%20b/c?d=%20&e", "/a b/c", "d=%20&e"},
      {"http://example.org/x?y", "/x", "y"},
      {"https://example.org", "/", ""},
      {"http://example.org?y", "/", "y"},
      {"*", "*", ""},
      {"/a?b?c", "/a", "b?c"},
      {"/%C3%A4", "/\xc3\xa4", ""},
      {"/a%2", "", ""},
      {"/a%zz", "", ""},
      {"/a%00", "", ""},
      {"/a/../b", "", ""},
      {"/a/%2e%2E/b", "", ""},
      {"/a/..", "", ""},
      {"/./b", "", ""},
      {"/..a/b...", "/..a/b...", ""},
      {"example.org:443", "", ""},
  };
  for (const Case& c : cases) {
    auto target = parse_target(c.target);
    ASSERT_EQ(target.has_value(), !c.path.empty()) << c.target;
    if (!target) continue;
    EXPECT_EQ(target->path, c.path) << c.target;
    EXPECT_EQ(target->query, c.query) << c.target;
  }
}

TEST(HttpChunks, DecodeInPiecesOfAnySize) {
  struct Case {
    std::string bytes;
    std::string expected;  // "!" = bad
    std::size_t rest;
  } cases[] = {
      {"5\r\nhello\r\n0\r\n\r\n", "hello", 0},
      {"5;a=b\r\nhello\r\n06\r\n world\r\n000\r\n\r\nnext", "hello world", 4},
      {"A\r\n0123456789\r\n0\r\nTrailer: x\r\nMore: y\r\n\r\n", "0123456789", 0},
      {"0\r\n\r\n", "", 0},
      {"\r\n", "!", 0},
      {"g\r\n", "!", 0},
      {"5 \r\nhello", "!", 0},
      {"5\nhello", "!", 0},
      {"5;\nhello", "!", 0},
      {"5\r\nhelloX", "!", 0},
      {"5\r\nhello\rX", "!", 0},
      {"0\r\nTrailer\nx", "!", 0},
      {"-1\r\n", "!", 0},
      {"fffffffffffffffff\r\n", "!", 0},
      {"1;" + std::string(300, 'x') + "\r\n", "!", 0},
      {"0\r\n" + std::string(9000, 'x') + "\r\n", "!", 0},
  };
  for (const Case& c : cases) {
    for (std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, c.bytes.size()}) {
      ChunkDecoder decoder;
      std::string out;
      std::size_t used = 0;
      while (used < c.bytes.size() && !decoder.is_done() && !decoder.is_bad())
        used += decoder.feed(std::string_view(c.bytes).substr(used, piece), out);
      EXPECT_EQ(decoder.is_bad(), c.expected == "!") << c.bytes << " by " << piece;
      if (c.expected == "!") continue;
      EXPECT_TRUE(decoder.is_done()) << c.bytes << " by " << piece;
      EXPECT_EQ(out, c.expected);
      EXPECT_EQ(c.bytes.size() - used, c.rest);
    }
  }
  ChunkDecoder decoder;
  std::string out;
  std::string bytes = encode_chunk("one") + encode_chunk(std::string(1000, 'x')) + std::string(kLastChunk);
  EXPECT_EQ(decoder.feed(bytes, out), bytes.size());
  EXPECT_TRUE(decoder.is_done());
  EXPECT_EQ(out, "one" + std::string(1000, 'x'));
}

}  // namespace
}  // namespace kontor::wire::http
