// SPDX-License-Identifier: AGPL-3.0-or-later
// Contact details, photos and the list of people.
#include "directory/contact.h"

#include <algorithm>

#include "directory/records.h"
#include "directory/testing.h"
#include "store/engine.h"

namespace kontor::directory {
namespace {

const std::string kJpeg = "\xff\xd8\xff\xe0 a face \xff\xd9";
const std::string kPng = "\x89PNG\r\n\x1a\n a face IEND\xae\x42\x60\x82";

class ContactTest : public DirectoryTest {
 protected:
  // Changes a principal in place.
  template <class Change>
  Result<void> edit(PrincipalId id, const Change& change) {
    Principal principal = directory->principal(id).value();
    change(principal);
    return directory->update_principal(principal);
  }

  // "ada bob -3": addresses of those that are new or changed, numbers of those gone, in order.
  std::string since(std::uint64_t revision, TenantId tenant) {
    std::string out;
    const ListChanges changes = directory->list_changes(tenant, revision);
    for (const Principal& one : changes.present)
      out += one.primary_address().substr(0, one.primary_address().find('@')) + " ";
    for (const auto& gone : changes.gone) out += "-" + std::to_string(gone.id.value) + " ";
    if (!out.empty()) out.pop_back();
    return out;
  }
  std::string since(std::uint64_t revision) { return since(revision, acme.id); }
  std::uint64_t revision() { return directory->list_revision(acme.id); }

