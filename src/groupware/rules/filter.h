// SPDX-License-Identifier: AGPL-3.0-or-later
// Delivery into an account that has an active Sieve script.
//
//   message --run--> outcome --send--> forwards are in the queue --commit--> filed --send--> answers, notifications
//
// Invariants:
//  1. no fault of a script loses, bounces or delays mail: what fails ends in the inbox, and its owner is told once for
//     each version of the scripts;
//  2. what a script remembers (seen messages, answered senders) is kept in the commit that files the message, and the
//     script runs again if something of what it was told about that has changed meanwhile;
//  3. what leaves is durable in the outbox before the message is filed and answered for: the queue and the account are
//     two commits. Who loses power between them sends the message on a second time when it comes again, but loses none.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "base/time.h"
#include "directory/directory.h"
#include "formats/sieve/compose.h"
#include "formats/sieve/outcome.h"
#include "groupware/accounts.h"
#include "groupware/delivery_hook.h"
#include "groupware/rules/outbox.h"
#include "groupware/rules/program_cache.h"
#include "groupware/rules/scripts.h"

namespace kontor::groupware {

class Scheduler;

struct FilterOptions {
  std::string hostname = "localhost";
  std::string version;         // of the server; empty = not told
  std::string global_scripts;  // a folder with NAME.sieve, which "include :global" finds; empty = none
  std::uint32_t sent = 10;     // forwards of one message; as many notifications
};

// One message for one account.
struct Incoming {
  const StagedContent& content;
  std::string sender;      // of the envelope; empty: the null sender
  std::string recipient;   // the account's own address, for which it came
  std::string detail;      // of the sub-address
  std::string note;        // of a group's message: kept with what was done; empty = none
  bool is_junk = false;    // what is kept goes into the folder for junk, where there is one
  bool may_refuse = true;  // false: nobody could be told, so that what is refused is kept
  ReportWishes reports = {};
  bool is_author_proven = false;  // whoever From names did send it
  bool has_scheduler = false;     // which looks at calendars in it once it is filed
};

struct Filed {
  std::optional<ItemId> item;  // one of the copies; nothing where the script wants none
  std::string refusal;         // not empty: the script refuses the message, with these words for its sender
  bool is_noted = false;       // for the scheduler: noted_mail.h
};

// Thread-safe. Blocks.
class Filter {
 public:
  // All of them must outlive it. Without an outbox, scripts that send cannot run.
  Filter(Accounts& accounts, directory::Directory& directory, const Clock& clock, FilterOptions options,
         Outbox* outbox = nullptr);

  // For an account with an active script. Errors: over_quota, unavailable.
  Result<Filed> deliver(Account& account, const Incoming& incoming) const;

  // Asked about each message for an account, whether it has a script or not. Before the first message; must outlive
  // this.
  void use(DeliveryHook& hook) { hook_ = &hook; }
  DeliveryHook* hook() const { return hook_; }  // null: there is none
  // Looks for invitations in what was filed. Before the first message; must outlive this.
  void use(Scheduler& scheduler) { scheduler_ = &scheduler; }
  Scheduler* scheduler() const { return scheduler_; }  // null: there is none

  Sending sending() const { return outbox_ ? Sending::yes : Sending::no; }
  // The script that "include :global" finds; null: there is none. Errors: invalid (with its first fault).
  Result<ProgramCache::Program> global_script(std::string_view name) const;

 private:
  // What a script wants done with one message, and what it was told.
  struct Run {
    ActiveScript script;
    sieve::Outcome outcome;
    std::vector<StagedContent> editions;
    std::vector<std::pair<std::string, bool>> asked;  // of the account's memory
    std::vector<std::string> complaints;              // for its owner
    std::string refusal;
  };
  // The account on the way of one message.
  struct Way {
    Account& account;
    const Incoming& incoming;
    const directory::Principal who;
    std::set<std::string> forwarded{};  // to whom it was sent on already
    std::string body{};                 // the hash of its body, where it is to be sent on
  };

  Result<Run> run(const Way& way) const;
  Result<ProgramCache::Program> program(const Way& way, const Reader& reader, const std::string& name) const;
  Result<void> settle(const Way& way, Run& run) const;
  Result<StagedContent> stage(const StagedContent& content, const std::string& prefix,
                              const sieve::Edition& edition) const;
  Result<void> forward(Way& way, Run& run, const Reader& reader) const;
  Result<void> send_on(Way& way, const sieve::Redirect& redirect, const sieve::Outcome& outcome) const;
  Result<void> commit(const Way& way, const Run& run, Filed& filed, bool& is_stale) const;
  Result<void> remember(const Way& way, const Run& run, Transaction& transaction) const;
  Result<void> complain(const Way& way, const Run& run, const std::vector<std::string>& complaints,
                        Transaction& transaction) const;
  void answer(const Way& way, const Run& run) const;
  sieve::ComposeContext compose_context(const Way& way) const;
  // Under what a forward is remembered: the message's id and body, as one id may stand on different messages. Empty
  // where it has no id.
  std::string memory_of_forward(const Way& way, const std::string& address) const;
  static constexpr std::chrono::hours kForwardsKept{12};  // RFC 5228 section 10: against loops

  Accounts& accounts_;
  directory::Directory& directory_;
  const Clock& clock_;
  const FilterOptions options_;
  Outbox* const outbox_;
  DeliveryHook* hook_ = nullptr;
  Scheduler* scheduler_ = nullptr;
  mutable ProgramCache programs_;
  const metrics::Counter runs_, faults_;
};

}  // namespace kontor::groupware
