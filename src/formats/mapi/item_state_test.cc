// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/item_state.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "formats/mapi/kept.h"
#include "formats/mapi/mail_tags.h"
#include "formats/mapi/voting.h"

namespace kontor::mapi {
namespace {

using Texts = std::vector<std::string>;

Value at(Instant time) { return Value::of_time(ticks_of_instant(time)); }
constexpr Instant kNoon{std::chrono::sys_days(std::chrono::year(2027) / 1 / 15) + std::chrono::hours(12)};

TEST(ItemState, FlagsAndKeywords) {
  struct Case {
    int flags, status, verb, follow_up;
    int expected;
    Texts keywords;
    std::string_view why;
  };
  const std::vector<Case> cases = {
      {0, 0, 0, 0, 0, {}, "new"},
      {1, 0, 0, 0, kSeen, {}, "read"},
      {0x11, 0x10000, 0, 0, kSeen | kAnswered, {}, "answered over IMAP"},
      {0x11, 0x200, 0, 0, kSeen | kAnswered, {}, "answered, as MAPI has it"},
      {1, 0x10000, 104, 0, kSeen, {"$Forwarded"}, "what was done last counts"},
      {1, 0, 102, 0, kSeen | kAnswered, {}, "reply"},
      {1, 0, 103, 2, kSeen | kAnswered | kFlagged, {}, "reply to all"},
      {1, 0, 0, 1, kSeen | kFlagged, {}, "done"},
      {9, 0, 0, 0, kSeen | kDraft, {}, "not sent"},
      {1, 0x20008, 0, 0, kSeen | kDraft | kDeleted, {}, "Kopano's IMAP"},
  };
  for (const Case& one : cases) {
    Properties message;
    message.set(tag::kMessageFlags, Value::of(one.flags));
    message.set(tag::kMessageStatus, Value::of(one.status));
    if (one.verb != 0) message.set(tag::kLastVerbExecuted, Value::of(one.verb));
    message.set(tag::kFlagStatus, Value::of(one.follow_up));
    const ItemState state = mail_state(message);
    EXPECT_EQ(state.flags, one.expected) << one.why;
    EXPECT_EQ(state.keywords, one.keywords) << one.why;
    EXPECT_FALSE(state.properties.contains("mapi")) << one.why;
  }
}

TEST(ItemState, CategoriesMayBeOneText) {
  Properties message;
  message.set(tag::kKeywords, Value::of_text("One; Two;;  ; One ;"));
  const ItemState state = mail_state(message);
  EXPECT_EQ(state.keywords, (Texts{"One", "Two"}));
  EXPECT_EQ(state.properties.at("categories"), "One\nTwo");
}

TEST(ItemState, CategoriesBecomeKeywords) {
  Properties message;
  message.set(tag::kKeywords,
              Value::of_texts({"Red Category", "B\xC3\xBCro", "mit, Komma", "red_category", "", "a&b"}));
  const ItemState state = mail_state(message);
  EXPECT_EQ(state.keywords, (Texts{"Red_Category", "B&APw-ro", "mit,_Komma", "a&-b"}));
  EXPECT_EQ(state.properties.at("categories"), "Red Category\nB\xC3\xBCro\nmit, Komma\nred_category\na&b");
  EXPECT_EQ(keyword_of("\\Seen (x) {y} 100% \"z\" *]"), "_Seen__x___y}_100___z____");
  EXPECT_LE(keyword_of(std::string(1000, 'a')).size(), 200U);
  EXPECT_LE(keyword_of("\xF0\x9F\xA6\x8A" + std::string(1000, '\xC3')).size(), 200U);
}

TEST(ItemState, ReceiptsThatWereDealtWith) {
  Properties message;
  message.set(tag::kReadReceiptRequested, Value::of(true));
  message.set(tag::kMessageFlags, Value::of(0x101));
  EXPECT_EQ(mail_state(message).keywords, Texts()) << "still to be sent";
  message.set(tag::kMessageFlags, Value::of(0x1));
  EXPECT_EQ(mail_state(message).keywords, Texts{"$MDNSent"});
  message.set(tag::kMessageFlags, Value::of(0));
  EXPECT_EQ(mail_state(message).keywords, Texts()) << "not read yet";
}

TEST(ItemState, WhatUsersHaveSaidOfIt) {
  Properties message;
  message.set(tag::kImportance, Value::of(2));
  message.set(tag::kSensitivity, Value::of(3));
  message.set(tag::kFlagStatus, Value::of(2));
  message.set(tag::kFollowupIcon, Value::of(6));
  message.set(tag::kFlagRequest, Value::of_text("Follow up\r\n"));
  message.set(tag::kTaskDueDate, at(kNoon));
  message.set(tag::kCommonStart, at(kNoon));
  message.set(tag::kReminderSet, Value::of(true));
  message.set(tag::kReminderSignalTime, at(kNoon));
  message.set(tag::kLastVerbExecuted, Value::of(103));
  message.set(tag::kLastVerbExecutionTime, at(kNoon));
  message.set(tag::kReplyTime, at(kNoon));
  message.set(tag::kVerbResponse, Value::of_text("Yes"));
  message.set(tag::kMessageClass, Value::of_text("IPM.Note.SMIME"));
  const std::map<std::string, std::string> expected = {{"importance", "high"},
                                                       {"sensitivity", "confidential"},
                                                       {"follow-up", "flagged"},
                                                       {"follow-up.colour", "red"},
                                                       {"follow-up.text", "Follow up"},
                                                       {"follow-up.due", "2027-01-15"},
                                                       {"follow-up.start", "2027-01-15T12:00:00Z"},
                                                       {"reminder", "2027-01-15T12:00:00Z"},
                                                       {"last-action", "reply-all"},
                                                       {"last-action.time", "2027-01-15T12:00:00Z"},
                                                       {"reply-by", "2027-01-15T12:00:00Z"},
                                                       {"voting.answer", "Yes"},
                                                       {"mapi.class", "IPM.Note.SMIME"}};
  EXPECT_EQ(mail_state(message).properties, expected);
  Properties done;
  done.set(tag::kFlagStatus, Value::of(1));
  done.set(tag::kFlagCompleteTime, at(kNoon));
  done.set(tag::kImportance, Value::of(1));
  done.set(tag::kReminderTime, at(kNoon));
  const std::map<std::string, std::string> expected_done = {{"follow-up", "completed"},
                                                            {"follow-up.completed", "2027-01-15T12:00:00Z"}};
  EXPECT_EQ(mail_state(done).properties, expected_done) << "and a reminder that is off says nothing";
}

TEST(ItemState, DatesOfArrival) {
  Properties message;
  EXPECT_TRUE(mail_state(message).date_is_guess);
  message.set(tag::kCreationTime, at(kNoon));
  EXPECT_EQ(mail_state(message).date.at, kNoon);
  EXPECT_TRUE(mail_state(message).date_is_guess);
  message.set(tag::kMessageDeliveryTime, at(kNoon + std::chrono::hours(1)));
  EXPECT_EQ(mail_state(message).date.at, kNoon + std::chrono::hours(1));
  EXPECT_FALSE(mail_state(message).date_is_guess);
}

TEST(ItemState, TheRestIsKept) {
  const Tag own{.set = set::kPublicStrings, .name = "Project"};
  Properties message;
  message.set(tag::kSubject, Value::of_text("said by the message"));
  message.set({.id = 0x65E2}, Value::of_bytes("said by nobody"));
  message.set(own, Value::of_text("Harbour"));
  message.set(tag::kImportance, Value::of(77));
  ItemState state = mail_state(message);
  Properties expected;
  expected.set(own, Value::of_text("Harbour"));
  expected.set(tag::kImportance, Value::of(77));
  EXPECT_EQ(read_kept(state.properties.at("mapi")).value(), expected) << "also a value that has no word";
  EXPECT_TRUE(state.losses.empty());
  message.set({.id = 0x6001}, Value::of_bytes(std::string(kMostKept, 'x')));
  state = mail_state(message);
  EXPECT_EQ(read_kept(state.properties.at("mapi")).value(), expected);
  EXPECT_EQ(state.losses, Texts{"The property 0x6001 of 61440 bytes is too large to be kept."});
}

// [MS-OXOMSG] section 4.5.
TEST(ItemState, KeepsWhatThereIsRoomFor) {
  Properties many;
  for (std::uint32_t i = 0; i < 3000; ++i) many.set({.id = 0x4000 + i}, Value::of_bytes(std::string(1000, 'x')));
  std::vector<std::string> losses;
  const std::string kept = keep_within(many, losses);
  EXPECT_EQ(losses.size(), 2940U);
  EXPECT_EQ(read_kept(kept)->size(), 60U);
}

TEST(Voting, ReadsTheExampleOfItsDocument) {
  const std::string stream = from_hex(
                                 "020103000000"
                                 "040000000359657308"
                                 "49504d2e4e6f746500"
                                 "03596573"
                                 "0000000000000000000100000002000000020000000100"
                                 "0000ffffffff"
                                 "04000000024e6f08"
                                 "49504d2e4e6f746500"
                                 "024e6f"
                                 "00000000000000000001000000020000000200000002000000"
                                 "ffffffff"
                                 "04000000054d6179626508"
                                 "49504d2e4e6f746500"
                                 "054d61796265"
                                 "0000000000000000000100000002000000020000000300"
                                 "0000ffffffff"
                                 "0401"
                                 "035900650073000359006500730002"
                                 "4e006f00024e006f0005"
                                 "4d0061007900620065000"
                                 "54d0061007900620065"
                                 "00")
                                 .value();
  EXPECT_EQ(voting_options(stream), (Texts{"Yes", "No", "Maybe"}));
  EXPECT_EQ(voting_options(stream.substr(0, 80)), Texts{"Yes"}) << "cut off";
  EXPECT_EQ(voting_options("no such thing"), Texts());
  Properties message;
  message.set(tag::kVerbStream, Value::of_bytes(stream));
  EXPECT_EQ(mail_state(message).properties.at("voting.options"), "Yes\nNo\nMaybe");
  message.set(tag::kVerbStream, Value::of_bytes("no such thing"));
  EXPECT_EQ(mail_state(message).properties.count("mapi"), 1U) << "what cannot be read is kept";
}

}  // namespace
}  // namespace kontor::mapi
