// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/collection.h"

#include "protocols/import/test_site.h"

namespace kontor::importing {
namespace {

using groupware::Caller;
using groupware::FolderRole;
using groupware::Kind;

std::string made_event(const std::string& uid, const std::string& summary) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:p\r\nBEGIN:VEVENT\r\nUID:" + uid +
         "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T100000Z\r\nSUMMARY:" + summary +
         "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
}

MadeFolder made_collection(const std::string& name, const std::string& kind, std::string role = "") {
  MadeFolder out;
  out.record = made_folder({name}, 0, std::move(role));
  out.record.key = "/ada/" + name + "/";
  out.record.kind = kind;
  return out;
}

MadeItem made_named(const std::string& key, const std::string& content, const std::string& name) {
  return {key, 0, content, 0, {}, 1'000'000'000, name, std::to_string(std::hash<std::string>()(content))};
}

std::shared_ptr<const groupware::Folder> folder_at(TestSite& site, const std::string& name,
                                                   Kind kind = Kind::calendar) {
  return site.account()->folders()->at_path(name, kind);
}

// "name: content" of every item, in the order of the names.
std::vector<std::string> contents_of(TestSite& site, const std::string& folder, Kind kind = Kind::calendar) {
  const auto reader = *site.account()->read(Caller::system());
  std::vector<groupware::Entry> entries;
  EXPECT_TRUE(reader->entries(folder_at(site, folder, kind)->id, [&](const groupware::Entry& entry) {
    entries.push_back(entry);
    return true;
  }));
  std::vector<std::string> out;
  for (const auto& entry : entries) out.push_back(entry.name + ": " + *(*reader->content(entry.item))->read(0, 10'000));
  return out;
}

TEST(ImportCollections, BringsACalendarExactlyOnce) {
  TestSite site;
  auto work = made_collection("Work", "calendar", "calendar");
  work.record.colour = "#ff0000";
  work.record.description = "All of it";
  work.record.properties["dav.name"] = "work";
  work.items = {made_named("1", made_event("1", "a"), "one.ics"), made_named("2", made_event("2", "b"), "two.ics"),
                made_named("3",
                           "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:p\r\nBEGIN:VTODO\r\nUID:3\r\nEND:VTODO\r\n"
                           "END:VCALENDAR\r\n",
                           "task.ics")};
  const auto dump = dump_of({work});
  const auto first = import_archive(site, dump);
  EXPECT_EQ(first.error, "");
  EXPECT_EQ(first.counts.copied, 3u);
  EXPECT_TRUE(first.quarantined.empty());
  const auto folder = folder_at(site, "Work");
  ASSERT_TRUE(folder);
  EXPECT_EQ(folder->role, FolderRole::calendar) << "the default one, which nobody had used, under the source's name";
  EXPECT_EQ(folder->colour, "#ff0000");
  EXPECT_EQ(folder->description, "All of it");
  EXPECT_EQ(folder->properties.at("dav.name"), "work");
  EXPECT_EQ(contents_of(site, "Work")[0], "one.ics: " + made_event("1", "a"));
  const auto modseq = site.account()->modseq();
  const auto again = import_archive(site, dump);
  EXPECT_EQ(again.counts.present, 3u);
  EXPECT_EQ(site.account()->modseq(), modseq) << "a second run writes nothing";
}

TEST(ImportCollections, FollowsWhatChangedThere) {
  TestSite site;
  auto work = made_collection("Work", "calendar");
  work.record.colour = "#1";
  work.items = {made_named("1", made_event("1", "a"), "one.ics"), made_named("2", made_event("2", "b"), "two.ics")};
  EXPECT_EQ(import_archive(site, dump_of({work})).counts.copied, 2u);
  work.record.path = {"Job"};
  work.record.colour = "#2";
  work.items[0] = made_named("1", made_event("1", "changed"), "other.ics");
  const auto later = import_archive(site, dump_of({work}));
  EXPECT_EQ(later.counts.updated, 1u);
  EXPECT_EQ(later.counts.present, 1u);
  ASSERT_TRUE(folder_at(site, "Job"));
  EXPECT_EQ(folder_at(site, "Job")->colour, "#2");
  const std::vector<std::string> expected = {"other.ics: " + made_event("1", "changed"),
                                             "two.ics: " + made_event("2", "b")};
  EXPECT_EQ(contents_of(site, "Job"), expected);
}

TEST(ImportCollections, LeavesWhatWasChangedHere) {
  TestSite site;
  auto work = made_collection("Work", "calendar");
  work.record.colour = "#1";
  work.items = {made_named("1", made_event("1", "a"), "one.ics")};
  import_archive(site, dump_of({work}));
  const auto folder = folder_at(site, "Work")->id;
  ASSERT_TRUE(site.account()->update(Caller::system(), [&](groupware::Transaction& transaction) -> Result<void> {
    const auto stager = site.accounts->stage(site.account()->tenant(), Kind::calendar);
    TRY_VOID(stager->write(made_event("1", "mine")));
    groupware::NewItem item;
    item.kind = Kind::calendar;
    TRY(item.content, stager->finish());
    TRY(const auto uid, transaction.named(folder, "one.ics"));
    TRY_VOID(transaction.replace(folder, uid, item));
    groupware::Transaction::FolderChange change;
    change.colour = "#mine";
    return transaction.change_folder(folder, change);
  }));
  work.record.colour = "#2";
  work.items[0] = made_named("1", made_event("1", "theirs"), "one.ics");
  const auto later = import_archive(site, dump_of({work}));
  EXPECT_EQ(later.counts.kept, 1u);
  EXPECT_EQ(later.notes.size(), 1u);
  EXPECT_EQ(contents_of(site, "Work")[0], "one.ics: " + made_event("1", "mine"));
  EXPECT_EQ(folder_at(site, "Work")->colour, "#mine");
  const auto modseq = site.account()->modseq();
  import_archive(site, dump_of({work}));
  EXPECT_EQ(site.account()->modseq(), modseq) << "it was told once";
}

TEST(ImportCollections, WhatWasChangedHereSurvivesWhenItVanishesThere) {
  TestSite site;
  auto work = made_collection("Work", "calendar");
  work.items = {made_named("1", made_event("1", "a"), "one.ics"), made_named("2", made_event("2", "b"), "two.ics")};
  import_archive(site, dump_of({work}));
  const auto folder = folder_at(site, "Work")->id;
  ASSERT_TRUE(site.account()->update(Caller::system(), [&](groupware::Transaction& transaction) -> Result<void> {
    const auto stager = site.accounts->stage(site.account()->tenant(), Kind::calendar);
    TRY_VOID(stager->write(made_event("1", "mine")));
    groupware::NewItem item;
    item.kind = Kind::calendar;
    TRY(item.content, stager->finish());
    TRY(const auto uid, transaction.named(folder, "one.ics"));
    TRY_VOID(transaction.replace(folder, uid, item));
    return {};
  }));
  work.items = {};
  ImportOptions options;
  options.delete_vanished = true;
  const auto later = import_archive(site, dump_of({work}), options);
  EXPECT_EQ(later.counts.removed, 1u);
  EXPECT_EQ(later.counts.kept, 1u);
  EXPECT_EQ(contents_of(site, "Work"), std::vector<std::string>{"one.ics: " + made_event("1", "mine")});
  // Nor when it comes back there under another name.
  work.items = {made_named("3", made_event("1", "theirs"), "three.ics")};
  EXPECT_EQ(import_archive(site, dump_of({work})).counts.kept, 1u);
  EXPECT_EQ(contents_of(site, "Work"), std::vector<std::string>{"three.ics: " + made_event("1", "mine")});
  const auto modseq = site.account()->modseq();
  EXPECT_EQ(import_archive(site, dump_of({work})).counts.present, 1u);
  EXPECT_EQ(site.account()->modseq(), modseq);
}

TEST(ImportCollections, MovesWhatMovedThere) {
  TestSite site;
  auto one = made_collection("One", "calendar"), two = made_collection("Two", "calendar");
  one.items = {made_named("a.ics", made_event("1", "a"), "a.ics"), made_named("b.ics", made_event("2", "b"), "b.ics")};
  import_archive(site, dump_of({one, two}));
  two.items = {made_named("moved.ics", made_event("1", "a"), "moved.ics")};
  one.items = {made_named("renamed.ics", made_event("2", "b"), "renamed.ics")};
  const auto later = import_archive(site, dump_of({one, two}));
  EXPECT_EQ(later.counts.moved, 2u);
  EXPECT_EQ(later.counts.copied, 0u);
  EXPECT_EQ(contents_of(site, "One"), std::vector<std::string>{"renamed.ics: " + made_event("2", "b")});
  EXPECT_EQ(contents_of(site, "Two"), std::vector<std::string>{"moved.ics: " + made_event("1", "a")});
}

TEST(ImportCollections, KnowsAnItemByItsUid) {
  TestSite site;
  auto work = made_collection("Work", "calendar");
  work.items = {made_named("a.ics", made_event("1", "a"), "a.ics"),
                made_named("twice.ics", made_event("1", "b"), "twice.ics")};
  const auto first = import_archive(site, dump_of({work}));
  EXPECT_EQ(first.counts.copied, 1u);
  ASSERT_EQ(first.quarantined.size(), 1u) << "one UID is there once";
  EXPECT_EQ(first.quarantined[0].key, "twice.ics");
  work.items = {made_named("b.ics", made_event("1", "changed"), "b.ics")};
  const auto later = import_archive(site, dump_of({work}));
  EXPECT_EQ(later.counts.moved, 1u) << "it vanished, and came under another name with another content";
  EXPECT_EQ(contents_of(site, "Work"), std::vector<std::string>{"b.ics: " + made_event("1", "changed")});
}

TEST(ImportCollections, ComeBesideMailOfTheSameName) {
  TestSite site;
  MadeFolder mail;
  mail.record = made_folder({"Work"}, 7);
  mail.items = {{"7:1", 1, made_message("a")}};
  auto work = made_collection("Work", "calendar"), tasks = made_collection("Work", "tasks");
  tasks.record.key = "/ada/tasks/";
  work.items = {made_named("1", made_event("1", "a"), "")};
  const auto done = import_archive(site, dump_of({mail, work, tasks}));
  EXPECT_EQ(done.error, "");
  EXPECT_EQ(done.counts.copied, 2u);
  EXPECT_EQ(site.account()->folders()->at_path("Work")->total, 1u);
  EXPECT_EQ(folder_at(site, "Work")->total, 1u);
  EXPECT_TRUE(folder_at(site, "Work (2)", Kind::tasks)) << "names of the other kinds are unique among one another";
}

TEST(ImportCollections, KeepsATreeOfFiles) {
  TestSite site;
  auto root = made_collection("Files", "files", "files"), inner = made_collection("Files", "files");
  inner.record.key = "a/b";
  inner.record.path = {"Files", "a", "b"};
  root.items = {made_named("x.bin", std::string("\0\r\n\xff", 4), "x.bin")};
  inner.items = {made_named("y.txt", "y", "y.txt")};
  EXPECT_EQ(import_archive(site, dump_of({root, inner})).counts.copied, 2u);
  const auto top = site.account()->folders()->by_role(FolderRole::files);
  EXPECT_EQ(contents_of(site, top->name, Kind::files)[0], std::string("x.bin: \0\r\n\xff", 11));
  EXPECT_EQ(contents_of(site, top->name + "/a/b", Kind::files)[0], "y.txt: y");
  inner.items[0].date += 60;
  inner.items[0].fingerprint += "'";
  const auto later = import_archive(site, dump_of({root, inner}));
  EXPECT_EQ(later.counts.updated, 1u) << "its date";
}

TEST(ImportCollections, NamesThatCannotBeAreMadeSound) {
  TestSite site;
  auto work = made_collection("Work", "calendar");
  work.items = {made_named("1", made_event("1", "a"), "a/b.ics"), made_named("2", made_event("2", "b"), "a-b.ics"),
                made_named("3", made_event("3", "c"), "..")};
  const auto done = import_archive(site, dump_of({work}));
  EXPECT_EQ(done.counts.copied, 3u);
  EXPECT_EQ(done.counts.names_rewritten, 3u);
}

TEST(ImportCollections, TellsKinds) {
  EXPECT_EQ(kind_named(""), Kind::mail);
  EXPECT_EQ(kind_named("notes"), Kind::notes);
  EXPECT_EQ(kind_named("nothing"), std::nullopt);
  EXPECT_EQ(kind_of_item(Kind::calendar, "BEGIN:VCALENDAR\nBEGIN:VTODO\nBEGIN:VEVENT"), Kind::tasks);
  EXPECT_EQ(kind_of_item(Kind::tasks, "BEGIN:VCALENDAR\nBEGIN:VEVENT"), Kind::calendar);
  EXPECT_EQ(kind_of_item(Kind::calendar, "nonsense"), Kind::calendar);
  EXPECT_EQ(kind_of_item(Kind::files, "BEGIN:VEVENT"), Kind::files);
}

}  // namespace
}  // namespace kontor::importing
