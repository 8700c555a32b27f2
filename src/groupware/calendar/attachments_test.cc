// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/calendar/attachments.h"

#include <gtest/gtest.h>

#include "formats/icalendar/calendar.h"
#include "formats/itip/attachments.h"
#include "groupware/calendar/calendar_fixture.h"
#include "groupware/keys.h"
#include "groupware/records.h"
#include "groupware/scheduling/hidden_folder.h"
#include "store/engine.h"

namespace kontor::groupware {
namespace {

class AttachmentsTest : public CalendarTest {
 protected:
  NewAttachment new_attachment(const std::string& bytes, AccountId of = {}) {
    NewAttachment out{new_attachment_id(of ? of : account->id()), {}, "agenda.html", "text/html; charset=utf-8"};
    const auto stager = accounts->stage(account->tenant(), Kind::files);
    must(stager->write(bytes));
    out.content = must(stager->finish());
    return out;
  }
  static std::string with(const std::string& uid, const std::vector<std::string>& ids, const std::string& more = "") {
    std::string lines = "DTSTART:20231115T100000Z\r\n" + more;
    for (const std::string& id : ids)
      lines += "ATTACH;MANAGED-ID=" + id + ":https://x/dav/attachments/" + id + "/a\r\n";
    return event(uid, lines);
  }
  // An event with an attachment.
  Added attached(const NewAttachment& attachment, const std::string& more = "",
                 const Caller& caller = Caller::system()) {
    const NewItem item = make_item(Kind::calendar, with("u1", {attachment.id}, more), "");
    Added out;
    must(account->update(caller, [&](Transaction& t) -> Result<void> {
      TRY(out, t.add(calendar, item));
      return t.attach(attachment);
    }));
    return out;
  }
  bool is_there(const std::string& id, Caller caller = Caller::system()) {
    return reader(std::move(caller))->attachment(id).has_value();
  }
  std::uint32_t kept() {
    const auto folder = hidden_folder(*account->folders(), kIsAttachments);
    return folder ? folder->total : 0;
  }
};

TEST_F(AttachmentsTest, IdsSayWhoseTheyAre) {
  const std::string id = new_attachment_id(AccountId(17));
  EXPECT_EQ(account_of_attachment(id), AccountId(17));
  EXPECT_NE(id, new_attachment_id(AccountId(17)));
  for (const std::string& bad : {std::string("97S"), std::string("-") + std::string(32, '0'), id + "0", id.substr(1, 9),
                                 "x" + id, "0-" + std::string(32, '0'), "1-" + std::string(32, 'G')})
    EXPECT_FALSE(account_of_attachment(bad)) << bad;
}

TEST_F(AttachmentsTest, LivesAsLongAsSomethingRefersToIt) {
  const auto attachment = new_attachment(std::string(1000, 'x'));
  const auto before = reader()->usage().bytes;
  const Added first = attached(attachment);
  const auto found = must(reader()->attachment(attachment.id));
  EXPECT_EQ(found.name, "agenda.html");
  EXPECT_EQ(found.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(found.size, 1000U);
  const auto content = must(reader()->attachment_content(attachment.id));
  EXPECT_EQ(must(content->read(0, 2000)), std::string(1000, 'x'));
  EXPECT_GE(reader()->usage().bytes, before + 1000) << "it counts";
  FolderId other;
  Added second;
  change([&](Transaction& t) -> Result<void> {
    Transaction::NewFolder folder;
    folder.name = "Other";
    folder.kind = Kind::calendar;
    TRY(other, t.create_folder(folder));
    TRY(second, t.copy(calendar, first.uid, other));
    return {};
  });
  change([&](Transaction& t) { return t.remove(calendar, first.uid); });
  EXPECT_EQ(kept(), 1U) << "the copy has it still";
  change([&](Transaction& t) -> Result<void> {
    TRY(second, t.move(other, second.uid, calendar));
    return t.rename(calendar, second.uid, "renamed.ics");
  });
  EXPECT_EQ(kept(), 1U);
  expect_sound();
  replace(second.uid, with("u1", {}));
  EXPECT_EQ(kept(), 0U) << "an edit took the last one away";
  EXPECT_LT(reader()->usage().bytes, before + 1000);
  EXPECT_TRUE(is_there(attachment.id)) << "its owner may refer to it again";
  replace(second.uid, with("u1", {attachment.id}));
  EXPECT_EQ(kept(), 1U);
  change([&](Transaction& t) { return t.remove_folder(other); });
  change([&](Transaction& t) { return t.remove(calendar, second.uid); });
  EXPECT_EQ(kept(), 0U);
  change([&](Transaction& t) -> Result<void> {
    TRY_VOID(t.restore(second.item, calendar));
    return {};
  });
  EXPECT_EQ(kept(), 1U) << "it comes back with what refers to it";
  expect_sound();
}

TEST_F(AttachmentsTest, IsPurgedWithItsTime) {
  const auto attachment = new_attachment("hello");
  const Added added = attached(attachment);
  const ItemId item = must(reader()->attachment(attachment.id)).item;
  change([&](Transaction& t) { return t.remove(calendar, added.uid); });
  change([&](Transaction& t) { return t.purge_removed_item(item); });
  EXPECT_FALSE(is_there(attachment.id));
  change([&](Transaction& t) -> Result<void> {
    TRY_VOID(t.restore(added.item, calendar));
    return {};
  });
  EXPECT_FALSE(is_there(attachment.id));
  expect_sound();
}

TEST_F(AttachmentsTest, NothingStaysThatNobodyRefersTo) {
  const auto attachment = new_attachment("hello");
  change([&](Transaction& t) { return t.attach(attachment); });
  EXPECT_EQ(kept(), 0U);
  const auto foreign = new_attachment("hello", AccountId(account->id().value + 1));
  EXPECT_EQ(account->update(Caller::system(), [&](Transaction& t) { return t.attach(foreign); }).error().code,
            Errc::invalid);
  // What a step did that failed is not there.
  const auto broken = new_attachment("hello");
  change([&](Transaction& t) -> Result<void> {
    EXPECT_FALSE(t.attempt([&](Transaction& step) -> Result<void> {
      TRY_VOID(step.attach(broken));
      return fail(Errc::conflict, "no");
    }));
    return {};
  });
  EXPECT_FALSE(is_there(broken.id));
  expect_sound();
}

TEST_F(AttachmentsTest, RightsAreThoseOfTheEvents) {
  const auto open_one = new_attachment("open");
  const Added added = attached(open_one);
  EXPECT_FALSE(reader(as(ada))->attachment("97S"));
  EXPECT_FALSE(account->read(as(ben))) << "nothing is his to see";
  share(ben, right::kReader);
  EXPECT_TRUE(is_there(open_one.id, as(ben)));
  for (const char* privacy : {"CLASS:PRIVATE\r\n", "CLASS:CONFIDENTIAL\r\n"}) {
    replace(added.uid, with("u1", {open_one.id}, privacy));
    EXPECT_FALSE(is_there(open_one.id, as(ben))) << privacy;
    EXPECT_FALSE(reader(as(ben))->attachment_content(open_one.id)) << privacy;
    EXPECT_TRUE(is_there(open_one.id, as(ada))) << privacy;
  }
  replace(added.uid, with("u1", {open_one.id}));
  EXPECT_TRUE(is_there(open_one.id, as(ben)));
  change([&](Transaction& t) { return t.remove(calendar, added.uid); });
  EXPECT_FALSE(is_there(open_one.id, as(ben))) << "what is removed is the owner's alone";
}

TEST_F(AttachmentsTest, DelegatesAttach) {
  share(ben, right::kEditor);
  const auto attachment = new_attachment("by ben");
  attached(attachment, "", as(ben));
  EXPECT_TRUE(is_there(attachment.id, as(ben)));
  const auto folder = hidden_folder(*account->folders(), kIsAttachments);
  ASSERT_TRUE(folder);
  EXPECT_EQ(reader(as(ben))->rights(folder->id), 0U) << "the folder itself is not his to see";
  EXPECT_EQ(account->update(as(ada), [&](Transaction& t) { return t.remove_folder(folder->id); }).error().code,
            Errc::invalid);
  expect_sound();
}

TEST_F(AttachmentsTest, GoesAlongIntoAnotherAccount) {
  for (const std::size_t size : {std::size_t{100}, std::size_t{200'000}}) {  // inline and as a blob
    const auto attachment = new_attachment(std::string(size, 'y'));
    const Added added = attached(attachment);
    const auto theirs = open(ben);
    auto copy = must(icalendar::read(bytes(added.item, Caller::system()))).calendars.front();
    const auto source = reader(as(ada));
    Carriage carriage{*accounts, theirs->id(), theirs->tenant(),
                      [&](AccountId id) { return id == account->id() ? source.get() : nullptr; }};
    carriage.most_bytes = size - 1;
    auto poor = copy;
    EXPECT_TRUE(must(carry_attachments(poor, carriage)).attachments.empty());
    EXPECT_TRUE(itip::managed_ids(poor).empty()) << "it is a link now";
    carriage.most_bytes = size;
    const Carried carried = must(carry_attachments(copy, carriage));
    ASSERT_EQ(carried.attachments.size(), 1U);
    const std::string& id = carried.attachments[0].id;
    EXPECT_EQ(itip::managed_ids(copy), std::vector<std::string>{id});
    EXPECT_NE(copy.components[0].find("ATTACH")->value.find("/dav/attachments/" + id + "/"), std::string::npos);
    const NewItem item = make_item(Kind::calendar, icalendar::write(copy), "");
    const FolderId place = by_role(*theirs, FolderRole::calendar);
    Uid uid;
    must(theirs->update(Caller::system(), [&](Transaction& t) -> Result<void> {
      TRY(const Added there, t.add(place, item));
      uid = there.uid;
      return t.attach(carried.attachments[0]);
    }));
    change([&](Transaction& t) { return t.remove(calendar, added.uid); });
    const auto later = must(theirs->read(as(ben)));
    EXPECT_EQ(must(must(later->attachment_content(id))->read(0, size)), std::string(size, 'y'));
    const auto copies = copied_attachments(*later, copy);
    EXPECT_EQ(copies.at(attachment.id), id);
    auto again = must(icalendar::read(with("u1", {attachment.id}))).calendars.front();
    carriage.copies = copies;
    EXPECT_TRUE(must(carry_attachments(again, carriage)).attachments.empty());
    EXPECT_EQ(itip::managed_ids(again), std::vector<std::string>{id});
    must(theirs->update(Caller::system(), [&](Transaction& t) { return t.remove(place, uid); }));
    expect_sound();
  }
}

TEST_F(AttachmentsTest, CheckPutsThemRight) {
  const auto used = new_attachment("used");
  attached(used);
  const auto lost = new_attachment("lost");
  const Added other = must(try_put(*account, calendar, make_item(Kind::calendar, with("u2", {lost.id}), "")));
  change([&](Transaction& t) -> Result<void> {
    TRY_VOID(t.replace(calendar, other.uid, make_item(Kind::calendar, with("u2", {lost.id}, "SUMMARY:x\r\n"))));
    return t.attach(lost);
  });
  const auto partition = store::account_partition(account->id());
  store::Batch batch;
  batch.erase(key::attachment(used.id));
  batch.erase(key::attachment_use(used.id, calendar, Uid(1)));
  batch.put(key::attachment("nothing"), std::string(8, '\1'));
  batch.put(key::attachment_use("nothing", calendar, Uid(9)), std::string(8, '\1'));
  // The event that refers to the other one does so no longer, and nobody noticed.
  Facts facts = must(reader()->facts(other.item));
  facts.attachments.clear();
  batch.put(key::facts(other.item), encode(facts));
  must(engine->commit(partition, batch, store::Durability::durable));
  const auto report = must(accounts->check({.repair = true, .read_content = false, .progress = {}}));
  EXPECT_GE(report.faults.size(), 5U);
  for (const Fault& fault : report.faults) EXPECT_TRUE(fault.repaired) << fault.where << ": " << fault.what;
  EXPECT_TRUE(is_there(used.id));
  EXPECT_EQ(kept(), 1U);
  // With contents, what refers to it is found; it is the owner's to bring back until then.
  must(accounts->check({.repair = true, .read_content = true, .progress = {}}));
  EXPECT_TRUE(is_there(lost.id));
}

}  // namespace
}  // namespace kontor::groupware
