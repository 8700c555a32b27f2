// SPDX-License-Identifier: AGPL-3.0-or-later
// What stands before an account's rules: lists of senders, and plug-ins. And what is learned from what people move.
#include <algorithm>

#include "groupware/accounts_fixture.h"
#include "groupware/delivery.h"
#include "groupware/rules/rule_list.h"
#include "groupware/rules/sender_lists.h"

namespace kontor::groupware {
namespace {

class Plugin : public DeliveryHook {
 public:
  Result<HookAnswer> ask(const directory::Principal& who, const Incoming& incoming) override {
    asked.push_back(who.primary_address() + " " + incoming.sender);
    return answer;
  }
  std::vector<std::string> asked;
  Result<HookAnswer> answer = HookAnswer();
};

class DeliveryHookTest : public AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    filter = std::make_unique<Filter>(*accounts, *directory, clock, FilterOptions());
  }
  Result<Delivered> deliver(Arrival arrival, const std::string& from = "bea@example.net") {
    return Delivery(*accounts, *directory, clock, QuotaPolicy::defer, filter.get())
        .deliver("ada@example.org", stage("From: Bea <" + from + ">\r\nSubject: x\r\n\r\nHi\r\n"), arrival);
  }
  std::uint32_t count(const std::string& path) {
    const auto folder = open(ada)->folders()->at_path(path);
    return folder ? folder->total : 999;
  }
  std::unique_ptr<Filter> filter;
  Plugin plugin;
};

TEST_F(DeliveryHookTest, DoesWhatThePluginSays) {
  filter->use(plugin);
  EXPECT_TRUE(deliver({"bea@example.net", ""}));
  EXPECT_EQ(plugin.asked, std::vector<std::string>{"ada@example.org bea@example.net"});
  EXPECT_EQ(count("INBOX"), 1);
  plugin.answer->is_junk = true;
  EXPECT_TRUE(deliver({"bea@example.net", ""}));
  EXPECT_EQ(count("Junk"), 1);
  plugin.answer = HookAnswer{.refusal = "", .is_discarded = false, .is_junk = false, .folder = "Work/New"};
  EXPECT_TRUE(deliver({"bea@example.net", ""}));
  EXPECT_EQ(count("Work/New"), 1);
  plugin.answer = HookAnswer{.refusal = "", .is_discarded = true, .is_junk = false, .folder = ""};
  EXPECT_TRUE(deliver({"bea@example.net", ""}));
  plugin.answer = HookAnswer{.refusal = "No", .is_discarded = false, .is_junk = false, .folder = ""};
  EXPECT_EQ(deliver({"bea@example.net", ""})->refusal, "No");
  EXPECT_EQ(count("INBOX"), 1);
  Arrival among_others{"bea@example.net", ""};
  among_others.may_refuse = false;
  EXPECT_EQ(deliver(among_others)->refusal, "") << "nobody could be told";
  EXPECT_EQ(count("Junk"), 2);
  plugin.answer = fail(Errc::unavailable, "down");
  EXPECT_EQ(deliver({"bea@example.net", ""}).error().code, Errc::unavailable);
  plugin.answer = HookAnswer();
  plugin.answer->content = stage("From: x@example.net\r\nSubject: other\r\n\r\nNew\r\n");
  EXPECT_TRUE(deliver({"bea@example.net", ""}));
  const auto rows = view(*open(ada), inbox(*open(ada)));
  EXPECT_TRUE(content(*open(ada), ItemId(rows->at(rows->size() - 1).item)).ends_with("New\r\n"));
  expect_sound();
}

