// SPDX-License-Identifier: AGPL-3.0-or-later
// Goes through what is in a collection step by step, so that a long answer needs no more memory than a short one.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>

#include "protocols/dav/resource.h"
#include "wire/dav/headers.h"

namespace kontor::dav {

class Walk {
 public:
  // Depth zero: the resource alone. `is_without_itself`: only what is in it.
  Walk(Resource from, wire::dav::Depth depth, bool is_without_itself);

  // Visits one more, or none: what is told of each may be long. False: that was all. What comes or goes between two
  // steps may be seen or not.
  Outcome<bool> step(Context& context, const std::function<void(const Resource&)>& visit);

 private:
  Outcome<void> enter(Context& context);
  Outcome<void> go_on(Context& context);

  wire::dav::Depth depth_;
  bool skips_first_;
  bool is_first_ = true;
  std::deque<Resource> waiting_;    // found, to be visited
  std::deque<Resource> pending_;    // collections whose members are to come
  std::optional<Resource> inside_;  // a folder whose items are being visited
  std::string after_;               // the name of the last one that was found there
};

// How much a walk would see at least, from counters alone.
std::uint64_t size_of_walk(Context& context, const Resource& from, wire::dav::Depth depth);

}  // namespace kontor::dav
