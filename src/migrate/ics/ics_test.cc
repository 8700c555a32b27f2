// SPDX-License-Identifier: AGPL-3.0-or-later
#include <gtest/gtest.h>

#include <map>

#include "migrate/files/scratch_directory.h"
#include "migrate/ics/collection_files.h"
#include "migrate/ics/item_files.h"
#include "migrate/ics/source.h"

namespace kontor::migrate {
namespace {

std::string ics_event(const std::string& uid, const std::string& summary) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:p\r\nBEGIN:VEVENT\r\nUID:" + uid + "\r\nSUMMARY:" + summary +
         "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
}

std::string many_events(const std::string& name) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:p\r\n" + (name.empty() ? "" : "X-WR-CALNAME:" + name + "\r\n") +
         "BEGIN:VEVENT\r\nUID:m1\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:m2\r\nEND:VEVENT\r\n"
         "BEGIN:VEVENT\r\nUID:m1\r\nRECURRENCE-ID:20260101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
}

std::string vcf_card(const std::string& uid, const std::string& name) {
  return "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + uid + "\r\nFN:" + name + "\r\nN:;;;;\r\nEND:VCARD\r\n";
}

struct Session {
  explicit Session(const std::string& path, SourceKind kind = SourceKind::ics) {
    SourceOptions options;
    options.kind = kind;
    options.path = path;
    SourceUser user;
    user.login = "ada";
    options.users.push_back(user);
    source = std::move(*open_item_file_source(options));
    session = std::move(*source->open({"ada", "ada@example.org"}));
  }
  std::map<std::string, SourceItem> list(const SourceFolder& folder, FolderPass* pass = nullptr,
                                         const FolderState& state = "") {
    std::map<std::string, SourceItem> out;
    auto done = session->list(folder, state, [&](const SourceItem& item) -> Result<void> {
      EXPECT_TRUE(out.emplace(item.key, item).second) << item.key;
      return {};
    });
    EXPECT_TRUE(done);
    if (pass != nullptr) *pass = std::move(*done);
    return out;
  }
  std::string content(const SourceFolder& folder, const SourceItem& item) {
    std::string out;
    const auto done = session->fetch(folder, item, [&](std::string_view piece) -> Result<void> {
      out += piece;
      return {};
    });
    EXPECT_TRUE(done) << done.error().text;
    return out;
  }
  std::unique_ptr<Source> source;
  std::unique_ptr<SourceSession> session;
};

TEST(ItemFiles, OfOneItemAreItemsByteForByte) {
  const ScratchDirectory files;
  files.write("work/a.ics", ics_event("1", "a") + "\r\n");
  files.write("work/b.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:2\nEND:VEVENT\nEND:VCALENDAR\n");
  files.write("work/displayname", "Work & more\n");
  files.write("work/color", "#112233");
  files.write("work/notes.txt", "no item");
  Session session(files.path());
  const auto folders = *session.session->folders();
  ASSERT_EQ(folders.size(), 1u);
  EXPECT_EQ(folders[0].path, SourcePath{"Work & more"});
  EXPECT_EQ(folders[0].colour, "#112233");
  EXPECT_EQ(folders[0].kind, "calendar");
  EXPECT_EQ(folders[0].role, "calendar") << "the only one";
  FolderPass pass;
  auto items = session.list(folders[0], &pass);
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items["1"].name, "a.ics");
  EXPECT_EQ(session.content(folders[0], items["1"]), ics_event("1", "a") + "\r\n");
  EXPECT_EQ(session.content(folders[0], items["2"]).substr(0, 17), "BEGIN:VCALENDAR\r\n");
  FolderPass again;
  EXPECT_TRUE(session.list(folders[0], &again, pass.state).empty());
  EXPECT_TRUE(again.unchanged);
  const auto before = items["1"].fingerprint;
  files.write("work/a.ics", ics_event("1", "other"), 1700000000);
  items = session.list(folders[0], &again, pass.state);
  EXPECT_EQ(items.size(), 2u);
  EXPECT_NE(items["1"].fingerprint, before);
}

TEST(ItemFiles, OfManyItemsAreTakenApartByUid) {
  const ScratchDirectory files;
  files.write("all.ics", many_events(""));
  Session session(files.path());
  const auto folders = *session.session->folders();
  ASSERT_EQ(folders.size(), 1u);
  EXPECT_EQ(folders[0].path, SourcePath{"Calendar"});
  auto items = session.list(folders[0]);
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items["m1"].name, "") << "made from the UID";
  EXPECT_NE(session.content(folders[0], items["m1"]).find("RECURRENCE-ID"), std::string::npos);
  EXPECT_EQ(session.content(folders[0], items["m2"]).find("m1"), std::string::npos);
}

