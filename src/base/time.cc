// SPDX-License-Identifier: AGPL-3.0-or-later
#include "base/time.h"

namespace kontor {
namespace {

class SystemClock : public Clock {
 public:
  Instant now() const override {
    return std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace kontor
