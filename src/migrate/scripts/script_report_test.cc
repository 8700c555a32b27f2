// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/scripts/script_report.h"

#include <gtest/gtest.h>

namespace kontor::migrate {
namespace {

TEST(PackedScripts, FitIntoTheRecordAsItIsWritten) {
  const std::string plain(300 << 10, 'x'), controls(300 << 10, '\x01'), latin(300 << 10, '\xe4');
  const PackedScripts packed = pack_scripts(
      {{"controls", controls, false}, {"latin", latin, true}, {"plain", plain, false}, {"", "keep;", false}});
  ASSERT_EQ(packed.scripts.size(), 1U);
  EXPECT_EQ(packed.scripts[0].name, "latin");
  EXPECT_EQ(packed.row.source, 4U);
  EXPECT_EQ(packed.row.quarantined, 3U);
  EXPECT_LT(archive::to_json(archive::AccountEnd{true, {}, packed.scripts}).size(), archive::kMaxRecord);
}

}  // namespace
}  // namespace kontor::migrate
