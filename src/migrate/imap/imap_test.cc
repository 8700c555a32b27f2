// SPDX-License-Identifier: AGPL-3.0-or-later
// What servers other than Dovecot do, by scripts of what they say.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "base/bytes.h"
#include "migrate/imap/back_off.h"
#include "migrate/imap/folder_state.h"
#include "migrate/imap/folders.h"
#include "migrate/imap/listing.h"
#include "migrate/imap/login.h"
#include "migrate/sources.h"

namespace kontor::migrate {
namespace {

// Answers each command line by the first entry that it begins with (after the tag); "TAG" stands for the tag. Several
// entries of the same beginning are used up in order, the last one stays.
class ScriptServer {
 public:
  using Script = std::vector<std::pair<std::string, std::string>>;
  explicit ScriptServer(Script script, std::string greeting = "* OK ready\r\n")
      : script_(std::move(script)), greeting_(std::move(greeting)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 4);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  SourceOptions options() const {
    SourceOptions out;
    out.host = "127.0.0.1";
    out.port = port_;
    out.tls = SourceTls::none;
    out.users = {SourceUser{"u", "p", "", "u@example.org"}};
    out.timeout = std::chrono::seconds(3);
    return out;
  }
  std::vector<std::string> heard() {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

 private:
  void serve() {
    for (int peer = ::accept(listener_, nullptr, nullptr); peer >= 0; peer = ::accept(listener_, nullptr, nullptr)) {
      talk(peer);
      ::close(peer);
    }
  }
  void talk(int peer) {
    say(peer, greeting_);
    std::string pending;
    char bytes[4096];
    for (auto count = ::read(peer, bytes, sizeof bytes); count > 0; count = ::read(peer, bytes, sizeof bytes)) {
      pending.append(bytes, static_cast<std::size_t>(count));
      for (auto end = pending.find("\r\n"); end != std::string::npos; end = pending.find("\r\n")) {
        const auto line = pending.substr(0, end);
        pending.erase(0, end + 2);
        if (!answer(peer, line)) return;
      }
    }
  }
  bool answer(int peer, const std::string& line) {
    const auto blank = std::min(line.find(' '), line.size());
    const auto tag = line.substr(0, blank);
    const auto words = line.substr(std::min(blank + 1, line.size()));
    {
      const std::lock_guard lock(mutex_);
      heard_.push_back(words.empty() ? line : words);
    }
    for (auto entry = script_.begin(); entry != script_.end(); ++entry) {
      if (!words.starts_with(entry->first)) continue;
      auto text = entry->second;
      for (auto at = text.find("TAG"); at != std::string::npos; at = text.find("TAG")) text.replace(at, 3, tag);
      const bool has_more =
          std::any_of(std::next(entry), script_.end(), [&](const auto& later) { return later.first == entry->first; });
      if (has_more) script_.erase(entry);
      if (text == "HANG UP") return false;
      say(peer, text);
      return true;
    }
    say(peer, tag + " BAD what?\r\n");
    return true;
  }
  static void say(int peer, const std::string& text) {
    if (::send(peer, text.data(), text.size(), MSG_NOSIGNAL) < 0) return;
  }

  Script script_;
  std::string greeting_;
  int listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
  std::mutex mutex_;
  std::vector<std::string> heard_;
};

using Script = ScriptServer::Script;

Script with_login(const std::string& capabilities, Script more) {
  Script script{{"CAPABILITY", "* CAPABILITY IMAP4rev1 " + capabilities + "\r\nTAG OK\r\n"},
                {"LOGIN", "TAG OK in\r\n"}};
  script.insert(script.end(), more.begin(), more.end());
  return script;
}

struct Opened {
  std::unique_ptr<Source> source;
  std::unique_ptr<SourceSession> session;
};

Opened open(const ScriptServer& server) {
  Opened out;
  auto source = open_source(server.options());
  EXPECT_TRUE(source);
  out.source = std::move(*source);
  auto session = out.source->open({"u", "u@example.org"});
  EXPECT_TRUE(session) << (session ? "" : session.error().text);
  if (session) out.session = std::move(*session);
  return out;
}

SourceFolder inbox() {
  SourceFolder folder;
  folder.key = "INBOX";
  folder.path = {"INBOX"};
  return folder;
}

SourceItem item(std::uint32_t uid, std::uint64_t size) {
  SourceItem out;
  out.key = item_key(7, uid);
  out.uid = uid;
  out.announced_size = size;
  return out;
}

const std::string kExamined = "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 9] x\r\nTAG OK [READ-ONLY] x\r\n";

std::string fetched(SourceSession& session, const SourceItem& what) {
  std::string out;
  const auto done = session.fetch(inbox(), what, [&](std::string_view piece) -> Result<void> {
    out.append(piece);
    return {};
  });
  return done ? out : fmt::format("!{}", kontor::name(done.error().code));
}

TEST(ImapSource, WorksWithServersOfTheOldKind) {
  // No CONDSTORE, no ESEARCH, no LIST-EXTENDED; the order of attributes mixed, one date missing, an unknown flag.
  const std::string rows =
      "* 1 FETCH (FLAGS (\\Seen \\Recent \\Forwarded \\Indexed) UID 2 INTERNALDATE \" 7-Jul-1996 02:44:25 -0700\" "
      "RFC822.SIZE 10)\r\n"
      "* 5 FETCH (FLAGS (\\Seen))\r\n"
      "* 3 FETCH (UID 8 RFC822.SIZE 0 FLAGS () INTERNALDATE NIL)\r\n"
      "* 2 FETCH (INTERNALDATE {26}\r\n01-Jan-2001 00:00:00 +0000 UID 4 FLAGS (x))\r\nTAG OK done\r\n";
  const std::string flags =
      "* 1 FETCH (UID 2 FLAGS (\\Indexed \\Seen \\Forwarded))\r\n* 2 FETCH (UID 4 FLAGS (x))\r\n* 3 FETCH (UID 8 FLAGS "
      "())\r\nTAG OK\r\n";
  ScriptServer server(
      with_login("", {{"LIST \"\" \"*\"",
                       "* LIST () \".\" INBOX\r\n* LIST () \".\" \"INBOX.Gesendet\"\r\n* LIST (\\Noselect) \".\" "
                       "INBOX.Alt\r\nTAG OK\r\n"},
                      {"LSUB", "* LSUB () \".\" INBOX.Gesendet\r\nTAG OK\r\n"},
                      {"STATUS \"INBOX\"", "* STATUS INBOX (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7)\r\nTAG OK\r\n"},
                      {"STATUS", "TAG NO not now\r\n"},
                      {"EXAMINE", kExamined},
                      {"UID SEARCH ALL", "* SEARCH 8 2 4\r\nTAG OK\r\n"},
                      {"UID FETCH 2:8 (UID FLAGS INTERNALDATE", rows},
                      {"UID FETCH 2:8 (UID FLAGS)", flags},
                      {"UID FETCH 8 (UID BODY.PEEK[HEADER.FIELDS",
                       "* 3 FETCH (UID 8 BODY[HEADER.FIELDS (RECEIVED DATE)] {41}\r\nDate: Sat, 01 Jan 2005 00:00:00 "
                       "+0100\r\n\r\n)\r\nTAG OK\r\n"}}));
  auto opened = open(server);
  ASSERT_TRUE(opened.session);
  const auto folders = opened.session->folders();
  ASSERT_TRUE(folders) << folders.error().text;
  ASSERT_EQ(folders->size(), 3u);
  EXPECT_EQ((*folders)[0].messages, 3u);
  EXPECT_EQ((*folders)[1].path, std::vector<std::string>{"Gesendet"}) << "Courier's prefix is taken off";
  EXPECT_EQ((*folders)[1].role, "sent");
  EXPECT_TRUE((*folders)[1].subscribed);
  EXPECT_TRUE((*folders)[2].is_container);

  std::vector<SourceItem> items;
  const auto take = [&](const SourceItem& one) -> Result<void> {
    items.push_back(one);
    return {};
  };
  const auto pass = opened.session->list((*folders)[0], {}, take);
  ASSERT_TRUE(pass) << pass.error().text;
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(items[0].key, "7:2");
  EXPECT_EQ(items[0].flags, 1);
  EXPECT_EQ(items[0].keywords, std::vector<std::string>{"$Forwarded"});
  EXPECT_EQ(items[0].properties.at("imap.other-flags"), "\\Indexed");
  EXPECT_EQ(items[0].date.zone_minutes, -420);
  EXPECT_EQ(items[1].date.at.time_since_epoch().count(), 978307200);
  EXPECT_TRUE(items[2].date_is_guess);
  EXPECT_EQ(items[2].date.at.time_since_epoch().count(), 1104534000);
  // The second pass reads flags alone and finds nothing new.
  items.clear();
  const auto again = opened.session->list((*folders)[0], pass->state, take);
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_TRUE(again->unchanged);
  EXPECT_TRUE(items.empty());
}

TEST(ImapSource, ReadsContentHoweverItIsSent) {
  ScriptServer server(with_login(
      "", {{"EXAMINE", kExamined},
           // Out of order, the UID behind, a quoted string, nothing for 5, an empty one for 6.
           {"UID FETCH 2:6 (UID BODY.PEEK[])",
            "* 3 FETCH (UID 4 BODY[] {3}\r\nvvv)\r\n* 1 FETCH (BODY[] {2}\r\nzz UID 2)\r\n* 2 FETCH (BODY[] \"ddd\" "
            "UID 3)\r\n"
            "* 9 FETCH (FLAGS (\\Seen))\r\n* 5 FETCH (UID 6 BODY[] {0}\r\n)\r\nTAG OK\r\n"},
           // One damaged message spoils the command for all: they are asked for alone then.
           {"UID FETCH 7:8", "TAG NO some messages are damaged\r\n"},
           {"UID FETCH 7 ", "* 6 FETCH (UID 7 BODY[] {1}\r\nx)\r\nTAG OK\r\n"},
           {"UID FETCH 8 ", "TAG NO damaged\r\n"},
           {"UID FETCH 5 ", "TAG OK\r\n"},
           {"UID FETCH 9 ", "TAG BAD Request is throttled. Suggested Backoff Time: 12345 milliseconds\r\n"}}));
  auto opened = open(server);
  ASSERT_TRUE(opened.session);
  opened.session->announce(inbox(), {item(2, 2), item(3, 3), item(4, 3), item(5, 5), item(6, 6)});
  EXPECT_EQ(fetched(*opened.session, item(2, 2)), "zz");
  EXPECT_EQ(fetched(*opened.session, item(3, 3)), "ddd");
  EXPECT_EQ(fetched(*opened.session, item(4, 3)), "vvv");
  EXPECT_EQ(fetched(*opened.session, item(5, 5)), "!not_found");
  EXPECT_EQ(fetched(*opened.session, item(6, 6)), "!invalid") << "announced with content, sent without";
  opened.session->announce(inbox(), {item(7, 1), item(8, 1)});
  EXPECT_EQ(fetched(*opened.session, item(7, 1)), "x");
  EXPECT_EQ(fetched(*opened.session, item(8, 1)), "!invalid");
  const auto throttled = opened.session->fetch(inbox(), item(9, 1), [](std::string_view) { return Result<void>(); });
  ASSERT_FALSE(throttled);
  EXPECT_EQ(throttled.error().code, Errc::unavailable) << "not the message's fault";
  EXPECT_EQ(suggested_back_off(throttled.error()), std::chrono::milliseconds(12345));
  auto renewed = item(2, 2);
  renewed.key = "6:2";
  EXPECT_EQ(fetched(*opened.session, renewed), "!not_found") << "of another UIDVALIDITY";
}

TEST(ImapSource, SaysWhenTheConnectionBreaks) {
  ScriptServer server(with_login(
      "", {{"EXAMINE", kExamined}, {"UID FETCH", "* 1 FETCH (UID 2 BODY[] {100}\r\nhalf"}, {"UID FETCH", "HANG UP"}}));
  auto opened = open(server);
  ASSERT_TRUE(opened.session);
  auto options = server.options();
  opened.session->announce(inbox(), {item(2, 100)});
  EXPECT_EQ(fetched(*opened.session, item(2, 100)), "!unavailable") << "after the time that was set";
}

TEST(ImapSource, RefusesToSaySecretsInTheClear) {
  ScriptServer server({{"CAPABILITY", "* CAPABILITY IMAP4rev1\r\nTAG OK\r\n"}});
  auto options = server.options();
  options.tls = SourceTls::starttls;
  auto source = open_source(options);
  ASSERT_TRUE(source);
  const auto session = (*source)->open({"u", "x"});
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, Errc::denied);
  for (const auto& line : server.heard()) EXPECT_EQ(line.find("LOGIN"), std::string::npos);

