// SPDX-License-Identifier: AGPL-3.0-or-later
// What is carried beside items: rights, the out-of-office answer, WebApp's settings, delegates, searches.
#include <gtest/gtest.h>

#include "migrate/kopano/acl.h"
#include "migrate/kopano/delegates.h"
#include "migrate/kopano/out_of_office.h"
#include "migrate/kopano/rules.h"
#include "migrate/kopano/searches.h"
#include "migrate/kopano/webapp.h"

namespace kontor::migrate::kopano {
namespace {

using Grants = std::vector<archive::Grant>;

// A store (1) with a folder (10) and one below (20). Ann (5) owns it; Ben (6) and Cem (7) are the group 15; Dora (8).
constexpr std::uint32_t kStore = 1, kTop = 10, kInner = 20, kAnn = 5, kBen = 6, kCem = 7, kDora = 8, kTeam = 15,
                        kNameless = 16;

AclResolver resolver(std::vector<AclRow> rows) {
  AclSubjects subjects;
  subjects.users = {kAnn, kBen, kCem, kDora};
  subjects.groups = {{kTeam, {kBen, kCem}}, {kNameless, {kBen, kDora}}};
  subjects.everyone = {1};
  subjects.owner = kAnn;
  subjects.sees_private = {kDora};
  subjects.address_of = [](std::uint32_t id) -> std::optional<std::string> {
    static const std::map<std::uint32_t, std::string> kNames = {
        {kBen, "ben@x"}, {kCem, "cem@x"}, {kDora, "dora@x"}, {kTeam, "team@x"}};
    const auto found = kNames.find(id);
    return found == kNames.end() ? std::nullopt : std::optional(found->second);
  };
  return AclResolver(std::move(rows), {{kTop, kStore}, {kInner, kTop}}, std::move(subjects));
}

constexpr std::uint32_t kReviewer = 0x401, kSecretary = 0x47B, kNone = 0x400;
const std::uint32_t kReads = rights_of_mapi(kReviewer, ""), kWrites = rights_of_mapi(kSecretary, ""),
                    kSees = rights_of_mapi(kNone, "");

TEST(KopanoAcl, inherits_until_a_row_matches) {
  struct Case {
    const char* what;
    std::vector<AclRow> rows;
    std::uint32_t folder;
    Grants expected;
  };
  for (const auto& [what, rows, folder, expected] :
       {Case{"none", {}, kInner, {}},
        {"from the store", {{kStore, kBen, kReviewer}}, kInner, {{"ben@x", kReads}}},
        {"the nearest counts", {{kStore, kBen, kSecretary}, {kTop, kBen, kReviewer}}, kInner, {{"ben@x", kReads}}},
        {"not that of a folder below", {{kInner, kBen, kReviewer}}, kTop, {}},
        {"each for himself",
         {{kStore, kBen, kSecretary}, {kTop, kDora, kReviewer}},
         kInner,
         {{"ben@x", kWrites}, {"dora@x", kReads}}},
        {"a group", {{kTop, kTeam, kReviewer}}, kTop, {{"team@x", kReads}}},
        {"a group's row ends what one had above",
         {{kStore, kBen, kSecretary}, {kTop, kTeam, kReviewer}},
         kTop,
         {{"team@x", kReads}, {"ben@x", kReads}}},
        {"who has less than his group is not given it by the group",
         {{kStore, kTeam, kSecretary}, {kTop, kBen, kNone}},
         kTop,
         {{"ben@x", kSees}, {"cem@x", kWrites}}},
        {"a group without an address", {{kTop, kNameless, kReviewer}}, kTop, {{"ben@x", kReads}, {"dora@x", kReads}}},
        {"everyone", {{kTop, 1, kReviewer}}, kTop, {{"", kReads}}},
        {"who has less than everyone",
         {{kStore, 1, kReviewer}, {kTop, kBen, kNone}},
         kTop,
         {{"ben@x", kSees}, {"cem@x", kReads}, {"dora@x", kReads}}},
        {"one level's rows together",
         {{kTop, kTeam, kReviewer}, {kTop, kBen, kSecretary}},
         kTop,
         {{"team@x", kReads}, {"ben@x", kWrites | kReads}}},
        {"the owner has all anyway", {{kTop, kAnn, kNone}}, kTop, {}},
        {"the system", {{kTop, 2, kSecretary}}, kTop, {}}}) {
    AclResolver acl = resolver(rows);
    EXPECT_EQ(acl.grants(folder, ""), expected) << what;
  }
}

TEST(KopanoAcl, levels_of_calendars_and_private_items) {
  constexpr std::uint32_t kFreeBusy = 1U << 11, kDetails = 1U << 12, kPrivate = 1U << 13;
  AclResolver acl = resolver({{kTop, kBen, kNone}, {kTop, kCem, kReviewer}, {kTop, kDora, kReviewer}});
  EXPECT_EQ(acl.grants(kTop, "calendar"), (Grants{{"ben@x", kSees | kFreeBusy},
                                                  {"cem@x", kReads | kFreeBusy | kDetails},
                                                  {"dora@x", kReads | kFreeBusy | kDetails | kPrivate}}));
  EXPECT_EQ(acl.grants(kTop, "").back().rights & kPrivate, 0u) << "mail has no private items";
}

TEST(KopanoAcl, names_what_it_cannot_say) {
  AclResolver acl = resolver({{kTop, kBen, 0x41B}, {kTop, 99, kReviewer}});
  EXPECT_EQ(acl.grants(kTop, "").size(), 1u);
  EXPECT_EQ(acl.losses().size(), 2u) << "own items alone, and a number that is nobody";
  acl.grants(kTop, "");
  EXPECT_EQ(acl.losses().size(), 2u) << "each once";
}

TEST(KopanoAcl, a_circle_ends) {
  AclSubjects subjects;
  AclResolver acl({}, {{1, 2}, {2, 1}}, subjects);
  EXPECT_TRUE(acl.grants(1, "").empty());
}

mapi::Properties store_of(bool is_on, const std::string& text, std::int64_t from = 0, std::int64_t until = 0) {
  mapi::Properties out;
  out.set({.id = 0x6760}, mapi::Value::of(is_on));
  out.set({.id = 0x6761}, mapi::Value::of_text(text));
  out.set({.id = 0x6762}, mapi::Value::of_text("Away"));
  if (from != 0)
    out.set({.id = 0x6763}, mapi::Value::of_time(mapi::ticks_of_instant(Instant(std::chrono::seconds(from)))));
  if (until != 0)
    out.set({.id = 0x6764}, mapi::Value::of_time(mapi::ticks_of_instant(Instant(std::chrono::seconds(until)))));
  return out;
}

TEST(KopanoOutOfOffice, with_times_and_text) {
  std::string loss;
  const auto rule = out_of_office_of(store_of(true, "Bin weg.\r\nGrüße", 1'800'000'000, 1'800'086'400), loss);
  ASSERT_TRUE(rule);
  EXPECT_TRUE(rule->is_enabled);
  const auto& away = std::get<sieve::OutOfOfficeRule>(rule->what);
  EXPECT_EQ(away.text, "Bin weg.\nGrüße");
  EXPECT_EQ(away.subject, "Away");
  EXPECT_EQ(away.from->time_since_epoch().count(), 1'800'000'000);
  EXPECT_EQ(away.until->time_since_epoch().count(), 1'800'086'400);
  EXPECT_EQ(loss, "");
  EXPECT_FALSE(out_of_office_of(store_of(false, "old"), loss)->is_enabled) << "kept, and off";
  EXPECT_FALSE(out_of_office_of(mapi::Properties(), loss));
  EXPECT_EQ(loss, "");
  EXPECT_FALSE(out_of_office_of(store_of(true, ""), loss));
  EXPECT_NE(loss, "");
  loss.clear();
  EXPECT_FALSE(out_of_office_of(store_of(true, "x", 1'800'000'000, 1'700'000'000), loss)->is_enabled);
  EXPECT_NE(loss, "");
}

TEST(KopanoWebApp, settings) {
  archive::Settings settings;
  std::vector<SettingLoss> losses;
  WebAppWorld world{"Ann", "ann@x.example", [](std::string_view login) -> std::optional<std::string> {
                      return login == "ben" ? std::optional<std::string>("ben@x.example") : std::nullopt;
                    }};
  take_webapp_settings(R"({"settings":{"zarafa":{"v1":{
      "main":{"language":"de_DE.UTF-8","week_start":1,"thumbnail_photo":"x"},
      "contexts":{"mail":{"signatures":{"all":{"77":{"name":"Büro","content":"<p>Grüße</p>","isHTML":true}},
                                        "new_message":77,"replyforward_message":5},
                          "sendas":[{"display_name":"Team","email_address":"team@x.example"},{"email_address":"none"}],
                          "use_cc":true,"safe_senders_list":{"0":"Pics@x.example","1":""}},
                  "hierarchy":{"shared_stores":{"ben":{"calendar":{}},"gone":{}}}},
      "categories":[{"name":"Kunde","color":"#00AA00","quickAccess":true},{"name":"kunde"},{"color":"#000000"}]}}}})",
                       world, settings, losses);
  EXPECT_EQ(settings.language, "de-DE");
  EXPECT_EQ(settings.signatures, (std::vector<archive::Signature>{{"77", "Büro", "<p>Grüße</p>", true}}));
  EXPECT_EQ(settings.new_signature, "77");
  EXPECT_EQ(settings.reply_signature, "") << "a signature that is not there is none";
  EXPECT_EQ(settings.identities,
            (std::vector<archive::Identity>{{"main", "Ann", "ann@x.example", "", "77", ""},
                                            {"sendas.team@x.example", "Team", "team@x.example", "", "", ""}}));
  EXPECT_EQ(settings.categories, (std::vector<archive::Category>{{"Kunde", "#00aa00", true}}));
  EXPECT_EQ(settings.favourites, (std::vector<archive::Favourite>{{"", "ben@x.example", "calendar"}}));
  EXPECT_EQ(settings.display,
            (std::map<std::string, std::string>{{"webapp.main.week_start", "1"},
                                                {"webapp.contexts.mail.use_cc", "true"},
                                                {"webapp.contexts.mail.safe_senders_list", R"(["Pics@x.example"])"}}));
  EXPECT_FALSE(settings.senders) << "whose pictures are shown says nothing about junk";
  ASSERT_EQ(losses.size(), 1u);
  EXPECT_NE(losses[0].what.find("gone"), std::string::npos);
}

