// SPDX-License-Identifier: AGPL-3.0-or-later
// Most bodies are the examples of the RFCs.
#include "wire/dav/reports.h"

#include <gtest/gtest.h>

#include "wire/dav/names.h"

namespace kontor::wire::dav {
namespace {

template <class T>
T report(std::string_view body) {
  auto parsed = parse_report(body);
  if (!parsed) throw std::runtime_error(parsed.error().why);
  return std::get<T>(*std::move(parsed));
}

TEST(DavReports, SyncCollection) {
  const auto sync = report<SyncCollection>(
      R"(<D:sync-collection xmlns:D="DAV:"><D:sync-token/><D:sync-level>1</D:sync-level><D:limit><D:nresults>1</D:nresults></D:limit>
         <D:prop><D:getetag/></D:prop></D:sync-collection>)");
  EXPECT_EQ(sync.token, "");
  EXPECT_FALSE(sync.is_deep);
  EXPECT_EQ(sync.limit, 1u);
  EXPECT_EQ(sync.wanted.props.names.size(), 1u);
}

// RFC 4791 section 7.8.1, shortened.
TEST(DavReports, CalendarQuery) {
  const auto query = report<CalendarQuery>(R"(<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
     <D:prop><D:getetag/><C:calendar-data><C:comp name="VCALENDAR"><C:prop name="VERSION"/>
       <C:comp name="VEVENT"><C:prop name="SUMMARY"/><C:prop name="uid" novalue="yes"/></C:comp><C:comp name="VTIMEZONE"/>
       </C:comp><C:limit-recurrence-set start="20060103T000000Z" end="20060105T000000Z"/></C:calendar-data></D:prop>
     <C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="20060104T000000Z"/>
       <C:prop-filter name="ATTENDEE"><C:text-match collation="i;ascii-casemap" negate-condition="yes">mailto:lisa@example.com</C:text-match>
         <C:param-filter name="PARTSTAT"><C:text-match>NEEDS-ACTION</C:text-match></C:param-filter></C:prop-filter>
       </C:comp-filter></C:comp-filter></C:filter></C:calendar-query>)");
  ASSERT_TRUE(query.wanted.calendar && query.wanted.calendar->only);
  const WantedComponent& event = query.wanted.calendar->only->components.at(0);
  EXPECT_EQ(event.name + event.properties.at(1).name, "VEVENTUID");
  EXPECT_TRUE(event.properties[1].is_without_value && !event.properties[0].is_without_value);
  EXPECT_EQ(print_utc_time(*query.wanted.calendar->overridden->end), "20060105T000000Z");
  const CompFilter& filter = query.filter.components.at(0);
  EXPECT_EQ(print_utc_time(*filter.time->start), "20060104T000000Z");
  EXPECT_FALSE(filter.time->end);
  const PropFilter& attendee = filter.properties.at(0);
  EXPECT_EQ(attendee.texts.at(0).text, "mailto:lisa@example.com");
  EXPECT_TRUE(attendee.texts[0].is_negated && attendee.needs_all);
  EXPECT_EQ(attendee.params.at(0).text->collation, TextMatch::Collation::ascii_casemap);
}

// RFC 6352 section 8.6.4.
TEST(DavReports, AddressbookQuery) {
  const auto query =
      report<AddressbookQuery>(R"(<C:addressbook-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">
     <D:prop><D:getetag/><C:address-data><C:prop name="VERSION"/><C:prop name="UID"/></C:address-data></D:prop>
     <C:filter test="anyof"><C:prop-filter name="FN"><C:text-match collation="i;unicode-casemap" match-type="contains">daboo</C:text-match>
     </C:prop-filter><C:prop-filter name="EMAIL" test="allof"><C:text-match match-type="starts-with">d </C:text-match><C:is-not-defined/>
     </C:prop-filter></C:filter><C:limit><C:nresults>50</C:nresults></C:limit></C:addressbook-query>)");
  EXPECT_EQ(query.wanted.card->only->size(), 2u);
  EXPECT_FALSE(query.filter.needs_all);
  EXPECT_FALSE(query.filter.properties.at(0).needs_all);
  const PropFilter& mail = query.filter.properties.at(1);
  EXPECT_TRUE(mail.needs_all && mail.is_absent && mail.texts.at(0).how == TextMatch::How::starts_with);
  EXPECT_EQ(mail.texts[0].text, "d ") << "white space counts";
  EXPECT_EQ(query.limit, 50u);
}

TEST(DavReports, OthersAreRead) {
  const auto cards = report<Multiget>(
      R"(<C:addressbook-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:prop>
         <C:address-data content-type="text/vcard" version="4.0"/></D:prop><D:href>/a.vcf</D:href><D:href> /b.vcf
         </D:href></C:addressbook-multiget>)");
  EXPECT_TRUE(cards.is_of_cards && cards.wanted.card->version == "4.0");
  EXPECT_EQ(cards.hrefs, (std::vector<std::string>{"/a.vcf", "/b.vcf"}));

  const auto busy = report<FreeBusyQuery>(
      R"(<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav"><C:time-range start="20060104T140000Z" end="20060105T220060Z"/></C:free-busy-query>)");
  EXPECT_EQ(print_utc_time(*busy.time.end), "20060105T220100Z") << "a leap second";

  const auto expand = report<ExpandProperty>(
      R"(<D:expand-property xmlns:D="DAV:"><D:property name="version-history"><D:property name="a" namespace="urn:a"/></D:property></D:expand-property>)");
  EXPECT_EQ(expand.properties.at(0).name.space, "DAV:");
  EXPECT_EQ(expand.properties[0].inner.at(0).name.space, "urn:a");

  const auto search = report<PrincipalSearch>(
      R"(<D:principal-property-search xmlns:D="DAV:" test="anyof"><D:property-search><D:prop><D:displayname/></D:prop><D:match>doE</D:match>
         </D:property-search><D:prop><D:displayname/></D:prop><D:apply-to-principal-collection-set/></D:principal-property-search>)");
  EXPECT_TRUE(!search.needs_all && search.is_in_collection_set);
  EXPECT_EQ(search.terms.at(0).match, "doE");

  EXPECT_FALSE(report<PrincipalMatch>("<principal-match xmlns='DAV:'><self/></principal-match>").property);
  EXPECT_EQ(report<PrincipalMatch>(
                "<principal-match xmlns='DAV:'><principal-property><owner/></principal-property></principal-match>")
                .property->local,
            "owner");
  EXPECT_EQ(
      report<AclPrincipals>("<acl-principal-prop-set xmlns='DAV:'><prop><displayname/></prop></acl-principal-prop-set>")
          .wanted.props.names.size(),
      1u);
}

struct BadReport {
  std::string_view body;
  std::string_view precondition;  // empty: 400
};

TEST(DavReports, BadOnesAreRefused) {
  const BadReport cases[] = {
      {"<x xmlns='DAV:'/>", "supported-report"},
      {"<sync-collection xmlns='DAV:'/>", ""},
      {"<sync-collection xmlns='DAV:'><sync-token/><sync-level>2</sync-level></sync-collection>", ""},
      {"<sync-collection xmlns='DAV:'><sync-token/><limit><nresults>0</nresults></limit></sync-collection>", ""},
      {"<calendar-multiget xmlns='urn:ietf:params:xml:ns:caldav'/>", ""},
      {"<calendar-query xmlns='urn:ietf:params:xml:ns:caldav'/>", "valid-filter"},
      {"<calendar-query xmlns='urn:ietf:params:xml:ns:caldav'><filter/></calendar-query>", "valid-filter"},
      {"<calendar-query xmlns='urn:ietf:params:xml:ns:caldav'><filter><comp-filter "
       "name='VEVENT'/></filter></calendar-query>",
       "valid-filter"},
      {"<calendar-query xmlns='urn:ietf:params:xml:ns:caldav'><filter><comp-filter "
       "name='VCALENDAR'><new/></comp-filter></filter></calendar-query>",
       "supported-filter"},
      {"<calendar-query xmlns='urn:ietf:params:xml:ns:caldav'><filter><comp-filter "
       "name='VCALENDAR'><time-range/></comp-filter></filter></calendar-query>",
       ""},
      {"<calendar-query xmlns='urn:ietf:params:xml:ns:caldav'><filter><comp-filter name='VCALENDAR'><prop-filter "
       "name='A'><text-match "
       "collation='i;klingon'/></prop-filter></comp-filter></filter></calendar-query>",
       "supported-collation"},
      {"<free-busy-query xmlns='urn:ietf:params:xml:ns:caldav'><time-range "
       "start='20060104T140000Z'/></free-busy-query>",
       ""},
      {"<free-busy-query xmlns='urn:ietf:params:xml:ns:caldav'><time-range start='20060230T140000Z' "
       "end='20070104T140000Z'/></free-busy-query>",
       ""},
      {"<principal-property-search xmlns='DAV:'/>", ""},
      {"<principal-match xmlns='DAV:'/>", ""},
      {"<C:addressbook-multiget xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav'><prop><C:address-data "
       "version='2.1'/></prop>"
       "<href>/</href></C:addressbook-multiget>",
       "supported-address-data"},
  };
  for (const BadReport& one : cases) {
    const auto parsed = parse_report(one.body);
    ASSERT_FALSE(parsed) << one.body;
    EXPECT_EQ(parsed.error().precondition ? parsed.error().precondition->local : "", one.precondition) << one.body;
    EXPECT_EQ(parsed.error().status, one.precondition.empty() ? 400u : 403u);
  }
}

TEST(DavReports, HaveNotMoreConditionsThanAreBearable) {
  const auto many = [](const std::string& one, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += one;
    return out;
  };
  const auto cards = [&](int count) {
    return parse_report("<addressbook-query xmlns='urn:ietf:params:xml:ns:carddav'><filter>" +
                        many("<prop-filter name='FN'/>", count) + "</filter></addressbook-query>");
  };
  EXPECT_TRUE(cards(400));
  EXPECT_FALSE(cards(600));
  const auto events = [&](int count) {
    return parse_report("<calendar-query xmlns='urn:ietf:params:xml:ns:caldav'><filter><comp-filter name='VCALENDAR'>" +
                        many("<prop-filter name='UID'/>", count) + "</comp-filter></filter></calendar-query>");
  };
  EXPECT_TRUE(events(400));
  EXPECT_FALSE(events(600));
  const auto people = [&](int count) {
    return parse_report("<principal-property-search xmlns='DAV:'>" +
                        many("<property-search><prop><displayname/></prop><match>a</match></property-search>", count) +
                        "</principal-property-search>");
  };
  EXPECT_TRUE(people(100));
  EXPECT_FALSE(people(101));
}

}  // namespace
}  // namespace kontor::wire::dav
