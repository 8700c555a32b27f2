// SPDX-License-Identifier: AGPL-3.0-or-later
// What devices are told without having asked: who wants it (RFC 8620 section 7.2), and what waits to be told.
//
// Invariants: a subscription gets nothing but its verification until its device has sent back what that says: so nobody
// can have this server write to others. Messages are put in the commit of what they tell of, and stay until they are
// told, or nobody can be told any more.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"

namespace kontor::groupware {

// Types of what is told. Alarms are told as the objects of that name in JMAP for calendars.
inline constexpr std::string_view kAlertType = "CalendarAlert";
inline constexpr std::string_view kVerificationType = "PushVerification";

constexpr std::size_t kMostPushSubscriptions = 20;  // of one account
constexpr std::size_t kMostPushMessages = 200;      // of one account, waiting
constexpr std::size_t kLargestPushPayload = 3900;   // bytes: with what encryption adds, every push service takes them
constexpr std::size_t kLongestPushUrl = 2000;
constexpr std::chrono::hours kLongestPushSubscription{24 * 90};
constexpr std::chrono::hours kUsualPushSubscription{24 * 30};
constexpr std::chrono::hours kShortestPushSubscription{48};  // what RFC 8620 grants at least
constexpr std::chrono::hours kUnverifiedPushSubscription{24};

struct PushSubscription {
  bool operator==(const PushSubscription&) const = default;
  bool is_live(Instant now) const { return verified && now < expires; }
  // Not verified in time, or past its end.
  bool is_over(Instant now) const {
    return now >= expires || (!verified && now >= created + kUnverifiedPushSubscription);
  }
  bool wants(std::string_view type) const;

  std::string id;
  std::string device;  // what the client calls itself
  std::string url;     // https
  std::string key;     // of P-256, uncompressed: 65 bytes
  std::string secret;  // 16 bytes
  std::string code;    // what the device must send back
  Instant created{}, expires{};
  std::optional<Instant> verified;
  std::optional<std::vector<std::string>> types;  // nothing: all
};

struct NewPushSubscription {
  std::string device, url, key, secret;
  std::optional<Instant> expires;
  std::optional<std::vector<std::string>> types;
};

struct PushChange {
  std::optional<std::string> code;
  bool changes_expiry = false;
  std::optional<Instant> expires;  // nothing: as long as usual
  bool changes_types = false;
  std::optional<std::vector<std::string>> types;
};

struct PushMessage {
  bool operator==(const PushMessage&) const = default;

  std::string subscription;
  std::string topic;    // a later one of this topic replaces it at the push service; at most 32 of base64url's letters
  std::string payload;  // JSON
  Instant expires{};
  std::uint32_t attempts = 0;
  bool is_urgent = false;
};

// A message, and when it is to be told.
struct DuePush {
  Instant at;
  std::uint64_t number = 0;
  PushMessage message;
};

// Of all accounts. Thread-safe; blocks. Whoever asks must be the account's owner, or the system.
class PushStore {
 public:
  virtual ~PushStore() = default;

  // Those that are not over.
  virtual Result<std::vector<PushSubscription>> subscriptions(AccountId account) = 0;
  // Makes one and puts its verification. Errors: invalid, over_quota (too many, or too many in an hour).
  virtual Result<PushSubscription> subscribe(AccountId account, const NewPushSubscription& wanted) = 0;
  // Errors: not_found, invalid (also: another code).
  virtual Result<PushSubscription> change(AccountId account, const std::string& id, const PushChange& change) = 0;
  // Errors: not_found.
  virtual Result<void> unsubscribe(AccountId account, const std::string& id) = 0;

  // What is to be told at or before `until`, the earliest first.
  virtual Result<std::vector<DuePush>> due(AccountId account, Instant until, std::size_t limit) = 0;
  // When the next one is to be told. Cheap, and does not open the account.
  virtual Result<std::optional<Instant>> next(AccountId account) = 0;
  // It was told, or cannot be; or, with a time, it is tried again then.
  virtual Result<void> settle(AccountId account, const DuePush& push, std::optional<Instant> again) = 0;
  // For what is told of by a commit of another account.
  virtual Result<void> put(AccountId account, const std::vector<PushMessage>& messages) = 0;
  // Called when a commit put a message, with when it is to be told: must be quick, and not call the accounts.
  virtual void on_push(std::function<void(AccountId, Instant)> notify) = 0;
};

// Errors: invalid, each with its sentence.
Result<void> check_push_subscription(const NewPushSubscription& wanted);

}  // namespace kontor::groupware
