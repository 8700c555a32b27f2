// SPDX-License-Identifier: AGPL-3.0-or-later
// Who there is: tenants, their domains, their principals (people, shared mailboxes, groups, rooms, equipment).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "directory/booking_policy.h"
#include "directory/contact.h"

namespace kontor::directory {

// active: everything works. inactive: no login; mail is accepted and imports run (an account being moved in).
// suspended: no login; mail is deferred with a temporary error.
enum class Status : std::uint8_t { active, inactive, suspended };

enum class PrincipalKind : std::uint8_t { user, shared, group, room, equipment };

// What a principal may log in with; a bit each.
enum class Protocol : std::uint32_t {
  imap = 1,
  pop3 = 2,
  submission = 4,
  managesieve = 8,
  jmap = 16,
  dav = 32,
  eas = 64,
  ews = 128,
  web = 256,
};
constexpr std::uint32_t kAllProtocols = 0xffff'ffff;

// What a member of a shared mailbox may do there: a reader sees and reads all of it, an editor does everything but give
// rights to others, a manager does that too.
enum class MemberRole : std::uint8_t { reader, editor, manager };

// Under whose addresses a principal may send: on_behalf shows both names ("Sender:"), as shows only the other's.
enum class SendRight : std::uint8_t { none, on_behalf, as };

// Used by administration; a user has none of them by default.
enum class Role : std::uint8_t { tenant_admin, helpdesk, auditor, server_admin };

// Mail of a tenant that is copied to an archive. `people` and `domains`: only mail that they send or get; both empty:
// all of it. A group stands for its members too.
struct JournalRule {
  static constexpr std::uint8_t kIn = 1, kOut = 2, kInternal = 4, kAll = kIn | kOut | kInternal;

  std::string address;  // of the archive, here or anywhere
  std::uint8_t directions = kAll;
  std::vector<PrincipalId> people;
  std::vector<std::string> domains;  // A-labels
};

// Why nothing may go for good now. Named, so that what is held for two reasons is held until both have ended.
struct Hold {
  std::string name;
  std::string reason;
  Instant since{};
  std::string by;  // who says so
};

struct Tenant {
  TenantId id;
  std::string name;  // unique, lower case
  Status status = Status::active;
  std::uint64_t default_quota = 0;      // bytes for principals without one of their own; 0 = unlimited
  std::uint32_t recoverable_days = 14;  // how long removed items can be brought back; 0 = purged at once
  // What it tells its people's programs by annotations of the server (RFC 5464): "/shared/comment", "/shared/admin" and
  // others, in lower case.
  std::map<std::string, std::string> metadata;
  std::vector<JournalRule> journal;  // each address once
  std::string journal_secret;        // proves which messages are journal reports of ours
  std::vector<Hold> holds;           // of all its accounts
  // Senders, each an address or a domain as "@example.org", in lower case. Mail from allowed ones is no junk where it
  // is sure that they sent it; mail from blocked ones is junk; mail from refused ones is refused.
  std::vector<std::string> allowed_senders, blocked_senders, refused_senders;
};

struct Domain {
  DomainId id;
  TenantId tenant;
  std::string name;           // unique, lower case, A-labels (RFC 5890)
  PrincipalId catch_all;      // gets mail to unknown addresses; 0 = they are refused
  bool subaddressing = true;  // RFC 5233: user+detail@domain reaches user@domain
};

struct Principal {
  PrincipalId id;
  TenantId tenant;
  PrincipalKind kind = PrincipalKind::user;
  std::string name;                    // for people: "Ada Example"
  std::vector<std::string> addresses;  // lower case; the first is the primary one and the login name
  Status status = Status::active;
  std::optional<std::uint64_t> quota;  // bytes, 0 = unlimited; absent = the tenant's default
  std::uint64_t quota_messages = 0;    // items in its account; 0 = unlimited
  std::uint32_t protocols = kAllProtocols;
  std::vector<Role> roles;
  std::vector<PrincipalId> members;  // groups: who gets its mail; shared mailboxes: who may use it
  Instant created{};
  // Members of a shared mailbox that are no editors; each is in one of them at most.
  std::vector<PrincipalId> readers, managers;
  // Users and groups that may send under its addresses; the members of a shared mailbox but its readers may anyway.
  std::vector<PrincipalId> send_as, send_on_behalf;
  std::vector<Hold> holds;                        // of its account
  std::shared_ptr<const ContactDetails> contact;  // null: none; details() and set_details() spare the difference
  bool is_hidden = false;                         // from the list of people
  // Kept by the directory: update_principal() does not change them.
  Photo photo;
  std::uint64_t list_revision = 0;  // the directory's, in which it last changed for who looks at the list of people

  // Whether it stands in its tenant's list of people: who is suspended can be neither met nor written to.
  bool is_listed() const { return !is_hidden && status != Status::suspended; }
  const ContactDetails& details() const;
  void set_details(ContactDetails details);
  BookingPolicy booking;  // of rooms and equipment

  // Where its items live; groups have none (0).
  AccountId account() const { return kind == PrincipalKind::group ? AccountId() : AccountId(id.value); }
  const std::string& primary_address() const { return addresses.front(); }
};

std::string_view name(Status status);
std::string_view name(PrincipalKind kind);
std::string_view name(Role role);
std::string_view name(Protocol protocol);
std::optional<Status> parse_status(std::string_view text);
std::optional<PrincipalKind> parse_kind(std::string_view text);
std::optional<Role> parse_role(std::string_view text);
std::optional<Protocol> parse_protocol(std::string_view text);

}  // namespace kontor::directory
