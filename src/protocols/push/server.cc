// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/push/server.h"

#include <fmt/format.h>

#include <memory>

#include "base/bytes.h"
#include "groupware/push/push.h"
#include "net/blocking.h"
#include "net/http_status.h"
#include "protocols/push/subscription_json.h"

namespace kontor::push {
namespace {

constexpr std::string_view kRoot = "/push", kList = "/push/subscriptions", kKey = "/push/key";

struct PushServer {
  PushServer(const Services& services_, login::PlainLogin plain)
      : services(services_), logins(services_.logins, directory::Protocol::jmap, plain) {}

  const Services services;
  const login::HttpLogin logins;
};
using ServerPtr = std::shared_ptr<const PushServer>;

net::HttpResponse push_refusal(unsigned status, const std::string& why) {
  net::HttpResponse response;
  response.status = status;
  response.body = why + "\n";
  return response;
}

net::HttpResponse push_refusal(const Error& error) {
  // Too many of one's own are no full disk.
  return push_refusal(error.code == Errc::over_quota ? 429 : net::http_status(error.code), error.text);
}

net::HttpResponse with_json(std::string text, unsigned status = 200) {
  net::HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(text);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

net::HttpResponse not_allowed(const char* methods) {
  net::HttpResponse response = push_refusal(405, "that cannot be done here");
  response.headers.emplace_back("Allow", methods);
  return response;
}

template <class T>
net::HttpResponse answer_with(const Result<T>& done, unsigned status = 200) {
  if (!done) return push_refusal(done.error());
  return with_json(print(*done), status);
}

// A browser asks before it lets a page of another site send JSON; forms can send the other types.
bool is_json(const net::HttpRequest& request) {
  const std::string_view type = request.header("content-type");
  return iequals(type.substr(0, type.find(';')), "application/json");
}

net::HttpResponse answer_list(const PushServer& server, const std::string& method, AccountId account,
                              const std::string& body) {
  groupware::PushStore& store = server.services.accounts.pushes();
  if (method == "GET" || method == "HEAD") return answer_with(store.subscriptions(account));
  if (method != "POST") return not_allowed("GET, HEAD, POST");
  const auto wanted = read_new(body);
  if (!wanted) return push_refusal(wanted.error());
  const auto made = store.subscribe(account, *wanted);
  net::HttpResponse response = answer_with(made, 201);
  if (made) response.headers.emplace_back("Location", fmt::format("{}/{}", kList, made->id));
  return response;
}

net::HttpResponse answer_one(const PushServer& server, const std::string& method, AccountId account,
                             const std::string& id, const std::string& body) {
  groupware::PushStore& store = server.services.accounts.pushes();
  if (method == "GET" || method == "HEAD") {
    const auto all = store.subscriptions(account);
    if (!all) return push_refusal(all.error());
    for (const groupware::PushSubscription& one : *all)
      if (one.id == id) return with_json(print(one));
    return push_refusal(404, "there is no such subscription");
  }
  if (method == "PATCH") {
    const auto change = read_change(body);
    return change ? answer_with(store.change(account, id, *change)) : push_refusal(change.error());
  }
  if (method != "DELETE") return not_allowed("GET, HEAD, PATCH, DELETE");
  if (const auto done = store.unsubscribe(account, id); !done) return push_refusal(done.error());
  net::HttpResponse response;
  response.status = 204;
  response.content_type.clear();
  return response;
}

Task<net::HttpResponse> handle(ServerPtr server, net::HttpRequest request, net::HttpBody& body) {
  auto granted = co_await server->logins.admit(request);
  if (!granted) co_return std::move(granted).error();
  const AccountId account = granted->principal.account();
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (request.path == kKey) {
    if (!reads) co_return not_allowed("GET, HEAD");
    co_return with_json(fmt::format(R"({{"applicationServerKey":"{}"}})", server->services.application_key));
  }
  const std::string_view path = request.path;
  const bool is_one = path.starts_with(fmt::format("{}/", kList));
  if (path != kList && !is_one) co_return push_refusal(404, "there is nothing of that name here");
  if (!account) co_return push_refusal(403, "a group has no devices");
  const bool has_body = request.method == "POST" || request.method == "PATCH";
  if (has_body && !is_json(request)) co_return push_refusal(415, "the body must be application/json");
  auto text = co_await body.read_all(kLargestRequest);
  if (!text) co_return push_refusal(text.error());
  co_return co_await net::blocking(server->services.logins.workers, [&] {
    if (!is_one) return answer_list(*server, request.method, account, *text);
    return answer_one(*server, request.method, account, std::string(path.substr(kList.size() + 1)), *text);
  });
}

}  // namespace

std::vector<net::HttpRoute> routes(const Services& services, login::PlainLogin plain) {
  const auto server = std::make_shared<const PushServer>(services, plain);
  net::HttpRoute route;
  route.prefix = kRoot;
  route.finishes = true;
  route.handler = [server](net::HttpRequest request, net::HttpBody& body) {
    return handle(server, std::move(request), body);
  };
  return {route};
}

}  // namespace kontor::push
