// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/contact.h"

#include <gtest/gtest.h>

#include "formats/mapi/tags.h"
#include "formats/vcard/card.h"

namespace kontor::mapi {
namespace {

void set(Properties& properties, const Tag& tag, std::string_view text) {
  properties.set(tag, Value::of_text(std::string(text)));
}

Value day(int year, unsigned month, unsigned of, std::chrono::minutes at) {
  using namespace std::chrono;
  return Value::of_time(ticks_of_instant(sys_days(std::chrono::year(year) / month / of) + at));
}

TEST(Contact, WithoutANameIsKnownByWhatThereIs) {
  Message contact;
  EXPECT_EQ(card_of(contact, "1").card.value("FN"), "");
  set(contact.properties, {.id = 0x3A08}, "+49 1");
  EXPECT_EQ(card_of(contact, "1").card.value("FN"), "+49 1");
  set(contact.properties, tag::address(0x8093), "second@example.org");
  EXPECT_EQ(card_of(contact, "1").card.value("FN"), "second@example.org");
}

TEST(Contact, OfTheDirectoryHasTheAddressThatIsAnAddress) {
  Message contact;
  set(contact.properties, tag::address(0x8082), "ZARAFA");
  set(contact.properties, tag::address(0x8083), "ann@Company");
  EXPECT_EQ(card_of(contact, "1").card.value("EMAIL"), "") << "a login";
  set(contact.properties, tag::address(0x8083), "ann@company.example");
  EXPECT_EQ(card_of(contact, "1").card.value("EMAIL"), "ann@company.example");
}

TEST(Contact, BecomesACard) {
  Message contact;
  Properties& from = contact.properties;
  set(from, tag::kGivenName, "Ann");
  set(from, tag::kSurname, "Müller; jr");
  set(from, tag::kDisplayNamePrefix, "Dr.");
  set(from, tag::kFileUnder, "Müller, Ann");
  set(from, tag::kCompanyName, "Fjord, Inc");
  set(from, tag::kDepartmentName, "Sails");
  set(from, tag::kTitle, "Captain");
  set(from, tag::address(0x8082), "SMTP");
  set(from, tag::address(0x8083), "ann@example.org");
  set(from, tag::address(0x8092), "EX");
  set(from, tag::address(0x8093), "/o=x/cn=ann");
  set(from, tag::address(0x8094), "ann@example.net");
  set(from, tag::address(0x80A2), "EX");
  set(from, tag::address(0x80A3), "/o=x/cn=other");
  set(from, {.id = 0x3A08}, "+49 1");
  set(from, {.id = 0x3A1E}, "+49 2");
  set(from, tag::address(0x8045), "Way 1\r\nBack yard");
  set(from, tag::address(0x8046), "Köln");
  set(from, {.id = 0x3A59}, "Bonn");
  from.set(tag::address(0x8022), Value::of(1));
  set(from, tag::address(0x802B), "www.example.org");
  set(from, {.id = 0x3A48}, "Bob");
  set(from, tag::kBody, "First\r\nsecond");
  from.set(tag::kKeywords, Value::of_texts({"a,b", "c"}));
  from.set({.id = 0x3A4D}, *Value::make(Type::int16, std::int64_t{1}));
  from.set(tag::kBirthday, day(1980, 2, 28, std::chrono::hours(23)));
  set(from, tag::address(0x804F), "custom");
  contact.attachments.resize(4);
  set(contact.attachments[2].properties, tag::kAttachLongFilename, "plan; \"B\".txt");
  set(contact.attachments[2].properties, tag::kAttachMimeTag, "text/plain");
  contact.attachments[2].properties.set(tag::kAttachDataBinary, Value::of_bytes("Hello"));
  set(contact.attachments[3].properties, tag::kAttachLongPathname, "https://example.org/x");
  contact.attachments[0].properties.set(tag::kAttachmentContactPhoto, Value::of(true));
  contact.attachments[0].properties.set(tag::kAttachDataBinary, Value::of_bytes("\xFF\xD8\xFF\xE0"));
  set(contact.attachments[1].properties, tag::kAttachLongFilename, "cv.pdf");

  const MadeCard made = card_of(contact, "uid-1");
  EXPECT_EQ(vcard::write(made.card),
            "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:uid-1\r\nFN:Dr. Ann Müller\\; jr\r\nN:Müller\\; jr;Ann;;Dr.;\r\n"
            "ORG:Fjord\\, Inc;Sails\r\nEMAIL;PREF=1:ann@example.org\r\nEMAIL;PREF=2:ann@example.net\r\n"
            "TEL;TYPE=work,voice;VALUE=text:+49 1\r\nitem1.TEL;TYPE=voice;VALUE=text:+49 2\r\nitem1.X-ABLabel:Car\r\n"
            "ADR;TYPE=work:;;Way 1\\nBack yard;Köln;;;\r\nADR;TYPE=home;PREF=1:;;;Bonn;;;\r\nTITLE:Captain\r\n"
            "RELATED;TYPE=spouse;VALUE=text:Bob\r\nNOTE:First\\nsecond\r\nX-EVOLUTION-FILE-AS:Müller\\, Ann\r\n"
            "X-CUSTOM1:custom\r\nURL:http://www.example.org\r\n"
            "BDAY:19800229\r\nCATEGORIES:a\\,b,c\r\nGENDER:F\r\nPHOTO:data:image/jpeg;base64,/9j/4A==\r\n"
            "X-KONTOR-ATTACH;FMTTYPE=text/plain;FILENAME=\"plan; ^'B^'.txt\":data:text/pla\r\n in;base64,SGVsbG8=\r\n"
            "X-KONTOR-ATTACH;FMTTYPE=application/octet-stream:https://example.org/x\r\n"
            "END:VCARD\r\n");
  EXPECT_TRUE(made.kept.has(tag::address(0x80A3)));
  EXPECT_TRUE(made.kept.has(tag::address(0x8093))) << "the other form of an address that is written";
  EXPECT_EQ(made.kept.size(), 4U);
  ASSERT_EQ(made.losses.size(), 2U);
  EXPECT_TRUE(made.losses[0].contains("/o=x/cn=other"));
  EXPECT_TRUE(made.losses[1].contains("cv.pdf"));
}

TEST(Contact, HasWhatFewItemsHave) {
  struct Case {
    Tag tag;
    std::string_view text, line, why;
  };
  for (const Case& c :
       {Case{tag::address(0x8062), "handle 7", "X-MS-IMADDRESS:handle 7\r\n", "a name of some service"},
        Case{tag::address(0x8062), "ann@chat.org", "IMPP:im:ann@chat.org\r\n", "an address"},
        Case{tag::address(0x801A), "Way 1\r\nKöln", "ADR;TYPE=home;LABEL=Way 1^nKöln:;;;;;;\r\n", "written as one"},
        Case{{.id = 0x3A29}, "Way 2", "ADR:;;Way 2;;;;\r\n", "the address for mail alone"},
        Case{{.id = 0x3A19}, "Room 5", "ADR;TYPE=work:;Room 5;;;;;\r\n", "an office"},
        Case{tag::address(0x80D8), "https://e.org/fb", "FBURL:https://e.org/fb\r\n", "free/busy"},
        Case{tag::address(0x802D), "ミューラー", "X-PHONETIC-LAST-NAME:ミューラー\r\n", "how it is read"}}) {
    Message contact;
    set(contact.properties, c.tag, c.text);
    const MadeCard made = card_of(contact, "1");
    EXPECT_TRUE(vcard::write(made.card).contains(c.line)) << c.why << "\n" << vcard::write(made.card);
    EXPECT_TRUE(made.kept.empty()) << c.why;
  }
}

TEST(Contact, HasTheAddressOfSomebodyInADirectory) {
  Message contact;
  set(contact.properties, tag::address(0x8082), "ZARAFA");
  set(contact.properties, tag::address(0x8083), "bob@Company");
  contact.properties.set(tag::address(0x8085), Value::of_bytes("entry"));
  EXPECT_EQ(card_of(contact, "1").losses.size(), 1U);
  const MadeCard made = card_of(contact, "1", [](std::string_view id) -> std::optional<Mailbox> {
    return id == "entry" ? std::optional(Mailbox{.name = "Bob", .address = "bob@example.org"}) : std::nullopt;
  });
  EXPECT_EQ(made.card.value("EMAIL"), "bob@example.org");
  EXPECT_TRUE(made.losses.empty());
}

TEST(Contact, OfAnyTextIsACard) {
  Message contact;
  const std::string odd("a\0\x07\r\nb\x7F;,\\", 10);
  for (const Tag& tag : {tag::kDisplayName, tag::kTitle, Tag{.id = 0x3A08}, tag::address(0x8045), tag::address(0x802B),
                         tag::address(0x8083), tag::address(0x8062), tag::kBody})
    set(contact.properties, tag, odd);
  const auto made = card_of(contact, odd);
  const auto again = vcard::read(vcard::write(made.card));
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->repairs.empty()) << again->repairs.front().text;
  EXPECT_EQ(again->cards.at(0), made.card);
  EXPECT_EQ(vcard::text(made.card, "TITLE"), "a\nb;,\\");
}

TEST(Contact, HasAName) {
  struct Case {
    Tag tag;
    std::string_view text;
  };
  for (const Case& c : {Case{tag::kFileUnder, "Filed"}, Case{tag::kCompanyName, "Firm"}, Case{tag::kSubject, "Subject"},
                        Case{tag::kDisplayName, "Shown"}}) {
    Message contact;
    set(contact.properties, c.tag, c.text);
    EXPECT_EQ(vcard::text(card_of(contact, "1").card, "FN"), c.text);
  }
  EXPECT_TRUE(vcard::read(vcard::write(card_of({}, "1").card)).has_value());
}

TEST(Contact, HasTheDaysThatItsWriterSaw) {
  using namespace std::chrono_literals;
  struct Case {
    std::chrono::minutes at;
    std::string_view day;
    std::string_view why;
  };
  for (const Case& c : {Case{0min, "19800215", "midnight in UTC"}, Case{22h, "19800216", "east of it in summer"},
                        Case{5h, "19800215", "west of it"}, Case{11h + 59min, "19800215", "Outlook's noon"},
                        Case{12h, "19800215", "noon"}}) {
    Message contact;
    contact.properties.set(tag::kBirthday, day(1980, 2, 15, c.at));
    EXPECT_EQ(card_of(contact, "1").card.value("BDAY"), c.day) << c.why;
  }
  Message contact;
  contact.properties.set(tag::kBirthday, day(1980, 2, 15, 10h));
  contact.properties.set(tag::address(0x80DE), day(1980, 2, 16, 0h));
  EXPECT_EQ(card_of(contact, "1").card.value("BDAY"), "19800216") << "the local day is exact";
  EXPECT_TRUE(card_of(contact, "1").kept.empty());
}

}  // namespace
}  // namespace kontor::mapi
