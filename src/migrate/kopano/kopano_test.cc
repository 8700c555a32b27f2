// SPDX-License-Identifier: AGPL-3.0-or-later
// What can be said without a database: tests/e2e/test_kopano_reading.py has the rest.
#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "base/bytes.h"
#include "migrate/files/scratch_directory.h"
#include "migrate/kopano/address_book.h"
#include "migrate/kopano/attachment_store.h"
#include "migrate/kopano/config.h"
#include "migrate/kopano/item_class.h"

namespace kontor::migrate::kopano {
namespace {

TEST(ItemClass, IsKnownByWhatTheClassBeginsWith) {
  struct Case {
    const char* name;
    ItemClass expected;
    const char* why;
  };
  for (const Case& one : std::to_array<Case>(
           {{"IPM.Note", ItemClass::mail, "plain mail"},
            {"ipm.note.SMIME.MultipartSigned", ItemClass::mail, "any case, and more behind it"},
            {"IPM.Notes", ItemClass::other, "another word that begins alike"},
            {"IPM.Schedule.Meeting.Request", ItemClass::mail, "mail about meetings is mail"},
            {"IPM.Microsoft Schedule.MtgReq", ItemClass::mail, "as it was called once"},
            {"REPORT.IPM.Note.NDR", ItemClass::mail, "reports are"},
            {"IPM", ItemClass::mail, "never set"},
            {"", ItemClass::mail, "not there at all"},
            {"IPM.Appointment.Room", ItemClass::appointment, "a form of somebody's"},
            {"IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}", ItemClass::appointment, "a changed instance"},
            {"IPM.TaskRequest.Accept", ItemClass::mail, "mail about tasks"},
            {"IPM.Task", ItemClass::task, ""},
            {"IPM.DistList", ItemClass::list, ""},
            {"IPM.Zarafa.Own", ItemClass::other, "nothing that is known"}}))
    EXPECT_EQ(item_class(one.name), one.expected) << one.name << ": " << one.why;
  EXPECT_TRUE(takes("calendar", "tasks"));
  EXPECT_FALSE(takes("calendar", ""));
  EXPECT_FALSE(takes("contacts", "calendar"));
  EXPECT_EQ(kind_of_container("IPF.Note.OutlookHomepage"), "");
  EXPECT_EQ(kind_of_container("ipf.appointment"), "calendar");
}

TEST(People, ComeFromAFile) {
  const auto people =
      parse_people("Login;Address;externid\nanna;anna@example.org;\nbert;;00112233445566778899aabbccddeeff\n");
  ASSERT_TRUE(people) << people.error().text;
  ASSERT_EQ(people->size(), 2U);
  EXPECT_EQ(people->at(0).address, "anna@example.org");
  EXPECT_EQ(to_hex(people->at(1).external_id), "00112233445566778899aabbccddeeff");
  for (const char* bad : {"login,age\nanna,3\n", "address\nanna@example.org\n", "login\na,b\n"})
    EXPECT_FALSE(parse_people(bad)) << bad;
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

void write_packed(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
}

// Files are read without asking the database.
Result<std::string> content(AttachmentStore& store, const Instance& instance) {
  std::string out;
  TRY_VOID(store.read(instance, [&](std::string_view piece) -> Result<void> {
    out += piece;
    return {};
  }));
  return out;
}

TEST(Files, AreFoundPlainAndPackedInBothForms) {
  const ScratchDirectory scratch;
  const std::filesystem::path root(scratch.path());
  const std::string large(200'000, 'x');
  write_file(root / "3/7/173", "plain");
  write_packed(root / "4/7/174.gz", large);
  write_packed(root / "5/7/175", "a gzip that somebody attached");
  write_file(root / "6/7/176.gz", std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03 damaged", 19));
  write_file(root / "ab/cd/ef/content", "second form");
  const auto store = file_store(root.string(), 10, 10);
  EXPECT_EQ(content(*store, {173, ""}), "plain");
  EXPECT_EQ(content(*store, {174, ""}), large);
  EXPECT_TRUE(content(*store, {175, ""})->starts_with("\x1f\x8b")) << "what has no .gz is not unpacked";
  EXPECT_EQ(content(*store, {176, ""}).error().code, Errc::invalid);
  EXPECT_EQ(content(*store, {177, ""}).error().code, Errc::not_found);
  EXPECT_EQ(content(*store, {1, "ab/cd/ef"}), "second form");
  EXPECT_EQ(content(*store, {1, "ab/cd/gone"}).error().code, Errc::not_found);
  for (const char* bad : {"../secret", "/etc", "a/../../b"})
    EXPECT_EQ(content(*store, {1, bad}).error().code, Errc::invalid) << bad;
}

TEST(Files, AreNotLostWhereNothingIs) {
  const ScratchDirectory scratch;
  const auto empty = file_store(scratch.path(), 10, 10),
             gone = file_store(std::string(scratch.path()) + "/gone", 10, 10);
  for (const auto* store : {&empty, &gone}) {
    EXPECT_EQ(content(**store, {173, ""}).error().code, Errc::unavailable);
    EXPECT_EQ(content(**store, {1, "ab/cd"}).error().code, Errc::unavailable);
  }
}

TEST(Configuration, NamesEveryMistake) {
  const ScratchDirectory scratch;
  const std::filesystem::path root(scratch.path());
  write_file(root / "secret", "pass word\nmore\n");
  write_file(root / "people.csv", "login,address\nanna,anna@example.org\n");
  write_file(root / "other.toml", "[database]\nname = \"two\"\n[attachments]\npath = \"files\"\n");
  write_file(root / "kopano.toml",
             "[database]\nsocket = \"/run/s\"\npassword_file = \"secret\"\n[users]\nfile = "
             "\"people.csv\"\n[stores]\naddresses = "
             "[\"{34751BE7-3982-436B-A0A5-11A5E1652E34}=a@example.org\", "
             "\"Public:Acme=b@example.org\"]\n[items]\nwith_deleted = "
             "true\n[servers]\nfiles = [\"other.toml\"]\n");
  const auto config = read_config((root / "kopano.toml").string());
  ASSERT_TRUE(config) << config.error().text;
  ASSERT_EQ(config->servers.size(), 2U);
  EXPECT_EQ(config->servers[0].database.password, "pass word");
  EXPECT_EQ(config->servers[1].database.name, "two");
  EXPECT_EQ(config->servers[1].attachments.path, (root / "files").string());
  EXPECT_EQ(config->people.at(0).address, "anna@example.org");
  EXPECT_EQ(config->stores.at("34751be73982436ba0a511a5e1652e34"), "a@example.org");
  EXPECT_EQ(config->stores.at("public:acme"), "b@example.org");
  EXPECT_TRUE(config->with_deleted);
  EXPECT_FALSE(config->ldap);
  write_file(root / "ldap.cfg", "!include /usr/share/kopano/ldap.active-directory.cfg\nldap_bind_user = cn=a\n");
  write_file(root / "ldap.toml",
             "[ldap]\nconfig = \"ldap.cfg\"\nurl = \"ldaps://dc\"\npassword_file = \"secret\"\nsearch_base = "
             "\"dc=x\"\nparameters = [\"ldap_fullname_attribute = displayName\"]\n");
  const auto with_ldap = read_config((root / "ldap.toml").string());
  ASSERT_TRUE(with_ldap && with_ldap->ldap);
  EXPECT_EQ(with_ldap->ldap->server.url, "ldaps://dc");
  EXPECT_EQ(with_ldap->ldap->server.bind_dn, "cn=a");
  EXPECT_EQ(with_ldap->ldap->server.password, "pass word");
  EXPECT_EQ(with_ldap->ldap->words.get("ldap_search_base"), "dc=x");
  EXPECT_EQ(with_ldap->ldap->words.get("ldap_fullname_attribute"), "displayName");
  EXPECT_EQ(with_ldap->ldap->words.get("ldap_user_unique_attribute"), "objectGUID");
  for (const char* bad :
       {"[database]\nnmae = \"x\"\n", "[stores]\naddresses = [\"me=a@example.org\"]\n",
        "[users]\nfile = \"gone.csv\"\n", "[database]\ntls = \"maybe\"\n", "[ldap]\nsearch_base = \"dc=x\"\n",
        "[ldap]\nconfig = \"gone.cfg\"\n", "[ldap]\nurl = \"ldap://x\"\nparameters = [\"ldap_fullname = cn\"]\n"}) {
    write_file(root / "bad.toml", bad);
    EXPECT_FALSE(read_config((root / "bad.toml").string())) << bad;
  }
}

}  // namespace
}  // namespace kontor::migrate::kopano
