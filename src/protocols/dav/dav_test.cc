// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "protocols/dav/dav_fixture.h"
#include "protocols/dav/path.h"
#include "protocols/dav/state.h"
#include "wire/dav/href.h"

namespace kontor::dav {
namespace {

const std::string kHome = "/dav/files/ada@example.org/";

TEST(DavPath, IsTakenApart) {
  struct Case {
    std::string_view text;
    Space space;
    std::string_view address;
    std::vector<std::string> names;
  };
  const Case cases[] = {
      {"/dav", Space::none, "", {}},
      {"/dav/", Space::none, "", {}},
      {"/dav/calendars", Space::calendars, "", {}},
      {"/dav/calendars/Ada@Example.org/", Space::calendars, "ada@example.org", {}},
      {"/dav/files/a@b/One/two.txt", Space::files, "a@b", {"One", "two.txt"}},
      {"/dav/public/SeCret.ics", Space::open, "SeCret.ics", {}},
  };
  for (const Case& one : cases) {
    const auto path = parse_path(one.text);
    ASSERT_TRUE(path) << one.text;
    EXPECT_EQ(path->space, one.space) << one.text;
    EXPECT_EQ(path->address, one.address) << one.text;
    EXPECT_EQ(path->names, one.names) << one.text;
  }
  for (const std::string_view bad : {"/", "/davx", "/dav/nothing/", "/dav/files/a//b", "/dav/files/a/\x01", "/dav//"})
    EXPECT_FALSE(parse_path(bad)) << bad;
  EXPECT_FALSE(parse_path("/dav/files/a/" + std::string(256, 'x')));
  EXPECT_EQ(parent_of("/dav/files/a/b/"), "/dav/files/a/");
  EXPECT_EQ(parent_of("/dav/files/a/b"), "/dav/files/a/");
}

TEST(DavState, IsReadBack) {
  SyncState state{FolderId(7), UidValidity(3), Modseq(12), false, Modseq(), false, Uid()};
  EXPECT_EQ(parse_state(print_state(state)), state);
  state.is_partial = true;
  state.from = Modseq(5);
  state.is_past_gone = true;
  state.cursor = Uid(99);
  EXPECT_EQ(parse_state(print_state(state)), state);
  for (const std::string_view bad :
       {"", "data:,kontor-", "data:,kontor-1-2", "data:,kontor-1-2-3-", "data:,kontor-1-2-3-4", "data:,other-1-2-3",
        "data:,kontor-1-99999999999-3", "data:,kontor-1-2-3-4-2-1", "data:,kontor-1-2-3-4-1-1-1"})
    EXPECT_FALSE(parse_state(bad)) << bad;
}

TEST_F(DavTest, WhatIsGoneIsToldInPartsWithoutGaps) {
  const auto sync = [&](const std::string& token, const std::string& limit) {
    const Response response =
        ask("REPORT", kHome,
            "<sync-collection xmlns='DAV:'><sync-token>" + token + "</sync-token><sync-level>infinite</sync-level>" +
                limit + "<prop><getetag/></prop></sync-collection>");
    EXPECT_EQ(response.status, 207U) << response.body;
    return response.body;
  };
  const auto token_of = [](const std::string& body) {
    const auto begin = body.find("sync-token>") + 11;
    return body.substr(begin, body.find('<', begin) - begin);
  };
  for (const char* folder : {"x/", "y/"}) {
    ASSERT_EQ(ask("MKCOL", kHome + folder).status, 201U);
    ASSERT_EQ(ask("PUT", kHome + folder + "a", "1").status, 201U);
  }
  std::string token = token_of(sync("", ""));
  for (const char* folder : {"x/", "y/"}) ASSERT_EQ(ask("DELETE", kHome + folder + "a").status, 204U);
  std::string all;
  for (int i = 0; i < 5; ++i) {
    const std::string part = sync(token, "<limit><nresults>1</nresults></limit>");
    token = token_of(part);
    all += part;
  }
  EXPECT_TRUE(all.contains("x/a<") && all.contains("y/a<")) << all;
}

TEST_F(DavTest, AFirstSyncIsToldInPartsWithoutGaps) {
  const std::string calendar = "/dav/calendars/ada@example.org/calendar/";
  const auto event = [](const std::string& uid) {
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:" + uid +
           "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
  };
  for (const char* name : {"e", "d", "c", "b", "a"})
    ASSERT_EQ(ask("PUT", calendar + name, event(name), {{"Content-Type", "text/calendar"}}).status, 201U);
  std::string token;
  std::vector<std::string> told;
  for (int part = 0; part < 4; ++part) {
    const Response response =
        ask("REPORT", calendar,
            "<sync-collection xmlns='DAV:'><sync-token>" + token +
                "</sync-token><sync-level>1</sync-level><limit><nresults>" + (part < 3 ? "2" : "9") +
                "</nresults></limit><prop><getetag/></prop></sync-collection>");
    ASSERT_EQ(response.status, 207U) << response.body;
    for (std::size_t at = 0; (at = response.body.find("<D:href>" + calendar, at)) != std::string::npos;) {
      at += 8 + calendar.size();
      if (response.body[at] != '<') told.push_back(response.body.substr(at, response.body.find('<', at) - at));
    }
    EXPECT_EQ(response.body.contains("507"), part < 2) << response.body;
    const auto begin = response.body.find("sync-token>") + 11;
    token = response.body.substr(begin, response.body.find('<', begin) - begin);
    if (part > 0) continue;
    // What was told and what is still to be told change, and one comes.
    ASSERT_EQ(ask("PUT", calendar + "e", event("e") + "\r\n", {{"Content-Type", "text/calendar"}}).status, 204U);
    ASSERT_EQ(ask("DELETE", calendar + "c").status, 204U);
    ASSERT_EQ(ask("PUT", calendar + "f", event("f"), {{"Content-Type", "text/calendar"}}).status, 201U);
  }
  // Two, two, and what came; then what changed since the first part.
  EXPECT_EQ(std::vector<std::string>(told.begin(), told.begin() + 5),
            (std::vector<std::string>{"e", "d", "b", "a", "f"}));
  const std::set<std::string> later(told.begin() + 5, told.end());
  EXPECT_TRUE(later.contains("e") && later.contains("c") && later.contains("f"));
}

TEST_F(DavTest, KeepsWhatIsPut) {
  EXPECT_EQ(ask("PUT", kHome + "a.txt", "hello", {{"Content-Type", "text/plain"}}).status, 201U);
  const Response got = ask("GET", kHome + "a.txt");
  EXPECT_EQ(got.body, "hello");
  EXPECT_EQ(got.content_type, "text/plain");
  EXPECT_EQ(ask("PUT", kHome + "a.txt", "hello!").status, 204U);
  EXPECT_NE(header(ask("GET", kHome + "a.txt"), "ETag"), header(got, "ETag"));
  EXPECT_EQ(ask("MKCOL", kHome + "a.txt").status, 405U);
  EXPECT_EQ(ask("DELETE", kHome + "a.txt").status, 204U);
  EXPECT_EQ(ask("GET", kHome + "a.txt").status, 404U);
  expect_sound();
}

TEST_F(DavTest, WhatOthersChangedMeanwhileIsNotAsFound) {
  ask("PUT", kHome + "a", "1");
  const auto now = context("PUT", kHome + "a");
  const auto reader = [&] { return groupware::must(open(ada)->read(as(ada))); };
  const auto found = find(*now, kHome + "a"), absent = find(*now, kHome + "b");
  ASSERT_TRUE(found && absent);
  EXPECT_TRUE(is_as_found(*reader(), *found));
  EXPECT_TRUE(is_as_found(*reader(), *absent));
  ask("PUT", kHome + "a", "2");
  ask("PUT", kHome + "b", "2");
  EXPECT_FALSE(is_as_found(*reader(), *found));
  EXPECT_FALSE(is_as_found(*reader(), *absent));
  ask("DELETE", kHome + "a");
  EXPECT_FALSE(is_as_found(*reader(), *found));
  static int asked;
  asked = 0;
  const auto changed = until_as_found(*now, *found, [](Context&, const Resource& resource, bool& is_stale) {
    is_stale = ++asked == 1;
    return Outcome<Response>(answer(resource.is_there() ? 204U : 201U));
  });
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->status, 201U) << "by now it is absent";
}

TEST_F(DavTest, LocksEndByThemselves) {
  const std::string lock =
      R"(<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>)";
  ask("PUT", kHome + "a", "1");
  const Response made = ask("LOCK", kHome + "a", lock, {{"Timeout", "Second-60"}});
  EXPECT_EQ(made.status, 200U);
  EXPECT_EQ(ask("PUT", kHome + "a", "2").status, 423U);
  EXPECT_EQ(ask("PUT", kHome + "a", "2", {{"If", "(" + header(made, "Lock-Token") + ")"}}).status, 204U);
  clock.advance(std::chrono::seconds(61));
  EXPECT_EQ(ask("PUT", kHome + "a", "3").status, 204U);
  EXPECT_EQ(ask("UNLOCK", kHome + "a", "", {{"Lock-Token", header(made, "Lock-Token")}}).status, 409U);
}

TEST_F(DavTest, LocksOfOthersAreNotOpenedByTheirWord) {
  const std::string lock =
      R"(<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>)";
  const auto account = open(ada);
  groupware::must(account->update(groupware::Caller::system(), [&](groupware::Transaction& transaction) {
    groupware::Transaction::FolderChange change;
    change.grants = std::vector<groupware::Grant>{{ben, groupware::right::kEditor}};
    return transaction.change_folder(transaction.folders()->by_role(groupware::FolderRole::files)->id, change);
  }));
  ask("PUT", kHome + "a", "1");
  const Response made = ask("LOCK", kHome + "a", lock);
  const Headers submitted = {{"If", "(" + header(made, "Lock-Token") + ")"}};
  EXPECT_EQ(ask("PUT", kHome + "a", "2", submitted, ben).status, 423U);
  EXPECT_EQ(ask("UNLOCK", kHome + "a", "", {{"Lock-Token", header(made, "Lock-Token")}}, ben).status, 403U);
  const Response seen = ask("PROPFIND", kHome + "a", "", {{"Depth", "0"}}, ben);
  EXPECT_EQ(seen.body.find(header(made, "Lock-Token").substr(1, 30)), std::string::npos);
}

// RFC 6578 section 3.7, of the list of people.
TEST_F(DavTest, TheListOfPeopleComesInParts) {
  for (int i = 0; i < 5; ++i) add_user(std::to_string(i) + "@example.org");
  const auto sync = [&](const std::string& token, const std::string& limit) {
    return ask("REPORT", "/dav/contacts/ada@example.org/directory/",
               "<sync-collection xmlns='DAV:'><sync-token>" + token + "</sync-token><sync-level>1</sync-level>" +
                   limit + "<prop><getetag/></prop></sync-collection>");
  };
  const auto token_of = [](const std::string& body) {
    const auto begin = body.find("sync-token>") + 11;
    return body.substr(begin, body.find('<', begin) - begin);
  };
  const auto count = [](const std::string& text, std::string_view word) {
    std::size_t out = 0;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++out;
    return out;
  };
  const std::string whole = sync("", "").body;
  ASSERT_EQ(count(whole, ".vcf</"), 7U) << whole;
  std::string token, all;
  bool is_cut = true;
  for (int part = 0; is_cut && part < 10; ++part) {
    const Response response = sync(token, "<limit><nresults>2</nresults></limit>");
    ASSERT_EQ(response.status, 207U) << response.body;
    EXPECT_LE(count(response.body, ".vcf</"), 2U) << response.body;
    is_cut = response.body.contains("number-of-matches-within-limits");
    token = token_of(response.body);
    all += response.body;
    // What comes meanwhile is told after the last part, if not in one of them.
    if (part == 1) add_user("new@example.org");
  }
  EXPECT_FALSE(is_cut);
  for (std::size_t at = whole.find("<D:href>"); at != std::string::npos; at = whole.find("<D:href>", at + 1))
    EXPECT_TRUE(all.contains(whole.substr(at, whole.find("</D:href>", at) - at)));
  EXPECT_EQ(token, token_of(whole));
  EXPECT_EQ(count(sync(token, "").body, ".vcf</"), 1U) << "the new one";
  EXPECT_EQ(sync("data:,kontor-part-00-zz-00", "").status, 403U);
}

TEST_F(DavTest, NothingIsCopiedOntoItselfByAnotherPath) {
  const std::string composed = kHome + "\xc3\xa9/", decomposed = kHome + "e\xcc\x81/";
  EXPECT_EQ(ask("MKCOL", composed).status, 201U);
  EXPECT_EQ(ask("PUT", composed + "a", "1").status, 201U);
  for (const char* method : {"COPY", "MOVE"}) {
    EXPECT_EQ(ask(method, composed, "", {{"Destination", wire::dav::encode_path(decomposed)}}).status, 403U);
    EXPECT_EQ(ask(method, composed, "", {{"Destination", wire::dav::encode_path(decomposed + "b/")}}).status, 403U);
    EXPECT_EQ(ask(method, composed + "a", "", {{"Destination", wire::dav::encode_path(decomposed + "a")}}).status,
              403U);
  }
  EXPECT_EQ(ask("GET", composed + "a").body, "1");
  EXPECT_EQ(ask("GET", composed + "b/").status, 404U);
  expect_sound();
}

// KONTOR_LARGE=100000 to see how long it takes.
TEST_F(DavTest, ListsALargeFolderInPieces) {
  const char* large = std::getenv("KONTOR_LARGE");
  const int count = large ? std::atoi(large) : 3000;
  const auto account = open(ada);
  const auto folder = account->folders()->by_role(groupware::FolderRole::files)->id;
  const auto content = groupware::must(accounts->stage(tenant, groupware::Kind::files)->finish());
  for (int first = 0; first < count; first += 1000)
    groupware::must(
        account->update(groupware::Caller::system(), [&](groupware::Transaction& transaction) -> Result<void> {
          for (int i = first; i < std::min(count, first + 1000); ++i) {
            groupware::NewItem item;
            item.kind = groupware::Kind::files;
            item.content = content;
            item.name = std::to_string(i);
            TRY_VOID(transaction.add(folder, item));
          }
          return {};
        }));
  const auto now = context("PROPFIND", kHome, {{"Depth", "1"}});
  now->body = R"(<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>)";
  const auto start = std::chrono::steady_clock::now();
  const auto ready = prepare(*now);
  ASSERT_TRUE(ready);
  Response response = run(*now, *ready);
  std::size_t found = 0, largest = 0;
  for (std::string piece = std::move(response.body); !piece.empty();) {
    largest = std::max(largest, piece.size());
    for (auto at = piece.find("<D:href>"); at != std::string::npos; at = piece.find("<D:href>", at + 1)) ++found;
    now->drop_readers();
    piece = *response.more();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  RecordProperty("milliseconds", static_cast<int>(took.count() * 1000));
  EXPECT_EQ(found, static_cast<std::size_t>(count) + 1);
  EXPECT_LT(largest, std::size_t{600} << 10);
  if (large) std::printf("%d entries in %.3f s\n", count, took.count());
}

TEST_F(DavTest, DeadPropertiesAreSetAllOrNone) {
  ASSERT_EQ(ask("PUT", kHome + "a", "x").status, 201U);
  const auto change = [&](const std::string& path, const std::string& changes) {
    return ask("PROPPATCH", path, R"(<propertyupdate xmlns="DAV:" xmlns:x="u">)" + changes + "</propertyupdate>");
  };
  const auto has = [&](const std::string& path, const std::string& text) {
    return ask("PROPFIND", path, R"(<propfind xmlns="DAV:"><allprop/></propfind>)", {{"Depth", "0"}})
        .body.contains(text);
  };
  for (const std::string& path : {kHome + "a", kHome}) {
    EXPECT_EQ(change(path, "<set><prop><x:p>one</x:p><x:q>two</x:q></prop></set>").status, 207U);
    EXPECT_TRUE(has(path, ">one<") && has(path, ">two<")) << path;
    // In the order of the request (RFC 4918 section 9.2).
    change(path,
           "<set><prop><x:p>three</x:p></prop></set><remove><prop><x:q/><x:none/></prop></remove>"
           "<set><prop><x:r>four</x:r></prop></set><remove><prop><x:r/></prop></remove><set><prop><x:p>five</x:p></"
           "prop></set>");
    EXPECT_TRUE(has(path, ">five<")) << path;
    for (const char* gone : {">one<", ">two<", ">three<", ">four<"}) EXPECT_FALSE(has(path, gone)) << path << gone;
    const Response refused = change(path, "<set><prop><x:p>six</x:p><getetag>7</getetag></prop></set>");
    EXPECT_TRUE(refused.body.contains("cannot-modify-protected-property") && refused.body.contains(" 424 "))
        << refused.body;
    EXPECT_TRUE(has(path, ">five<")) << path;
    std::string many = "<set><prop><x:p>eight</x:p>";
    for (int i = 0; i < 10'000; ++i) many += fmt::format("<x:m{}>{}</x:m{}>", i, std::string(50, 'v'), i);
    const Response too_many = change(path, many + "</prop></set>");
    EXPECT_TRUE(too_many.status == 207 && !too_many.body.contains(" 200 ")) << too_many.body.substr(0, 500);
    EXPECT_TRUE(has(path, ">five<")) << path;
  }
}

TEST_F(DavTest, ALongWishOfManyIsAnsweredInPieces) {
  for (int i = 0; i < 20; ++i) ASSERT_EQ(ask("PUT", kHome + std::to_string(i), "").status, 201U);
  const auto now = context("PROPFIND", kHome, {{"Depth", "1"}});
  now->body = R"(<propfind xmlns="DAV:"><prop>)";
  for (int i = 0; i < 20'000; ++i) now->body += "<x/>";
  now->body += "</prop></propfind>";
  const auto ready = prepare(*now);
  ASSERT_TRUE(ready);
  Response response = run(*now, *ready);
  std::size_t pieces = 0, largest = 0;
  for (std::string piece = std::move(response.body); !piece.empty(); ++pieces) {
    largest = std::max(largest, piece.size());
    now->drop_readers();
    piece = *response.more();
  }
  EXPECT_GE(pieces, 21U);
  EXPECT_LT(largest, std::size_t{1} << 20);
}

}  // namespace
}  // namespace kontor::dav
