// SPDX-License-Identifier: AGPL-3.0-or-later
// The IMAP source, and the Maildir source beside it, against a real Dovecot.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "migrate/imap/dovecot_fixture.h"
#include "migrate/names/item_flags.h"
#include "migrate/sources.h"
#include "wire/imap/mutf7.h"

namespace kontor::migrate {
namespace {

namespace fs = std::filesystem;

class DovecotSource : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (Dovecot::is_installed()) server_ = Dovecot::start();
  }
  static void TearDownTestSuite() { server_.reset(); }
  void SetUp() override {
    if (!Dovecot::is_installed()) GTEST_SKIP() << "Dovecot is not installed";
    ASSERT_TRUE(server_) << "Dovecot does not start";
  }

  static std::unique_ptr<SourceSession> open(const SourceOptions& options) {
    auto source = open_source(options);
    if (!source) {
      ADD_FAILURE() << source.error().text;
      return nullptr;
    }
    sources_.push_back(std::move(*source));
    auto accounts = sources_.back()->accounts();
    if (!accounts || accounts->size() != 1) {
      ADD_FAILURE() << "one account is expected";
      return nullptr;
    }
    auto session = sources_.back()->open(accounts->front());
    if (!session) {
      ADD_FAILURE() << session.error().text;
      return nullptr;
    }
    return std::move(*session);
  }

  static SourceFolder folder(SourceSession& session, const std::vector<std::string>& path) {
    const auto folders = session.folders();
    if (folders)
      for (const auto& one : *folders)
        if (one.path == path) return one;
    ADD_FAILURE() << "no folder " << path.back();
    return {};
  }

  static inline std::unique_ptr<Dovecot> server_;
  static inline std::vector<std::unique_ptr<Source>> sources_;
};

struct Listed {
  FolderPass pass;
  std::vector<SourceItem> items;
};

Listed list(SourceSession& session, const SourceFolder& folder, const FolderState& state = {}) {
  Listed out;
  auto pass = session.list(folder, state, [&](const SourceItem& item) -> Result<void> {
    out.items.push_back(item);
    return {};
  });
  EXPECT_TRUE(pass) << (pass ? "" : pass.error().text);
  if (pass) out.pass = std::move(*pass);
  return out;
}

Result<std::string> content(SourceSession& session, const SourceFolder& folder, const SourceItem& item) {
  std::string out;
  TRY_VOID(session.fetch(folder, item, [&](std::string_view piece) -> Result<void> {
    out.append(piece);
    return {};
  }));
  return out;
}

void append(ImapConnection& client, const std::string& mailbox, const std::string& rest, const std::string& text) {
  const auto done =
      client.run_ok(ImapCommand("APPEND").add_string(wire::imap::encode_mutf7(mailbox)).add(rest).add_string(text));
  EXPECT_TRUE(done) << (done ? "" : done.error().text);
}

void run(ImapConnection& client, const std::string& command) {
  const auto done = client.run_ok(ImapCommand(command));
  EXPECT_TRUE(done) << command << ": " << (done ? "" : done.error().text);
}

const std::string kMail = "From: a@example.org\r\nSubject: x\r\n\r\nbody\r\n";

