// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/server.h"

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "base/log.h"
#include "directory/directory.h"
#include "formats/archive/answer.h"
#include "formats/archive/reader.h"
#include "formats/archive/record.h"
#include "net/blocking.h"
#include "net/http_status.h"
#include "protocols/import/compare.h"
#include "protocols/import/queries.h"
#include "protocols/import/tokens.h"
#include "protocols/import/uploads.h"

namespace kontor::importing {
namespace {

constexpr const char* kPrefix = "/import/v1/accounts/";
constexpr const char* kPrincipalsPath = "/import/v1/principals";
constexpr const char* kLocalPath = "/import/v1/archive";
constexpr std::size_t kMostCompared = std::size_t{8} << 20;  // packed
constexpr const char* kLines = "application/x-ndjson";

struct ImportServer {
  ImportServer(groupware::Accounts& accounts_, directory::Directory& directory_, const Clock& clock_, Workers& workers_,
               const ServerOptions& options_)
      : accounts(accounts_),
        directory(directory_),
        clock(clock_),
        workers(workers_),
        options(options_),
        uploads(std::make_shared<Uploads>(accounts_, directory_, options_.parallel)) {}

  groupware::Accounts& accounts;
  directory::Directory& directory;
  const Clock& clock;
  Workers& workers;
  const ServerOptions options;
  const std::shared_ptr<Uploads> uploads;
};
using ServerPtr = std::shared_ptr<ImportServer>;

net::HttpResponse refusal(const Error& error) {
  net::HttpResponse response;
  response.status = net::http_status(error.code);
  response.body = error.text + "\n";
  if (error.code == Errc::unavailable || error.code == Errc::conflict)
    response.headers.emplace_back("Retry-After", "10");
  return response;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
    if (byte && byte->size() == 1) {
      out += *byte;
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

using Query = std::map<std::string, std::string>;

Query parse_query(std::string_view text) {
  Query out;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto part = text.substr(0, end);
    const auto equals = std::min(part.find('='), part.size());
    out[percent_decoded(part.substr(0, equals))] = percent_decoded(part.substr(std::min(equals + 1, part.size())));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// What every request must bring.
Result<Token> admit(const ImportServer& server, const net::HttpRequest& request) {
  if (server.options.requires_tls && !request.is_encrypted) return fail(Errc::denied, "imports need TLS");
  const auto& allowed = server.options.allowed;
  const bool is_allowed =
      allowed.empty() || std::any_of(allowed.begin(), allowed.end(), [&](const net::Network& network) {
        return !request.peer.is_unix && network.contains(request.peer.ip);
      });
  if (!is_allowed) return fail(Errc::denied, "this address may not import");
  const auto authorization = request.header("authorization");
  constexpr std::string_view kBearer = "bearer ";
  if (authorization.size() < kBearer.size() || !iequals(authorization.substr(0, kBearer.size()), kBearer)) {
    return fail(Errc::denied, "an import token is needed");
  }
  return check_token(server.options.token_file, authorization.substr(kBearer.size()), server.clock.now());
}

Result<std::shared_ptr<groupware::Account>> open_account(const ImportServer& server, const std::string& address) {
  TRY(const auto principal, server.directory.by_address(address));
  if (!principal.account()) return fail(Errc::invalid, "a group has no account");
  return server.accounts.open(principal.account());
}

// For questions about a source: refused while nobody knows whose its ledger is.
Result<std::shared_ptr<groupware::Account>> open_settled(const ImportServer& server, const std::string& address,
                                                         const std::string& source) {
  TRY(auto account, open_account(server, address));
  TRY_VOID(settle_earlier_ledger(*account, source, EarlierLedger::ask));
  return account;
}

Result<std::string> describe_account(const ImportServer& server, const std::string& address) {
  archive::TargetAccount out;
  out.address = address;
  const auto principal = server.directory.by_address(address);
  if (principal && principal->account()) {
    TRY(const auto account, server.accounts.open(principal->account()));
    TRY(const auto reader, account->read(groupware::Caller::system()));
    const auto usage = reader->usage();
    out.status = directory::name(principal->status);
    out.used = usage.bytes;
    out.limit = usage.limit;
    out.items = usage.items;
  } else if (principal) {
    out.status = "group";
  }
  return archive::to_line(out);
}

// A streamed answer: the first piece was made already, so that an early error still has its own status.
struct Streamed {
  ServerPtr server;
  Pieces pieces;
};

Task<std::string> next_piece(std::shared_ptr<Streamed> streamed) {
  auto piece = co_await net::blocking(streamed->server->workers, [&] { return streamed->pieces(); });
  if (!piece) throw net::Disconnected("an answer broke off: " + piece.error().text);
  co_return std::move(*piece);
}

Task<net::HttpResponse> stream_answer(ServerPtr server, Pieces pieces) {
  auto streamed = std::make_shared<Streamed>();
  streamed->server = server;
  streamed->pieces = std::move(pieces);
  auto first = co_await net::blocking(server->workers, [&] { return streamed->pieces(); });
  if (!first) co_return refusal(first.error());
  net::HttpResponse response;
  response.content_type = kLines;
  response.body = std::move(*first);
  if (!response.body.empty()) response.more = [streamed] { return next_piece(streamed); };
  co_return response;
}

Task<net::HttpResponse> serve_digest(ServerPtr server, net::HttpBody& body, std::string address) {
  auto text = co_await body.read_all(archive::kMaxRecord);
  if (!text) co_return refusal(text.error());
  auto query = parse_digest_query(*text);
  if (!query) co_return refusal(query.error());
  auto account = co_await net::blocking(server->workers, [&] { return open_settled(*server, address, query->source); });
  if (!account) co_return refusal(account.error());
  auto pieces = digest_pieces(std::move(*account), std::move(*query));
  co_return co_await stream_answer(std::move(server), std::move(pieces));
}

Task<net::HttpResponse> serve_verify(ServerPtr server, Query query, std::string address) {
  auto account =
      co_await net::blocking(server->workers, [&] { return open_settled(*server, address, query["source"]); });
  if (!account) co_return refusal(account.error());
  auto pieces = verify_pieces(std::move(*account), query["source"], query["folder"], query["content"] == "1");
  co_return co_await stream_answer(std::move(server), std::move(pieces));
}

// Of folders, rights and settings: an archive without items, which is held in memory.
Task<net::HttpResponse> serve_compare(ServerPtr server, net::HttpBody& body, std::string address) {
  auto bytes = co_await body.read_all(kMostCompared);
  if (!bytes) co_return refusal(bytes.error());
  auto answers = co_await net::blocking(server->workers, [&]() -> Result<std::vector<archive::Answer>> {
    TRY(const auto account, open_account(*server, address));
    archive::Reader reader([&]() -> Result<std::string> { return std::exchange(*bytes, {}); });
    return compare_archive(reader, *account, server->directory, address);
  });
  if (!answers) co_return refusal(answers.error());
  net::HttpResponse response;
  response.content_type = kLines;
  for (const archive::Answer& answer : *answers)
    if (!answer.is_silent()) response.body += archive::to_line(answer);
  archive::Answer last;
  last.done = true;
  response.body += archive::to_line(last);
  co_return response;
}

ImportOptions options_of(const ImportServer& server, const Query& query) {
  const auto is_set = [&](const char* word) {
    const auto found = query.find(word);
    return found != query.end() && found->second == "1";
  };
  ImportOptions options;
  options.origin = server.options.origin;
  options.create_users = query.contains("create_users");
  if (options.create_users && query.at("create_users") == "active") options.new_status = directory::Status::active;
  options.live = is_set("live") || options.new_status == directory::Status::active;
  options.ignore_quota = is_set("ignore_quota");
  options.delete_vanished = is_set("delete_vanished");
  options.override_threshold = is_set("override_threshold");
  const auto earlier = query.find("earlier_ledger");
  if (earlier != query.end())
    options.earlier_ledger = parse_earlier_ledger(earlier->second).value_or(EarlierLedger::ask);
  return options;
}

// The account, or 0 where a user is to be made first.
Result<AccountId> account_of(const ImportServer& server, const std::string& address) {
  const auto principal = server.directory.by_address(address);
  if (!principal && principal.error().code != Errc::not_found) return std::unexpected(principal.error());
  return principal ? principal->account() : AccountId();
}

Task<net::HttpResponse> serve_archive(ServerPtr server, net::HttpBody& body, Query query, std::string address,
                                      Token token) {
  auto ticket = co_await net::blocking(server->workers, [&]() -> Result<Uploads::Ticket> {
    TRY(const auto account, account_of(*server, address));
    return server->uploads->begin(account);
  });
  if (!ticket) co_return refusal(ticket.error());
  auto options = options_of(*server, query);
  options.only_address = std::move(address);
  options.may_import = [token = std::move(token)](std::string_view wanted) { return token.allows(wanted); };
  co_return co_await Uploads::take(server->uploads, body, std::move(options), std::move(*ticket));
}

// An archive of principals alone.
Task<net::HttpResponse> serve_principals(ServerPtr server, net::HttpBody& body, Query query, Token token) {
  auto ticket = server->uploads->begin(AccountId());
  if (!ticket) co_return refusal(ticket.error());
  auto options = options_of(*server, query);
  options.only_principals = true;
  options.may_create_domains = token.domains.empty();
  options.may_import = [token = std::move(token)](std::string_view wanted) { return token.allows(wanted); };
  co_return co_await Uploads::take(server->uploads, body, std::move(options), std::move(*ticket));
}

Task<net::HttpResponse> serve_local_archive(ServerPtr server, net::HttpRequest request, net::HttpBody& body) {
  auto ticket = server->uploads->begin(AccountId());
  if (!ticket) co_return refusal(ticket.error());
  auto options = options_of(*server, parse_query(request.query));
  co_return co_await Uploads::take(server->uploads, body, std::move(options), std::move(*ticket));
}

Task<net::HttpResponse> serve_import(ServerPtr server, net::HttpRequest request, net::HttpBody& body) {
  auto token = co_await net::blocking(server->workers, [&] { return admit(*server, request); });
  if (!token) {
    log::warn("import.refused", {{"peer", net::to_string(request.peer)}, {"why", token.error().text}});
    auto response = refusal(token.error());
    if (request.header("authorization").empty()) {
      response.status = 401;
      response.headers.emplace_back("WWW-Authenticate", "Bearer");
    }
    co_return response;
  }
  if (request.path == kPrincipalsPath)
    co_return co_await serve_principals(std::move(server), body, parse_query(request.query), std::move(*token));
  auto rest = std::string(std::string_view(request.path).substr(std::string_view(kPrefix).size()));
  const auto slash = rest.find('/');
  const auto action = slash == std::string::npos ? std::string() : rest.substr(slash + 1);
  const auto address = to_lower(rest.substr(0, slash));
  if (!token->allows(address)) co_return refusal(Error(Errc::denied, "this token may not import into that address"));
  const bool is_get = request.method == "GET", is_post = request.method == "POST";
  auto query = parse_query(request.query);
  if (is_get && action.empty()) {
    auto line = co_await net::blocking(server->workers, [&] { return describe_account(*server, address); });
    if (!line) co_return refusal(line.error());
    net::HttpResponse response;
    response.content_type = kLines;
    response.body = std::move(*line);
    co_return response;
  }
  if (is_post && action == "digest") co_return co_await serve_digest(std::move(server), body, address);
  if (is_post && action == "compare") co_return co_await serve_compare(std::move(server), body, address);
  if (is_get && action == "verify") co_return co_await serve_verify(std::move(server), std::move(query), address);
  if (is_post && action == "archive") {
    co_return co_await serve_archive(std::move(server), body, std::move(query), address, std::move(*token));
  }
  net::HttpResponse response;
  response.status = is_get || is_post ? 404 : 405;
  response.body = "there is nothing of that name here\n";
  co_return response;
}

}  // namespace

Routes routes(groupware::Accounts& accounts, directory::Directory& directory, const Clock& clock, Workers& workers,
              const ServerOptions& options) {
  auto server = std::make_shared<ImportServer>(accounts, directory, clock, workers, options);
  Routes out;
  out.remote.push_back({kPrefix, [server](net::HttpRequest request, net::HttpBody& body) {
                          return serve_import(server, std::move(request), body);
                        }});
  out.remote.push_back({kPrincipalsPath,
                        [server](net::HttpRequest request, net::HttpBody& body) {
                          return serve_import(server, std::move(request), body);
                        },
                        {"POST"}});
  out.local.push_back({kLocalPath,
                       [server](net::HttpRequest request, net::HttpBody& body) {
                         return serve_local_archive(server, std::move(request), body);
                       },
                       {"POST"}});
  return out;
}

}  // namespace kontor::importing
