// SPDX-License-Identifier: AGPL-3.0-or-later
// Inside of the room: how a verb is written, and how it reads its arguments.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "directory/directory.h"
#include "groupware/accounts.h"
#include "protocols/admin/admin.h"

namespace kontor::admin {

namespace json = boost::json;

struct Context {
  directory::Directory& directory;
  groupware::Accounts& accounts;
  const Clock& clock;
  const std::vector<Admin::Check>& checks;  // of other rooms
};

// A verb's arguments. The readers fail with invalid and name the argument. Absent and null are the same.
class Arguments {
 public:
  explicit Arguments(const json::object& object) : object_(object) {}

  bool has(std::string_view name) const;
  // As given: tells "absent" from null, where null has a meaning of its own.
  const json::value* find(std::string_view name) const { return object_.if_contains(name); }

  Result<std::string> text(std::string_view name) const;  // required, not empty
  Result<std::optional<std::string>> optional_text(std::string_view name) const;
  Result<std::optional<bool>> flag(std::string_view name) const;
  Result<std::optional<std::uint64_t>> number(std::string_view name) const;
  Result<std::optional<std::uint64_t>> size(std::string_view name) const;  // a number of bytes, or a text like "5G"
  Result<std::vector<std::string>> texts(std::string_view name) const;     // absent = none

 private:
  const json::object& object_;
};

struct Verb {
  using Run = Result<json::value> (*)(Context&, const Arguments&);

  std::string_view name;
  bool changes;                             // false: only reads
  std::vector<std::string_view> arguments;  // the names it knows; others are refused
  Run run;
};

// The parts of the table, one per file.
std::span<const Verb> tenant_verbs();
std::span<const Verb> domain_verbs();
std::span<const Verb> principal_verbs();
std::span<const Verb> password_verbs();
std::span<const Verb> store_verbs();
std::span<const Verb> rights_verbs();
std::span<const Verb> search_verbs();
std::span<const Verb> recover_verbs();
std::span<const Verb> sieve_verbs();
std::span<const Verb> rule_verbs();
std::span<const Verb> preference_verbs();
std::span<const Verb> journal_verbs();
std::span<const Verb> hold_verbs();
std::span<const Verb> sender_verbs();
std::span<const Verb> feed_verbs();

// How things are shown.
json::object show(const Context& context, const directory::Tenant& tenant);
json::object show(const Context& context, const directory::Domain& domain);
json::object show(const Context& context, const directory::Principal& principal);
std::string show(Instant at);  // RFC 3339, UTC
json::array show_protocols(std::uint32_t protocols);

// "imap", "all" ... to bits. Errors: invalid.
Result<std::uint32_t> read_protocols(const std::vector<std::string>& names);
Result<directory::Status> read_status(const std::string& text);

// The names of a principal's contact details among the arguments, and their part of the changes. Errors: invalid.
std::span<const std::string_view> contact_arguments();
Result<void> change_contact(const Arguments& arguments, directory::Principal& principal);
// Nothing: it stays as it is; empty: there is to be none. Errors: invalid, too_large.
Result<std::optional<std::string>> read_photo(const Arguments& arguments);
void show_contact(const directory::Principal& principal, json::object& out);

// By any of its addresses. Errors: not_found, with the address.
Result<directory::Principal> find_principal(const Context& context, const std::string& address);

// Takes `password` or `password_hash` of the arguments, if one is there. Errors: invalid.
struct Secret {
  std::optional<std::string> password, hash;
};
Result<Secret> read_secret(const Arguments& arguments);
Result<void> apply_secret(Context& context, PrincipalId id, const Secret& secret);

}  // namespace kontor::admin
