// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/attached.h"

#include <algorithm>
#include "formats/icalendar/calendar.h"

#include "formats/itip/attachments.h"
#include "formats/lines/reader.h"
#include "formats/lines/writer.h"
#include "protocols/import/queries.h"
#include "protocols/import/test_site.h"

namespace kontor::importing {
namespace {

using groupware::Caller;
using groupware::Kind;

const std::string kPlan = "the plan", kPicture(300'000, 'p');

std::string attach_line(const std::string& name, const std::string& bytes) {
  return "ATTACH;FMTTYPE=text/plain;FILENAME=" + name + ";SIZE=" + std::to_string(bytes.size()) + ":" +
         archive::attachment_uri(sha256(bytes));
}

// A day's series with a changed instance, each with lines of its own.
std::string attached_event(const std::string& uid, const std::vector<std::string>& lines,
                           const std::vector<std::string>& changed = {}, const std::string& component = "VEVENT") {
  lines::Component calendar{.name = "VCALENDAR"};
  calendar.set("VERSION", "2.0");
  calendar.set("PRODID", "p");
  for (const bool is_changed : {false, true}) {
    if (is_changed && changed.empty()) break;
    auto& part = calendar.components.emplace_back();
    part.name = component;
    part.set("UID", uid);
    part.set("DTSTAMP", "20260101T000000Z");
    part.set("DTSTART", is_changed ? "20260102T110000Z" : "20260101T100000Z");
    if (!changed.empty())
      part.set(is_changed ? "RECURRENCE-ID" : "RRULE", is_changed ? "20260102T100000Z" : "FREQ=DAILY");
    const auto read = *icalendar::read("BEGIN:VCALENDAR\r\nBEGIN:" + component + "\r\n" + [&] {
      std::string text;
      for (const std::string& line : is_changed ? changed : lines) text += line + "\r\n";
      return text;
    }() + "END:" + component + "\r\nEND:VCALENDAR\r\n");
    for (const auto& property : read.calendars[0].components[0].properties) part.properties.push_back(property);
  }
  return icalendar::write(calendar);
}

MadeFolder attached_folder(std::vector<MadeItem> items, const std::string& kind = "calendar") {
  MadeFolder out;
  out.record = made_folder({"Work"}, 0);
  out.record.kind = kind;
  for (MadeItem& item : items) item.fingerprint = std::to_string(std::hash<std::string>()(item.content));
  out.items = std::move(items);
  return out;
}

MadeItem attached_item(const std::string& key, const std::string& content, std::vector<std::string> attachments) {
  MadeItem out{.key = key, .content = content};
  out.attachments = std::move(attachments);
  return out;
}

ImportOptions at_origin() {
  ImportOptions options;
  options.origin = "https://mail.example.org";
  return options;
}

struct Held {
  groupware::Entry entry;
  std::string text;
  lines::Component object;
};
std::vector<Held> held_in(TestSite& site, Kind kind = Kind::calendar) {
  const auto reader = *site.account()->read(Caller::system());
  std::vector<Held> out;
  EXPECT_TRUE(reader->entries(site.account()->folders()->at_path("Work", kind)->id, [&](const groupware::Entry& entry) {
    out.push_back({entry, {}, {}});
    return true;
  }));
  for (Held& one : out) {
    one.text = *(*reader->content(one.entry.item))->read(0, 1'000'000);
    one.object = std::move(lines::read(one.text)->components[0]);
  }
  return out;
}

// "name: first bytes (size)" of each reference, in order.
std::vector<std::string> references(TestSite& site, const lines::Component& object) {
  const auto reader = *site.account()->read(Caller::system());
  std::vector<std::string> out;
  itip::each_attach(object, [&](const lines::Property& property) {
    const std::string id(property.parameter("MANAGED-ID"));
    const auto found = reader->attachment(id);
    if (!found) return out.push_back("none: " + property.value);
    EXPECT_EQ(property.value, "https://mail.example.org/dav/attachments/" + id + "/" + found->name);
    EXPECT_EQ(found->content_type, "text/plain");
    EXPECT_EQ(property.parameter("FILENAME"), found->name);
    EXPECT_EQ(property.parameter("SIZE"), std::to_string(found->size));
    const auto content = *reader->attachment_content(id);
    out.push_back(found->name + ": " + *content->read(0, 8) + " (" + std::to_string(content->size()) + ")");
  });
  return out;
}

std::size_t held_attachments(TestSite& site) {
  const auto reader = *site.account()->read(Caller::system());
  std::size_t count = 0;
  for (const auto& folder : reader->folders()->all())
    if (folder->properties.contains(groupware::kIsAttachments)) count += folder->total;
  return count;
}

archive::TargetItem verified(TestSite& site, const std::string& key) {
  const auto folder = made_folder({"Work"}, 0).key;
  auto pieces = verify_pieces(site.account(), "test:old", folder, true);
  std::string lines;
  for (auto piece = pieces(); piece && !piece->empty(); piece = pieces()) lines += *piece;
  for (std::size_t at = 0; at < lines.size();) {
    const auto end = lines.find('\n', at);
    auto item = *archive::parse_target_item(lines.substr(at, end - at));
    at = end + 1;
    if (item.key == key) return item;
  }
  ADD_FAILURE() << key << " is not there";
  return {};
}

TEST(ImportAttached, BringsAttachmentsOfASeriesAndOfItsInstances) {
  TestSite site;
  const auto content = attached_event("u", {attach_line("plan.txt", kPlan), attach_line("p.png", kPicture)},
                                      {attach_line("p.png", kPicture), attach_line("again.png", kPicture)});
  const auto dump = dump_of({attached_folder({attached_item("1", content, {kPlan, kPicture})})});
  const auto first = import_archive(site, dump, at_origin());
  EXPECT_EQ(first.error, "");
  EXPECT_TRUE(first.quarantined.empty());
  EXPECT_EQ(first.counts.copied, 1u);
  const auto held = held_in(site);
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(references(site, held[0].object),
            (std::vector<std::string>{"plan.txt: the plan (8)", "p.png: pppppppp (300000)", "p.png: pppppppp (300000)",
                                      "again.png: pppppppp (300000)"}));
  EXPECT_EQ(held_attachments(site), 3u) << "one for each name";
  const auto modseq = site.account()->modseq();
  const auto again = import_archive(site, dump, at_origin());
  EXPECT_EQ(again.counts.present, 1u);
  EXPECT_EQ(site.account()->modseq(), modseq) << "a second run writes nothing";
  const auto seen = verified(site, "1");
  EXPECT_EQ(seen.sha256, sha256(content)) << "it can be told that it is as it came";
  EXPECT_EQ(seen.size, content.size());
  EXPECT_EQ(seen.attachments, 2u);
  EXPECT_EQ((*site.accounts->check({.read_content = true})).faults.size(), 0u);
}

TEST(ImportAttached, TasksNotesAndCardsHaveThemToo) {
  for (const auto& [kind, component] :
       {std::pair("tasks", "VTODO"), std::pair("notes", "VJOURNAL"), std::pair("contacts", "VCARD")}) {
    TestSite site;
    const bool is_card = std::string_view(kind) == "contacts";
    const std::string card = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:c\r\nFN:Carl\r\nX-KONTOR-" +
                             attach_line("plan.txt", kPlan).substr(0, 60) + "\r\n " +
                             attach_line("plan.txt", kPlan).substr(60) + "\r\nEND:VCARD\r\n";
    const auto content = is_card ? lines::write(lines::read(card)->components[0])
                                 : attached_event("u", {attach_line("plan.txt", kPlan)}, {}, component);
    const auto done =
        import_archive(site, dump_of({attached_folder({attached_item("1", content, {kPlan})}, kind)}), at_origin());
    EXPECT_EQ(done.error, "") << kind;
    EXPECT_TRUE(done.quarantined.empty()) << kind << ": " << done.quarantined[0].reason;
    const Kind held_kind = is_card ? Kind::contacts : std::string_view(kind) == "tasks" ? Kind::tasks : Kind::notes;
    const auto held = held_in(site, held_kind);
    ASSERT_EQ(held.size(), 1u) << kind;
    EXPECT_EQ(references(site, held[0].object), (std::vector<std::string>{"plan.txt: the plan (8)"})) << kind;
    EXPECT_EQ(verified(site, "1").sha256, sha256(content)) << kind;
    EXPECT_EQ((*site.accounts->check({.read_content = true})).faults.size(), 0u);
  }
}

TEST(ImportAttached, FollowsWhatChangedAndAsksForNoMoreThanThat) {
  TestSite site;
  const auto lines = [](const std::string& plan) {
    return std::vector{attach_line("plan.txt", plan), attach_line("p.png", kPicture)};
  };
  import_archive(site,
                 dump_of({attached_folder({attached_item("1", attached_event("u", lines(kPlan)), {kPlan, kPicture})})}),
                 at_origin());
  const auto before = itip::managed_ids(held_in(site)[0].object);
  // The picture is known to be here: it does not come again, and keeps its id.
  auto changed = attached_item("1", attached_event("u", lines("another plan")), {"another plan", kPicture});
  changed.known = {kPicture};
  const auto done = import_archive(site, dump_of({attached_folder({changed})}), at_origin());
  EXPECT_EQ(done.error, "");
  EXPECT_EQ(done.counts.updated, 1u);
  EXPECT_TRUE(done.needed.empty());
  const auto held = held_in(site);
  EXPECT_EQ(references(site, held[0].object),
            (std::vector<std::string>{"plan.txt: another  (12)", "p.png: pppppppp (300000)"}));
  EXPECT_EQ(held_attachments(site), 2u) << "nothing refers to the former plan";
  const auto after = itip::managed_ids(held[0].object);
  EXPECT_EQ(std::ranges::count_if(before, [&](const auto& id) { return std::ranges::find(after, id) != after.end(); }),
            1);
  // What is said to be known and is not is asked for.
  changed = attached_item("1", attached_event("u", lines("third plan")), {"third plan", kPicture});
  changed.known = {kPicture, "third plan"};
  const auto asked = import_archive(site, dump_of({attached_folder({changed})}), at_origin());
  EXPECT_EQ(asked.needed, std::vector<std::string>{"1"});
  EXPECT_EQ(held_in(site)[0].text, held[0].text);
  changed.known.clear();
  EXPECT_EQ(import_archive(site, dump_of({attached_folder({changed})}), at_origin()).counts.updated, 1u);
  EXPECT_EQ(verified(site, "1").sha256, sha256(changed.content));
}

TEST(ImportAttached, WhatItsUserChangedHereStays) {
  TestSite site;
  const std::string line = attach_line("plan.txt", kPlan);
  import_archive(site, dump_of({attached_folder({attached_item("1", attached_event("u", {line}), {kPlan})})}),
                 at_origin());
  const auto held = held_in(site);
  const auto folder = site.account()->folders()->at_path("Work", Kind::calendar)->id;
  const auto stager = site.accounts->stage(site.account()->tenant(), Kind::calendar);
  ASSERT_TRUE(stager->write(attached_event("u", {"SUMMARY:mine"})));
  groupware::NewItem own;
  own.kind = Kind::calendar;
  own.content = *stager->finish();
  ASSERT_TRUE(site.account()->update(Caller::system(), [&](groupware::Transaction& transaction) -> Result<void> {
    TRY_VOID(transaction.replace(folder, held[0].entry.uid, own));
    return {};
  }));
  EXPECT_EQ(held_attachments(site), 0u);
  for (const std::string summary : {"theirs", "theirs again"}) {
    const auto item = attached_item("1", attached_event("u", {line, "SUMMARY:" + summary}), {kPlan});
    EXPECT_EQ(import_archive(site, dump_of({attached_folder({item})}), at_origin()).counts.kept, 1u) << summary;
    EXPECT_NE(held_in(site)[0].text.find("SUMMARY:mine"), std::string::npos);
    EXPECT_EQ(held_attachments(site), 0u) << "what nothing refers to is not kept";
  }
}

TEST(ImportAttached, MovesAndComesBackWithItsAttachments) {
  TestSite site;
  const auto content = attached_event("u", {attach_line("plan.txt", kPlan)});
  import_archive(site, dump_of({attached_folder({attached_item("1", content, {kPlan})})}), at_origin());
  const auto text = held_in(site)[0].text;
  // Under another key: the one that vanished is recognised by its content.
  const auto moved =
      import_archive(site, dump_of({attached_folder({attached_item("2", content, {kPlan})})}), at_origin());
  EXPECT_EQ(moved.counts.moved, 1u);
  EXPECT_EQ(held_in(site)[0].text, text);
  ImportOptions options = at_origin();
  options.delete_vanished = true;
  EXPECT_EQ(import_archive(site, dump_of({attached_folder({})}), options).counts.removed, 1u)
      << "it is as it was brought";
  EXPECT_EQ(held_attachments(site), 0u);
}

TEST(ImportAttached, KnowsItAgainWithoutALedger) {
  TestSite site;
  const auto content = attached_event("u", {attach_line("plan.txt", kPlan)});
  import_archive(site, dump_of({attached_folder({attached_item("1", content, {kPlan})})}), at_origin());
  ASSERT_TRUE(site.account()->update(Caller::system(), [&](groupware::Transaction& transaction) -> Result<void> {
    return transaction.forget_imported("test:old", item_mark_key(folder_code(made_folder({"Work"}, 0).key), "1"));
  }));
  const auto done =
      import_archive(site, dump_of({attached_folder({attached_item("1", content, {kPlan})})}), at_origin());
  EXPECT_TRUE(done.quarantined.empty());
  EXPECT_EQ(done.counts.present, 1u);
  EXPECT_EQ(held_attachments(site), 1u);
  EXPECT_EQ(verified(site, "1").sha256, sha256(content));
}

TEST(ImportAttached, LimitsKeepTheItemBackUntilThereIsRoom) {
  const auto content = attached_event("u", {attach_line("p.png", kPicture)});
  const auto dump = dump_of({attached_folder({attached_item("1", content, {kPicture})})});
  TestSite site;
  groupware::Options small;
  small.largest_item = 100'000;
  site.accounts = groupware::Accounts::make(*site.engine, *site.directory, system_clock(), small);
  const auto refused = import_archive(site, dump, at_origin());
  EXPECT_EQ(refused.error, "");
  ASSERT_EQ(refused.quarantined.size(), 1u);
  EXPECT_EQ(refused.quarantined[0].reason,
            "its attachment \"p.png\": the item is larger than the limit of 100000 bytes");
  site.accounts = groupware::Accounts::make(*site.engine, *site.directory, system_clock());
  site.add_user("ben@example.org", directory::Status::inactive, 200'000);
  const auto of_ben = dump_of({attached_folder({attached_item("1", content, {kPicture})})}, "ben@example.org");
  const auto full = import_archive(site, of_ben, at_origin());
  ASSERT_EQ(full.quarantined.size(), 1u);
  EXPECT_EQ(full.quarantined[0].reason, "the mailbox is full");
  ImportOptions unlimited = at_origin();
  unlimited.ignore_quota = true;
  EXPECT_EQ(import_archive(site, of_ben, unlimited).counts.copied, 1u);
  EXPECT_EQ(import_archive(site, dump, at_origin()).counts.copied, 1u) << "with the limit gone it comes";
}

TEST(ImportAttached, TakesOnlyWhatIsWhole) {
  TestSite site;
  const std::string line = attach_line("plan.txt", kPlan);
  // Nothing refers to the second one; the text of the third item has no object in it, the fourth is no such item.
  auto odd = attached_folder({attached_item("1", attached_event("a", {line}), {kPlan, kPicture}),
                              attached_item("2", attached_event("b", {attach_line("x", "elsewhere")}), {kPlan}),
                              attached_item("3", "nothing", {kPlan})});
  MadeFolder mail;
  mail.record = made_folder({"Mail"}, 1);
  mail.items = {attached_item("4", made_message("x"), {kPlan})};
  const auto done = import_archive(site, dump_of({odd, mail}), at_origin());
  EXPECT_EQ(done.error, "");
  EXPECT_EQ(done.counts.copied, 2u);
  ASSERT_EQ(done.quarantined.size(), 2u);
  EXPECT_NE(done.quarantined[0].reason.find("its attachments cannot come"), std::string::npos);
  EXPECT_NE(done.quarantined[1].reason.find("only events"), std::string::npos);
  EXPECT_EQ(held_attachments(site), 1u);
  const auto held = held_in(site);
  EXPECT_EQ(references(site, held[1].object), (std::vector{"none: " + archive::attachment_uri(sha256("elsewhere"))}))
      << "what came without its bytes stays what it was";
}

TEST(ImportAttached, ComesOnceWhereverItBreaksOff) {
  std::vector<MadeItem> items;
  for (int i = 0; i < 8; ++i) {
    const std::string own = "attachment " + std::to_string(i) + std::string(5000, 'x');
    items.push_back(
        attached_item(std::to_string(i), attached_event("u" + std::to_string(i), {attach_line("a", own)}), {own}));
  }
  const auto dump = dump_of({attached_folder(items)});
  ImportOptions options = at_origin();
  options.batch.steps = 3;
  TestSite site;
  std::uint64_t copied = 0;
  for (std::size_t cut = 0; cut < dump.size(); cut += dump.size() / 30 + 1)
    copied += import_archive(site, dump, options, cut).counts.copied;
  const auto last = import_archive(site, dump, options);
  EXPECT_EQ(last.error, "");
  EXPECT_EQ(copied + last.counts.copied, 8u);
  EXPECT_EQ(held_attachments(site), 8u);
  for (const auto& item : items) EXPECT_EQ(verified(site, item.key).sha256, sha256(item.content));
}

}  // namespace
}  // namespace kontor::importing
