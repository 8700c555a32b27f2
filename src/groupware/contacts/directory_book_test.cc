// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/contacts/directory_book.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "groupware/contacts/card_data.h"
#include "store/memory.h"

namespace kontor::groupware {
namespace {

using directory::Principal;
using directory::PrincipalKind;
using directory::Status;

class DirectoryBookTest : public testing::Test {
 protected:
  void SetUp() override {
    acme = directory->add_tenant("acme")->id;
    other = directory->add_tenant("other")->id;
    ASSERT_TRUE(directory->add_domain(acme, "example.org"));
    ASSERT_TRUE(directory->add_domain(other, "other.example"));
    ada = add("ada@example.org", "Ada Lovelace");
    bob = add("bob@example.org", "Builder, Bob");
    team = add("team@example.org", "Team", PrincipalKind::group);
    room = add("room@example.org", "Room 5", PrincipalKind::room);
    desk = add("desk@example.org", "", PrincipalKind::shared);
    eve = add("eve@other.example", "Eve");
    edit(team, [&](Principal& one) { one.members = {ada, bob}; });
  }

  PrincipalId add(const std::string& address, const std::string& name, PrincipalKind kind = PrincipalKind::user) {
    return directory->add_principal({kind, address, name, Status::active, std::nullopt})->id;
  }
  template <class Change>
  void edit(PrincipalId id, const Change& change) {
    Principal principal = directory->principal(id).value();
    change(principal);
    ASSERT_TRUE(directory->update_principal(principal));
  }
  std::string written(PrincipalId id) { return vcard::write(book.whole_card(book.find(acme, id).value())); }
  std::string uid(PrincipalId id) { return "urn:uuid:" + directory->uuid(id); }

  // "ada bob": the local parts of their addresses.
  static std::string people(const std::vector<Principal>& found) {
    std::string out;
    for (const Principal& one : found)
      out += (out.empty() ? "" : " ") + one.primary_address().substr(0, one.primary_address().find('@'));
    return out;
  }
  std::string searched(std::string_view text) { return people(book.search(acme, text).people); }
  std::string all() {
    std::vector<Principal> out;
    book.each(acme, [&](const Principal& one) {
      out.push_back(one);
      return true;
    });
    return people(out);
  }
  std::string asked(CardProperty wanted) {
    return people(book.query(acme, CardMatcher::make({.properties = {std::move(wanted)}}).value()).people);
  }