TEST(KopanoWebApp, what_is_no_such_document_does_no_harm) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += R"({"settings":)";
  for (const std::string& text :
       {std::string("garbage"), std::string("[]"), std::string(R"({"settings":7})"), deep, std::string("\xff"),
        std::string(R"({"settings":{"zarafa":{"v1":{"contexts":{"mail":{"signatures":{"all":[1,2]}}},"main":[]}}}})"),
        std::string(R"({"settings":{"zarafa":{"v1":{"categories":{"a":1},"main":{"language":5}}}}})")}) {
    archive::Settings settings;
    std::vector<SettingLoss> losses;
    take_webapp_settings(text, {}, settings, losses);
    EXPECT_FALSE(settings.language) << text.substr(0, 40);
    EXPECT_LE(losses.size(), 1u);
  }
  EXPECT_EQ(language_of_locale("C"), "");
  EXPECT_EQ(language_of_locale("pt_BR@euro"), "pt-BR");
}

TEST(KopanoDelegates, with_what_they_may_see) {
  mapi::Properties message;
  message.set({.id = 0x6845}, *mapi::Value::make(mapi::Type::binary, std::vector<std::string>{"ben", "gone"}));
  message.set({.id = 0x6844}, mapi::Value::of_texts({"Ben", "Gone Leaver"}));
  message.set({.id = 0x686B}, *mapi::Value::make(mapi::Type::int32, std::vector<std::int64_t>{1, 0}));
  std::vector<SettingLoss> losses;
  const auto resolve = [](std::string_view entry) -> std::optional<mapi::Mailbox> {
    if (entry != "ben") return std::nullopt;
    return mapi::Mailbox{"Ben", "ben@x.example"};
  };
  EXPECT_EQ(delegates_of(message, resolve, losses), (std::vector<archive::Delegate>{{"ben@x.example", true, false}}));
  ASSERT_EQ(losses.size(), 1u);
  EXPECT_EQ(losses[0].what, "the delegate Gone Leaver");
  EXPECT_FALSE(booking_of(message));
  message.set({.id = 0x686D}, mapi::Value::of(true));
  message.set({.id = 0x686E}, mapi::Value::of(true));
  message.set({.id = 0x686F}, mapi::Value::of(true));
  EXPECT_EQ(booking_of(message), (archive::Booking{true, false, false}));
}