  ScriptServer disabled({{"CAPABILITY", "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK\r\n"}});
  auto other = open_source(disabled.options());
  EXPECT_EQ((*other)->open({"u", "x"}).error().code, Errc::denied);
  ScriptServer busy({}, "* BYE Too many connections from your address\r\n");
  auto third = open_source(busy.options());
  EXPECT_EQ((*third)->open({"u", "x"}).error().code, Errc::unavailable);
}

TEST(ImapSource, AnswersTheChallengeOfARefusedToken) {
  ScriptServer server({{"CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR\r\nTAG OK\r\n"},
                       {"AUTHENTICATE XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHQBAQ==", "+ eyJzdGF0dXMiOiI0MDEifQ==\r\n"},
                       {"", "k2 NO [AUTHENTICATIONFAILED] expired\r\n"}});
  auto options = server.options();
  options.users[0].token = "t";
  auto source = open_source(options);
  const auto session = (*source)->open({"u", "x"});
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, Errc::denied);
}

TEST(ImapSource, TakesTheTokenThatIsThereAtEachLogin) {
  const std::pair<std::string, std::string> logins[] = {
      {"first\n", "AUTHENTICATE XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIGZpcnN0AQE="},
      {"second", "AUTHENTICATE XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHNlY29uZAEB"},
  };
  const auto file = testing::TempDir() + "kontor-token-" + std::to_string(::getpid());
  for (const auto& [text, expected] : logins) {
    ScriptServer server({{"CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR\r\nTAG OK\r\n"},
                         {expected, "TAG NO [AUTHENTICATIONFAILED] no\r\n"}});
    auto options = server.options();
    options.users[0].password.clear();
    options.token = "of the beginning";
    options.token_file = file;
    std::ofstream(file) << text;
    auto source = open_source(options);
    ASSERT_TRUE(source);
    EXPECT_EQ((*source)->open({"u", "x"}).error().code, Errc::denied);
    const auto heard = server.heard();
    const bool is_heard = std::any_of(heard.begin(), heard.end(),
                                      [&](const auto& line) { return line.find(expected) != std::string::npos; });
    EXPECT_TRUE(is_heard) << text;
  }
  std::filesystem::remove(file);
}

TEST(ImapLogin, SaysWhoItIs) {
  SourceOptions options;
  const SourceUser user{"bob", "pw", "", ""};
  EXPECT_EQ(sasl_plain(identity_of(user, options)), std::string("\0bob\0pw", 7));
  options.master_user = "admin";
  options.master_password = "secret";
  EXPECT_EQ(identity_of(user, options).authcid, "bob*admin");
  options.master_style = MasterStyle::authzid;
  EXPECT_EQ(sasl_plain(identity_of(user, options)), std::string("bob\0admin\0secret", 16));
  const ImapIdentity who{"", "a,b=c", "", "TOKEN"};
  EXPECT_EQ(sasl_oauthbearer(who, "h", 993),
            "n,a=a=2Cb=3Dc,\x01host=h\x01port=993\x01"
            "auth=Bearer TOKEN\x01\x01");
}

imap_client::Listing listing(const std::string& name, const std::string& delimiter,
                             std::vector<std::string> attributes = {}) {
  imap_client::Listing out;
  out.name = name;
  out.delimiter = delimiter;
  out.attributes = std::move(attributes);
  return out;
}

std::map<std::string, std::string> paths(const FolderFacts& facts) {
  std::map<std::string, std::string> out;
  for (const auto& folder : make_folders(facts).folders) {
    std::string path;
    for (const auto& level : folder.path) path += (path.empty() ? "" : "|") + level;
    out[folder.key] =
        path + (folder.role.empty() ? "" : " (" + folder.role + ")") + (folder.name_was_rewritten ? " *" : "");
  }
  return out;
}

TEST(ImapFolders, TellsOfSubscriptionsToWhatIsNotThere) {
  FolderFacts facts;
  facts.namespaces = {{{"INBOX.", "."}}, {{"user.", "."}}, {}};
  facts.listings = {listing("INBOX", "."), listing("INBOX.Here", "."), listing("user.bob", "."),
                    listing("INBOX.Gone", ".", {"\\NonExistent", "\\Subscribed"}),
                    listing("INBOX.Above", ".", {"\\NonExistent", "\\HasChildren"})};
  facts.subscriptions = {listing("inbox", "."),
                         listing("INBOX.Here", "."),
                         listing("INBOX.Gone", "."),
                         listing("INBOX.Gone.Pl&AOQ-ne", "."),
                         listing("INBOX.Gone", "."),
                         listing("INBOX.Above", "."),
                         listing("INBOX.Parent", ".", {"\\Noselect"}),
                         listing("user.bob.Calendar", ".")};
  const auto made = make_folders(facts);
  EXPECT_EQ(made.folders.size(), 3u) << "the inbox, Here and Above";
  const std::vector<SourcePath> expected = {{"Gone"}, {"Gone", "Pläne"}};
  EXPECT_EQ(made.other_subscriptions, expected);
}

TEST(ImapFolders, MapsNamespacesOfEveryKind) {
  using Map = std::map<std::string, std::string>;
  FolderFacts cyrus;
  cyrus.namespaces = {{{"INBOX.", "."}}, {{"user.", "."}}, {{"", "."}}};
  cyrus.listings = {listing("INBOX", "."), listing("INBOX.Sent", "."), listing("INBOX.a.b", "."),
                    listing("user.bob", "."), listing("public", ".")};
  EXPECT_EQ(paths(cyrus), (Map{{"INBOX", "INBOX (inbox)"}, {"INBOX.Sent", "Sent (sent)"}, {"INBOX.a.b", "a|b"}}));

  FolderFacts dovecot;
  dovecot.namespaces = {{{"", "/"}}, {{"shared/", "/"}}, {{"Public/", "/"}}};
  dovecot.listings = {listing("inbox", "/"),  listing("INBOX/x", "/"),    listing("shared/bob", "/"),
                      listing("shared", "/"), listing("Public/All", "/"), listing("sharedish", "/")};
  EXPECT_EQ(paths(dovecot), (Map{{"inbox", "INBOX (inbox)"}, {"INBOX/x", "INBOX|x"}, {"sharedish", "sharedish"}}));

  FolderFacts gmail;
  gmail.is_gmail = true;
  gmail.listings = {listing("INBOX", "/"),
                    listing("[Gmail]", "/", {"\\Noselect"}),
                    listing("[Gmail]/Alle Nachrichten", "/", {"\\All"}),
                    listing("[Gmail]/Markiert", "/", {"\\Flagged"}),
                    listing("[Gmail]/Wichtig", "/", {"\\Important"}),
                    listing("[Gmail]/Gesendet", "/", {"\\Sent"}),
                    listing("Sent", "/")};
  EXPECT_EQ(paths(gmail), (Map{{"INBOX", "INBOX (inbox)"},
                               {"[Gmail]", "[Gmail]"},
                               {"[Gmail]/Alle Nachrichten", "[Gmail]|Alle Nachrichten (archive)"},
                               {"[Gmail]/Gesendet", "[Gmail]|Gesendet (sent)"},
                               {"Sent", "Sent"}}));

  FolderFacts odd;
  odd.listings = {listing("INBOX", "/"),
                  listing("a&b", "/"),
                  listing("Entw&APw-rfe", "/"),
                  listing("Entw\xfcrfe", "/"),
                  listing("Entw\xc3\xbcrfe", "/"),
                  listing("a//b", "/"),
                  listing("flat/name", ""),
                  listing("a\xef\xa3\xbf"
                          "b",
                          "/"),
                  listing(" x ", "/"),
                  listing("gone", "/", {"\\NonExistent", "\\Subscribed"})};
  EXPECT_EQ(paths(odd), (Map{{"INBOX", "INBOX (inbox)"},
                             {"a&b", "a&b"},
                             {"Entw&APw-rfe", "Entwürfe (drafts)"},
                             {"Entw\xfcrfe", "Entwürfe (2) *"},
                             {"Entw\xc3\xbcrfe", "Entwürfe (3) *"},
                             {"a//b", "a|b *"},
                             {"flat/name", "flat∕name *"},
                             {"a\xef\xa3\xbf"
                              "b",
                              "a∕b *"},
                             {" x ", "\u00a0x\u00a0 *"}}));
}

TEST(UidSet, Computes) {
  const auto set = UidSet::parse("5:9,1,2,9:12,4294967295");
  EXPECT_EQ(set.text(), "1:2,5:12,4294967295");
  EXPECT_EQ(set.size(), 11u);
  EXPECT_TRUE(set.contains(4294967295u) && set.contains(7) && !set.contains(3) && !set.contains(13));
  EXPECT_EQ(set.without(UidSet::parse("1,6:8,12:20")).text(), "2,5,9:11,4294967295");
  EXPECT_EQ(set.common(UidSet::parse("2:6,11:4294967295")).text(), "2,5:6,11:12,4294967295");
  EXPECT_EQ(set.with(UidSet::parse("3:4")).text(), "1:12,4294967295");
  std::string windows;
  for (const auto& part : set.windows(4)) windows += part.text() + " ";
  EXPECT_EQ(windows, "1:2,5:6 7:10 11:12,4294967295 ");
  EXPECT_EQ(UidSet().text(), "");

  ImapFolderState state{7, 9, 3, 0, "abc", UidSet::parse("1:3,7,9:4294967295"), true};
  const auto back = parse_state(print_state(state));
  ASSERT_TRUE(back);
  EXPECT_EQ(print_state(*back), print_state(state));
  EXPECT_EQ(back->uids.text(), state.uids.text());
  // Too many holes: the state stays short and says that it does not know.
  std::vector<std::uint32_t> holes;
  for (std::uint32_t uid = 1; uid < 200'000; uid += 2) holes.push_back(uid);
  state.uids = make_uid_set(holes);
  const auto short_state = print_state(state);
  EXPECT_LT(short_state.size(), 100u);
  EXPECT_FALSE(parse_state(short_state)->has_uids);
  for (const char* bad :
       {"imap1 1 1 1 1 - 0", "imap1 1 1 1 1 - 5+", "imap1 1 1 1 1 - 4294967295,1", "imap1 1 1 1 1 - x"})
    EXPECT_FALSE(parse_state(bad)) << bad;
  EXPECT_FALSE(parse_state("maildir1 1 2"));
  EXPECT_FALSE(parse_state(""));
}

TEST(BackOff, KnowsThrottlingFromRefusal) {
  EXPECT_EQ(read_throttling("Request is throttled. Suggested Backoff Time: 299961 milliseconds"),
            std::chrono::milliseconds(299961));
  EXPECT_EQ(read_throttling("[OVERQUOTA] Account exceeded command or bandwidth limits."), std::chrono::milliseconds(0));
  EXPECT_EQ(read_throttling("Too many simultaneous connections."), std::chrono::milliseconds(0));
  EXPECT_FALSE(read_throttling("Mailbox does not exist"));
  EXPECT_FALSE(read_back_off("Mailbox does not exist"));
}

TEST(InternalDates, AreReadInAllForms) {
  for (const char* text : {" 7-Jul-1996 02:44:25 -0700", "07-Jul-1996 02:44:25 -0700", "7-Jul-1996 02:44:25 -0700",
                           "07-Jul-1996 09:44:25 +0000"}) {
    const auto date = parse_internal_date(text);
    ASSERT_TRUE(date) << text;
    EXPECT_EQ(date->at.time_since_epoch().count(), 836732665) << text;
  }
  EXPECT_FALSE(parse_internal_date("nonsense"));
}

}  // namespace
}  // namespace kontor::migrate
