// SPDX-License-Identifier: AGPL-3.0-or-later
// Who there is: what an LDAP directory and the file of users say. tests/e2e/test_kopano_ldap.py asks real directories.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "migrate/kopano/address_book.h"
#include "migrate/kopano/ldap_people.h"
#include "migrate/kopano/people_file.h"
#include "migrate/kopano/store_settings.h"

namespace kontor::migrate::kopano {
namespace {

using Attributes = std::map<std::string, std::vector<std::string>, std::less<>>;

// A directory in memory, which takes no filters apart: each that is asked for names what it finds.
struct FakeDirectory {
  std::vector<LdapEntry> entries;
  std::map<std::string, std::vector<std::string>> found;  // DNs by filter; others find all
  std::vector<LdapQuery> asked;

  Result<void> operator()(const LdapQuery& query, const TakeLdapEntry& take) {
    asked.push_back(query);
    const auto only = found.find(query.filter);
    for (const LdapEntry& entry : entries) {
      if (!query.is_deep && entry.dn != query.base) continue;
      if (only != found.end() && std::ranges::find(only->second, entry.dn) == only->second.end()) continue;
      TRY_VOID(take(entry));
    }
    return {};
  }
};

const Person* person_of(const LdapPeople& people, std::string_view login) {
  for (const Person& one : people.people)
    if (one.login == login) return &one;
  return nullptr;
}

LdapEntry posix_user(const std::string& login, const std::string& number, Attributes more = {}) {
  LdapEntry entry{"uid=" + login + ",ou=People,dc=example,dc=org", std::move(more)};
  entry.attributes["objectclass"] = {"top", "posixAccount", "kopano-user"};
  entry.attributes["uid"] = {login};
  entry.attributes["uidnumber"] = {number};
  entry.attributes.try_emplace("cn", std::vector<std::string>{login + " Example"});
  return entry;
}

TEST(LdapPeople, AreThoseOfAnOpenLdap) {
  FakeDirectory directory;
  directory.entries = {
      posix_user("anna", "1000",
                 {{"mail", {"anna@example.org", "a.b@example.org"}},
                  {"kopanoaliases", {"smtp:ann@example.org", "ANNA@example.org", "x400:c=de", "no address"}},
                  {"kopanoquotaoverride", {"1"}},
                  {"kopanoquotahard", {"2048"}},
                  {"kopanosendasprivilege", {"1001", "77"}},
                  {"userpassword", {"{SASL}anna@EXAMPLE", "{SSHA}abc"}}}),
      posix_user("bert", "1001", {{"kopanohidden", {"true"}}, {"userpassword", {"plain"}}}),
      posix_user("info", "1002", {{"kopanosharedstoreonly", {"1"}}}),
      posix_user("aurora", "1003", {{"kopanosharedstoreonly", {"1"}}, {"kopanoresourcetype", {"Room"}}}),
      posix_user("beamer", "1004", {{"kopanosharedstoreonly", {"1"}}, {"kopanoresourcetype", {"equipment"}}}),
      {"cn=sales,dc=example,dc=org",
       {{"objectclass", {"posixGroup"}},
        {"cn", {"sales"}},
        {"gidnumber", {"1000"}},
        {"mail", {"sales@example.org"}},
        {"memberuid", {"ANNA", "bert", "gone"}},
        {"kopanosecuritygroup", {"1"}}}},
      {"cn=all,dc=example,dc=org",
       {{"objectclass", {"kopano-dynamicgroup"}},
        {"cn", {"all"}},
        {"kopanofilter", {"(uid=*)"}},
        {"kopanobase", {"ou=People,dc=example,dc=org"}}}},
      {"cn=printer,dc=example,dc=org", {{"objectclass", {"device"}}, {"cn", {"printer"}}}},
  };
  LdapConfig config;
  config.words = LdapWords(LdapWords::Kind::openldap);
  config.words.set("ldap_search_base", "dc=example,dc=org");
  config.words.set("ldap_quota_multiplier", "1024");
  const std::string everyone =
      "(|(|(objectClass=posixAccount)(objectClass=kopano-contact))(|(objectClass=posixGroup)(objectClass=kopano-"
      "dynamicgroup)))";
  directory.found["(&" + everyone + "(uid=*))"] = {directory.entries[0].dn, directory.entries[2].dn};
  const auto people = read_ldap_people(config, false, std::ref(directory));
  ASSERT_TRUE(people) << people.error().text;
  ASSERT_EQ(people->people.size(), 7U);
  const Person& anna = *person_of(*people, "anna");
  EXPECT_EQ(anna.external_id, "1000");
  EXPECT_EQ(anna.name, "anna Example");
  EXPECT_EQ(anna.address, "anna@example.org");
  EXPECT_EQ(anna.aliases, (std::vector<std::string>{"a.b@example.org", "ann@example.org"}));
  EXPECT_EQ(anna.properties.at("hardquota"), std::to_string(2048 * 1024));
  EXPECT_EQ(anna.properties.at("usedefaultquota"), "0");
  EXPECT_EQ(anna.properties.at("password"), "{SSHA}abc");
  EXPECT_EQ(anna.senders, (std::vector<DirectoryName>{{DirectoryName::kUser, "1001"}}));
  const Person& bert = *person_of(*people, "bert");
  EXPECT_EQ(bert.properties.at("ishidden"), "1");
  EXPECT_FALSE(bert.properties.contains("password")) << "what is no hash stays where it is";
  EXPECT_EQ(person_of(*people, "info")->kind, PersonClass::shared);
  EXPECT_EQ(person_of(*people, "aurora")->kind, PersonClass::room);
  EXPECT_EQ(person_of(*people, "beamer")->kind, PersonClass::equipment);
  const Person& sales = *person_of(*people, "sales");
  EXPECT_EQ(sales.kind, PersonClass::security_group);
  EXPECT_EQ(sales.members,
            (std::vector<DirectoryName>{{DirectoryName::kUser, "1000"}, {DirectoryName::kUser, "1001"}}));
  const Person& all = *person_of(*people, "all");
  EXPECT_EQ(all.kind, PersonClass::dynamic_group);
  EXPECT_EQ(all.members, (std::vector<DirectoryName>{{DirectoryName::kUser, "1000"}, {DirectoryName::kUser, "1002"}}));
  EXPECT_EQ(directory.asked.back().filter, "(&" + everyone + "(uid=*))");
  EXPECT_EQ(directory.asked.back().base, "ou=People,dc=example,dc=org");
  EXPECT_EQ(people->remarks.size(), 2U) << "a sender and a member that are nobody";

  // A number that is a user's and a group's is two.
  AddressBook book;
  book.add_directory(people->people);
  EXPECT_EQ(book.by_directory_name({DirectoryName::kUser, "1000"})->login, "anna");
  EXPECT_EQ(book.by_directory_name({DirectoryName::kGroup, "1000"})->login, "sales");
}

TEST(LdapPeople, AreThoseOfAnActiveDirectory) {
  const std::string company_dn = "OU=Acme,DC=corp", anna_dn = "CN=Anna,OU=Berlin,OU=Acme,DC=corp";
  FakeDirectory directory;
  directory.entries = {
      {company_dn,
       {{"objectclass", {"organizationalUnit"}}, {"ou", {"Acme"}}, {"objectguid", {std::string(16, '\1')}}}},
      {anna_dn,
       {{"objectclass", {"top", "person", "user"}},
        {"samaccountname", {"anna"}},
        {"cn", {"Anna"}},
        {"objectguid", {std::string("\0\xff guid of anna", 16)}},
        {"mail", {"anna@corp.example"}},
        {"kopanosendasprivilege", {"cn=bert, ou=acme, dc=corp"}},
        {"kopanoquotaoverride", {"TRUE"}},
        {"kopanoquotahard", {"10"}}}},
      {"CN=Bert,OU=Acme,DC=corp",
       {{"objectclass", {"user"}}, {"samaccountname", {"bert"}}, {"objectguid", {std::string(16, '\2')}}}},
      {"CN=Staff,OU=Acme,DC=corp",
       {{"objectclass", {"group"}},
        {"cn", {"Staff"}},
        {"objectsid", {std::string("\1\5\0", 3)}},
        {"grouptype", {"-2147483646"}},
        {"member;range=0-0", {anna_dn}}}},
      {"CN=Without,OU=Acme,DC=corp", {{"objectclass", {"user"}}, {"samaccountname", {"without"}}}},
  };
  LdapConfig config;
  config.words = LdapWords(LdapWords::Kind::active_directory);
  config.words.set("ldap_search_base", "DC=corp");
  const LdapSearch search = [&](const LdapQuery& query, const TakeLdapEntry& take) -> Result<void> {
    if (query.attributes == std::vector<std::string>{"member;range=0-*"})
      return take({query.base, {{"member;range=0-0", {anna_dn}}}});
    if (query.attributes == std::vector<std::string>{"member;range=1-*"})
      return take({query.base, {{"member;range=1-*", {"CN=Bert,OU=Acme,DC=corp", "CN=Printer,DC=corp"}}}});
    return directory(query, take);
  };
  const auto people = read_ldap_people(config, true, search);
  ASSERT_TRUE(people) << people.error().text;
  EXPECT_EQ(directory.asked.at(1).filter, "(&(objectCategory=Person)(|(objectClass=user)(objectClass=contact)))");
  const Person& anna = *person_of(*people, "anna");
  EXPECT_EQ(anna.external_id.size(), 16U);
  EXPECT_EQ(anna.company_id, std::string(16, '\1'));
  EXPECT_EQ(anna.properties.at("hardquota"), std::to_string(10 << 20));
  EXPECT_EQ(anna.senders, (std::vector<DirectoryName>{{DirectoryName::kUser, std::string(16, '\2')}}));
  const Person& staff = *person_of(*people, "Staff");
  EXPECT_EQ(staff.kind, PersonClass::security_group);
  ASSERT_EQ(staff.members.size(), 2U) << "in parts";
  EXPECT_EQ(staff.members[0].id, anna.external_id);
  EXPECT_EQ(person_of(*people, "without"), nullptr);
  EXPECT_EQ(people->remarks.size(), 2U);
}

TEST(LdapPeople, NeedTheirParameters) {
  FakeDirectory directory;
  LdapConfig config;
  EXPECT_EQ(read_ldap_people(config, false, std::ref(directory)).error().code, Errc::invalid);
  config.words = LdapWords(LdapWords::Kind::openldap);
  config.words.set("ldap_server_charset", "latin1");
  EXPECT_EQ(read_ldap_people(config, false, std::ref(directory)).error().code, Errc::invalid);
}

TEST(Dn, HasOneForm) {
  EXPECT_EQ(lineage_of_dn("CN=A\\, B , OU=x,DC=y"), lineage_of_dn("cn=a\\2C b,ou=X,dc=Y"));
  EXPECT_EQ(lineage_of_dn("cn=a,ou=b,dc=c"), (std::vector<std::string>{"cn=a,ou=b,dc=c", "ou=b,dc=c", "dc=c"}));
  EXPECT_TRUE(lineage_of_dn("nothing of the kind").empty());
  EXPECT_TRUE(lineage_of_dn("").empty());
  EXPECT_TRUE(lineage_of_dn("AA=#\n\x05\x05\x05\x05\x05#\x05\x05\x05\x05\x05\xF4\x05\n").empty())
      << "printed, it is no name";
}

TEST(LdapCfg, IsReadAsKopanoDoes) {
  const std::map<std::string, std::string> files = {
      {"/etc/kopano/ldap.cfg",
       "# comment\n!include /usr/share/kopano/ldap.openldap.cfg\nldap_uri = ldap://a ldap://b\r\nldap_bind_passwd = a "
       "= "
       "b\n\n  ldap_search_base=dc=x\nunknown_word = 3\n!include more.cfg\n!propmap /usr/share/x\n"},
      {"/etc/kopano/more.cfg", "ldap_user_sendas_attribute = mayWrite\nldap_loginname_attribute = \n"},
      {"/old/ldap.cfg", "ldap_nonactive_attribute = zarafaSharedStoreOnly\nldap_protocol = ldaps\nldap_port = 636\n"},
      {"/loop/ldap.cfg", "!include ldap.cfg\n"},
      {"/bad/ldap.cfg", "ldap_uri\n"},
      {"/gone/ldap.cfg", "!include gone.cfg\n"},
  };
  const ReadText read = [&](const std::string& path) -> Result<std::string> {
    const auto file = files.find(path);
    if (file == files.end()) return fail(Errc::not_found, path + " is not there");
    return file->second;
  };
  LdapWords words;
  ASSERT_TRUE(read_ldap_cfg("/etc/kopano/ldap.cfg", read, words));
  EXPECT_EQ(url_of(words), "ldap://a ldap://b");
  EXPECT_EQ(words.get("ldap_bind_passwd"), "a = b");
  EXPECT_EQ(words.get("ldap_search_base"), "dc=x");
  EXPECT_EQ(words.get("ldap_sendas_attribute"), "mayWrite");
  EXPECT_EQ(words.get("ldap_loginname_attribute"), "") << "said to be nothing";
  EXPECT_EQ(words.get("ldap_user_unique_attribute"), "uidNumber") << "of a file that comes with Kopano";
  EXPECT_EQ(words.get("ldap_emailaliases_attribute"), "kopanoAliases");
  LdapWords old;
  ASSERT_TRUE(read_ldap_cfg("/old/ldap.cfg", read, old));
  EXPECT_EQ(url_of(old), "ldaps://localhost:636");
  EXPECT_EQ(old.get("ldap_emailaliases_attribute"), "zarafaAliases");
  for (const char* bad : {"/loop/ldap.cfg", "/bad/ldap.cfg", "/gone/ldap.cfg"}) {
    LdapWords none;
    EXPECT_FALSE(read_ldap_cfg(bad, read, none)) << bad;
  }
}

TEST(CompaniesOfLdap, HaveQuotasForTheirPeople) {
  FakeDirectory directory;
  directory.entries = {{"ou=North,dc=example,dc=org",
                        {{"objectclass", {"organizationalUnit"}},
                         {"ou", {"North"}},
                         {"kopanouserdefaultquotaoverride", {"1"}},
                         {"kopanouserdefaultquotahard", {"3"}},
                         {"kopanoquotaoverride", {"1"}},
                         {"kopanoquotahard", {"9"}}}},
                       {"ou=South,dc=example,dc=org",
                        {{"objectclass", {"organizationalUnit"}},
                         {"ou", {"South"}},
                         {"kopanouserdefaultquotaoverride", {"0"}},
                         {"kopanouserdefaultquotahard", {"3"}}}}};
  LdapConfig config;
  config.words = LdapWords(LdapWords::Kind::openldap);
  config.words.set("ldap_search_base", "dc=example,dc=org");
  config.words.set("ldap_quota_multiplier", "1048576");
  const auto people = read_ldap_people(config, true, std::ref(directory));
  ASSERT_TRUE(people) << people.error().text;
  ASSERT_EQ(people->people.size(), 2U);
  EXPECT_EQ(default_quota_of(*person_of(*people, "North")), 3U << 20U);
  EXPECT_EQ(default_quota_of(*person_of(*people, "South")), 0U);
}

TEST(PeopleFile, SaysAll) {
  const auto people = parse_people(
      "Login,Address,Name,externid,kind,aliases,members,senders,quota,hidden\n"
      "anna,anna@example.org,Anna A,,,ann@example.org a@example.org,,,5G,\n"
      "bert,bert@example.org,,,,,,anna,,yes\n"
      "room1,,Room,,room,,,,,\n"
      "staff,staff@example.org,Staff,,group,,anna bert@example.org nobody,,,\n"
      "cora,,,00112233445566778899aabbccddeeff,,,,,,\n");
  ASSERT_TRUE(people) << people.error().text;
  EXPECT_EQ(to_hex(people->back().external_id), "00112233445566778899aabbccddeeff");
  AddressBook book;
  const auto unknown = book.tell(*people);
  EXPECT_EQ(unknown.size(), 1U);
  const Person& anna = *book.by_login("anna");
  EXPECT_EQ(anna.aliases.size(), 2U);
  EXPECT_EQ(anna.properties.at("hardquota"), std::to_string(5ULL << 30));
  const Person& bert = *book.by_login("bert");
  EXPECT_EQ(bert.properties.at("ishidden"), "1");
  EXPECT_EQ(book.by_directory_name(bert.senders.at(0)), &anna);
  EXPECT_EQ(book.by_login("room1")->kind, PersonClass::room);
  const Person& staff = *book.by_login("staff");
  EXPECT_TRUE(staff.is_group());
  ASSERT_EQ(staff.members.size(), 2U);
  EXPECT_EQ(book.by_directory_name(staff.members[1]), &bert);
  for (const char* bad : {"login,kind\nanna,boss\n", "login,quota\nanna,much\n", "login,hidden\nanna,perhaps\n",
                          "login,age\nanna,3\n", "address\nanna@example.org\n"})
    EXPECT_FALSE(parse_people(bad)) << bad;
}

}  // namespace
}  // namespace kontor::migrate::kopano
