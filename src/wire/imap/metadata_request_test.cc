// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/metadata_request.h"

#include <gtest/gtest.h>

namespace kontor::wire::imap {
namespace {

TEST(MetadataRequest, ParsesGet) {
  using Depth = GetMetadataRequest::Depth;
  const struct {
    std::string_view text;
    std::optional<std::uint64_t> max_size;
    Depth depth;
    std::size_t entries;
  } kCases[] = {
      // RFC 5464 section 4.2, and the grammar's order of options
      {R"( "" /shared/comment)", std::nullopt, Depth::zero, 1},
      {R"( INBOX (/shared/comment /private/Comment))", std::nullopt, Depth::zero, 2},
      {R"( "INBOX" (MAXSIZE 1024) (/shared/comment /private/comment))", 1024, Depth::zero, 2},
      {R"( (MAXSIZE 1024) "INBOX" (/shared/comment "/private/comment"))", 1024, Depth::zero, 2},
      {R"( (DEPTH 1) "INBOX" (/private/filters/values))", std::nullopt, Depth::one, 1},
      {R"( (DEPTH infinity MAXSIZE 1) "" /shared)", 1, Depth::infinity, 1},
  };
  for (const auto& one : kCases) {
    Cursor in(one.text);
    const auto request = parse_get_metadata(in);
    EXPECT_FALSE(in.failed()) << one.text << ": " << in.error();
    EXPECT_EQ(request.max_size, one.max_size) << one.text;
    EXPECT_EQ(request.depth, one.depth) << one.text;
    EXPECT_EQ(request.entries.size(), one.entries) << one.text;
  }
}

TEST(MetadataRequest, ParsesSet) {
  const std::string text = " INBOX (/private/comment \"a\" /shared/Comment NIL /shared/x ~{3}\r\na" +
                           std::string(1, '\0') + "b /shared/y {2}\r\nxy)";
  Cursor in(text);
  const auto request = parse_set_metadata(in);
  ASSERT_FALSE(in.failed()) << in.error();
  ASSERT_EQ(request.entries.size(), 4u);
  EXPECT_EQ(request.entries[0].value, "a");
  EXPECT_EQ(request.entries[1].name, "/shared/comment");
  EXPECT_FALSE(request.entries[1].value);
  EXPECT_EQ(request.entries[2].value, std::string("a\0b", 3));
  EXPECT_EQ(request.entries[3].value, "xy");
}

TEST(MetadataRequest, Refuses) {
  for (const std::string_view text :
       {" INBOX comment", " INBOX /shared//a", " INBOX /shared/a/", " INBOX /other/a", " INBOX \"/shared/a*\"",
        " (DEPTH 2) INBOX /shared/a", " INBOX (DEPTH 1)", " INBOX"}) {
    Cursor in(text);
    parse_get_metadata(in);
    EXPECT_TRUE(in.failed()) << text;
  }
  for (const std::string_view text :
       {" INBOX (/shared NIL)", " INBOX (/shared/a)", " INBOX ()", " INBOX /shared/a NIL", " INBOX (/shared/a b)"}) {
    Cursor in(text);
    parse_set_metadata(in);
    EXPECT_TRUE(in.failed()) << text;
  }
}

TEST(MetadataRequest, CoversByDepth) {
  using Depth = GetMetadataRequest::Depth;
  const struct {
    Depth depth;
    std::string_view entry;
    bool expected;
  } kCases[] = {
      {Depth::zero, "/private/filters", true},         {Depth::zero, "/private/filters/a", false},
      {Depth::one, "/private/filters/a", true},        {Depth::one, "/private/filters/a/b", false},
      {Depth::infinity, "/private/filters/a/b", true}, {Depth::infinity, "/private/filters2", false},
  };
  for (const auto& one : kCases) {
    GetMetadataRequest request;
    request.entries = {"/private/filters"};
    request.depth = one.depth;
    EXPECT_EQ(request.covers(one.entry), one.expected) << one.entry;
  }
}

}  // namespace
}  // namespace kontor::wire::imap
