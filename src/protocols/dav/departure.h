// SPDX-License-Identifier: AGPL-3.0-or-later
// What meetings say when they go (RFC 6638 section 3.2.3.2): a single one, or all that are in a calendar, which is
// removed, overwritten, or moved into another account.
#pragma once

#include "groupware/scheduling/scheduler.h"
#include "protocols/dav/family.h"

namespace kontor::dav {

// Whether whoever removes the folder has those concerned told of what is in it. What comes from elsewhere is told from
// there: who does not want to see it any more calls nothing off.
groupware::Transaction::Meetings meetings_told(const Context& context, const groupware::Folder& folder);

class Departure {
 public:
  Departure() = default;  // of nothing

  // To be asked before the commit that removes the resource. What a collection says is said after it (meetings_told).
  static Outcome<Departure> of(Context& context, const Resource& resource);

  // In that commit, before anything of the resource is removed. Refuses an item that was changed meanwhile, and then is
  // stale: a new one may be made of what is there now.
  Outcome<> put(Context& context, groupware::Transaction& transaction);
  bool is_stale() const { return is_stale_; }
  // Once it is durable.
  void send(Context& context) const;

 private:
  Resource resource_;
  groupware::Scheduler::Post post_;
  bool is_planned_ = false, is_stale_ = false;
};

}  // namespace kontor::dav
