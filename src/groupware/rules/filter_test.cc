// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/rules/filter.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include "groupware/accounts_fixture.h"
#include "groupware/delivery.h"

namespace kontor::groupware {
namespace {

// Keeps what was sent.
class Tray : public Outbox {
 public:
  explicit Tray(std::unique_ptr<Accounts>& accounts) : accounts_(accounts) {}
  Result<void> send(const OutgoingMail& mail) override {
    if (fault) return std::unexpected(*fault);
    const auto content = accounts_->content(mail.content);
    std::string to;
    for (const std::string& recipient : mail.recipients) to += " " + recipient;
    sent.push_back("<" + mail.sender + ">" + to);
    letters.push_back(must(content->read(0, content->size())));
    return {};
  }

  std::vector<std::string> sent, letters;
  std::optional<Error> fault;

 private:
  std::unique_ptr<Accounts>& accounts_;
};

class FilterTest : public AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    filter_options.hostname = "mail.example.org";
    make_filter();
  }
  void make_filter() { filter = std::make_unique<Filter>(*accounts, *directory, clock, filter_options, &tray); }

  void use(const std::string& text, PrincipalId who = {}) { put("main", text, who); }
  void put(const std::string& name, const std::string& text, PrincipalId who = {}) {
    must(open(who ? who : ada)->update(as(who ? who : ada), [&](Transaction& t) -> Result<void> {
      TRY_VOID(t.put_script(name, text));
      return name == "main" ? t.activate_script(name) : Result<void>();
    }));
  }
  Result<Delivered> try_deliver(const std::string& bytes, const std::string& to = "ada@example.org",
                                const std::string& from = "bea@example.net") {
    return Delivery(*accounts, *directory, clock, QuotaPolicy::defer, filter.get())
        .deliver(to, stage(bytes), {from, ""});
  }
  std::string deliver(const std::string& bytes, const std::string& to = "ada@example.org",
                      const std::string& from = "bea@example.net") {
    return must(try_deliver(bytes, to, from)).refusal;
  }
  std::uint32_t count(const std::string& path, PrincipalId who = {}) {
    const auto folder = open(who ? who : ada)->folders()->at_path(path);
    return folder ? folder->total : 999;
  }
  std::string last(const std::string& path) {
    auto account = open(ada);
    const auto rows = view(*account, account->folders()->at_path(path)->id);
    return content(*account, ItemId(rows->at(rows->size() - 1).item));
  }
  FlagNames flags_of_last(const std::string& path) {
    auto account = open(ada);
    const auto reader = must(account->read(Caller::system()));
    const auto rows = view(*account, account->folders()->at_path(path)->id);
    return reader->keywords()->spell(must(reader->item(ItemId(rows->at(rows->size() - 1).item))).flags);
  }
  static std::string letter(const std::string& subject, const std::string& more = "") {
    return "From: bea@example.net\r\nTo: ada@example.org\r\nMessage-ID: <" + subject +
           "@example.net>\r\nSubject: " + subject + "\r\n" + more + "\r\nHello\r\n";
  }

  FilterOptions filter_options;
  Tray tray{accounts};
  std::unique_ptr<Filter> filter;
};

TEST_F(FilterTest, FilesFlagsMakesFoldersAndDiscards) {
  use(R"(require ["fileinto", "mailbox", "imap4flags", "copy", "special-use", "subaddress", "envelope"];
if header :is "subject" "made" { fileinto :create "Lists/New"; }
elsif header :is "subject" "spam" { fileinto :specialuse "\\Junk" "Nowhere"; }
elsif header :is "subject" "both" { fileinto :copy :flags ["\\Seen", "urgent"] "Archive"; }
elsif header :is "subject" "twice" { keep; fileinto "INBOX"; fileinto "inbox"; }
elsif header :is "subject" "gone" { discard; }
elsif envelope :detail "to" "x" { addflag "\\Flagged"; }
)");
  deliver(letter("made"));
  EXPECT_EQ(count("Lists/New"), 1U);
  deliver(letter("spam"));
  EXPECT_EQ(count("Junk"), 1U);
  deliver(letter("both"));
  EXPECT_EQ(count("Archive"), 1U);
  EXPECT_EQ(flags_of_last("Archive").flags, kSeen);
  EXPECT_EQ(flags_of_last("Archive").keywords, std::vector<std::string>{"urgent"});
  EXPECT_EQ(count("INBOX"), 1U);
  deliver(letter("twice"));
  EXPECT_EQ(count("INBOX"), 2U) << "twice into one folder is once";
  const Modseq before = open(ada)->modseq();
  deliver(letter("gone"));
  EXPECT_EQ(open(ada)->modseq(), before);
  deliver(letter("other"), "ada+x@example.org");
  EXPECT_EQ(flags_of_last("INBOX").flags, kFlagged);
  must(open(ada)->update(as(ada), [](Transaction& t) { return t.activate_script(""); }));
  deliver(letter("gone"));
  EXPECT_EQ(count("INBOX"), 4U);
  EXPECT_TRUE(tray.sent.empty());
  expect_sound();
}

