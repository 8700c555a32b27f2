// SPDX-License-Identifier: AGPL-3.0-or-later
// For this room only: conditions and actions of rules as bytes ([MS-OXORULE] sections 2.2.4 and 2.2.5, [MS-OXCDATA]
// sections 2.11.4 and 2.12).
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/mapi/cursor.h"
#include "formats/mapi/rules.h"

namespace kontor::mapi {

// Counts and sizes are 32 bits wide in rules that are messages of their own, 16 in others.
struct RuleBytesForm {
  bool is_wide = true;
  bool has_names = true;  // begins with the names of the properties from 0x8000 on; actions with a version, too
};

// Both take all of `bytes`: what is left over is an error. Errors: invalid, too_large (too many parts, nested too
// deeply).
Result<Restriction> read_rule_condition(std::string_view bytes, const RuleBytesForm& form);
Result<std::vector<RuleAction>> read_rule_actions(std::string_view bytes, const RuleBytesForm& form);

// Values within rules, and what stands before them.
class RuleBytes {
 public:
  RuleBytes(Cursor& in, bool is_wide) : in_(in), is_wide_(is_wide) {}

  Result<void> read_names();
  std::uint32_t count() { return is_wide_ ? in_.u32() : in_.u16(); }
  std::string_view sized() { return in_.take(count()); }
  // The name of a property and the type of its value, from its number. Errors: invalid (nothing is named by it).
  Result<Properties::Key> key(std::uint16_t& type);
  // A value with its own number before it.
  Result<std::pair<Properties::Key, Value>> property();
  Cursor& in() { return in_; }

 private:
  Result<Value> value(std::uint16_t type);
  Result<Value> single(std::uint16_t type);

  Cursor& in_;
  const bool is_wide_;
  std::map<std::uint32_t, Properties::Key> names_;
};

}  // namespace kontor::mapi
