// SPDX-License-Identifier: AGPL-3.0-or-later
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "migrate/files/scratch_directory.h"
#include "migrate/mbox/from_line.h"
#include "migrate/mbox/index.h"
#include "migrate/names/item_flags.h"
#include "migrate/sources.h"

namespace kontor::migrate {
namespace {

struct MboxMail {
  SourceItem item;
  std::string content;
};

// All that a folder gives, in order.
std::vector<MboxMail> read_folder(SourceSession& session, const SourceFolder& folder) {
  std::vector<MboxMail> out;
  const auto pass = session.list(folder, {}, [&](const SourceItem& item) -> Result<void> {
    out.push_back({item, {}});
    return {};
  });
  EXPECT_TRUE(pass) << (pass ? "" : pass.error().text);
  for (auto& mail : out) {
    const auto done = session.fetch(folder, mail.item, [&](std::string_view piece) -> Result<void> {
      mail.content.append(piece);
      return {};
    });
    EXPECT_TRUE(done) << (done ? "" : done.error().text);
  }
  return out;
}

std::unique_ptr<SourceSession> open_files(SourceKind kind, const std::string& path, std::unique_ptr<Source>& keep) {
  SourceOptions options;
  options.kind = kind;
  options.path = path;
  options.users = {SourceUser{"bob@example.org", "", "", ""}};
  auto source = open_source(options);
  EXPECT_TRUE(source) << (source ? "" : source.error().text);
  keep = std::move(*source);
  auto session = keep->open(keep->accounts()->front());
  EXPECT_TRUE(session) << (session ? "" : session.error().text);
  return std::move(*session);
}

std::vector<MboxMail> read_file(const std::string& text) {
  ScratchDirectory scratch;
  scratch.write("box", text);
  std::unique_ptr<Source> source;
  auto session = open_files(SourceKind::mbox, scratch.path("box"), source);
  const auto folders = session->folders();
  EXPECT_TRUE(folders);
  EXPECT_EQ(folders->size(), 1u);
  return read_folder(*session, folders->front());
}

TEST(FromLine, IsKnownFromProse) {
  struct Case {
    const char* line;
    const char* sender;
    std::int64_t at;
  };
  for (const auto& c : {Case{"From a@b Sat Jan  3 01:05:34 1996", "a@b", 820631134},
                        Case{"From - Sat Jan 03 01:05:34 1996", "-", 820631134},
                        Case{"From 1234567890@xxx Sat Jan 03 01:05:34 +0000 1996", "1234567890@xxx", 820631134},
                        Case{"From a b@c Sat Jan  3 01:05 CET 1996", "a b@c", 820631100},
                        Case{"From a@b Sat Jan  3 02:05:34 1996 +0100", "a@b", 820631134},
                        Case{"From a@b Sat Jan  3 01:05:34 1996 remote from x\r", "a@b", 820631134},
                        Case{"From  Sat Jan  3 01:05:34 1996", "", 820631134}}) {
    const auto from = parse_from_line(c.line);
    ASSERT_TRUE(from) << c.line;
    EXPECT_EQ(from->sender, c.sender);
    EXPECT_EQ(from->date.at.time_since_epoch().count(), c.at) << c.line;
  }
  for (const char* prose :
       {"From here on it was May 1996", "From the desk of", "From a@b Sat Jan 33 01:05:34 1996",
        "From a@b Sat Jan  3 25:05:34 1996", ">From a@b Sat Jan  3 01:05:34 1996", "from a@b Sat Jan  3 01:05:34 1996"})
    EXPECT_FALSE(parse_from_line(prose)) << prose;
}

const std::string kFrom = "From a@b Sat Jan  3 01:05:34 1996\n";

TEST(Mbox, FindsMessagesInEveryVariant) {
  // mboxo: what was quoted once may have been so before.
  auto mails = read_file(kFrom + "A: 1\n\none\n>From x\n\nFrom here on, prose\n\n" + kFrom + "A: 2\n\ntwo\n\n" + kFrom +
                         "A: 3\n\n" + kFrom + "A: 4\n\nno end");
  ASSERT_EQ(mails.size(), 4u);
  EXPECT_EQ(mails[0].content, "A: 1\r\n\r\none\r\n>From x\r\n\r\nFrom here on, prose\r\n");
  EXPECT_EQ(mails[1].content, "A: 2\r\n\r\ntwo\r\n");
  EXPECT_EQ(mails[2].content, "A: 3\r\n\r\n");
  EXPECT_EQ(mails[3].content, "A: 4\r\n\r\nno end");
  EXPECT_EQ(mails[0].item.date.at.time_since_epoch().count(), 820631134);
  // mboxrd: ">>From " shows it.
  mails = read_file(kFrom + "A: 1\n\n>From x\n>>From y\n> From z\n>>>\n\n" + kFrom + "A: 2\n\n>From\n");
  ASSERT_EQ(mails.size(), 2u);
  EXPECT_EQ(mails[0].content, "A: 1\r\n\r\nFrom x\r\n>From y\r\n> From z\r\n>>>\r\n");
  EXPECT_EQ(mails[1].content, "A: 2\r\n\r\n>From\r\n");
  // mboxcl2: a length that holds is believed, one that does not is not.
  const auto inner = "x\n\n" + kFrom + "y\n";
  mails = read_file(kFrom + "Content-Length: " + std::to_string(inner.size()) + "\n\n" + inner + "\n" + kFrom +
                    "Content-Length: 3\n\nlonger\n\n" + kFrom + "Content-Length: 2\n\nz\n");
  ASSERT_EQ(mails.size(), 3u);
  EXPECT_EQ(mails[0].content.find("From a@b") != std::string::npos, true);
  EXPECT_EQ(mails[1].content, "Content-Length: 3\r\n\r\nlonger\r\n");
  EXPECT_EQ(mails[2].content, "Content-Length: 2\r\n\r\nz\r\n");
  // A file with CRLF.
  mails = read_file(
      "From a@b Sat Jan  3 01:05:34 1996\r\nA: 1\r\n\r\none\r\n\r\nFrom a@b Sat Jan  3 01:05:34 1996\r\nA: "
      "2\r\n\r\ntwo\r\n\r\n");
  ASSERT_EQ(mails.size(), 2u);
  EXPECT_EQ(mails[0].content, "A: 1\r\n\r\none\r\n");
  EXPECT_EQ(mails[1].content, "A: 2\r\n\r\ntwo\r\n");
}

TEST(Mbox, ReadsFlagsAndKeywordsOfAllPrograms) {
  const auto mails =
      read_file(kFrom +
                "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1275660208 0000000009 a "
                "b\nStatus: RO\n\nx\n\n" +
                kFrom + "Status: RO\nX-Status: AF\nX-Keywords: Projekt $Forwarded\nX-UID: 3\n\n1\n\n" + kFrom +
                "X-Mozilla-Status: 1007\nX-Mozilla-Keys: $label1 NonJunk      \nX-UID: 5\n\n2\n\n" + kFrom +
                "X-Mozilla-Status: 0009\nX-UID: 6\n\nexpunged\n\n" + kFrom + "A: b\n\n3\n");
  ASSERT_EQ(mails.size(), 3u);
  EXPECT_EQ(mails[0].item.uid, 3u);
  EXPECT_EQ(mails[0].item.flags, kItemSeen | kItemAnswered | kItemFlagged);
  EXPECT_EQ(mails[0].item.keywords, (std::vector<std::string>{"Projekt", "$Forwarded"}));
  EXPECT_EQ(mails[1].item.flags, kItemSeen | kItemAnswered | kItemFlagged);
  EXPECT_EQ(mails[1].item.keywords, (std::vector<std::string>{"$Forwarded", "$label1", "NonJunk"}));
  EXPECT_EQ(mails[2].item.uid, 10u) << "above the last UID given";
  EXPECT_NE(mails[0].content.find("X-Status: AF\r\n"), std::string::npos) << "bytes stay as they are";
}

TEST(Mbox, KnowsMessagesAgainAfterCompactionAndFlagChanges) {
  const auto before =
      read_file(kFrom + "A: 1\n\ngone\n\n" + kFrom + "A: 2\nStatus: O\n\nx\n\n" + kFrom + "A: 2\nStatus: O\n\nx\n");
  const auto after = read_file(kFrom + "A: 2\nStatus: RO\nX-Status: F\n\nx\n\n" + kFrom + "A: 2\nStatus: O\n\nx\n");
  ASSERT_EQ(before.size(), 3u);
  ASSERT_EQ(after.size(), 2u);
  EXPECT_EQ(before[1].item.key, after[0].item.key);
  EXPECT_EQ(before[2].item.key, after[1].item.key);
  EXPECT_NE(before[1].item.key, before[2].item.key) << "equal messages are as many as there are";
}

TEST(Mbox, ReadsProfilesAndTakeout) {
  ScratchDirectory scratch;
  scratch.write("Inbox", kFrom + "A: 1\n\nx\n");
  scratch.write("Inbox.msf", "// <!-- <mdb:mork:z v=\"1.4\"/> -->\n");
  scratch.write("Sent", "");
  scratch.write("Sent.msf", "x");
  scratch.write("Inbox.sbd/Projekt", kFrom + "A: 2\n\nx\n");
  scratch.write("Old.mbox/mbox", kFrom + "A: 3\n\nx\n");
  scratch.write("prefs.js", "From \n");
  scratch.write("notes.txt", "no mail\n");
  std::unique_ptr<Source> source;
  auto session = open_files(SourceKind::mbox, scratch.path(), source);
  auto folders = session->folders();
  ASSERT_TRUE(folders);
  std::map<std::vector<std::string>, std::string> roles;
  for (const auto& folder : *folders) roles[folder.path] = folder.role;
  EXPECT_EQ(roles, (std::map<std::vector<std::string>, std::string>{
                       {{"INBOX"}, "inbox"}, {{"Inbox", "Projekt"}, ""}, {{"Old"}, ""}, {{"Sent"}, "sent"}}));

  ScratchDirectory takeout;
  takeout.write("All mail.mbox",
                "From 1@xxx Sat Jan 03 01:05:34 +0000 1996\nX-Gmail-Labels: "
                "Posteingang,Ungelesen,=?UTF-8?Q?B=C3=BCro/Rechnung?=\n\n1\n\n"
                "From 2@xxx Sat Jan 03 01:05:34 +0000 1996\nX-Gmail-Labels: "
                "=?UTF-8?Q?B=C3=BCro/Rechnung?=,Markiert,Wichtig\n\n2\n\n"
                "From 3@xxx Sat Jan 03 01:05:34 +0000 1996\nX-Gmail-Labels: Sent,Opened\n\n3\n\n"
                "From 4@xxx Sat Jan 03 01:05:34 +0000 1996\nX-Gmail-Labels: Archived,\"Category Updates\"\n\n4\n");
  session = open_files(SourceKind::mbox, takeout.path(), source);
  folders = session->folders();
  ASSERT_TRUE(folders);
  std::map<std::string, MboxMail> mails;
  for (const auto& folder : *folders) {
    std::string path;
    for (const auto& level : folder.path) path += "/" + level;
    const auto inside = read_folder(*session, folder);
    EXPECT_EQ(inside.size(), 1u) << path;
    if (!inside.empty()) mails[path] = inside.front();
  }
  ASSERT_EQ(mails.size(), 4u);
  EXPECT_EQ(mails.at("/INBOX").item.flags, 0);
  EXPECT_EQ(mails.at("/INBOX").item.keywords, std::vector<std::string>{"B__ro/Rechnung"});
  EXPECT_EQ(mails.at("/Büro/Rechnung").item.flags, kItemSeen | kItemFlagged);
  EXPECT_EQ(mails.at("/Büro/Rechnung").item.keywords, std::vector<std::string>{"$Important"});
  EXPECT_TRUE(mails.contains("/Sent"));
  EXPECT_TRUE(mails.contains("/Archive"));
}

TEST(Mbox, TakesTheCorpus) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(KONTOR_SOURCE_DIR "/../shared/corpus/mbox", none)) {
    const auto index = index_mbox(entry.path().string());
    if (!index) {
      EXPECT_EQ(index.error().code, Errc::invalid) << entry.path();
      continue;
    }
    std::uint64_t last = 0;
    for (const auto& message : index->messages) {
      EXPECT_GE(message.offset, last) << entry.path();
      last = message.offset + message.size;
      std::uint64_t size = 0;
      EXPECT_TRUE(
          deliver_mbox_message(entry.path().string(), *index, message, [&](std::string_view piece) -> Result<void> {
            size += piece.size();
            return {};
          }));
      EXPECT_GT(size, 0u);
    }
    EXPECT_LE(last, std::filesystem::file_size(entry.path()));
    EXPECT_GT(index->messages.size(), 0u) << entry.path();
  }
}

