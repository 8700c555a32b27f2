// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor/client.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>

#include "kontor/house.h"
#include "kontor/import_tokens.h"
#include "net/client_socket.h"
#include "protocols/admin/admin.h"

namespace kontor::app {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr auto kLongestVerb = 24h;  // a check with all content of a large store
constexpr auto kStartTime = 15s;    // of a server that has the folder but does not listen yet
constexpr std::size_t kLargestAnswer = 256 << 20;

Error read_error(const std::string& body, unsigned status) {
  boost::system::error_code failed;
  json::value value = json::parse(body, failed);
  const json::object* error = !failed && value.is_object() && value.get_object().contains("error")
                                  ? value.get_object().at("error").if_object()
                                  : nullptr;
  if (!error || !error->contains("code") || !error->contains("text"))
    return {Errc::unavailable, fmt::format("The server answered with HTTP status {}", status)};
  std::string_view code = json::value_to<std::string_view>(error->at("code"));
  for (int i = 0; i <= static_cast<int>(Errc::corrupt); ++i)
    if (name(static_cast<Errc>(i)) == code) return {static_cast<Errc>(i), std::string(error->at("text").as_string())};
  return {Errc::unavailable, std::string(error->at("text").as_string())};
}

// The body of a whole response that ends with the connection. Chunked bodies are put together.
Result<std::string> body_of(std::string_view head, std::string_view rest) {
  if (head.find("\r\nTransfer-Encoding: chunked") == std::string_view::npos) return std::string(rest);
  std::string out;
  for (;;) {
    std::size_t size = 0;
    auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), size, 16);
    auto line = rest.find("\r\n");
    if (error != std::errc() || line == std::string_view::npos || rest.size() < line + 2 + size)
      return fail(Errc::unavailable, "The server's answer broke off");
    if (size == 0) return out;
    out.append(rest.substr(line + 2, size));
    rest.remove_prefix(std::min(rest.size(), line + 2 + size + 2));
  }
}

Result<std::string> read_response(net::ClientSocket& socket) {
  std::string all;
  std::array<char, 16384> piece;
  for (;;) {
    TRY(std::size_t got, socket.read_some(piece));
    if (got == 0) break;
    all.append(piece.data(), got);
    if (all.size() > kLargestAnswer) return fail(Errc::too_large, "The server's answer is too large");
  }
  auto end = all.find("\r\n\r\n");
  unsigned status = 0;
  std::string_view view = all;
  if (end == std::string::npos || !view.starts_with("HTTP/1.1 ") ||
      std::from_chars(all.data() + 9, all.data() + end, status).ec != std::errc())
    return fail(Errc::unavailable, "The server's answer broke off");
  TRY(std::string body, body_of(view.substr(0, end), view.substr(end + 4)));
  if (status != 200) return std::unexpected(read_error(body, status));
  return body;
}

// Nothing if no server listens.
std::optional<Result<std::string>> call_server(const Settings& settings, std::string_view verb,
                                               const std::string& arguments) {
  net::ClientOptions options;
  options.host = "unix:" + admin_socket(settings);
  options.timeout = kLongestVerb;
  auto socket = net::ClientSocket::connect(options);
  if (!socket) return std::nullopt;
  std::string request = fmt::format(
      "POST /admin/v1/{} HTTP/1.1\r\nHost: kontor\r\nContent-Type: application/json\r\nContent-Length: {}\r\n"
      "Connection: close\r\n\r\n{}",
      verb, arguments.size(), arguments);
  if (auto sent = (*socket)->write(request); !sent) return std::unexpected(sent.error());
  return read_response(**socket);
}

}  // namespace

Answer call(const Settings& settings, std::string_view verb, const std::string& arguments, const CallOptions& options) {
  if (auto answer = call_server(settings, verb, arguments)) return {std::move(*answer), false};
  auto nobody = [&](Errc code, std::string text) { return Answer{fail(code, std::move(text)), true}; };
  if (!options.may_open) return nobody(Errc::unavailable, fmt::format("No server runs on {}", settings.data));
  std::error_code ignored;
  if (!options.may_make && !std::filesystem::exists(store_folder(settings), ignored))
    return nobody(Errc::unavailable, fmt::format("There is no server and no store at {}", settings.data));

  auto give_up = std::chrono::steady_clock::now() + kStartTime;
  for (;;) {
    auto house = House::open(settings);
    if (house) {
      admin::Admin admin(*(*house)->directory, *(*house)->accounts);
      add_import_tokens(admin, token_file(settings));
      return {admin.run(verb, arguments), false};
    }
    // Someone has the folder: a server that is starting will answer soon, another command will be gone soon.
    if (house.error().code != Errc::conflict || std::chrono::steady_clock::now() > give_up)
      return {std::unexpected(house.error()), true};
    std::this_thread::sleep_for(100ms);
    if (auto answer = call_server(settings, verb, arguments)) return {std::move(*answer), false};
  }
}

}  // namespace kontor::app
