// SPDX-License-Identifier: AGPL-3.0-or-later
// What the DAV server works with, and what can be configured.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/config.h"
#include "base/time.h"
#include "base/workers.h"
#include "directory/directory.h"
#include "groupware/accounts.h"
#include "groupware/contacts/directory_book.h"
#include "login/login.h"
#include "net/limits.h"

namespace kontor::groupware {
class Scheduler;
}

namespace kontor::dav {

// All must outlive the server.
struct Services {
  groupware::Accounts& accounts;
  directory::Directory& directory;
  net::Limits& limits;
  Workers& workers;
  const Clock& clock;
  const login::Tokens* tokens = nullptr;      // null: no identity provider is known
  groupware::Scheduler* scheduler = nullptr;  // null: nothing is sent and nothing comes
  // The tenants' lists of people; null: the server makes one.
  std::shared_ptr<groupware::DirectoryBook> people = nullptr;
};

struct Options {
  std::uint64_t largest_request = 4 << 20;      // bytes of an XML body
  std::uint64_t largest_object = 10 << 20;      // bytes of an event, task, note or card; files have the core's limit
  std::uint64_t largest_attachment = 25 << 20;  // bytes of a managed one
  std::uint32_t attachments_per_object = 100;
  std::chrono::seconds longest_lock{86'400};
  std::uint32_t most_deep_members = 100'000;  // of a PROPFIND with infinite depth; more are refused
  std::string version;
};

void declare(config::Schema& schema, Options& into);

}  // namespace kontor::dav