TEST(Eml, ReadsATreeOfFiles) {
  ScratchDirectory scratch;
  scratch.write("a.eml", "Date: Sat, 01 Jan 2005 00:00:00 +0100\nX-Unsent: 1\n\nlf\n", 1'700'000'000);
  scratch.write("b.EML", "no date\r\n\r\nmixed\nends\r\n", 1'700'000'000);
  scratch.write("Gesendet/2020/c.eml",
                "Received: x; Sat, 01 Jan 2005 00:00:01 +0100\nDate: Sat, 01 Jan 2000 00:00:00 +0100\n\nx",
                1'700'000'000);
  scratch.write("empty/readme.txt", "x");
  std::unique_ptr<Source> source;
  auto session = open_files(SourceKind::eml, scratch.path(), source);
  const auto folders = session->folders();
  ASSERT_TRUE(folders);
  ASSERT_EQ(folders->size(), 3u);
  EXPECT_EQ((*folders)[0].path, std::vector<std::string>{"INBOX"});
  EXPECT_EQ((*folders)[0].messages, 2u);
  EXPECT_TRUE((*folders)[1].is_container);
  EXPECT_EQ((*folders)[2].path, (std::vector<std::string>{"Gesendet", "2020"}));
  const auto mails = read_folder(*session, (*folders)[0]);
  ASSERT_EQ(mails.size(), 2u);
  EXPECT_EQ(mails[0].content, "Date: Sat, 01 Jan 2005 00:00:00 +0100\r\nX-Unsent: 1\r\n\r\nlf\r\n");
  EXPECT_EQ(mails[0].item.flags, kItemDraft);
  EXPECT_EQ(mails[0].item.date.at.time_since_epoch().count(), 1104534000);
  EXPECT_EQ(mails[1].content, "no date\r\n\r\nmixed\nends\r\n") << "a CRLF file is as it is";
  EXPECT_EQ(mails[1].item.date.at.time_since_epoch().count(), 1'700'000'000);
  EXPECT_EQ(read_folder(*session, (*folders)[2])[0].item.date.at.time_since_epoch().count(), 1104534001);
  const auto pass = session->list((*folders)[0], {}, [](const SourceItem&) { return Result<void>(); });
  EXPECT_TRUE(session->list((*folders)[0], pass->state, [](const SourceItem&) { return Result<void>(); })->unchanged);
}

}  // namespace
}  // namespace kontor::migrate