TEST(KopanoSearches, look_where_they_did) {
  const auto folder_of = [](std::string_view entry) -> std::optional<std::string> {
    if (entry == "folder") return "17";
    return entry == "top" ? std::optional<std::string>("") : std::nullopt;
  };
  const auto xml = [](const std::string& entry) {
    return "<SearchCriteria><lpRestrict><ulType>6</ulType><lpBitmask><ulMask>1</ulMask><ulPropTag>235339779</ulPropTag>"
           "<ulType>0</ulType></lpBitmask></lpRestrict><lpFolders><item>" +
           entry + "</item></lpFolders><ulFlags>6</ulFlags></SearchCriteria>";
  };
  std::vector<SettingLoss> losses;
  const auto inbox = search_of({5, "Unread", xml("Zm9sZGVy")}, nullptr, folder_of, losses);
  ASSERT_TRUE(inbox);
  EXPECT_EQ(*inbox, (archive::SavedSearch{"search.5", "Unread", R"({"notKeyword":"$seen"})", {"17"}, true}));
  EXPECT_TRUE(search_of({5, "Unread", xml("dG9w")}, nullptr, folder_of, losses)->folders.empty());
  EXPECT_TRUE(losses.empty());
  EXPECT_FALSE(search_of({5, "Unread", xml("eA==")}, nullptr, folder_of, losses));
  EXPECT_FALSE(search_of({5, "Unread", "garbage"}, nullptr, folder_of, losses));
  EXPECT_EQ(losses.size(), 2u);
}

