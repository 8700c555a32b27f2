// SPDX-License-Identifier: AGPL-3.0-or-later
// The place of administrators' plug-ins on a message's way into an account. What stands behind it is not of this room.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "directory/directory.h"
#include "groupware/content.h"

namespace kontor::groupware {

struct Incoming;

struct HookAnswer {
  std::string refusal;        // not empty: the message is refused, with these words
  bool is_discarded = false;  // it is not filed
  bool is_junk = false;
  std::string folder;                      // a path: it goes there, made where it is absent, and no rule runs
  std::optional<StagedContent> content{};  // in place of what came
};

// Thread-safe. Blocks.
class DeliveryHook {
 public:
  virtual ~DeliveryHook() = default;
  // Before the account's rules. Errors: unavailable: the message comes again.
  virtual Result<HookAnswer> ask(const directory::Principal& who, const Incoming& incoming) = 0;
};

}  // namespace kontor::groupware
