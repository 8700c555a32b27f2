// SPDX-License-Identifier: AGPL-3.0-or-later
// Most bodies and headers are the examples of the RFCs.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "wire/dav/headers.h"
#include "wire/dav/href.h"
#include "wire/dav/if_header.h"
#include "wire/dav/multistatus.h"
#include "wire/dav/names.h"
#include "wire/dav/properties.h"
#include "wire/xml/parse.h"

namespace kontor::wire::dav {
namespace {

using namespace std::chrono_literals;

TEST(DavHeaders, AreRead) {
  EXPECT_EQ(parse_depth("", Depth::infinity), Depth::infinity);
  EXPECT_EQ(parse_depth("1", Depth::zero), Depth::one);
  EXPECT_EQ(parse_depth("Infinity", Depth::zero), Depth::infinity);
  EXPECT_FALSE(parse_depth("2", Depth::zero));
  EXPECT_EQ(parse_overwrite(""), true);
  EXPECT_EQ(parse_overwrite("f"), false);
  EXPECT_FALSE(parse_overwrite("no"));
  EXPECT_EQ(parse_timeout("Infinite, Second-4100000000", 1h), 1h);
  EXPECT_EQ(parse_timeout("Extend-5, Second-60", 1h), 60s);
  EXPECT_EQ(parse_timeout("Second-99999999999999999999999", 1h), 1h);
  EXPECT_EQ(parse_timeout("Second-", 1h), 1h);
  EXPECT_EQ(parse_lock_token("<urn:uuid:1>"), "urn:uuid:1");
  EXPECT_FALSE(parse_lock_token("urn:uuid:1"));
  const Preferences wishes = parse_prefer("respond-async, return=minimal; foo, depth-noroot");
  EXPECT_TRUE(wishes.is_minimal && wishes.is_without_itself);
  EXPECT_FALSE(wishes.wants_new_state);
}

std::string told(const std::vector<IfList>& lists) {
  std::string out;
  for (const IfList& list : lists) {
    out += list.resource + "(";
    for (const IfCondition& one : list.conditions)
      out += fmt::format("{}{}{} ", one.is_negated ? "!" : "", one.is_etag ? "E" : "T", one.text);
    out += ")";
  }
  return out;
}

TEST(DavIf, IsRead) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {R"((<urn:uuid:181d4fae> ["I am an ETag"]) (["I am another ETag"]))",
       R"((Turn:uuid:181d4fae E"I am an ETag" )(E"I am another ETag" ))"},
      {"(Not <urn:uuid:181d4fae> <urn:uuid:58f202ac>)", "(!Turn:uuid:181d4fae Turn:uuid:58f202ac )"},
      {"(<urn:uuid:181d4fae>) (Not <DAV:no-lock>)", "(Turn:uuid:181d4fae )(!TDAV:no-lock )"},
      {R"(</resource1> (<urn:uuid:1> [W/"A weak ETag"]) (["strong ]ETag"]) </2>(<a>))",
       R"(/resource1(Turn:uuid:1 EW/"A weak ETag" )/resource1(E"strong ]ETag" )/2(Ta ))"},
  };
  for (const auto& [value, expected] : cases) {
    const auto lists = parse_if(value);
    ASSERT_TRUE(lists) << value << lists.error().why;
    EXPECT_EQ(told(*lists), expected);
  }
  for (const std::string_view bad :
       {"()", "(", "(<a>", "<a>", "<a", "(a)", "([a])", "(<>)", "x(<a>)", "(<a>) </b> (<c>)", "(Not)"})
    EXPECT_FALSE(parse_if(bad)) << bad;
}

TEST(DavIf, HoldsIfOneListDoes) {
  const auto lists = *parse_if(R"((<mine> ["1"]) (Not <other>))");
  const auto with = [&](bool has_mine, bool has_etag, bool has_other) {
    return holds(lists, [&](const std::string& resource, const IfCondition& one) {
      EXPECT_EQ(resource, "");
      return one.is_etag ? has_etag : one.text == "mine" ? has_mine : has_other;
    });
  };
  EXPECT_TRUE(with(true, true, true));
  EXPECT_FALSE(with(true, false, true));
  EXPECT_TRUE(with(false, false, false));
  EXPECT_TRUE(holds({}, nullptr));
  EXPECT_EQ(submitted_tokens(lists), (std::vector<std::string>{"mine", "other"}));
}

TEST(DavHref, IsWrittenAndReadBack) {
  const std::string path = "/dav/a b/ü%?#[]&<>\"'.ics";
  EXPECT_EQ(encode_path(path), "/dav/a%20b/%C3%BC%25%3F%23%5B%5D%26%3C%3E%22'.ics");
  EXPECT_EQ(decode_href(encode_path(path), "h"), path);
  EXPECT_EQ(decode_href("https://Mail.example.org:443/a%20b", "mail.example.org"), "/a b");
  EXPECT_EQ(decode_href("http://mail.example.org:8080/a", "mail.example.org").error().status, 502u);
  EXPECT_FALSE(decode_href("a/b", "h"));
  EXPECT_FALSE(decode_href("/a/../b", "h"));
}