TEST_F(FilterTest, KeepsWhatNoFolderCanBeMadeFor) {
  std::string deep = "a";
  for (int i = 0; i < 80; ++i) deep += "/a";
  use("require [\"fileinto\", \"mailbox\"]; fileinto :create \"" + deep + "\";");
  EXPECT_EQ(deliver(letter("one")), "");
  EXPECT_EQ(count("INBOX"), 2U) << "the message, and a word about the script";
  EXPECT_EQ(count("a"), 999U) << "nothing is left of the path";
  expect_sound();
}

TEST_F(FilterTest, AFaultKeepsTheMessageAndIsToldOnce) {
  use(R"(require "fileinto"; fileinto "Absent";)");
  deliver(letter("one"));
  EXPECT_EQ(count("INBOX"), 2U) << "the message, and a word about the script";
  EXPECT_NE(last("INBOX").find("There is no folder \"Absent\""), std::string::npos) << last("INBOX");
  EXPECT_NE(last("INBOX").find("Auto-Submitted: auto-notified"), std::string::npos);
  deliver(letter("two"));
  EXPECT_EQ(count("INBOX"), 3U);
  reopen();
  make_filter();
  deliver(letter("three"));
  EXPECT_EQ(count("INBOX"), 4U);
  use(R"(require ["fileinto", "ihave"]; fileinto "Archive"; error "no more";)");
  deliver(letter("four"));
  EXPECT_EQ(count("INBOX"), 6U) << "a new version, a new word";
  EXPECT_EQ(count("Archive"), 0U);
  EXPECT_NE(last("INBOX").find("no more"), std::string::npos) << last("INBOX");
  use("this is no script");  // as something else may have stored it
  deliver(letter("five"));
  EXPECT_EQ(count("INBOX"), 8U);
  expect_sound();
}

TEST_F(FilterTest, RefusesWithTheScriptsWordsButNotForAGroup) {
  use(R"(require "reject"; if header :is "subject" "no" { reject "Not this one."; })");
  EXPECT_EQ(deliver(letter("no")), "Not this one.");
  EXPECT_EQ(count("INBOX"), 0U);
  directory::NewPrincipal wanted;
  wanted.kind = directory::PrincipalKind::group;
  wanted.address = "all@example.org";
  wanted.name = "All";
  auto group = must(directory->add_principal(wanted));
  group.members = {ada, ben};
  must(directory->update_principal(group));
  EXPECT_EQ(deliver(letter("no"), "all@example.org"), "");
  EXPECT_EQ(count("INBOX"), 1U);
  EXPECT_EQ(count("INBOX", ben), 1U);
}

TEST_F(FilterTest, RemembersDuplicatesForTheirTime) {
  use(R"(require "duplicate"; if duplicate :seconds 3600 { discard; })");
  for (const char* id : {"a", "b", "a", "a"}) deliver(letter(id));
  EXPECT_EQ(count("INBOX"), 2U);
  reopen();
  make_filter();
  deliver(letter("a"));
  EXPECT_EQ(count("INBOX"), 2U);
  clock.advance(std::chrono::hours(2));
  must(accounts->sweep());
  deliver(letter("a"));
  EXPECT_EQ(count("INBOX"), 3U);
  expect_sound();
}

TEST_F(FilterTest, OfManyThatComeAtOnceOneIsTheFirst) {
  use(R"(require "duplicate"; if duplicate { discard; })");
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { deliver(letter("same")); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count("INBOX"), 1U);
}

