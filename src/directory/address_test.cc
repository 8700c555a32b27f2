// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/address.h"

#include <gtest/gtest.h>

#include "directory/principal.h"

namespace kontor::directory {
namespace {

TEST(Address, HasOneForm) {
  struct Case {
    std::string input, text, detail, why;
  };
  const Case cases[] = {
      {"ada@example.org", "ada@example.org", "", "as it is"},
      {"Ada.Lovelace@Example.ORG", "ada.lovelace@example.org", "", "lower case"},
      {"ada+Lists@example.org", "ada+lists@example.org", "Lists", "the detail keeps its case"},
      {"ada+a+b@example.org", "ada+a+b@example.org", "a+b", "the first plus divides"},
      {"\"ada\"@example.org", "ada@example.org", "", "needless quotes"},
      {"\"a\\da\"@example.org", "ada@example.org", "", "needless backslash"},
      {"\"Ada L\"@example.org", "\"ada l\"@example.org", "", "needed quotes"},
      {"\"a\\\"b@c\"@example.org", "\"a\\\"b@c\"@example.org", "", "quote and @ inside quotes"},
      {"ada@example.org.", "ada@example.org", "", "the root's dot"},
      {"ada@localhost", "ada@localhost", "", "one label"},
      {"Jürgen@Bücher.Example", "jürgen@xn--bcher-kva.example", "", "SMTPUTF8 and IDN"},
      {"ÄÖ@example.org", "äö@example.org", "", "lower case beyond ASCII"},
      {"ju\xcc\x88rgen@example.org", "j\xc3\xbcrgen@example.org", "", "composed (NFC)"},
      {"ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example", "", "A-label in upper case"},
      {"ada@stra\xc3\x9f"
       "e.example",
       "ada@xn--strae-oqa.example", "", "sharp s stays (non-transitional)"},
      {"!#$%&'*+-/=?^_`{|}~@example.org", "!#$%&'*+-/=?^_`{|}~@example.org", "-/=?^_`{|}~", "all of atext"},
      {std::string(64, 'a') + "@example.org", std::string(64, 'a') + "@example.org", "", "longest local part"},
  };
  for (const Case& one : cases) {
    auto address = parse_address(one.input);
    ASSERT_TRUE(address) << one.why << ": " << address.error().text;
    EXPECT_EQ(address->text(), one.text) << one.why;
    EXPECT_EQ(address->detail, one.detail) << one.why;
    auto again = parse_address(address->text());
    ASSERT_TRUE(again) << one.why;
    EXPECT_EQ(again->text(), one.text) << "canonical stays canonical: " << one.why;
  }
}

TEST(Address, SaysWhatIsWrong) {
  struct Case {
    std::string input, says;
  };
  const std::string label(63, 'a');
  const Case cases[] = {
      {"", "no @"},
      {"ada", "no @"},
      {"@example.org", "nothing stands before"},
      {"\"\"@example.org", "nothing stands before"},
      {"ada@", "domain is missing"},
      {"ada@.", "domain is missing"},
      {"ada@[192.0.2.1]", "literal"},
      {"a b@example.org", "characters or dots"},
      {".ada@example.org", "characters or dots"},
      {"ada.@example.org", "characters or dots"},
      {"a..b@example.org", "characters or dots"},
      {"a\rb@example.org", "characters or dots"},
      {"\"a\nb\"@example.org", "control character"},
      {"\"ada@example.org", "not closed"},
      {"\"a\"b\"@example.org", "not closed"},
      {"\"ada\\\"@example.org", "not closed"},
      {"\xff@example.org", "UTF-8"},
      {"ada@\xff.org", "UTF-8"},
      {"ada@exa mple.org", "other than letters"},
      {"ada@exa_mple.org", "other than letters"},
      {"ada@a..org", "empty label"},
      {"ada@-a.org", "hyphen"},
      {"ada@" + label + "a.org", "label longer"},
      {"ada@xn--a.example", "IDNA"},
      {"ada@b\xc3\xbc..example", "IDNA"},
      {std::string(65, 'a') + "@example.org", "longer than 64"},
      {std::string(40, 'a') + "@" + label + "." + label + "." + label + "." + std::string(60, 'b'), "longer than 254"},
      {"a@" + label + "." + label + "." + label + "." + label + ".c", "longer than 253"},
      {std::string(5000, 'a') + "@example.org", "longer than 254"},
  };
  for (const Case& one : cases) {
    auto address = parse_address(one.input);
    ASSERT_FALSE(address) << one.input;
    EXPECT_EQ(address.error().code, Errc::invalid) << one.input;
    EXPECT_TRUE(address.error().text.contains(one.says)) << one.input << ": " << address.error().text;
    EXPECT_LT(address.error().text.size(), 300u);
  }
}

TEST(Address, DetailIsCutOffOnlyWhereSomethingIsLeft) {
  EXPECT_EQ(parse_address("ada+x@example.org")->without_detail(), "ada@example.org");
  EXPECT_EQ(parse_address("ada+x+y@example.org")->without_detail(), "ada@example.org");
  EXPECT_EQ(parse_address("ada@example.org")->without_detail(), std::nullopt);
  EXPECT_EQ(parse_address("+x@example.org")->without_detail(), std::nullopt);
  EXPECT_EQ(parse_address("\"a b+x\"@example.org")->without_detail(), std::nullopt);
}

TEST(Address, ErrorSentencesAreFitToBeShown) {
  EXPECT_EQ(shown("a\r\nb"), "a??b");
  EXPECT_EQ(shown("\xff\xfe"), "??");
  EXPECT_EQ(shown(std::string(5000, '\x9b')), std::string(80, '?') + "...");
  EXPECT_EQ(shown(std::string(200, 'x')), std::string(80, 'x') + "...");
  EXPECT_EQ(shown(std::string(79, 'x') + "\xc3\xa9y"), std::string(79, 'x') + "\xc3\xa9...");
}

TEST(Address, TenantNames) {
  EXPECT_EQ(parse_tenant_name("Acme-2.x_y").value(), "acme-2.x_y");
  for (const char* bad : {"", "-a", ".a", "a b", "\xc3\xa4"}) EXPECT_FALSE(parse_tenant_name(bad)) << bad;
  EXPECT_TRUE(parse_tenant_name(std::string(63, 'a')));
  EXPECT_FALSE(parse_tenant_name(std::string(64, 'a')));
}

TEST(Principal, NamesAndParsesItsWords) {
  for (auto status : {Status::active, Status::inactive, Status::suspended})
    EXPECT_EQ(parse_status(name(status)), status);
  for (auto kind : {PrincipalKind::user, PrincipalKind::shared, PrincipalKind::group, PrincipalKind::room,
                    PrincipalKind::equipment})
    EXPECT_EQ(parse_kind(name(kind)), kind);
  for (auto role : {Role::tenant_admin, Role::helpdesk, Role::auditor, Role::server_admin})
    EXPECT_EQ(parse_role(name(role)), role);
  for (std::uint32_t bit = 1; bit <= 256; bit *= 2)
    EXPECT_EQ(parse_protocol(name(static_cast<Protocol>(bit))), static_cast<Protocol>(bit));
  EXPECT_EQ(parse_status("Active"), std::nullopt);
  EXPECT_EQ(parse_kind(""), std::nullopt);
}

}  // namespace
}  // namespace kontor::directory
