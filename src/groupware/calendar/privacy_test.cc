// SPDX-License-Identifier: AGPL-3.0-or-later
// What others see of private and confidential items.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "groupware/calendar/calendar_fixture.h"

namespace kontor::groupware {
namespace {

constexpr const char* kTime = "DTSTART:20231120T100000Z\r\nDTEND:20231120T110000Z\r\n";
const std::string kSecretLines = std::string(kTime) + "SUMMARY:Secret\r\nLOCATION:Here\r\nX-SECRET:1\r\n";

class PrivacyTest : public CalendarTest {
 protected:
  void SetUp() override {
    CalendarTest::SetUp();
    open_one = put(event("open", kSecretLines));
    confidential = put(event("confidential", kSecretLines + "CLASS:CONFIDENTIAL\r\n"));
    hidden = put(event("hidden", kSecretLines + "CLASS:PRIVATE\r\n"));
    share(ben, right::kReader);
  }
  std::vector<std::string> vanished(Modseq since, Caller caller) {
    std::vector<std::string> out;
    for (const auto& one : must(reader(caller)->changes_since(since)).vanished) out.push_back(one.name);
    return out;
  }

  Added open_one, confidential, hidden;
};

TEST_F(PrivacyTest, PrivateItemsAreNotThere) {
  const Caller other = as(ben);
  EXPECT_EQ(names(other), (std::vector<std::string>{"confidential.ics", "open.ics"}));
  const auto seen = reader(other);
  EXPECT_EQ(seen->named(calendar, "hidden.ics").error().code, Errc::not_found);
  EXPECT_EQ(seen->entry(calendar, hidden.uid).error().code, Errc::not_found);
  EXPECT_EQ(seen->item(hidden.item).error().code, Errc::not_found);
  EXPECT_EQ(seen->content(hidden.item).error().code, Errc::not_found);
  EXPECT_EQ(seen->facts(hidden.item).error().code, Errc::not_found);
  EXPECT_TRUE(must(seen->with_uid(std::nullopt, "hidden")).empty());
  EXPECT_EQ(seen->view(calendar).error().code, Errc::denied);
  EXPECT_EQ(in_time(utc(2023, 11, 20), utc(2023, 11, 21), other).size(), 2u);
  EXPECT_EQ(names(as(ada)).size(), 3u);
}

TEST_F(PrivacyTest, OfConfidentialOnesOnlyTheTimeShows) {
  const Caller other = as(ben);
  const std::string text = bytes(confidential.item, other);
  EXPECT_EQ(text.find("Secret"), std::string::npos);
  EXPECT_EQ(text.find("Here"), std::string::npos);
  EXPECT_EQ(text.find("X-SECRET"), std::string::npos);
  EXPECT_NE(text.find("SUMMARY:Busy"), std::string::npos);
  EXPECT_NE(text.find("DTSTART:20231120T100000Z"), std::string::npos);
  EXPECT_NE(bytes(open_one.item, other).find("Secret"), std::string::npos);
  EXPECT_NE(bytes(confidential.item, as(ada)).find("Secret"), std::string::npos);
  const Entry entry = must(reader(other)->entry(calendar, confidential.uid));
  EXPECT_EQ(entry.size, text.size());
  EXPECT_EQ(entry.etag, '"' + to_hex(sha256(text).substr(0, 16)) + '"');
  EXPECT_EQ(must(reader(other)->item(confidential.item)).size, text.size());
  EXPECT_EQ(must(reader(other)->facts(confidential.item)).summary, "Busy");
  EXPECT_EQ(must(reader(as(ada))->facts(confidential.item)).summary, "Secret");
  must(reader(other)->entries(calendar, [&](const Entry& one) {
    if (one.uid == confidential.uid) EXPECT_EQ(one.etag, entry.etag);
    return true;
  }));
  // What others do not see does not change what they have.
  replace(confidential.uid, event("confidential", std::string(kTime) + "SUMMARY:Other\r\nCLASS:CONFIDENTIAL\r\n"));
  EXPECT_EQ(must(reader(other)->entry(calendar, confidential.uid)).etag, entry.etag);
  const auto versions = must(reader()->versions(confidential.item));
  EXPECT_FALSE(reader(other)->content(versions.at(0).item)) << "nor does what it was";
}

TEST_F(PrivacyTest, WhatWasPrivateStaysSo) {
  replace(hidden.uid, event("hidden", kTime));
  replace(confidential.uid, event("confidential", std::string(kTime) + "SUMMARY:Other\r\nCLASS:CONFIDENTIAL\r\n"));
  const ItemId was_hidden = must(reader()->versions(hidden.item)).at(0).item;
  const auto seen = reader(as(ben));
  EXPECT_TRUE(seen->content(hidden.item)) << "it is open by now";
  EXPECT_FALSE(seen->content(was_hidden));
  EXPECT_FALSE(seen->item(was_hidden));
  EXPECT_FALSE(seen->facts(was_hidden));
  EXPECT_TRUE(must(seen->versions(hidden.item)).empty());
  EXPECT_TRUE(must(seen->versions(confidential.item)).empty());
  replace(open_one.uid, event("open", std::string(kTime) + "SUMMARY:Later\r\n"));
  EXPECT_EQ(must(reader(as(ben))->versions(open_one.item)).size(), 1u);
}

TEST_F(PrivacyTest, InTheOrderOfUids) {
  const auto above = [&](Uid after, PrincipalId who, std::size_t most = 10) {
    std::vector<std::string> out;
    must(reader(as(who))->entries_above(calendar, after, [&](const Entry& entry) {
      EXPECT_EQ(entry.etag, must(reader(as(who))->entry(calendar, entry.uid)).etag);
      out.push_back(entry.name);
      return out.size() < most;
    }));
    return out;
  };
  EXPECT_EQ(above(Uid(), ada), (std::vector<std::string>{"open.ics", "confidential.ics", "hidden.ics"}));
  EXPECT_EQ(above(Uid(), ben), (std::vector<std::string>{"open.ics", "confidential.ics"}));
  EXPECT_EQ(above(open_one.uid, ada), (std::vector<std::string>{"confidential.ics", "hidden.ics"}));
  EXPECT_EQ(above(confidential.uid, ben), std::vector<std::string>());
  EXPECT_EQ(above(Uid(), ada, 1), std::vector<std::string>{"open.ics"});
  EXPECT_EQ(above(hidden.uid, ada), std::vector<std::string>());
  change([&](Transaction& t) { return t.remove(calendar, confidential.uid); });
  EXPECT_EQ(above(Uid(), ada), (std::vector<std::string>{"open.ics", "hidden.ics"}));
  share(ben, 0);
  EXPECT_FALSE(account->read(as(ben)));
}

TEST_F(PrivacyTest, DelegatesSeeAll) {
  share(ben, right::kEditor | right::kReadPrivate);
  EXPECT_EQ(names(as(ben)).size(), 3u);
  EXPECT_NE(bytes(hidden.item, as(ben)).find("Secret"), std::string::npos);
  EXPECT_TRUE(reader(as(ben))->view(calendar));
}

TEST_F(PrivacyTest, WhoSeesLessChangesNothing) {
  share(ben, right::kEditor);
  const auto refused = [&](const std::function<Result<void>(Transaction&)>& step) {
    const auto done = account->update(as(ben), step);
    return done ? std::string("done") : std::string(name(done.error().code));
  };
  const NewItem item = make_item(Kind::calendar, event("confidential", kTime));
  EXPECT_EQ(refused([&](Transaction& t) -> Result<void> {
              TRY_VOID(t.replace(calendar, confidential.uid, item));
              return {};
            }),
            "denied");
  EXPECT_EQ(refused([&](Transaction& t) -> Result<void> {
              TRY_VOID(t.copy(calendar, hidden.uid, calendar));
              return {};
            }),
            "not_found");
  EXPECT_EQ(refused([&](Transaction& t) { return t.remove(calendar, hidden.uid); }), "not_found");
  EXPECT_EQ(refused([&](Transaction& t) { return t.rename(calendar, confidential.uid, "x.ics"); }), "denied");
}

TEST_F(PrivacyTest, WhoSeesLessMayMakeItPrivate) {
  share(ben, right::kEditor);
  NewItem item = make_item(Kind::calendar, event("open", std::string(kTime) + "CLASS:PRIVATE\r\n"));
  item.properties["a"] = "b";
  must(account->update(as(ben), [&](Transaction& t) -> Result<void> {
    TRY_VOID(t.replace(calendar, open_one.uid, item));
    return {};
  }));
  EXPECT_EQ(must(reader()->item(open_one.item)).properties.at("a"), "b");
  EXPECT_FALSE(reader(as(ben))->item(open_one.item));
  expect_sound();
}

TEST_F(PrivacyTest, ChangesTellWhatOneMayKnow) {
  const Modseq before = account->modseq();
  replace(open_one.uid, event("open", std::string(kTime) + "CLASS:PRIVATE\r\n"));
  EXPECT_EQ(vanished(before, as(ben)), (std::vector<std::string>{"open.ics"})) << "it went out of sight";
  EXPECT_TRUE(vanished(before, as(ada)).empty());
  const Modseq later = account->modseq();
  change([&](Transaction& t) { return t.remove(calendar, hidden.uid); });
  EXPECT_TRUE(vanished(later, as(ben)).empty()) << "it never was there";
  EXPECT_EQ(vanished(later, as(ada)), (std::vector<std::string>{"hidden.ics"}));
  const Changes changes = must(reader(as(ben))->changes_since(before));
  EXPECT_TRUE(std::ranges::none_of(changes.items_changed, [&](ItemId id) { return id == open_one.item; }));
}

}  // namespace
}  // namespace kontor::groupware
