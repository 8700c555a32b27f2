// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/card.h"

#include <gtest/gtest.h>

#include "wire/dav/reports.h"

namespace kontor::dav {
namespace {

using vcard::Version;

TEST(Card, AcceptedVersion) {
  struct Case {
    const char* accept;
    Version of_v3, of_v4;  // what is given of a card of that version
    const char* why;
  };
  const Case cases[] = {
      {"", Version::v3, Version::v4, "nothing is asked"},
      {"*/*", Version::v3, Version::v4, "anything"},
      {"text/vcard", Version::v3, Version::v4, "any card"},
      {"text/html", Version::v3, Version::v4, "better than nothing"},
      {"text/vcard;version=4.0", Version::v4, Version::v4, ""},
      {"text/vcard; charset=utf-8; version=\"3.0\"", Version::v3, Version::v3, "among other parameters, quoted"},
      {"text/vcard;version=4.0, text/vcard;version=3.0", Version::v3, Version::v4, "both equally"},
      {"text/vcard;version=4.0;q=0.4, text/vcard;version=3.0;q=0.6", Version::v3, Version::v3, "by weight"},
      {"TEXT/VCARD; Version=4.0; q=1, text/vcard; q=0.5", Version::v4, Version::v4, "the other too, but less"},
      {"text/vcard;version=4.0;q=0", Version::v3, Version::v3, "not that one"},
      {"text/vcard;version=2.1", Version::v3, Version::v4, "unknown"},
      {";;,,=;q=,text/vcard;version", Version::v3, Version::v4, "rubbish"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(accepted_version(c.accept, Version::v3), c.of_v3) << c.accept << ": " << c.why;
    EXPECT_EQ(accepted_version(c.accept, Version::v4), c.of_v4) << c.accept << ": " << c.why;
  }
}

TEST(Card, QueriesAsTheyCome) {
  const auto report = wire::dav::parse_report(
      "<C:addressbook-query xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\">"
      "<D:prop><C:address-data content-type=\"text/vcard\" version=\"4.0\"><C:prop name=\"item1.tel\"/>"
      "<C:prop name=\"NOTE\" novalue=\"yes\"/></C:address-data></D:prop><C:filter test=\"allof\">"
      "<C:prop-filter name=\"item1.tel\" test=\"allof\"><C:text-match collation=\"i;octet\" match-type=\"ends-with\" "
      "negate-condition=\"yes\">5</C:text-match><C:param-filter name=\"TYPE\"><C:text-match>x</C:text-match>"
      "</C:param-filter></C:prop-filter></C:filter></C:addressbook-query>");
  ASSERT_TRUE(report);
  const auto& wire = std::get<wire::dav::AddressbookQuery>(*report);
  const groupware::CardQuery query = query_of(wire.filter);
  EXPECT_TRUE(query.needs_all);
  ASSERT_EQ(query.properties.size(), 1u);
  const groupware::CardProperty& property = query.properties[0];
  EXPECT_EQ(property.group + " " + property.name, "ITEM1 TEL");
  EXPECT_TRUE(property.needs_all);
  ASSERT_EQ(property.texts.size(), 1u);
  EXPECT_EQ(property.texts[0].text, "5");
  EXPECT_EQ(property.texts[0].how, groupware::CardText::How::ends_with);
  EXPECT_EQ(property.texts[0].collation, groupware::Collation::octet);
  EXPECT_TRUE(property.texts[0].is_negated);
  ASSERT_EQ(property.parameters.size(), 1u);
  EXPECT_EQ(property.parameters[0].text->collation, groupware::Collation::unicode_casemap);

  const auto selection = selection_of(*wire.wanted.card);
  ASSERT_TRUE(selection);
  EXPECT_EQ(selection->version, Version::v4);
  ASSERT_EQ(selection->only->size(), 2u);
  EXPECT_EQ(selection->only->front().group, "ITEM1");
  EXPECT_TRUE(selection->only->back().is_without_value);
}

TEST(Card, WhatIsNoCardIsRefused) {
  wire::dav::AddressData wanted;
  EXPECT_EQ(selection_of(wanted)->version, Version::v3) << "RFC 6352 section 10.4";
  wanted.version = "2.1";
  EXPECT_EQ(selection_of(wanted).error().precondition->local, "supported-address-data");
  wanted = {.content_type = "text/calendar"};
  EXPECT_EQ(selection_of(wanted).error().status, 403u);
}

}  // namespace
}  // namespace kontor::dav
