// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/acl_privileges.h"

#include <gtest/gtest.h>

#include "wire/xml/parse.h"

namespace kontor::dav {
namespace {

namespace right = groupware::right;

std::uint32_t rights_of(const std::vector<xml::NameView>& names) {
  std::uint32_t rights = 0;
  for (const xml::NameView name : names) rights |= find_privilege(name)->rights;
  return rights;
}

TEST(Acl, EveryRightComesBackAsItWas) {
  for (std::uint32_t rights = 0; rights <= right::kAll; ++rights) {
    const auto names = granted_privileges(rights);
    ASSERT_EQ(rights_of(names), rights) << rights;
    for (const xml::NameView name : names) ASSERT_FALSE(find_privilege(name)->is_abstract) << name.local;
  }
}

std::string joined(const std::vector<xml::NameView>& names) {
  std::string out;
  for (const xml::NameView name : names) out += (out.empty() ? "" : " ") + std::string(name.local);
  return out;
}

TEST(Acl, SaysRightsInFewWords) {
  struct Case {
    std::uint32_t rights;
    std::string granted, why;
  } cases[] = {
      {right::kAll, "all", "all"},
      {right::kReader, "read", "a reader"},
      {right::kEditor, "read write", "an editor"},
      {right::kSteward, "read write remove-collection", "a delegate"},
      {right::kFreeBusy, "read-free-busy", "only when"},
      {right::kReader | right::kReadPrivate, "read read-private", "also what is private"},
      {right::kInsert | right::kDeleteItems | right::kExpunge, "add-items unbind", "of an item's life"},
      {right::kAdminister, "write-acl", "no more than that"},
      {0, "", "nothing"},
  };
  for (const Case& c : cases) EXPECT_EQ(joined(granted_privileges(c.rights)), c.granted) << c.why;
  const std::string held = joined(held_privileges(right::kEditor));
  EXPECT_TRUE(held.starts_with("read ")) << held;
  for (const char* word : {" write ", " bind ", " unbind ", " write-content ", " write-properties "})
    EXPECT_TRUE(held.contains(word)) << word;
  EXPECT_FALSE(held.contains("write-acl"));
  EXPECT_FALSE(held.contains("remove-collection")) << "RFC 3744 section 3.10: that is of what holds the collection";
  // RFC 3744 section 3.11: what is within a privilege is held with it.
  for (const Privilege& one : privileges()) EXPECT_EQ(one.rights & right::kAll, one.rights);
}

TEST(Acl, IsReadOrRefusedByItsPrecondition) {
  const auto ace = [](const std::string& inside) { return "<D:ace>" + inside + "</D:ace>"; };
  const std::string href = "<D:principal><D:href>/dav/principals/ben@example.org/</D:href></D:principal>";
  const std::string read = "<D:grant><D:privilege><D:read/></D:privilege></D:grant>";
  struct Case {
    std::string aces;
    std::size_t count;
    std::string precondition, why;
  } cases[] = {
      {"", 0, "", "nobody"},
      {ace(href + read), 1, "", "a principal"},
      {ace("<D:principal><D:authenticated/></D:principal>" + read), 1, "", "everyone"},
      {ace("<D:principal><D:property><D:owner/></D:property></D:principal>" + read), 1, "", "the owner"},
      {ace(href + read + "<D:protected/>"), 0, "", "a protected one is passed over"},
      {ace("<D:invert>" + href + "</D:invert>" + read), 0, "no-invert", "inverted"},
      {ace(href + "<D:deny><D:privilege><D:read/></D:privilege></D:deny>"), 0, "grant-only", "denied"},
      {ace(href + read + "<D:inherited><D:href>/</D:href></D:inherited>"), 0, "no-inherited-ace-conflict", "inherited"},
      {ace("<D:principal><D:all/></D:principal>" + read), 0, "allowed-principal", "also strangers"},
      {ace("<D:principal><D:self/></D:principal>" + read), 0, "allowed-principal", "self"},
      {ace(href + "<D:grant><D:privilege><D:fly/></D:privilege></D:grant>"), 0, "not-supported-privilege", "unknown"},
      {ace(href + "<D:grant><D:privilege><D:read-acl/></D:privilege></D:grant>"), 0, "no-abstract", "abstract"},
  };
  for (const Case& c : cases) {
    const auto root = xml::parse("<D:acl xmlns:D='DAV:'>" + c.aces + "</D:acl>");
    ASSERT_TRUE(root) << c.why;
    const auto acl = parse_acl(*root);
    ASSERT_EQ(acl.has_value(), c.precondition.empty()) << c.why;
    if (acl) {
      EXPECT_EQ(acl->size(), c.count) << c.why;
    } else {
      ASSERT_TRUE(acl.error().precondition) << c.why;
      EXPECT_EQ(acl.error().precondition->local, c.precondition) << c.why;
      EXPECT_EQ(acl.error().status, 403u) << c.why;
    }
  }
}

}  // namespace
}  // namespace kontor::dav