TEST_F(DovecotSource, CarriesFoldersFlagsKeywordsAndDates) {
  auto client = server_->client("user0");
  ASSERT_TRUE(client);
  for (const char* name : {"Entwürfe & Co", "Entwürfe & Co/日本語 \"q\"", "Gesendete Elemente", "Archiv/2020"})
    ASSERT_TRUE(client->run_ok(ImapCommand("CREATE").add_string(wire::imap::encode_mutf7(name)))) << name;
  ASSERT_TRUE(client->run_ok(ImapCommand("SUBSCRIBE").add_string(wire::imap::encode_mutf7("Entwürfe & Co"))));
  append(*client, "Entwürfe & Co", "(\\Seen \\Flagged $Forwarded MyWord) \"07-Jul-1996 02:44:25 -0700\"", kMail);
  append(*client, "Entwürfe & Co", "(\\Answered \\Draft \\Deleted)", kMail + "2\r\n");

  auto session = open(server_->options("user0"));
  ASSERT_TRUE(session);
  const auto folders = session->folders();
  ASSERT_TRUE(folders) << folders.error().text;
  std::map<std::vector<std::string>, SourceFolder> by_path;
  for (const auto& one : *folders) by_path[one.path] = one;
  EXPECT_EQ(by_path.size(), 6u);
  EXPECT_EQ((by_path[{"INBOX"}].role), "inbox");
  EXPECT_EQ((by_path[{"Gesendete Elemente"}].role), "sent");
  EXPECT_TRUE((by_path[{"Entwürfe & Co"}].subscribed));
  EXPECT_FALSE((by_path[{"Archiv", "2020"}].subscribed));
  EXPECT_TRUE((by_path[{"Archiv"}].is_container));
  EXPECT_TRUE((by_path.contains({"Entwürfe & Co", "日本語 \"q\""})));
  const auto drafts = by_path[{"Entwürfe & Co"}];
  EXPECT_EQ(drafts.messages, 2u);
  EXPECT_EQ(drafts.uid_next, 3u);
  EXPECT_NE(drafts.uid_validity, 0u);
  EXPECT_FALSE(drafts.name_was_rewritten);

  const auto listed = list(*session, drafts);
  ASSERT_EQ(listed.items.size(), 2u);
  const auto& first = listed.items[0];
  EXPECT_EQ(first.key, std::to_string(drafts.uid_validity) + ":1");
  EXPECT_EQ(first.flags, kItemSeen | kItemFlagged);
  EXPECT_EQ(std::set<std::string>(first.keywords.begin(), first.keywords.end()),
            (std::set<std::string>{"$Forwarded", "MyWord"}));
  EXPECT_EQ(first.date.at.time_since_epoch().count(), 836732665);
  EXPECT_EQ(first.announced_size, kMail.size());
  EXPECT_EQ(listed.items[1].flags, kItemAnswered | kItemDraft | kItemDeleted);
  EXPECT_EQ(content(*session, drafts, first).value_or("?"), kMail);
  // Nothing was changed by looking.
  EXPECT_EQ(list(*session, drafts).items[1].flags, kItemAnswered | kItemDraft | kItemDeleted);
}

TEST_F(DovecotSource, TellsOnlyWhatChanged) {
  auto client = server_->client("user1");
  ASSERT_TRUE(client);
  for (int i = 0; i < 12; ++i) append(*client, "INBOX", "()", kMail + std::to_string(i));
  auto session = open(server_->options("user1"));
  ASSERT_TRUE(session);
  auto inbox = folder(*session, {"INBOX"});
  const auto full = list(*session, inbox);
  EXPECT_EQ(full.items.size(), 12u);
  EXPECT_FALSE(full.pass.is_delta);

  inbox = folder(*session, {"INBOX"});
  const auto same = list(*session, inbox, full.pass.state);
  EXPECT_TRUE(same.pass.unchanged);
  EXPECT_TRUE(same.items.empty());

  run(*client, "SELECT INBOX");
  run(*client, "UID STORE 3 +FLAGS (\\Seen)");
  run(*client, "UID STORE 5,7:8 +FLAGS (\\Deleted)");
  run(*client, "EXPUNGE");
  append(*client, "INBOX", "(\\Flagged)", kMail + "new");
  for (const bool is_same_session : {true, false}) {
    if (!is_same_session) session = open(server_->options("user1"));
    const auto where = folder(*session, {"INBOX"});
    const auto delta = list(*session, where, full.pass.state);
    EXPECT_TRUE(delta.pass.is_delta);
    ASSERT_EQ(delta.items.size(), 2u);
    EXPECT_EQ(delta.items[0].uid, 3u);
    EXPECT_EQ(delta.items[0].flags, kItemSeen);
    EXPECT_EQ(delta.items[1].uid, 13u);
    auto vanished = delta.pass.vanished;
    std::sort(vanished.begin(), vanished.end());
    const auto prefix = std::to_string(where.uid_validity) + ":";
    EXPECT_EQ(vanished, (std::vector<std::string>{prefix + "5", prefix + "7", prefix + "8"}));
    const auto after = list(*session, folder(*session, {"INBOX"}), delta.pass.state);
    EXPECT_TRUE(after.pass.unchanged);
    // Without what STATUS said, EXAMINE tells the same.
    auto bare = where;
    bare.highest_modseq = 0;
    EXPECT_TRUE(list(*session, bare, delta.pass.state).pass.unchanged);
  }
  // A folder made anew is listed from the start.
  run(*client, "CREATE again");
  append(*client, "again", "()", kMail);
  const auto old = list(*session, folder(*session, {"again"}));
  run(*client, "DELETE again");
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  run(*client, "CREATE again");
  append(*client, "again", "()", kMail);
  const auto anew = list(*session, folder(*session, {"again"}), old.pass.state);
  EXPECT_FALSE(anew.pass.is_delta);
  EXPECT_FALSE(anew.pass.unchanged);
  ASSERT_EQ(anew.items.size(), 1u);
  EXPECT_NE(anew.items[0].key, old.items[0].key);
}

