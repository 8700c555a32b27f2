// SPDX-License-Identifier: AGPL-3.0-or-later
// Every fault that check() knows, made on purpose behind the directory's back.
#include "base/bytes.h"
#include "directory/records.h"
#include "directory/testing.h"
#include "store/engine.h"

namespace kontor::directory {
namespace {

class CheckTest : public DirectoryTest {
 protected:
  void SetUp() override {
    DirectoryTest::SetUp();
    ada = add("ada@example.org");
    eve = add("eve@other.example");
    domain = directory->domain("example.org").value();
    expect_clean();
  }

  void write(const std::string& key, const std::string& value) {
    store::Batch batch;
    batch.put(key, value);
    ASSERT_TRUE(engine->commit(store::kDirectoryPartition, batch));
  }
  void write(const Principal& principal) { write(record_key(principal.id), encode({principal, std::nullopt})); }

  // Of a directory that was opened with the fault, or of this one if it cannot be opened.
  void expect_fault(std::string_view says) {
    auto fresh = Directory::open(*engine, clock, kCheapCost);
    auto faults = (fresh ? **fresh : *directory).check();
    ASSERT_TRUE(faults) << faults.error().text;
    std::string all;
    for (const std::string& fault : *faults) all += fault + "\n";
    EXPECT_TRUE(all.contains(says)) << "expected: " << says << "\nfound: " << all;
  }

  Principal ada, eve;
  Domain domain;
};

TEST_F(CheckTest, DamagedRecordsKeepTheDirectoryShut) {
  for (const std::string& key : {record_key(ada.id), record_key(acme.id), record_key(domain.id),
                                 credentials_key(ada.id), std::string(kHeadKey)}) {
    auto old = stored(key);
    for (const char* value : {"", "rubbish"}) {
      write(key, value);
      EXPECT_TRUE(fails(Directory::open(*engine, clock, kCheapCost), Errc::corrupt, "damaged")) << to_hex(key);
    }
    expect_fault("damaged");
    store::Batch back;
    old ? back.put(key, *old) : back.erase(key);
    ASSERT_TRUE(engine->commit(store::kDirectoryPartition, back));
  }
  expect_clean();
}

TEST_F(CheckTest, SharesOfNobody) {
  const Shares with_ada = {{ada.id, 1}};
  write(shares_key(PrincipalId(77)), encode(with_ada));
  expect_fault("who has no account");
}

TEST_F(CheckTest, SharesOfNothing) {
  const Shares nothing = {{ada.id, 0}};
  write(shares_key(eve.id), encode(nothing));
  expect_fault("not in canonical form");
}

TEST_F(CheckTest, MissingHead) {
  store::Batch batch;
  batch.erase(std::string(kHeadKey));
  ASSERT_TRUE(engine->commit(store::kDirectoryPartition, batch));
  EXPECT_TRUE(fails(Directory::open(*engine, clock, kCheapCost), Errc::corrupt, "head record is missing"));
  expect_fault("head record is missing");
}

TEST_F(CheckTest, CounterBehind) {
  write(std::string(kHeadKey), encode(Head{1, 1000}));
  expect_fault("the counter of ids stands at 1");
}

TEST_F(CheckTest, UnknownRecord) {
  write("zzz", "anything");
  expect_fault("unknown kind");
  EXPECT_TRUE(Directory::open(*engine, clock, kCheapCost)) << "nothing depends on it";
}

TEST_F(CheckTest, AddressOfTwo) {
  Principal twin = ada;
  twin.id = eve.id;
  write(twin);
  expect_fault("both have the address ada@example.org");
}

TEST_F(CheckTest, AddressNotCanonical) {
  ada.addresses = {"Ada@example.org"};
  write(ada);
  expect_fault("not in canonical form");
}

TEST_F(CheckTest, AddressInAForeignDomain) {
  ada.addresses = {"ada@other.example"};
  write(ada);
  expect_fault("domain other.example belongs to tenant other");
}

TEST_F(CheckTest, AddressInNoDomain) {
  ada.addresses = {"ada@elsewhere.example"};
  write(ada);
  expect_fault("there is no domain elsewhere.example");
}

TEST_F(CheckTest, TenantMissing) {
  domain.tenant = TenantId(77);
  write(record_key(domain.id), encode(domain));
  expect_fault("tenant 77 is referred to but does not exist");
}

TEST_F(CheckTest, MemberMissing) {
  Principal staff = add("staff@example.org", PrincipalKind::group);
  staff.members = {PrincipalId(77)};
  write(staff);
  expect_fault("principal 77 cannot be a member");
}

TEST_F(CheckTest, GroupsInACircle) {
  Principal a = add("a@example.org", PrincipalKind::group);
  Principal b = add("b@example.org", PrincipalKind::group);
  set_members(a.id, {b.id});
  b.members = {a.id};
  write(b);
  expect_fault("groups cannot contain themselves");
  auto fresh = opened(*engine, clock);
  EXPECT_TRUE(fresh->expand(a.id).empty()) << "and it ends";
  EXPECT_EQ(fresh->groups_of(a.id).size(), 1u);
}

TEST_F(CheckTest, CatchAllOfAnother) {
  domain.catch_all = eve.id;
  write(record_key(domain.id), encode(domain));
  expect_fault("cannot get the unaddressed mail of example.org");
}

TEST_F(CheckTest, TwoDomainsOfOneName) {
  Domain twin = domain;
  twin.id = DomainId(directory->domain("other.example")->id);
  write(record_key(twin.id), encode(twin));
  expect_fault("two domains have the name example.org");
}

TEST_F(CheckTest, CredentialsOfNobody) {
  Credentials credentials;
  credentials.hash = "{SSHA}v3m82wDj1Omp6bu+EKae0DBP1JCjvg62";
  write(credentials_key(PrincipalId(77)), encode(credentials));
  expect_fault("credentials are kept for principal 77, who does not exist");
}

TEST_F(CheckTest, HashThatCannotBeVerified) {
  Credentials credentials;
  credentials.hash = "{SSHA}hunter2";
  write(credentials_key(ada.id), encode(credentials));
  expect_fault("cannot be verified");
  for (const std::string& fault : directory->check().value()) EXPECT_FALSE(fault.contains("hunter2")) << fault;
}

TEST_F(CheckTest, DamagedAppPassword) {
  Credentials credentials;
  credentials.app_passwords.push_back({AppPassword{1, "x", {}, 1}, "salt", "short"});
  write(credentials_key(ada.id), encode(credentials));
  expect_fault("app password 1");
}

TEST_F(CheckTest, MemoryDiffers) {
  ada.name = "somebody else";
  write(ada);
  auto faults = directory->check();
  ASSERT_TRUE(faults);
  ASSERT_EQ(faults->size(), 1u);
  EXPECT_TRUE(faults->front().contains("differs from what the server has in memory"));
}

TEST_F(CheckTest, TombstonesAreNoFault) {
  ASSERT_TRUE(directory->remove_principal(ada.id));
  expect_clean();
  auto value = stored(record_key(ada.id));
  ASSERT_TRUE(value) << "it stays, so that its id and address are known to have been used";
  auto tombstone = decode_principal(ada.id, *value);
  ASSERT_TRUE(tombstone);
  EXPECT_EQ(tombstone->removed, clock.now());
  EXPECT_EQ(tombstone->principal.addresses, ada.addresses);
}

}  // namespace
}  // namespace kontor::directory