TEST_F(DeliveryHookTest, ListsOfTheTenantAndOfUsers) {
  directory::Tenant lists = must(directory->tenant(tenant));
  lists.allowed_senders = {"@friends.example"};
  lists.blocked_senders = {"ads@example.net"};
  lists.refused_senders = {"@evil.example"};
  must(directory->update_tenant(lists));
  must(change_rules(*open(ada), as(ada), Sending::no, [](sieve::RuleList& list) -> Result<void> {
    list.rules.push_back({"", true, sieve::JunkRule{{"shop@example.net"}, {"pest@example.net"}}});
    return {};
  }));
  struct Case {
    std::string author, sender;
    bool is_junk, is_proven;
    std::string expected, why;
  };
  const Case cases[] = {
      {"a@friends.example", "a@friends.example", true, true, "INBOX", "the tenant allows it"},
      {"a@friends.example", "a@friends.example", true, false, "Junk", "anybody may have written that"},
      {"a@sub.friends.example", "", true, true, "Junk", "another domain"},
      {"SHOP@example.net", "x@example.net", true, true, "INBOX", "its owner wants it"},
      {"shop@example.net", "x@example.net", true, false, "Junk", "its owner wants the real one"},
      {"ads@example.net", "x@example.net", false, true, "Junk", "the tenant blocks it"},
      {"x@example.net", "ads@example.net", false, true, "Junk", "by the envelope"},
      {"pest@example.net", "x@example.net", false, true, "Junk", "its owner blocks it"},
      {"x@example.net", "x@example.net", false, false, "INBOX", "nobody says anything"},
      {"x@evil.example", "x@example.net", false, true, "", "the tenant refuses it"},
  };
  for (const Case& c : cases) {
    const std::uint32_t before = c.expected.empty() ? 0 : count(c.expected);
    const auto done = deliver(
        {.sender = c.sender, .fingerprint = "", .is_junk = c.is_junk, .is_author_proven = c.is_proven}, c.author);
    ASSERT_TRUE(done) << c.why;
    EXPECT_EQ(done->refusal.empty(), !c.expected.empty()) << c.why;
    if (!c.expected.empty()) EXPECT_EQ(count(c.expected), before + 1) << c.why;
  }
  const auto again = must(directory::Directory::open(*engine, clock, {.memory_kib = 64, .passes = 1}));
  EXPECT_EQ(must(again->tenant(tenant)).refused_senders, lists.refused_senders) << "they are stored";
}

class LessonsTest : public AccountsTest {
 protected:
  void SetUp() override {
    options.notes_lessons = true;
    AccountsTest::SetUp();
    accounts->on_lessons([this](AccountId id) { told.push_back(id); });
  }
  FolderId role(FolderRole role) { return open(ada)->folders()->by_role(role)->id; }
  Added move(Added from, FolderRole source, FolderRole target, bool copies = false) {
    Added added;
    must(open(ada)->update(as(ada), [&](Transaction& transaction) -> Result<void> {
      TRY(added, copies ? transaction.copy(role(source), from.uid, role(target))
                        : transaction.move(role(source), from.uid, role(target)));
      return {};
    }));
    return added;
  }
  std::string lessons() {
    std::string out;
    for (const Lesson& one : must(accounts->lessons(AccountId(ada.value), 100)))
      out += (one.is_junk ? "junk " : "good ") + std::to_string(one.item.value) + " ";
    return out;
  }
  std::vector<AccountId> told;
};

TEST_F(LessonsTest, AreWhatPeopleMoveToAndFromJunk) {
  const Added mail = add(*open(ada), inbox(*open(ada)), this->mail("x"));
  const std::string id = std::to_string(mail.item.value);
  EXPECT_EQ(lessons(), "");
  Added at = move(mail, FolderRole::inbox, FolderRole::archive);
  EXPECT_EQ(lessons(), "") << "neither was junk";
  EXPECT_TRUE(told.empty());
  at = move(at, FolderRole::archive, FolderRole::junk);
  EXPECT_EQ(lessons(), "junk " + id + " ");
  EXPECT_EQ(told.size(), 1);
  at = move(at, FolderRole::junk, FolderRole::inbox);
  EXPECT_EQ(lessons(), "good " + id + " ") << "the last word counts";
  const Added copy = move(at, FolderRole::inbox, FolderRole::junk, true);
  EXPECT_EQ(lessons(), "good " + id + " junk " + std::to_string(copy.item.value) + " ");
  move(copy, FolderRole::junk, FolderRole::trash);
  EXPECT_EQ(lessons(), "good " + id + " junk " + std::to_string(copy.item.value) + " ") << "junk that is thrown away";
  expect_sound();
  auto all = must(accounts->lessons(AccountId(ada.value), 100));
  all.front().value.back() = '?';  // there is another one by now
  must(accounts->forget_lessons(AccountId(ada.value), all));
  EXPECT_EQ(lessons(), "good " + id + " ");
  reopen();
  accounts->on_lessons([this](AccountId account) { told.push_back(account); });
  told.clear();
  open(ada);
  EXPECT_EQ(told, std::vector<AccountId>{AccountId(ada.value)}) << "after a restart they go on";
}

TEST_F(LessonsTest, EndWithTheirMessage) {
  directory::Tenant strict = must(directory->tenant(tenant));
  strict.recoverable_days = 0;
  must(directory->update_tenant(strict));
  const Added at = move(add(*open(ada), inbox(*open(ada)), mail("x")), FolderRole::inbox, FolderRole::junk);
  must(open(ada)->update(as(ada),
                         [&](Transaction& transaction) { return transaction.remove(role(FolderRole::junk), at.uid); }));
  clock.advance(std::chrono::hours(1));
  must(accounts->sweep());
  EXPECT_EQ(lessons(), "");
  expect_sound();
}

}  // namespace
}  // namespace kontor::groupware