TEST_F(DovecotSource, ReadsAheadAndSurvivesWhatVanishes) {
  auto client = server_->client("user2");
  ASSERT_TRUE(client);
  std::vector<std::string> texts;
  for (int i = 0; i < 40; ++i) {
    texts.push_back(fmt::format("Subject: {}\r\n\r\n{}\r\n", i, std::string(static_cast<std::size_t>(i) * 997, 'x')));
    append(*client, "INBOX", "()", texts.back());
  }
  auto options = server_->options("user2");
  options.batch_bytes = 30'000;  // several batches
  auto session = open(options);
  ASSERT_TRUE(session);
  const auto inbox = folder(*session, {"INBOX"});
  const auto listed = list(*session, inbox);
  ASSERT_EQ(listed.items.size(), 40u);
  run(*client, "SELECT INBOX");
  run(*client, "UID STORE 4,20 +FLAGS (\\Deleted)");
  run(*client, "EXPUNGE");
  session->announce(inbox, listed.items);
  for (const auto& item : listed.items) {
    if (item.uid % 9 == 0) continue;  // announced and then not wanted
    const auto got = content(*session, inbox, item);
    if (item.uid == 4 || item.uid == 20) {
      ASSERT_FALSE(got);
      EXPECT_EQ(got.error().code, Errc::not_found);
    } else {
      EXPECT_EQ(got.value_or("?"), texts[item.uid - 1]) << item.uid;
    }
  }
  // Out of turn, and an error of the taker: the session goes on.
  EXPECT_EQ(content(*session, inbox, listed.items[1]).value_or("?"), texts[1]);
  const auto refused =
      session->fetch(inbox, listed.items[39], [](std::string_view) { return fail(Errc::over_quota, "full"); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::over_quota);
  EXPECT_EQ(content(*session, inbox, listed.items[39]).value_or("?"), texts[39]);
}

TEST_F(DovecotSource, LogsInAsMaster) {
  for (const auto style : {MasterStyle::separator, MasterStyle::authzid}) {
    auto options = server_->options("user3");
    options.users[0].password.clear();
    options.master_user = "master";
    options.master_password = "masterpass";
    options.master_style = style;
    auto session = open(options);
    ASSERT_TRUE(session);
    EXPECT_TRUE(session->folders());
  }
  auto options = server_->options("user3");
  for (const char* mechanism : {"PLAIN", "LOGIN"}) {
    options.mechanism = mechanism;
    options.users[0].password = "pass";
    EXPECT_TRUE(open(options)) << mechanism;
  }
  options.users[0].password = "wrong \"pässword\"";
  auto source = open_source(options);
  ASSERT_TRUE(source);
  const auto session = (*source)->open({"user3", "user3@example.org"});
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, Errc::denied);
  EXPECT_EQ((*source)->accounts()->front().address, "user3@example.org");
}

// The same Maildir through Dovecot and directly: the same folders, UIDs, flags, dates and bytes.
class SameMail : public DovecotSource {
 protected:
  static std::vector<std::string> messages() {
    std::vector<std::string> out{"",
                                 "\n",
                                 "no header end",
                                 "A: b\n\nlf\n",
                                 "A: b\r\n\r\ncrlf\r\n",
                                 "A: b\n\nmixed\r\nlines\n",
                                 std::string("A: b\n\nnul \0 and lone \r cr\n", 26),
                                 "A: b\n\nno end"};
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(KONTOR_SOURCE_DIR "/../shared/corpus/eml", none)) {
      std::ifstream in(entry.path(), std::ios::binary);
      out.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return out;
  }
};

