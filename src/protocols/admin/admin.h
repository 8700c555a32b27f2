// SPDX-License-Identifier: AGPL-3.0-or-later
// Administration: a table of verbs, each a function from a JSON object to JSON. The server offers them as
// POST /admin/v1/<verb> on its local socket; the command line runs the same table on a store that no server has open.
// There are no roles yet: whoever reaches the socket (mode 0600) may do everything.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/workers.h"
#include "directory/directory.h"
#include "groupware/accounts.h"
#include "net/http_server.h"

namespace kontor::admin {

// What the running process says about itself, as a JSON object. Thread-safe.
using StatusSource = std::function<std::string()>;

// Thread-safe. Blocks: call it from a worker.
class Admin {
 public:
  // The references must outlive it. `status` may be empty: then `status` only counts what the store holds.
  Admin(directory::Directory& directory, groupware::Accounts& accounts, StatusSource status = {},
        const Clock& clock = system_clock());
  ~Admin();

  // A verb of another room: JSON object in, JSON out. Call before run(). `changes`: never run beside another that
  // changes.
  using Function = std::function<Result<std::string>(std::string_view arguments)>;
  void add(std::string name, bool changes, Function function);

  // A part of `check` of another room. Call before run().
  using Check = std::function<Result<std::vector<groupware::Fault>>(const groupware::CheckOptions&)>;
  void add_check(Check check) { checks_.push_back(std::move(check)); }

  // Runs a verb ("user.add") on a JSON object. Errors: not_found (also: no such verb), invalid (arguments), and the
  // verb's.
  Result<std::string> run(std::string_view verb, std::string_view arguments);

  std::vector<std::string> verbs() const;

 private:
  struct Row {
    bool changes = false;
    Function function;
  };
  std::map<std::string, Row, std::less<>> rows_;
  std::vector<Check> checks_;
  std::mutex changing_;  // read-modify-write of one principal must not interleave with another
};

// {"error": {"code": "not_found", "text": "..."}}
std::string error_json(const Error& error);

// Routes for net::http_session on the local socket. Both must outlive the session.
std::vector<net::HttpRoute> routes(Admin& admin, Workers& workers);

}  // namespace kontor::admin
