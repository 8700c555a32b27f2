// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/sources.h"

#include <gtest/gtest.h>

#include "migrate/names/folder_name.h"
#include "migrate/names/roles.h"

namespace kontor::migrate {
namespace {

TEST(SourceUrl, IsRead) {
  const auto plain = parse_source_url("imaps://mail.example.org");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->tls, SourceTls::implicit);
  EXPECT_EQ(plain->host, "mail.example.org");
  const auto whole = parse_source_url("imap://bob@example.org@[2001:db8::1]:1143/?tls=none");
  ASSERT_TRUE(whole) << whole.error().text;
  EXPECT_EQ(whole->tls, SourceTls::none);
  EXPECT_EQ(whole->host, "2001:db8::1");
  EXPECT_EQ(whole->port, 1143);
  ASSERT_EQ(whole->users.size(), 1u);
  EXPECT_EQ(whole->users[0].login, "bob@example.org");
  EXPECT_EQ(parse_source_url("imap://h")->tls, SourceTls::starttls);
  EXPECT_EQ(parse_source_url("maildir:/var/mail/%d/%n")->path, "/var/mail/%d/%n");
  EXPECT_EQ(parse_source_url("mbox:///var/mail/bob")->path, "/var/mail/bob");
  EXPECT_EQ(parse_source_url("eml:x")->kind, SourceKind::eml);
  for (const char* bad : {"", "pop3://h", "imaps://", "imaps://h:0", "imaps://h:99999", "imaps://bob:secret@h",
                          "imap://h?tls=maybe", "maildir:", "imap://[::1"})
    EXPECT_EQ(parse_source_url(bad).error().code, Errc::invalid) << bad;
}

TEST(UserCsv, IsReadInEveryForm) {
  const auto plain = parse_user_csv("bob,pa ss ,bob@new.org\n\nann,\"a,\"\"b\nc\",ann@new.org\r\n");
  ASSERT_TRUE(plain) << plain.error().text;
  ASSERT_EQ(plain->size(), 2u);
  EXPECT_EQ((*plain)[0].password, "pa ss ");
  EXPECT_EQ((*plain)[1].password, "a,\"b\nc");
  EXPECT_EQ((*plain)[1].address, "ann@new.org");
  const auto named = parse_user_csv(
      "\xef\xbb\xbf"
      "Address;Token;Login\nbob@new.org;T;bob\n");
  ASSERT_TRUE(named) << named.error().text;
  EXPECT_EQ((*named)[0].login, "bob");
  EXPECT_EQ((*named)[0].token, "T");
  EXPECT_EQ((*named)[0].address, "bob@new.org");
  for (const char* bad : {"a,b,c,d\n", ",x,y\n", "bob,x\nbob,y\n", "bob,\"x\n"})
    EXPECT_FALSE(parse_user_csv(bad)) << bad;
}

TEST(Sources, RefuseContradictions) {
  SourceOptions options;
  EXPECT_FALSE(open_source(options)) << "no host";
  options.host = "h";
  EXPECT_FALSE(open_source(options)) << "no users";
  options.users = {SourceUser{"bob", "", "", ""}};
  EXPECT_FALSE(open_source(options)) << "no password";
  options.master_user = "m";
  EXPECT_TRUE(open_source(options));
  SourceOptions scripts = options;
  scripts.sieve_path = "/srv/sieve";
  EXPECT_TRUE(open_source(scripts));
  scripts.users.push_back(SourceUser{"ann", "", "", ""});
  EXPECT_EQ(open_source(scripts).error().code, Errc::invalid) << "whose scripts?";
  scripts.sieve_path = "/srv/%n/sieve";
  EXPECT_TRUE(open_source(scripts));
  SourceOptions files;
  files.kind = SourceKind::maildir;
  files.path = "/nowhere/at/all";
  files.users = options.users;
  EXPECT_EQ(open_source(files).error().code, Errc::not_found);
  files.path = "/";
  files.users.clear();
  EXPECT_EQ(open_source(files).error().code, Errc::invalid) << "whose?";
}

TEST(FolderNames, AreMadeFit) {
  EXPECT_EQ(decode_folder_name("u\xcc\x88", NameEncoding::automatic).text, "ü") << "NFC";
  EXPECT_EQ(decode_folder_name("a\x01"
                               "b",
                               NameEncoding::automatic)
                .text,
            "a␁b");
  EXPECT_EQ(decode_folder_name("Entw&APw-rfe", NameEncoding::utf8).text, "Entw&APw-rfe");
  const auto lengthy = decode_folder_name(std::string(300, 'x'), NameEncoding::automatic);
  EXPECT_EQ(lengthy.text.size(), 255u);
  EXPECT_TRUE(lengthy.was_rewritten);
}

TEST(Roles, AreToldByNamesOfManyLanguages) {
  EXPECT_EQ(role_of_name("GESENDETE ELEMENTE"), "sent");
  EXPECT_EQ(role_of_name("Éléments supprimés"), "trash");
  EXPECT_EQ(role_of_name("Черновики"), "drafts");
  EXPECT_EQ(role_of_name("迷惑メール"), "junk");
  EXPECT_EQ(role_of_name("Rechnungen"), "");
  std::vector<SourceFolder> folders(5);
  folders[0].path = {"INBOX"};
  folders[1].path = {"INBOX", "Sent"};
  folders[2].path = {"Gesendet"};
  folders[3].path = {"Sent Items"};
  folders[4].path = {"Projekt", "Trash"};
  assign_roles(folders);
  EXPECT_EQ(folders[0].role, "inbox");
  EXPECT_EQ(folders[1].role, "");
  EXPECT_EQ(folders[2].role, "");
  EXPECT_EQ(folders[3].role, "sent") << "the better known name at the root";
  EXPECT_EQ(folders[4].role, "") << "somebody's own folder";
}

}  // namespace
}  // namespace kontor::migrate