TEST(ItemFiles, ThatNameACollectionAreOne) {
  const ScratchDirectory files;
  files.write("export/Work_abc.ics", many_events("Work"));
  files.write("export/Home_def.ics", many_events("Home"));
  files.write("export/single.ics", ics_event("1", "a"));
  Session session(files.path("export"));
  const auto folders = *session.session->folders();
  std::map<std::string, SourceFolder> by_name;
  for (const auto& folder : folders) by_name[folder.path[0]] = folder;
  ASSERT_EQ(by_name.size(), 3u);
  EXPECT_EQ(session.list(by_name["Work"]).size(), 2u);
  EXPECT_EQ(session.list(by_name["Home"]).size(), 2u);
  EXPECT_EQ(session.list(by_name["Calendar"]).size(), 1u);
  Session alone(files.path("export/Work_abc.ics"));
  const auto one = *alone.session->folders();
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].path, SourcePath{"Work"});
  EXPECT_EQ(alone.list(one[0]).size(), 2u);
}

TEST(ItemFiles, ThatAreNotUnderstoodComeAsTheyAre) {
  const ScratchDirectory files;
  files.write("c/broken.ics", "this is no calendar");
  files.write("c/nouid.ics", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
  files.write("c/one.ics", ics_event("1", "a"));
  files.write("c/two.ics", ics_event("1", "the same UID"));
  files.write("c/empty.ics", "");
  Session session(files.path());
  const auto folders = *session.session->folders();
  auto items = session.list(folders[0]);
  ASSERT_EQ(items.size(), 5u);
  EXPECT_EQ(session.content(folders[0], items["file:broken.ics"]), "this is no calendar");
  EXPECT_EQ(session.content(folders[0], items["file:empty.ics"]), "");
  EXPECT_EQ(items["file:two.ics"].name, "two.ics");
  EXPECT_EQ(items.count("file:nouid.ics"), 1u);
}

TEST(ItemFiles, OfCardsAreCutByteForByte) {
  const ScratchDirectory files;
  const std::string old = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;ENCODING=QUOTED-PRINTABLE:=C3=9C;x\r\nEND:VCARD\r\n";
  files.write("book.vcf", vcf_card("1", "A") + "\r\n" + vcf_card("2", "B") + old);
  Session session(files.path(), SourceKind::vcf);
  const auto folders = *session.session->folders();
  ASSERT_EQ(folders.size(), 1u);
  EXPECT_EQ(folders[0].kind, "contacts");
  EXPECT_EQ(folders[0].path, SourcePath{"Contacts"});
  auto items = session.list(folders[0]);
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(session.content(folders[0], items["2"]), vcf_card("2", "B"));
  for (const auto& [key, item] : items) {
    if (key == "1" || key == "2") continue;
    EXPECT_TRUE(key.starts_with("file:book.vcf#")) << key;
    EXPECT_EQ(session.content(folders[0], item), old);
  }
}

TEST(ItemFiles, KindsFollowWhatIsIn) {
  const ScratchDirectory files;
  files.write("t/a.ics", "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:1\r\nEND:VTODO\r\nEND:VCALENDAR\r\n");
  files.write("j/a.ics", "BEGIN:VCALENDAR\r\nBEGIN:VJOURNAL\r\nUID:1\r\nEND:VJOURNAL\r\nEND:VCALENDAR\r\n");
  files.write(
      "p/.Radicale.props",
      R"({"tag":"VCALENDAR","D:displayname":"Plan","C:supported-calendar-component-set":"VTODO","ICAL:calendar-color":"#fff","C:calendar-description":"d"})");
  Session session(files.path());
  std::map<std::string, SourceFolder> by_key;
  for (const auto& folder : *session.session->folders()) by_key[folder.key] = folder;
  EXPECT_EQ(by_key["t"].kind, "tasks");
  EXPECT_EQ(by_key["j"].kind, "notes");
  EXPECT_EQ(by_key["p"].kind, "tasks") << "also an empty one";
  EXPECT_EQ(by_key["p"].path, SourcePath{"Plan"});
  EXPECT_EQ(by_key["p"].colour + by_key["p"].description, "#fffd");
}

TEST(ItemFiles, RadicalePropertiesTakeWhatThereIs) {
  EXPECT_FALSE(parse_radicale_properties("").is_there);
  EXPECT_FALSE(parse_radicale_properties("[1]").is_there);
  EXPECT_EQ(parse_radicale_properties(R"({"tag":"VADDRESSBOOK","D:displayname":7})").kind, "contacts");
}

}  // namespace
}  // namespace kontor::migrate