TEST(KopanoRules, come_behind_the_out_of_office_answer) {
  std::vector<SettingLoss> losses;
  sieve::OutOfOfficeRule away;
  away.text = "Weg";
  const auto rule = [](int action, int condition) {
    return "<item><item><ulPropTag>1719074819</ulPropTag><ul>1</ul></item><item><ulPropTag>1719795743</ulPropTag>"
           "<lpszA>R</lpszA></item><item><ulPropTag>1719206141</ulPropTag><res><ulType>8</ulType><lpExist><ulPropTag>" +
           std::to_string(condition) +
           "</ulPropTag></lpExist></res></item><item><ulPropTag>1719664894</ulPropTag><actions><item><acttype>" +
           std::to_string(action) + "</acttype></item></actions></item></item>";
  };
  constexpr int kClass = 0x001A001F, kUnknown = 0x1090001F;
  const auto carried = rules_of({"<t>" + rule(10, kClass) + rule(8, kClass) + rule(10, kUnknown) + "</t>", {}},
                                sieve::Rule{"", true, away}, nullptr, {}, losses);
  EXPECT_TRUE(carried.has_delegation);
  EXPECT_EQ(carried.list.rules.size(), 2u);
  ASSERT_EQ(losses.size(), 1u);
  EXPECT_EQ(losses[0].what, "the rule \"R\"");
  losses.clear();
  const auto unread = rules_of({"not XML", {}}, sieve::Rule{"", true, away}, nullptr, {}, losses);
  EXPECT_EQ(unread.list.rules.size(), 1u);
  EXPECT_TRUE(unread.is_unread);
  EXPECT_EQ(losses.size(), 1u);
}

}  // namespace
}  // namespace kontor::migrate::kopano
