// SPDX-License-Identifier: AGPL-3.0-or-later
// What meetings say when they go: a single one, or all that are in a calendar, which is removed, overwritten, or moved
// into another account (RFC 6638 section 3.2.3.2).
#pragma once

#include "groupware/scheduling/scheduler.h"
#include "protocols/dav/tree.h"

namespace kontor::dav {

class Departure {
 public:
  Departure() = default;  // of nothing

  // To be asked before the commit that removes the resource. Of a large calendar all but the last meetings go here
  // already: see groupware::Scheduler::leave(). `faults` as of remove_resource().
  static Outcome<Departure> of(Context& context, const Resource& resource, Faults& faults);
  // The same of a tree that was seen like that.
  static Outcome<Departure> of(Context& context, const Resource& resource, const TreeState& seen, Faults& faults);

  // In that commit, before anything of the resource is removed. Refuses what was changed meanwhile, and then is stale:
  // a new one may be made of what is there now.
  Outcome<> put(Context& context, groupware::Transaction& transaction);
  bool is_stale() const { return is_stale_; }
  bool is_planned() const { return is_planned_; }  // of something whose meetings scheduling looks at
  // Once it is durable.
  void send(Context& context) const;

 private:
  Resource resource_;
  groupware::Scheduler::Leaving leaving_;
  bool is_planned_ = false, is_stale_ = false;
};

}  // namespace kontor::dav
