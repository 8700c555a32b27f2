// SPDX-License-Identifier: AGPL-3.0-or-later
// One request while it is worked on.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "groupware/account.h"
#include "net/http_server.h"
#include "protocols/dav/outcome.h"
#include "protocols/dav/services.h"
#include "wire/dav/headers.h"
#include "wire/dav/reports.h"

namespace kontor::dav {

// The body of a PUT that was taken. `bytes` only for events, tasks, notes and cards; files may be too large for that.
struct Upload {
  groupware::StagedContent content;
  std::shared_ptr<const std::string> bytes;  // null for files
};

// Handlers run on a worker, one at a time for a context, and may block. An answer that is streamed keeps its context by
// shared_from_this(); readers do not live from one piece to the next.
class Context : public std::enable_shared_from_this<Context> {
 public:
  Context(const Services& services_, const Options& options_, net::HttpRequest request_)
      : services(services_), options(options_), request(std::move(request_)) {}

  const Services& services;
  const Options& options;
  const net::HttpRequest request;
  directory::Principal user;  // who is logged in; id 0 for what is open to everybody
  groupware::Caller caller;
  std::string body;              // of methods that take text
  std::optional<Upload> upload;  // of PUT
  // What a report wants of each resource: for properties that are printed in a wanted form (calendar-data,
  // address-data). Null where none asks for such.
  std::shared_ptr<const wire::dav::Wanted> wanted;

  // Of PROPPATCH: what is to be done once its commit is durable, in order; set anew whenever the commit is tried.
  std::vector<std::function<Outcome<void>()>> afterwards;

  std::string_view header(std::string_view name) const { return request.header(name); }
  // return=minimal (RFC 8144), also by the older Brief: t.
  wire::dav::Preferences preferences() const;
  Instant now() const { return services.clock.now(); }

  // "https://host" of this server as the client calls it, without a path.
  std::string origin() const;

  // The account of a principal of the caller's tenant. Errors: 404.
  Outcome<std::shared_ptr<groupware::Account>> account(const directory::Principal& owner);
  // As the caller sees it, of one moment while this piece of work lasts, or until an update. Errors: 403 (nothing there
  // is for this caller).
  Outcome<std::shared_ptr<groupware::Reader>> reader(groupware::Account& account);
  // One commit, or none if `change` has a problem; it may be run more than once (groupware::Account::update). Readers
  // that were there before see the earlier moment; reader() gives a new one.
  Outcome<Modseq> update(groupware::Account& account,
                         const std::function<Outcome<void>(groupware::Transaction&)>& change);
  void drop_readers() { readers_.clear(); }

 private:
  std::map<AccountId, std::shared_ptr<groupware::Account>> accounts_;
  std::map<AccountId, std::shared_ptr<groupware::Reader>> readers_;
};

}  // namespace kontor::dav
