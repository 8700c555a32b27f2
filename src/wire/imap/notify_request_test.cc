// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/notify_request.h"

#include <gtest/gtest.h>

namespace kontor::wire::imap {
namespace {

TEST(NotifyRequest, Parses) {
  Cursor in(
      " SET STATUS (selected (MessageNew (uid body.peek[header.fields (from to subject)]) MessageExpunge)) "
      "(subtree (Lists \"a b\") (MessageNew MessageExpunge FlagChange MailboxName)) (mailboxes Misc NONE) "
      "(Personal (SubscriptionChange MailboxMetadataChange ServerMetadataChange))");
  const auto request = parse_notify(in);
  ASSERT_FALSE(in.failed()) << in.error();
  EXPECT_TRUE(request.wants_status);
  EXPECT_FALSE(request.has_unsupported);
  ASSERT_EQ(request.groups.size(), 4u);
  EXPECT_EQ(request.groups[0].filter, NotifyGroup::Filter::selected);
  ASSERT_TRUE(request.groups[0].fetch);
  EXPECT_EQ(request.groups[0].fetch->items.size(), 2u);
  EXPECT_EQ(request.groups[1].names, (std::vector<std::string>{"Lists", "a b"}));
  EXPECT_EQ(request.groups[1].events, 15);
  EXPECT_EQ(request.groups[2].events, 0);
  EXPECT_EQ(request.groups[3].events, 16 + 32 + 64);
}

TEST(NotifyRequest, KnowsWhatItCannotWatch) {
  for (const std::string_view text :
       {" SET (personal (MessageNew MessageExpunge AnnotationChange))", " SET (selected (x-NewIdea))"}) {
    Cursor in(text);
    const auto request = parse_notify(in);
    EXPECT_FALSE(in.failed()) << text << ": " << in.error();
    EXPECT_TRUE(request.has_unsupported) << text;
  }
}

TEST(NotifyRequest, Refuses) {
  const struct {
    std::string_view text, why;
  } kCases[] = {
      {"", "nothing"},
      {" SET", "no group"},
      {" NONE x", "text behind"},
      {" SET (everything (MessageNew MessageExpunge))", "unknown filter"},
      {" SET (personal (MessageNew))", "RFC 5465 section 5.1"},
      {" SET (personal (MessageExpunge))", "section 5.2"},
      {" SET (personal (FlagChange))", "section 5.3"},
      {" SET (personal (MessageNew (UID) MessageExpunge))", "section 5.1: only selected"},
      {" SET (selected (MessageNew MessageExpunge)) (selected-delayed (MessageNew MessageExpunge))", "section 6.1"},
      {" SET (selected (MailboxName))", "not an event of messages"},
      {" SET (subtree (MessageNew MessageExpunge))", "no name"},
      {" SET (personal ())", "no event"},
      {" SET personal (MessageNew MessageExpunge)", "no group"},
  };
  for (const auto& one : kCases) {
    Cursor in(one.text);
    const auto request = parse_notify(in);
    EXPECT_TRUE(in.failed()) << one.text << ": " << one.why;
  }
}

}  // namespace
}  // namespace kontor::wire::imap
