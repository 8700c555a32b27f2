// SPDX-License-Identifier: AGPL-3.0-or-later
// The JSON door to push (docs/push.md), with the objects of RFC 8620 section 7.2:
//
//   GET    /push/key                  {"applicationServerKey": ...} (RFC 9749), for which devices subscribe
//   GET    /push/subscriptions        {"list": [...]}: all of the user's, without URLs and keys
//   POST   /push/subscriptions        a PushSubscription -> 201 {"id", "expires", ...}; its verification is on its way
//   GET    /push/subscriptions/<id>
//   PATCH  /push/subscriptions/<id>   {"verificationCode", "expires", "types"}, any of them
//   DELETE /push/subscriptions/<id>
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "base/workers.h"
#include "groupware/accounts.h"
#include "login/http_login.h"
#include "net/http_server.h"

namespace kontor::push {

struct Services {
  groupware::Accounts& accounts;
  login::Services logins;
  std::string application_key;  // base64url
};

// All references must outlive the routes.
std::vector<net::HttpRoute> routes(const Services& services, login::PlainLogin plain);

}  // namespace kontor::push
