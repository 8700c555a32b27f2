// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/list_request.h"

#include <gtest/gtest.h>

namespace kontor::wire::imap {
namespace {

// The options in a fixed order, then reference and patterns.
std::string describe(const ListRequest& request) {
  std::string out = request.is_extended ? "extended" : "plain";
  const auto add = [&](bool is_there, std::string_view word) {
    if (is_there) (out += " ") += word;
  };
  add(request.selected.subscribed, "select-subscribed");
  add(request.selected.special_use, "select-use");
  add(request.selected.remote, "remote");
  add(request.selected.recursive, "recursive");
  add(request.returned.subscribed, "return-subscribed");
  add(request.returned.children, "children");
  add(request.returned.special_use, "return-use");
  add(request.returned.my_rights, "rights");
  for (const auto item : request.returned.status) (out += " ") += name(item);
  for (const auto& entry : request.returned.metadata) (out += " ") += entry;
  out += " [" + request.reference + "]";
  for (const auto& pattern : request.patterns) out += " <" + pattern + ">";
  return out;
}

TEST(ListRequest, Parses) {
  const struct {
    std::string_view text, expected;
  } kCases[] = {
      {R"( "" *)", "plain [] <*>"},
      {R"( "" "")", "plain [] <>"},
      {R"( Mail/ "a %")", "plain [Mail/] <a %>"},
      // RFC 5258 section 5, examples 2 to 5 and 9
      {R"( (SUBSCRIBED) "" "*")", "extended select-subscribed [] <*>"},
      {R"( () "" "%" RETURN (CHILDREN))", "extended children [] <%>"},
      {R"( (REMOTE) "" "%" RETURN (CHILDREN))", "extended remote children [] <%>"},
      {R"( (remote subscribed) "" "*")", "extended select-subscribed remote [] <*>"},
      {R"( (SUBSCRIBED RECURSIVEMATCH) "" "%")", "extended select-subscribed recursive [] <%>"},
      {R"( "" ("INBOX" "Drafts" Sent/%))", "extended [] <INBOX> <Drafts> <Sent/%>"},
      {R"( "" "%" RETURN ())", "extended [] <%>"},
      // RFC 5819 section 4, RFC 6154 section 5.2, RFC 8440 section 3
      {R"( "" % RETURN (STATUS (MESSAGES UNSEEN MESSAGES) SUBSCRIBED))",
       "extended return-subscribed MESSAGES UNSEEN [] <%>"},
      {R"( "" "%" RETURN (METADATA ("/shared/a" /private/b)))", "extended /shared/a /private/b [] <%>"},
      {R"( (SPECIAL-USE) "" "*" RETURN (SPECIAL-USE MYRIGHTS))", "extended select-use return-use rights [] <*>"},
  };
  for (const auto& one : kCases) {
    Cursor in(one.text);
    const auto request = parse_list(in);
    EXPECT_FALSE(in.failed()) << one.text << ": " << in.error();
    EXPECT_EQ(describe(request), one.expected) << one.text;
  }
}

TEST(ListRequest, Refuses) {
  const struct {
    std::string text;
    std::string_view why;
  } kCases[] = {
      {R"( "")", "no pattern"},
      {R"( (RECURSIVEMATCH) "" *)", "RFC 5258 section 3.1"},
      {R"( (REMOTE RECURSIVEMATCH) "" *)", "the same"},
      {R"( (NONSENSE) "" *)", "unknown option"},
      {R"( "" * RETURN)", "no list"},
      {R"( "" * RETURN (STATUS))", "no items"},
      {R"( "" * RETURN (STATUS ()))", "no items"},
      {R"( "" * RETURN (STATUS (NONSENSE)))", "unknown item"},
      {R"( "" * BOGUS)", "not RETURN"},
      {R"( "" () )", "no pattern in the list"},
      {R"( "" (a b) c)", "text behind"},
      {" \"\" \"" + std::string(1001, 'a') + "\"", "too long"},
      {" " + std::string(900, 'a') + " (" + std::string(50, 'b') + " " + std::string(50, 'c') + " d)",
       "too long at all"},
  };
  for (const auto& one : kCases) {
    Cursor in(one.text);
    parse_list(in);
    EXPECT_TRUE(in.failed()) << one.text << ": " << one.why;
  }
  std::string many = R"( "" (a)";
  for (std::size_t i = 0; i < ListRequest::kMaxPatterns; ++i) many += " a";
  Cursor in(many += ")");
  parse_list(in);
  EXPECT_TRUE(in.failed()) << "too many patterns";
}

TEST(ListRequest, JoinsReferenceAndPattern) {
  EXPECT_EQ(join_reference("a/", "/b"), "a/b");
  EXPECT_EQ(join_reference("a/", "b"), "a/b");
  EXPECT_EQ(join_reference("a", "b"), "ab");
  EXPECT_EQ(join_reference("", "b"), "b");
}

}  // namespace
}  // namespace kontor::wire::imap
