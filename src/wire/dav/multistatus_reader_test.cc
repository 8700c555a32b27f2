// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/dav/multistatus_reader.h"

#include <gtest/gtest.h>

#include "wire/dav/multistatus.h"
#include "wire/dav/names.h"

namespace kontor::wire::dav {
namespace {

Result<std::vector<ResourceStatus>> read_all(std::string_view text, std::size_t piece, std::string* token = nullptr) {
  std::vector<ResourceStatus> out;
  MultistatusReader reader([&](ResourceStatus one) -> Result<void> {
    out.push_back(std::move(one));
    return {};
  });
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) TRY_VOID(reader.feed(text.substr(0, piece)));
  TRY_VOID(reader.finish());
  if (token != nullptr) *token = reader.sync_token();
  return out;
}

TEST(MultistatusReader, ReadsTheExampleOfSync) {
  // RFC 6578 section 3.8, shortened.
  const std::string_view text = R"(<?xml version="1.0" encoding="utf-8" ?>
   <D:multistatus xmlns:D="DAV:">
     <D:response>
       <D:href>/home/cyrusdaboo/test.doc</D:href>
       <D:propstat>
         <D:prop><D:getetag>"00001-abcd1"</D:getetag>
           <R:bigbox xmlns:R="urn:ns.example.com:boxschema"><R:BoxType>Box type A</R:BoxType></R:bigbox></D:prop>
         <D:status>HTTP/1.1 200 OK</D:status>
       </D:propstat>
       <D:propstat><D:prop><D:x/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>
     </D:response>
     <D:response><D:href>/home/cyrusdaboo/old.doc</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>
     <D:sync-token>http://example.com/ns/sync/1234</D:sync-token>
   </D:multistatus>)";
  for (const std::size_t piece : {1u, 7u, 100'000u}) {
    std::string token;
    const auto all = read_all(text, piece, &token);
    ASSERT_TRUE(all) << all.error().text;
    ASSERT_EQ(all->size(), 2u);
    EXPECT_EQ((*all)[0].href, "/home/cyrusdaboo/test.doc");
    EXPECT_EQ((*all)[0].status, 0u);
    EXPECT_EQ((*all)[0].text(dav("getetag")), "\"00001-abcd1\"");
    EXPECT_EQ((*all)[0].refused, std::vector<xml::Name>{xml::Name(dav("x"))});
    EXPECT_EQ((*all)[1].status, 404u);
    EXPECT_EQ(token, "http://example.com/ns/sync/1234");
  }
}

TEST(MultistatusReader, ReadsWhatWeWrite) {
  std::string text;
  Multistatus out(text);
  out.begin("/a b/ü.ics");
  out.begin_propstat();
  out.printer().leaf(caldav("calendar-data"), "BEGIN:VCALENDAR\r\nSUMMARY:<&>\r\nEND:VCALENDAR\r\n");
  out.end_propstat(200);
  out.end();
  out.status("/gone", 404);
  out.finish("t");
  const auto all = read_all(text, 3);
  ASSERT_TRUE(all) << all.error().text;
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].href, "/a%20b/%C3%BC.ics");
  EXPECT_EQ(whole_text(*(*all)[0].property(caldav("calendar-data"))),
            "BEGIN:VCALENDAR\r\nSUMMARY:<&>\r\nEND:VCALENDAR\r\n");
}

TEST(MultistatusReader, HandsOnEachOfSeveralHrefs) {
  const auto all = read_all(
      R"(<multistatus xmlns="DAV:"><response><href>/a</href><href>/b</href><status>HTTP/1.1 507 x</status></response></multistatus>)",
      5);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].href + (*all)[1].href, "/a/b");
  EXPECT_EQ((*all)[0].status, 507u);
  EXPECT_EQ((*all)[1].status, 507u);
}

TEST(MultistatusReader, RefusesWhatIsNone) {
  const std::pair<std::string_view, std::string_view> bad[] = {
      {"", "nothing"},
      {"<html><body/></html>", "another root"},
      {"<multistatus xmlns='DAV:'>", "broken off"},
      {"<!DOCTYPE a [<!ENTITY x 'y'>]><multistatus xmlns='DAV:'/>", "entities"},
      {"<multistatus><response/></multistatus>", "without its namespace"}};
  for (const auto& [text, why] : bad) EXPECT_FALSE(read_all(text, 4)) << why;
}

TEST(MultistatusReader, BoundsOneResponseAndNotTheirNumber) {
  std::size_t seen = 0;
  MultistatusReader reader(
      [&](const ResourceStatus&) -> Result<void> {
        ++seen;
        return {};
      },
      1000);
  ASSERT_TRUE(reader.feed("<multistatus xmlns='DAV:'>"));
  for (int i = 0; i < 20'000; ++i)
    ASSERT_TRUE(reader.feed("<response><href>/an/item/of/many</href><status>HTTP/1.1 200 OK</status></response>"));
  EXPECT_EQ(seen, 20'000u);
  const auto large = reader.feed("<response><href>" + std::string(2000, 'x') + "</href></response>");
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Errc::too_large);
}

TEST(MultistatusReader, ReadsStatusLines) {
  const std::pair<std::string_view, unsigned> lines[] = {
      {"HTTP/1.1 200 OK", 200}, {"HTTP/1.0 404", 404}, {"HTTP/2 507 x", 507}, {"200 OK", 0},
      {"HTTP/1.1 ", 0},         {"HTTP/1.1 2x0", 0},   {"HTTP/1.1 099", 0},   {"", 0}};
  for (const auto& [line, code] : lines) EXPECT_EQ(parse_status_line(line), code) << line;
}

}  // namespace
}  // namespace kontor::wire::dav