TEST_F(SameMail, ThroughDovecotAndFromItsMaildir) {
  const auto texts = messages();
  const auto root = server_->home("user4") + "/Maildir";
  for (const char* part : {"/cur", "/new", "/tmp"})
    fs::create_directories(root + "/.Big" + part), fs::create_directories(root + part);
  static constexpr const char* kFlags[] = {"", "S", "FS", "RSab", "DT", "P"};
  for (std::size_t i = 0; i < 2000; ++i) {
    const auto& text = texts[i % texts.size()];
    const auto name =
        fmt::format("{}.M{}P1.host{}", 1'000'000'000 + i * 7, i, i % 3 ? "" : fmt::format(",S={}", text.size()));
    const auto path = i % 10 == 9 ? fmt::format("{}/.Big/new/{}", root, name)
                                  : fmt::format("{}/.Big/cur/{}:2,{}", root, name, kFlags[i % 6]);
    std::ofstream(path, std::ios::binary) << text;
    fs::last_write_time(path, fs::file_time_type(std::chrono::file_clock::from_sys(
                                  std::chrono::sys_seconds(std::chrono::seconds(1'100'000'000 + i * 1000)))));
  }
  std::ofstream(root + "/.Big/dovecot-keywords") << "0 $Label1\n1 Projekt\n";
  server_->give_to_server("user4");

  auto imap = open(server_->options("user4"));
  ASSERT_TRUE(imap);
  const auto over_imap_folder = folder(*imap, {"Big"});
  const auto over_imap = list(*imap, over_imap_folder);
  SourceOptions options;
  options.kind = SourceKind::maildir;
  options.path = server_->home("%u") + "/Maildir";
  options.users.resize(1);
  options.users[0].login = "user4";
  auto maildir = open(options);
  ASSERT_TRUE(maildir);
  const auto on_disk_folder = folder(*maildir, {"Big"});
  EXPECT_EQ(on_disk_folder.uid_validity, over_imap_folder.uid_validity);
  const auto on_disk = list(*maildir, on_disk_folder);
  ASSERT_EQ(over_imap.items.size(), 2000u);
  ASSERT_EQ(on_disk.items.size(), 2000u);
  imap->announce(over_imap_folder, over_imap.items);
  for (std::size_t i = 0; i < 2000; ++i) {
    const auto& a = over_imap.items[i];
    const auto& b = on_disk.items[i];
    EXPECT_EQ(a.uid, b.uid);
    EXPECT_EQ(a.flags, b.flags) << b.key;
    // "P" is Dovecot's nothing and our $Forwarded.
    auto words = b.keywords;
    std::erase(words, "$Forwarded");
    EXPECT_EQ(a.keywords, words) << b.key;
    EXPECT_EQ(a.date, b.date) << b.key;
    EXPECT_FALSE(b.date_is_guess);
    // Dovecot cannot say NUL over IMAP.
    auto text = content(*maildir, on_disk_folder, b).value_or("!");
    std::replace(text.begin(), text.end(), '\0', '\x80');
    ASSERT_EQ(content(*imap, over_imap_folder, a).value_or("?"), text) << b.key;
  }
}

long peak_memory_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
  return 0;
}

TEST_F(DovecotSource, PassesLargeMessagesThroughInPieces) {
  const auto root = server_->home("user5") + "/Maildir";
  for (const char* part : {"/cur", "/new", "/tmp"}) fs::create_directories(root + part);
  constexpr std::uint64_t kLines = 1'400'000;  // of 76 bytes: about 100 MiB
  {
    std::ofstream out(root + "/cur/1000000000.big.host:2,S", std::ios::binary);
    out << "Subject: big\n\n";
    const std::string line = std::string(75, 'x') + "\n";
    for (std::uint64_t i = 0; i < kLines; ++i) out << line;
  }
  server_->give_to_server("user5");
  auto imap = open(server_->options("user5"));
  ASSERT_TRUE(imap);
  const auto inbox = folder(*imap, {"INBOX"});
  const auto listed = list(*imap, inbox);
  ASSERT_EQ(listed.items.size(), 1u);
  const auto before = peak_memory_kib();
  std::uint64_t size = 0, longest = 0;
  imap->announce(inbox, listed.items);
  const auto done = imap->fetch(inbox, listed.items[0], [&](std::string_view piece) -> Result<void> {
    size += piece.size();
    longest = std::max<std::uint64_t>(longest, piece.size());
    return {};
  });
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(size, 16 + kLines * 77);
  EXPECT_EQ(size, listed.items[0].announced_size);
  EXPECT_LE(longest, 1u << 20);
  EXPECT_LT(peak_memory_kib() - before, 16 * 1024);
}

}  // namespace
}  // namespace kontor::migrate
