// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/delegates.h"

#include <gtest/gtest.h>

namespace kontor::groupware {
namespace {

std::vector<Grant> later(const std::string& kept, std::vector<Grant> grants) {
  auto calendar = std::make_shared<Folder>();
  calendar->id = FolderId(1);
  calendar->kind = Kind::calendar;
  calendar->role = FolderRole::calendar;
  calendar->grants = std::move(grants);
  if (!kept.empty()) calendar->properties[kDelegates] = kept;
  return later_grants(FolderTable({calendar}));
}

TEST(Delegates, HaveWhatTheyWereGivenWhileTheyHaveItOnTheDefaultCalendar) {
  const Grant ben{PrincipalId(2), right::kReader}, cleo{PrincipalId(3), right::kEditor};
  const std::string both = print_delegates({ben, cleo});
  const struct {
    std::string kept;
    std::vector<Grant> grants, expected;
    const char* why;
  } cases[] = {
      {both, {ben, cleo}, {ben, cleo}, "as printed"},
      {both, {{ben.principal, right::kAll}, cleo}, {ben, cleo}, "more is no more than was given"},
      {both, {{ben.principal, right::kSee}, cleo}, {cleo}, "it was taken away in part"},
      {both, {cleo}, {cleo}, "it was taken away"},
      {both, {{PrincipalId(), right::kAll}}, {}, "what everyone may makes no delegate"},
      {"", {ben, cleo}, {}, "shared by hand"},
      {"2", {ben}, {}, "no rights"},
      {"2:", {ben}, {}, "no rights"},
      {"2:0", {ben}, {}, "no rights"},
      {"0:1", {{PrincipalId(), right::kSee}}, {}, "nobody"},
      {":1 x:y 2:1x  2:-1", {ben}, {}, "no numbers"},
      {"x " + both, {ben, cleo}, {ben, cleo}, "the others count"},
  };
  for (const auto& one : cases) EXPECT_EQ(later(one.kept, one.grants), one.expected) << one.kept << ": " << one.why;
  EXPECT_TRUE(later_grants(FolderTable()).empty());
}

}  // namespace
}  // namespace kontor::groupware
