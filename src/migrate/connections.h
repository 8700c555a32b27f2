// SPDX-License-Identifier: AGPL-3.0-or-later
// How many connections to a source there may be at once, whoever uses them. Each account at work has one; those that no
// account needs, now or later, help accounts at work with their items.
#pragma once

#include <cstddef>
#include <mutex>

namespace kontor::migrate {

// Thread-safe.
class Connections {
 public:
  // `at_once` accounts at most are at work, of `accounts` in all; each of them has a connection whatever `most` is.
  Connections(std::size_t most, std::size_t at_once, std::size_t accounts)
      : most_(most), at_once_(at_once), left_(accounts) {}

  // A further one for an account that has so many besides its own; accounts at work share what there is evenly. False:
  // there is none to spare.
  bool take(std::size_t has);
  void give_back();
  // Its own connection helps others from now on.
  void account_ended();

  std::size_t most() const { return most_; }

 private:
  const std::size_t most_, at_once_;
  std::mutex mutex_;
  std::size_t left_, lent_ = 0;
};

}  // namespace kontor::migrate
