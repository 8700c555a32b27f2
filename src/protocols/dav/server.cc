// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/server.h"

#include "login/http_login.h"
#include "net/blocking.h"
#include "protocols/dav/dispatch.h"
#include "protocols/dav/methods.h"
#include "protocols/dav/well_known.h"

namespace kontor::dav {
namespace {

// Pieces of a body are brought to a worker together: one change of threads for each.
constexpr std::size_t kPutPiece = 256 << 10;

Services with_people(Services services) {
  if (!services.people) services.people = std::make_shared<groupware::DirectoryBook>(services.directory);
  return services;
}

struct DavServer {
  DavServer(const Services& services_, const Options& options_, login::PlainLogin plain)
      : services(with_people(services_)),
        options(options_),
        logins({services.directory, services.limits, services.workers, services.tokens}, directory::Protocol::dav,
               plain) {}

  const Services services;
  const Options options;
  const login::HttpLogin logins;
};
using ServerPtr = std::shared_ptr<const DavServer>;
using ContextPtr = std::shared_ptr<Context>;

Task<std::string> next_piece(ServerPtr server, ContextPtr context,
                             std::shared_ptr<std::function<Outcome<std::string>()>> more) {
  auto piece = co_await net::blocking(server->services.workers, [&] {
    auto out = (*more)();
    context->drop_readers();
    return out;
  });
  if (!piece) throw net::Disconnected("an answer broke off: " + piece.error().why);
  co_return *std::move(piece);
}

net::HttpResponse as_http(const ServerPtr& server, const ContextPtr& context, Response response) {
  net::HttpResponse out;
  out.status = response.status;
  out.content_type = std::move(response.content_type);
  out.headers = std::move(response.headers);
  out.body = std::move(response.body);
  out.length = response.length;
  if (out.status == 204) out.content_type.clear();
  if (response.more) {
    auto more = std::make_shared<std::function<Outcome<std::string>()>>(std::move(response.more));
    out.more = [server, context, more] { return next_piece(server, context, more); };
  }
  return out;
}

Outcome<void> too_large(const PutPlan& plan) {
  const char* const why = "it is larger than what is taken here";
  return plan.too_large ? deny(*plan.too_large, why) : deny(413, why);
}

// The body of a PUT goes to the store as it comes. Events and cards are kept as well, for those who look into them.
Task<Outcome<void>> take_upload(ServerPtr server, ContextPtr context, net::HttpBody& body, PutPlan plan) {
  auto stager = server->services.accounts.stage(plan.tenant, plan.kind);
  const bool keeps = plan.kind != groupware::Kind::files;
  std::string kept, piece;
  std::uint64_t taken = 0;
  for (bool is_end = false; !is_end;) {
    std::string some = co_await body.read();
    is_end = some.empty();
    taken += some.size();
    if (taken > plan.largest) co_return too_large(plan);
    if (keeps) kept += some;
    piece += some;
    if (piece.size() < kPutPiece && !is_end) continue;
    const auto written =
        co_await net::blocking(server->services.workers, [&] { return stager->write(std::exchange(piece, {})); });
    if (!written) co_return std::unexpected(Problem(written.error()));
  }
  auto content = co_await net::blocking(server->services.workers, [&] { return stager->finish(); });
  if (!content) co_return std::unexpected(Problem(content.error()));
  Upload upload;
  upload.content = *std::move(content);
  if (keeps) upload.bytes = std::make_shared<const std::string>(std::move(kept));
  context->upload = std::move(upload);
  co_return Outcome<void>();
}

Task<Outcome<void>> take_body(ServerPtr server, ContextPtr context, net::HttpBody& body, const Ready& ready) {
  if (ready.put) co_return co_await take_upload(server, context, body, *ready.put);
  const bool is_whole = ready.method->body == Method::Body::whole;
  const auto limit = is_whole ? server->options.largest_object : server->options.largest_request;
  if (ready.method->body == Method::Body::none) {
    // RFC 4918 section 8.4: a body that means nothing here is refused rather than passed over.
    const auto given = co_await body.read_all(limit);
    if (!given || !given->empty()) co_return deny(415, "this method takes no body");
    co_return Outcome<void>();
  }
  auto text = co_await body.read_all(limit);
  if (!text) co_return std::unexpected(Problem(text.error()));
  context->body = *std::move(text);
  co_return Outcome<void>();
}

Response open_to_all(Context& context, const Path& path) {
  const bool reads = context.request.method == "GET" || context.request.method == "HEAD";
  if (!reads) return answer(Problem(405, "this can only be read"));
  for (const Family* family : families()) {
    if (!family->open || path.address.empty() || !path.names.empty()) continue;
    auto response = family->open(context, path.address);
    if (!response) return answer(response.error());
    if (*response) return **std::move(response);
  }
  return answer(Problem(404, "there is nothing here"));
}

// An answer to a method that is not for this place says which are (RFC 9110 section 15.5.6).
void add_allowed(Context& context, Response& response) {
  const auto resource = find(context, context.request.path);
  if (!resource) return;
  std::string allow;
  for (const std::string_view method : methods_on(context, *resource))
    allow += (allow.empty() ? "" : ", ") + std::string(method);
  response.headers.emplace_back("Allow", allow);
}

Task<Response> respond(ServerPtr server, ContextPtr context, net::HttpBody& body) {
  Workers& workers = server->services.workers;
  auto ready = co_await net::blocking(workers, [&] {
    auto out = prepare(*context);
    context->drop_readers();
    return out;
  });
  if (!ready) {
    Response response = answer(ready.error());
    if (response.status == 405)
      co_await net::blocking(workers, [&] {
        add_allowed(*context, response);
        context->drop_readers();
      });
    co_return response;
  }
  auto taken = co_await take_body(server, context, body, *ready);
  if (!taken) co_return answer(taken.error());
  co_return co_await net::blocking(workers, [&] {
    Response response = run(*context, *ready);
    context->drop_readers();
    return response;
  });
}

// A browser that knows the user's password sends it with what a page of another site has it post. All other methods
// that change something are refused to such pages by the browser itself, which asks first.
bool is_forged(const net::HttpRequest& request) {
  if (request.method != "POST") return false;
  const std::string_view site = request.header("sec-fetch-site");
  if (!site.empty()) return site != "same-origin" && site != "none";
  const std::string_view origin = request.header("origin");
  return !origin.empty() && !origin.ends_with("://" + std::string(request.header("host")));
}

Task<net::HttpResponse> handle(ServerPtr server, net::HttpRequest request, net::HttpBody& body) {
  const auto path = parse_path(request.path);
  if (path && path->space == Space::open) {
    request.visit->path = std::string(kRoot) + std::string(name(Space::open)) + "/...";  // the rest is a secret
    auto context = std::make_shared<Context>(server->services, server->options, std::move(request));
    auto response = co_await net::blocking(server->services.workers, [&] {
      Response out = open_to_all(*context, *path);
      context->drop_readers();
      return out;
    });
    co_return as_http(server, context, std::move(response));
  }
  if (is_forged(request)) {
    net::HttpResponse refused;
    refused.status = 403;
    refused.body = "pages of other sites may not do that\n";
    co_return refused;
  }
  auto granted = co_await server->logins.admit(request);
  if (!granted) co_return std::move(granted).error();
  auto context = std::make_shared<Context>(server->services, server->options, std::move(request));
  context->user = std::move(granted->principal);
  context->caller = groupware::Caller::user(context->user.id);
  Response response = co_await respond(server, context, body);
  co_return as_http(server, context, std::move(response));
}

}  // namespace

void declare(config::Schema& schema, Options& into) {
  schema.size("dav.largest_object", into.largest_object, {64 << 10, 256 << 20},
              {"The largest event, task, note or card that is taken. Files have the limit of `store.largest_item`."});
  schema.size(
      "dav.largest_attachment", into.largest_attachment, {64 << 10, std::uint64_t{1} << 30},
      {"The largest file that can be attached to an event, task or note; never more than `store.largest_item`."});
  schema.number("dav.attachments_per_object", into.attachments_per_object, {0, 1000},
                {"How many files can be attached to an event, task or note."});
  schema.duration("dav.longest_lock", into.longest_lock, {std::chrono::minutes(1), std::chrono::hours(24 * 30)},
                  {"How long a lock lasts at most, unless its owner refreshes it."});
}

std::vector<net::HttpRoute> routes(const Services& services, const Options& options, login::PlainLogin plain) {
  const auto server = std::make_shared<const DavServer>(services, options, plain);
  net::HttpRoute route;
  route.prefix = "/dav";
  route.finishes = true;
  route.compresses = true;
  route.handler = [server](net::HttpRequest request, net::HttpBody& body) {
    return handle(server, std::move(request), body);
  };
  std::vector<net::HttpRoute> out = well_known_routes(route);
  out.push_back(std::move(route));
  return out;
}

}  // namespace kontor::dav