  void reopen() { directory = opened(*engine, clock); }
};

TEST_F(ContactTest, DetailsAreKept) {
  const Principal ada = add("ada@example.org");
  EXPECT_EQ(directory->principal(ada.id)->contact, nullptr) << "none take no room";
  ContactDetails wanted{
      .title = " Head of Mills ",
      .department = "Mills",
      .company = "Analytical Engines",
      .location = "London, Room 5",
      .phones = {{PhoneKind::work, " +44 20 1 "}, {PhoneKind::mobile, "2"}, {PhoneKind::work, "+44 20 1"}}};
  ASSERT_TRUE(edit(ada.id, [&](Principal& one) {
    one.set_details(wanted);
    one.is_hidden = true;
  }));
  wanted.title = "Head of Mills";
  wanted.phones = {{PhoneKind::work, "+44 20 1"}, {PhoneKind::mobile, "2"}};
  for (int i = 0; i < 2; ++i) {
    const Principal found = directory->principal(ada.id).value();
    EXPECT_EQ(found.details(), wanted);
    EXPECT_TRUE(found.is_hidden);
    EXPECT_FALSE(found.is_listed());
    expect_clean();
    reopen();
  }
  ASSERT_TRUE(edit(ada.id, [](Principal& one) {
    one.set_details({});
    one.is_hidden = false;
  }));
  EXPECT_EQ(directory->principal(ada.id)->contact, nullptr);
  expect_clean();
}

TEST_F(ContactTest, DetailsAreBounded) {
  const Principal ada = add("ada@example.org");
  const auto refused = [&](const ContactDetails& details, std::string_view says) {
    return fails(edit(ada.id, [&](Principal& one) { one.set_details(details); }), Errc::invalid, says);
  };
  EXPECT_TRUE(refused({.title = std::string(kMaxDetail + 1, 'x')}, "the title is longer"));
  EXPECT_TRUE(refused({.department = "a\nb"}, "the department has a control character"));
  EXPECT_TRUE(refused({.company = "\xff"}, "the company is not valid UTF-8"));
  EXPECT_TRUE(refused({.phones = {{PhoneKind::work, " "}}}, "a phone needs a number"));
  EXPECT_TRUE(
      refused({.phones = {{PhoneKind::work, std::string(kMaxPhoneNumber + 1, '1')}}}, "a phone's number is longer"));
  EXPECT_TRUE(refused({.phones = std::vector<Phone>(kMaxPhones + 1, {PhoneKind::work, "1"})}, "at most 20 phones"));
}

TEST(Contact, PhonesAreWritten) {
  struct Case {
    const char* text;
    const char* shown;  // or what is wrong with it
  };
  for (const Case& c : {Case{"+49 30 1", "work:+49 30 1"}, Case{"mobile: 0170/1 ", "mobile:0170/1"},
                        Case{"FAX:1", "fax:1"}, Case{"satellite:1", "\"satellite\" is no kind of phone"},
                        Case{"", "needs a number"}, Case{"home:", "needs a number"}}) {
    const auto phone = parse_phone(c.text);
    EXPECT_TRUE((phone ? show(*phone) : phone.error().text).contains(c.shown)) << c.text;
  }
}

TEST_F(ContactTest, PhotosAreKeptBesideTheRoster) {
  const Principal ada = add("ada@example.org");
  EXPECT_TRUE(fails(directory->photo(ada.id), Errc::not_found, "no photo"));
  EXPECT_TRUE(fails(directory->set_photo(ada.id, "GIF89a"), Errc::invalid, "JPEG or PNG"));
  EXPECT_TRUE(fails(directory->set_photo(ada.id, kPng.substr(0, 12)), Errc::invalid, "whole"));
  EXPECT_TRUE(fails(directory->set_photo(ada.id, kJpeg + std::string(kMaxPhoto, ' ')), Errc::too_large, "256 KiB"));
  EXPECT_TRUE(fails(directory->set_photo(PrincipalId(999), kPng), Errc::not_found, ""));
  ASSERT_TRUE(directory->set_photo(ada.id, kJpeg));
  ASSERT_TRUE(directory->set_photo(ada.id, kPng));
  ASSERT_TRUE(edit(ada.id, [](Principal& one) {
    one.photo = {};
    one.name = "Ada";
  }));
  expect_clean();
  reopen();
  EXPECT_EQ(directory->photo(ada.id).value(), kPng);
  EXPECT_EQ(directory->principal(ada.id)->photo, recognise_photo(kPng).value());
  ASSERT_TRUE(directory->set_photo(ada.id, {}));
  EXPECT_TRUE(fails(directory->photo(ada.id), Errc::not_found, ""));
  expect_clean();
  ASSERT_TRUE(directory->set_photo(ada.id, kJpeg));
  ASSERT_TRUE(directory->remove_principal(ada.id));
  expect_clean();
}

TEST_F(ContactTest, CheckFindsPhotosThatAreNotAsTheyWere) {
  const Principal ada = add("ada@example.org");
  ASSERT_TRUE(directory->set_photo(ada.id, kJpeg));
  const auto said = [&](const std::string& key, std::optional<std::string> bytes) {
    store::Batch batch;
    bytes ? batch.put(key, *bytes, store::Space::content) : batch.erase(key, store::Space::content);
    EXPECT_TRUE(engine->commit(store::kDirectoryPartition, batch));
    std::string all;
    for (const std::string& fault : directory->check().value()) all += fault + "\n";
    return all;
  };
  EXPECT_EQ(said(photo_key(ada.id), kPng), "user ada@example.org: its photo is damaged\n");
  EXPECT_EQ(said(photo_key(ada.id), {}), "user ada@example.org: its photo is missing\n");
  EXPECT_EQ(said(photo_key(ada.id), kJpeg), "");
  EXPECT_EQ(said(photo_key(PrincipalId(99)), kJpeg), "a photo is kept for principal 99, who does not exist\n");
}

TEST_F(ContactTest, ListTellsWhatChanged) {
  const Principal ada = add("ada@example.org");
  const Principal bob = add("bob@example.org");
  const Principal team = add("team@example.org", PrincipalKind::group);
  add("eve@other.example");
  set_members(team.id, {ada.id, bob.id});
  EXPECT_EQ(since(0), "ada bob team");
  EXPECT_EQ(since(0, other.id), "eve");

  auto at = revision();
  EXPECT_EQ(since(at), "");
  ASSERT_TRUE(directory->set_password(ada.id, "secret"));
  ASSERT_TRUE(edit(ada.id, [](Principal& one) {
    one.quota = 5;
    one.protocols = 1;
  }));
  EXPECT_EQ(revision(), at) << "nothing that shows";

  ASSERT_TRUE(edit(bob.id, [](Principal& one) { one.set_details({.title = "Clerk"}); }));
  ASSERT_TRUE(directory->set_photo(ada.id, kJpeg));
  EXPECT_EQ(since(at), "bob ada") << "as they came";

  at = revision();
  set_status(ada.id, Status::inactive);
  EXPECT_EQ(since(at), "") << "mail is taken for her";
  set_status(ada.id, Status::suspended);
  EXPECT_EQ(since(at), "team -" + std::to_string(ada.id.value)) << "the group shows one member less";
  EXPECT_EQ(since(0), "bob team");
  set_status(ada.id, Status::active);
  EXPECT_EQ(since(at), "ada team");

  at = revision();
  ASSERT_TRUE(edit(bob.id, [](Principal& one) { one.is_hidden = true; }));
  const auto hidden_at = revision();
  ASSERT_TRUE(edit(bob.id, [](Principal& one) { one.name = "Bob the hidden"; }));
  EXPECT_EQ(revision(), hidden_at);
  ASSERT_TRUE(directory->remove_principal(ada.id));
  const std::string gone = "team -" + std::to_string(bob.id.value) + " -" + std::to_string(ada.id.value);
  EXPECT_EQ(since(at), gone);
  const auto last = revision();
  reopen();
  EXPECT_EQ(since(at), gone) << "also after a restart";
  EXPECT_EQ(revision(), last);
  EXPECT_EQ(since(last), "");
  EXPECT_EQ(since(last + 100), "");
  expect_clean();
}

TEST_F(ContactTest, ListOfAStoreOfBefore) {
  Principal ada = add("ada@example.org");
  ada.list_revision = 0;
  store::Batch batch;
  batch.put(record_key(ada.id), encode({ada, std::nullopt}));
  ASSERT_TRUE(engine->commit(store::kDirectoryPartition, batch));
  reopen();
  EXPECT_EQ(since(0), "ada");
  const auto at = revision();
  EXPECT_GT(at, 0u);
  EXPECT_EQ(since(at), "");
  ASSERT_TRUE(directory->remove_principal(ada.id));
  EXPECT_EQ(since(at), "-" + std::to_string(ada.id.value));
}

TEST_F(ContactTest, UuidsStay) {
  const Principal ada = add("ada@example.org");
  const Principal bob = add("bob@example.org");
  const std::string uuid = directory->uuid(ada.id);
  EXPECT_NE(uuid, directory->uuid(bob.id));
  ASSERT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[14], '8');
  EXPECT_EQ(std::ranges::count(uuid, '-'), 4);
  ASSERT_TRUE(edit(ada.id, [](Principal& one) { one.addresses = {"countess@example.org"}; }));
  reopen();
  EXPECT_EQ(directory->uuid(ada.id), uuid);
  EXPECT_NE(opened(*store::open_memory(), clock)->uuid(ada.id), uuid) << "not that of another server";
}

}  // namespace
}  // namespace kontor::directory