TEST_F(FilterTest, EditsTheHeaderOfSmallAndLargeMessages) {
  use(R"(require ["editheader", "fileinto"]; addheader "X-Seen" "yes"; fileinto "Archive";)");
  deliver(letter("one"));
  EXPECT_TRUE(last("Archive").starts_with("X-Seen: yes\r\nFrom:")) << last("Archive");
  std::string large;
  while (large.size() < 200'000) large += std::string(70, 'x') + "\r\n";
  deliver(letter("two") + large);
  EXPECT_EQ(last("Archive"), "X-Seen: yes\r\n" + letter("two") + large);
  expect_sound();
}

TEST_F(FilterTest, IncludesOwnScriptsAndTheServers) {
  const auto folder = std::filesystem::temp_directory_path() / ("kontor-scripts-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "house.sieve") << R"(require "imap4flags"; addflag "house";)";
  filter_options.global_scripts = folder.string();
  make_filter();
  put("mine", R"(require ["fileinto"]; if header :is "subject" "one" { fileinto "Archive"; stop; })");
  use(R"(require "include"; include :personal "mine"; include :global "house"; include :global :optional "../mine";)");
  deliver(letter("one"));
  EXPECT_EQ(count("Archive"), 1U);
  deliver(letter("two"));
  EXPECT_EQ(flags_of_last("INBOX").keywords, std::vector<std::string>{"house"});
  put("mine", R"(require ["fileinto"]; fileinto "Sent";)");
  deliver(letter("one"));
  EXPECT_EQ(count("Sent"), 1U) << "a changed script counts at once";
  std::filesystem::remove_all(folder);
}

TEST_F(FilterTest, ForwardsOnceAndNeverInCircles) {
  use(R"(require "copy"; redirect "cleo@example.com"; redirect :copy "dan@example.com";)");
  deliver("Return-Path: <bea@example.net>\r\n" + letter("one"));
  ASSERT_EQ(tray.sent,
            (std::vector<std::string>{"<bea@example.net> cleo@example.com", "<bea@example.net> dan@example.com"}));
  EXPECT_EQ(tray.letters[0], "X-Sieve-Redirected-From: ada@example.org\r\n" + letter("one"));
  EXPECT_EQ(count("INBOX"), 0U);
  deliver(letter("one"));
  EXPECT_EQ(tray.sent.size(), 2U) << "the same message came again";
  deliver("Received: by another way\r\n" + letter("one"));
  EXPECT_EQ(tray.sent.size(), 2U) << "and again, with other marks of its way";
  deliver(letter("one") + "A second page\r\n");
  EXPECT_EQ(tray.sent.size(), 4U) << "another message with the same id";
  deliver(tray.letters[0].substr(0, 41) + "\r\n" + letter("two"));
  EXPECT_EQ(tray.sent.size(), 4U) << "it has been here";
  EXPECT_EQ(count("INBOX"), 1U);
  std::string hops;
  for (int i = 0; i < 50; ++i) hops += "Received: from somewhere\r\n";
  deliver(hops + letter("three"));
  EXPECT_EQ(tray.sent.size(), 4U);
  EXPECT_EQ(count("INBOX"), 2U);
  use(R"(redirect "ada+self@example.org";)");
  deliver(letter("four"));
  EXPECT_EQ(tray.sent.size(), 4U);
  EXPECT_EQ(count("INBOX"), 3U);
  expect_sound();
}

TEST_F(FilterTest, AForwardThatCannotBeSentNowComesAgainAndOneThatNeverCanIsKept) {
  use(R"(redirect "cleo@example.com";)");
  tray.fault = Error(Errc::unavailable, "the queue is full");
  EXPECT_EQ(try_deliver(letter("one")).error().code, Errc::unavailable);
  EXPECT_EQ(count("INBOX"), 0U);
  tray.fault = Error(Errc::invalid, "no such domain");
  deliver(letter("one"));
  EXPECT_EQ(count("INBOX"), 2U) << "and a word about it";
}

TEST_F(FilterTest, AFullMailboxForwardsNothingAgainAndAgain) {
  use(R"(require "copy"; redirect :copy "cleo@example.com";)");
  auto principal = must(directory->principal(ada));
  principal.quota = 10;
  must(directory->update_principal(principal));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(try_deliver(letter("one")).error().code, Errc::over_quota);
  EXPECT_TRUE(tray.sent.empty());
}

TEST_F(FilterTest, AnswersASenderOncePerPeriodAndNotifies) {
  use(R"(require ["vacation", "enotify"]; vacation :days 2 :subject "Away" "I am away.";
notify :message "Mail came" "mailto:pager@example.com";)");
  deliver(letter("one"));
  ASSERT_EQ(tray.sent, (std::vector<std::string>{"<> bea@example.net", "<ada@example.org> pager@example.com"}));
  EXPECT_NE(tray.letters[0].find("Auto-Submitted: auto-replied"), std::string::npos);
  EXPECT_NE(tray.letters[0].find("In-Reply-To: <one@example.net>"), std::string::npos);
  deliver(letter("two"));
  EXPECT_EQ(tray.sent.size(), 3U) << "only the notification";
  deliver(letter("three"), "ada@example.org", "other@example.net");
  EXPECT_EQ(tray.sent.size(), 5U);
  clock.advance(std::chrono::hours(49));
  deliver(letter("four"));
  EXPECT_EQ(tray.sent[5], "<> bea@example.net");
  deliver(letter("five", "List-Id: <x.example.net>\r\n"), "ada@example.org", "list@example.net");
  EXPECT_EQ(tray.sent.back(), "<ada@example.org> pager@example.com");
  tray.fault = Error(Errc::unavailable, "the queue is full");
  deliver(letter("six"), "ada@example.org", "third@example.net");
  EXPECT_EQ(count("INBOX"), 6U) << "mail does not wait for answers";
  expect_sound();
}

TEST_F(FilterTest, WithoutAnOutboxScriptsThatSendAreRefused) {
  const char* const kSending[] = {
      R"(redirect "x@example.com";)", R"(if true { if true { redirect "x@example.com"; } })",
      R"(require "vacation"; vacation "away";)", R"(require "enotify"; notify "mailto:x@example.com";)"};
  for (const char* text : kSending) {
    EXPECT_TRUE(compile_script(text, Sending::yes).program) << text;
    const auto refused = compile_script(text, Sending::no);
    EXPECT_FALSE(refused.program) << text;
    EXPECT_FALSE(refused.faults.empty()) << text;
  }
  filter = std::make_unique<Filter>(*accounts, *directory, clock, filter_options);
  use(kSending[0]);
  deliver(letter("one"));
  EXPECT_EQ(count("INBOX"), 2U) << "kept, and told of";
}

TEST_F(FilterTest, AnswersWhatScriptsAsk) {
  struct Case {
    const char* test;
    bool is_true;
  };
  const Case cases[] = {
      {R"(environment "name" "Kontor")", true},
      {R"(environment "location" "MDA")", true},
      {R"(environment "host" "mail.example.org")", true},
      {R"(environment "domain" "example.org")", true},
      {R"(environment "vnd.kontor.sender" "external")", true},
      {R"(mailboxexists ["Archive", "inbox"])", true},
      {R"(mailboxexists ["Archive", "Absent"])", false},
      {R"(specialuse_exists "\\Junk")", true},
      {R"(specialuse_exists "Junk" "\\Junk")", true},
      {R"(specialuse_exists "Archive" "\\Junk")", false},
      {R"(specialuse_exists "\\Inbox")", false},
      {R"(metadata "Archive" "/private/comment" "old")", true},
      {R"(metadata "Archive" "/shared/comment" "old")", false},
      {R"(mailboxidexists "F1-2")", false},
  };
  auto account = open(ada);
  must(account->update(as(ada), [&](Transaction& t) {
    return t.annotate(t.folders()->at_path("Archive")->id, "/private/comment", "old");
  }));
  const std::string id = mailbox_id(account->id(), account->folders()->at_path("Trash")->id);
  for (const Case& one : cases) {
    use(std::string("require [\"environment\", \"mailbox\", \"mailboxid\", \"special-use\", \"mboxmetadata\", "
                    "\"fileinto\"];\nif ") +
        one.test + " { fileinto :mailboxid \"" + id + "\" \"Absent\"; } else { discard; }");
    const std::uint32_t before = count("Trash");
    deliver(letter("one"));
    EXPECT_EQ(count("Trash") - before, one.is_true ? 1U : 0U) << one.test;
  }
}

}  // namespace
}  // namespace kontor::groupware
