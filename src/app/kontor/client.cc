// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor/client.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>

#include "kontor/domain_dns.h"
#include "kontor/domain_mail.h"
#include "kontor/house.h"
#include "kontor/import_tokens.h"
#include "kontor/quarantine_verbs.h"
#include "kontor/queue_verbs.h"
#include "kontor/response.h"
#include "protocols/admin/admin.h"

namespace kontor::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kLongestVerb = 24h;  // a check with all content of a large store
constexpr auto kStartTime = 15s;    // of a server that has the folder but does not listen yet
constexpr std::size_t kLargestAnswer = 256 << 20;

// Nothing if no server listens.
std::optional<Result<std::string>> ask_server(const Settings& settings, const AskServer& ask) {
  net::ClientOptions options;
  options.host = "unix:" + admin_socket(settings);
  options.timeout = kLongestVerb;
  auto socket = net::ClientSocket::connect(options);
  if (!socket) return std::nullopt;
  return ask(**socket);
}

Result<std::string> post_verb(net::ClientSocket& socket, std::string_view verb, const std::string& arguments) {
  TRY_VOID(
      socket.write(fmt::format("POST /admin/v1/{} HTTP/1.1\r\nHost: kontor\r\nContent-Type: application/json\r\n"
                               "Content-Length: {}\r\nConnection: close\r\n\r\n{}",
                               verb, arguments.size(), arguments)));
  std::string body;
  TRY_VOID(read_response(socket, [&](std::string_view piece) -> Result<void> {
    body += piece;
    if (body.size() > kLargestAnswer) return fail(Errc::too_large, "The server's answer is too large");
    return {};
  }));
  return body;
}

}  // namespace

Answer reach(const Settings& settings, const CallOptions& options, const AskServer& ask, const UseHouse& use) {
  if (auto answer = ask_server(settings, ask)) return {std::move(*answer), false};
  auto nobody = [&](Errc code, std::string text) { return Answer{fail(code, std::move(text)), true}; };
  if (!options.may_open) return nobody(Errc::unavailable, fmt::format("No server runs on {}", settings.data));
  std::error_code ignored;
  if (!options.may_make && !std::filesystem::exists(store_folder(settings), ignored))
    return nobody(Errc::unavailable, fmt::format("There is no server and no store at {}", settings.data));

  auto give_up = std::chrono::steady_clock::now() + kStartTime;
  for (;;) {
    auto house = House::open(settings);
    if (house) return {use(**house), false};
    // Someone has the folder: a server that is starting will answer soon, another command will be gone soon.
    if (house.error().code != Errc::conflict || std::chrono::steady_clock::now() > give_up)
      return {std::unexpected(house.error()), true};
    std::this_thread::sleep_for(100ms);
    if (auto answer = ask_server(settings, ask)) return {std::move(*answer), false};
  }
}

Answer call(const Settings& settings, std::string_view verb, const std::string& arguments, const CallOptions& options) {
  return reach(
      settings, options, [&](net::ClientSocket& socket) { return post_verb(socket, verb, arguments); },
      [&](House& house) {
        admin::Admin admin(*house.directory, *house.accounts);
        add_import_tokens(admin, token_file(settings));
        add_queue_verbs(admin, house);
        add_quarantine_verbs(admin, house);
        add_domain_mail_verbs(admin, house);
        add_domain_dns_verbs(admin, house, settings);
        return admin.run(verb, arguments);
      });
}

}  // namespace kontor::app