TEST(DavBodies, OfPropfind) {
  EXPECT_EQ(parse_propfind("")->kind, PropRequest::Kind::all);
  const auto some = parse_propfind(R"(<?xml version="1.0" encoding="utf-8" ?>
     <D:propfind xmlns:D="DAV:"><D:prop xmlns:R="http://ns.example.com/boxschema/"><R:bigbox/><D:owner/></D:prop></D:propfind>)");
  ASSERT_TRUE(some);
  EXPECT_EQ(some->names, (std::vector<xml::Name>{{"http://ns.example.com/boxschema/", "bigbox"}, {"DAV:", "owner"}}));
  const auto all =
      parse_propfind(R"(<propfind xmlns="DAV:"><allprop/><include><supported-report-set/></include></propfind>)");
  EXPECT_EQ(all->kind, PropRequest::Kind::all);
  EXPECT_EQ(all->names.size(), 1u);
  EXPECT_EQ(parse_propfind(R"(<propfind xmlns="DAV:"><propname/></propfind>)")->kind, PropRequest::Kind::names);
  for (const std::string_view bad : {"<propfind xmlns='DAV:'/>", "<propfind><prop/></propfind>",
                                     "<propfind xmlns='DAV:'><prop/><allprop/></propfind>", "x"})
    EXPECT_EQ(parse_propfind(bad).error().status, 400u) << bad;
}

TEST(DavBodies, OfProppatchKeepOrderAndLanguage) {
  const auto changes = parse_proppatch(R"(<D:propertyupdate xmlns:D="DAV:" xmlns:Z="urn:z" xml:lang="de">
      <D:set><D:prop><Z:Authors><Z:Author>Jim</Z:Author> and <Z:Author>Roy</Z:Author></Z:Authors></D:prop></D:set>
      <D:remove><D:prop><Z:Copyright-Owner/></D:prop></D:remove>
      <D:set><D:prop xml:lang="en"><Z:b xml:lang="fr"/><Z:c/></D:prop></D:set><Z:unknown/></D:propertyupdate>)");
  ASSERT_TRUE(changes) << changes.error().why;
  ASSERT_EQ(changes->size(), 4u);
  const auto language = [&](std::size_t i) {
    return *(*changes)[i].property.attribute(xml::NameView{xml::kXmlSpace, "lang"});
  };
  EXPECT_EQ(language(0) + language(2) + language(3), "defren");
  EXPECT_TRUE((*changes)[1].is_removal);
  EXPECT_EQ((*changes)[0].property.content.size(), 3u) << "text between elements is kept";
  EXPECT_FALSE(parse_proppatch("<propertyupdate xmlns='DAV:'/>"));
}

TEST(DavBodies, OfNewCollectionsAndLocks) {
  const auto made = parse_new_collection(
      R"(<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>
         <D:displayname>Lisa's Events</D:displayname></D:prop></D:set></C:mkcalendar>)",
      caldav("mkcalendar"));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->at(0).own_text(), "Lisa's Events");
  EXPECT_TRUE(parse_new_collection("", dav("mkcol"))->empty());
  EXPECT_EQ(parse_new_collection("<a/>", dav("mkcol")).error().status, 415u);

  const auto lock = parse_lock_request(
      R"(<D:lockinfo xmlns:D='DAV:'><D:lockscope><D:shared/></D:lockscope><D:locktype><D:write/></D:locktype>
         <D:owner><D:href>http://example.org/~ejw/contact.html</D:href></D:owner></D:lockinfo>)");
  ASSERT_TRUE(lock) << lock.error().why;
  EXPECT_FALSE(lock->is_exclusive);
  EXPECT_NE(lock->owner.child(dav("href")), nullptr);
  EXPECT_FALSE(parse_lock_request("<lockinfo xmlns='DAV:'><lockscope/><locktype><write/></locktype></lockinfo>"));
}

TEST(DavMultistatus, IsWritten) {
  std::string out;
  Multistatus answer(out);
  answer.begin("/a b");
  answer.begin_propstat();
  answer.printer().leaf(dav("displayname"), "<A>");
  answer.end_propstat(200);
  answer.begin_propstat();
  answer.printer().leaf(xml::NameView{"urn:z", "z"});
  answer.end_propstat(403, dav("cannot-modify-protected-property"));
  answer.end();
  answer.status("/gone", 404);
  answer.finish("urn:1");
  const auto root = xml::parse(out);
  ASSERT_TRUE(root) << out << root.error().text;
  EXPECT_EQ(
      out.substr(out.find("<D:response>")),
      "<D:response><D:href>/a%20b</D:href><D:propstat><D:prop><D:displayname>&lt;A&gt;</D:displayname></D:prop>"
      "<D:status>HTTP/1.1 200 OK</D:status></D:propstat><D:propstat><D:prop><z xmlns=\"urn:z\"/></D:prop>"
      "<D:status>HTTP/1.1 403 Forbidden</D:status><D:error><D:cannot-modify-protected-property/></D:error></D:propstat>"
      "</D:response><D:response><D:href>/gone</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>"
      "<D:sync-token>urn:1</D:sync-token></D:multistatus>");
  EXPECT_TRUE(xml::parse(error_body(dav("lock-token-submitted"), {"/a"}))->child(dav("lock-token-submitted")));
}

}  // namespace
}  // namespace kontor::wire::dav
