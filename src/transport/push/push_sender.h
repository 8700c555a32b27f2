// SPDX-License-Identifier: AGPL-3.0-or-later
// Tells devices what waits for them, through their push services.
//
// Invariants: what waits stands in the accounts (groupware/push/push.h) until a service has it, says that the device is
// gone, or its time is over; so a crash tells a device twice at most, and a service that is away is asked again, after
// longer and longer pauses. An account has one request under way at a time.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "directory/directory.h"
#include "groupware/accounts.h"
#include "groupware/push/push.h"
#include "groupware/scheduling/timetable.h"
#include "transport/push/push_client.h"
#include "transport/push/push_options.h"
#include "transport/push/vapid.h"

namespace kontor::transport {

// Thread-safe.
class PushSender {
 public:
  struct Services {
    groupware::Accounts& accounts;
    const directory::Directory& directory;
    const Clock& clock;
    Vapid& vapid;
  };
  // All must outlive it.
  PushSender(const Services& services, const PushOptions& options);
  ~PushSender() { stop(); }
  PushSender(const PushSender&) = delete;
  PushSender& operator=(const PushSender&) = delete;

  // Begins, on threads of its own. Once.
  void start();
  // Breaks off the requests under way: what they were to tell is told later.
  void stop();

 private:
  // What became of a message.
  struct Fate {
    enum class Kind : std::uint8_t { told, later, dropped, gone } kind = Kind::dropped;
    std::chrono::seconds pause{0};  // later: at least
    std::string why = {};
  };
  void listen();
  void work();
  void serve(AccountId account, PushClient& client);
  Result<void> slice(AccountId account, PushClient& client);
  Result<void> settle(AccountId account, const groupware::DuePush& push, const Fate& fate);
  Fate tell(const groupware::PushSubscription& device, const groupware::PushMessage& message, PushClient& client);

  const Services services_;
  const PushOptions options_;
  const PushClient::Options reaching_;
  const metrics::Counter told_, dropped_, later_, gone_;
  groupware::Timetable table_;
  std::vector<std::thread> threads_;
};

}  // namespace kontor::transport