  FakeClock clock{Instant(std::chrono::seconds(1'800'000'000))};
  std::unique_ptr<store::Engine> engine = store::open_memory();
  std::unique_ptr<directory::Directory> directory =
      *directory::Directory::open(*engine, clock, {.memory_kib = 64, .passes = 1});
  DirectoryBook book{*directory};
  TenantId acme, other;
  PrincipalId ada, bob, team, room, desk, eve;
};

TEST_F(DirectoryBookTest, Cards) {
  edit(ada, [](Principal& one) {
    one.addresses.push_back("countess@example.org");
    one.set_details({.title = "Head; Mills",
                     .department = "Mills",
                     .company = "Engines, Ltd",
                     .location = "Room 5",
                     .phones = {{directory::PhoneKind::work, "+44 20 1"}, {directory::PhoneKind::mobile, "2"}}});
  });
  const std::string png = "\x89PNG\r\n\x1a\nIEND\xae\x42\x60\x82";
  ASSERT_TRUE(directory->set_photo(ada, png));
  EXPECT_EQ(written(ada),
            fmt::format("BEGIN:VCARD\r\nVERSION:4.0\r\nUID:{}\r\nKIND:individual\r\nFN:Ada Lovelace\r\n"
                        "N:Lovelace;Ada;;;\r\nEMAIL;PREF=1:ada@example.org\r\nEMAIL:countess@example.org\r\n"
                        "TITLE:Head\\; Mills\r\nORG:Engines\\, Ltd;Mills\r\nTEL;TYPE=work,voice:+44 20 1\r\n"
                        "TEL;TYPE=cell:2\r\nADR;TYPE=work:;Room 5;;;;;\r\n"
                        "PHOTO:data:image/png;base64,iVBORw0KGgpJRU5ErkJggg==\r\nEND:VCARD\r\n",
                        uid(ada)));
  EXPECT_EQ(written(team), fmt::format("BEGIN:VCARD\r\nVERSION:4.0\r\nUID:{}\r\nKIND:group\r\nFN:Team\r\nN:Team;;;;\r\n"
                                       "EMAIL:team@example.org\r\nMEMBER:{}\r\nMEMBER:{}\r\nEND:VCARD\r\n",
                                       uid(team), uid(ada), uid(bob)));
  EXPECT_NE(written(bob).find("N:Builder;Bob;;;\r\n"), std::string::npos);
  EXPECT_NE(written(room).find("KIND:location\r\nFN:Room 5\r\nN:Room 5;;;;\r\n"), std::string::npos);
  EXPECT_NE(written(desk).find("KIND:org\r\nFN:desk@example.org\r\n"), std::string::npos) << "without a name";
  const auto media = vcard::media_of(*vcard::read(written(ada))->cards.front().find("PHOTO"));
  EXPECT_EQ(media->bytes, png);
  const std::string v3 = render_card(written(team), {.version = vcard::Version::v3});
  EXPECT_NE(v3.find("X-ADDRESSBOOKSERVER-KIND:group\r\n"), std::string::npos) << v3;
  EXPECT_NE(v3.find("X-ADDRESSBOOKSERVER-MEMBER:" + uid(bob) + "\r\n"), std::string::npos) << v3;
}

TEST_F(DirectoryBookTest, WhoIsInIt) {
  EXPECT_EQ(all(), "ada bob desk room team");
  EXPECT_FALSE(book.find(acme, eve)) << "of another tenant";
  EXPECT_TRUE(book.find(other, directory_card_name(eve)));
  edit(bob, [](Principal& one) { one.is_hidden = true; });
  edit(room, [](Principal& one) { one.status = Status::suspended; });
  EXPECT_EQ(all(), "ada desk team");
  EXPECT_FALSE(book.find(acme, bob));
  EXPECT_EQ(written(team).find(uid(bob)), std::string::npos) << "a hidden one is no member to be seen";
}

TEST_F(DirectoryBookTest, Names) {
  EXPECT_EQ(directory_card_name(PrincipalId(17)), "17.vcf");
  EXPECT_EQ(directory_card_id("17.vcf"), PrincipalId(17));
  for (const char* name : {"", ".vcf", "17", "017.vcf", "+17.vcf", "17.vcf.vcf", "99999999999999999999.vcf", "0.vcf"})
    EXPECT_FALSE(directory_card_id(name)) << name;
}

TEST_F(DirectoryBookTest, ChangesAndEtags) {
  const auto etag = [&](PrincipalId id) { return directory_card_etag(*directory->principal(id)); };
  const auto start = book.revision(acme);
  EXPECT_EQ(book.changes(acme, 0)->present.size(), 5u);
  EXPECT_EQ(book.changes(acme, start)->revision, start);
  EXPECT_EQ(book.changes(acme, start + 1).error().code, Errc::conflict);
  const auto of_ada = etag(ada), of_team = etag(team), of_room = etag(room);
  edit(ada, [](Principal& one) { one.quota = 1; });
  EXPECT_EQ(etag(ada), of_ada);
  ASSERT_TRUE(directory->set_photo(ada, "\xff\xd8\xff\xe0\xff\xd9"));
  EXPECT_NE(etag(ada), of_ada);
  edit(bob, [](Principal& one) { one.is_hidden = true; });
  EXPECT_NE(etag(team), of_team);
  EXPECT_EQ(etag(room), of_room);
  const auto changes = book.changes(acme, start).value();
  EXPECT_EQ(people(changes.present), "ada team");
  EXPECT_EQ(changes.gone, std::vector{directory_card_name(bob)});
}

TEST_F(DirectoryBookTest, Searches) {
  EXPECT_EQ(searched("LOVE"), "ada");
  EXPECT_EQ(searched("example bob"), "bob") << "all words, in any field";
  EXPECT_EQ(searched("bob ada"), "");
  EXPECT_EQ(searched(""), "ada bob desk room team");
  edit(bob, [](Principal& one) {
    one.set_details({.title = "Stra\xc3\x9f"
                              "enbauer"});
  });
  EXPECT_EQ(searched("stra\xc3\x9f"), "bob") << "what changed is known at once";
  edit(bob, [](Principal& one) { one.name = "Zed"; });
  EXPECT_EQ(all(), "ada desk room team bob") << "in its new place";
  EXPECT_EQ(searched("builder"), "");
  edit(ada, [](Principal& one) { one.is_hidden = true; });
  EXPECT_EQ(searched("LOVE"), "");
  EXPECT_EQ(people(book.search(acme, "", 2).people), "desk room");
  EXPECT_TRUE(book.search(acme, "", 2).is_cut);
  EXPECT_FALSE(book.search(acme, "", 4).is_cut);
}

TEST_F(DirectoryBookTest, Queries) {
  ASSERT_TRUE(directory->set_photo(ada, "\xff\xd8\xff\xe0\xff\xd9"));
  EXPECT_EQ(asked({.name = "EMAIL", .texts = {{.text = "@EXAMPLE"}}}), "ada bob desk room team");
  EXPECT_EQ(asked({.name = "N", .texts = {{.text = "build", .how = CardText::How::starts_with}}}), "bob");
  EXPECT_EQ(asked({.name = "PHOTO"}), "ada");
  EXPECT_EQ(asked({.name = "KIND", .texts = {{.text = "group", .how = CardText::How::equals}}}), "team");
  EXPECT_EQ(asked({.name = "MEMBER", .texts = {{.text = directory->uuid(ada)}}}), "team");
  EXPECT_EQ(asked({.name = "TITLE", .is_absent = true}), "ada bob desk room team");
}

}  // namespace
}  // namespace kontor::groupware
