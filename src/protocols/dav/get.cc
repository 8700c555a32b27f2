// SPDX-License-Identifier: AGPL-3.0-or-later
// GET and HEAD: RFC 9110 sections 9.3.1, 9.3.2 and 14; RFC 4918 section 9.4.
#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "protocols/dav/html.h"
#include "protocols/dav/locks.h"
#include "protocols/dav/methods.h"
#include "wire/http/condition.h"
#include "wire/http/date.h"

namespace kontor::dav {
namespace {

constexpr std::size_t kContentPiece = 256 << 10;

// What is to be sent, as bytes that are there or as a content that is read while it is sent.
struct Payload {
  std::shared_ptr<const groupware::Content> content;
  std::shared_ptr<const std::string> bytes;
  std::uint64_t size() const { return content ? content->size() : bytes->size(); }
  Result<std::string> read(std::uint64_t offset, std::size_t length) const {
    if (content) return content->read(offset, length);
    return bytes->substr(offset, length);
  }
};

// Text before each range, and the range.
struct Part {
  std::string head;
  wire::http::ByteRange range;
};

struct Sending {
  Payload body;
  std::vector<Part> parts;
  std::string tail;
  std::size_t at = 0;
  std::uint64_t done = 0;  // of the part

  Outcome<std::string> piece() {
    std::string out;
    while (at < parts.size()) {
      Part& part = parts[at];
      if (done == 0) out += std::exchange(part.head, {});
      if (out.size() >= kContentPiece) return out;
      const auto want = std::min<std::uint64_t>(part.range.size - done, kContentPiece - out.size());
      TRY(const std::string bytes, body.read(part.range.first + done, want));
      if (bytes.size() != want) return deny(500, "the content ended too early");
      out += bytes;
      done += want;
      if (done < part.range.size) return out;
      ++at;
      done = 0;
    }
    out += std::exchange(tail, {});
    return out;
  }
};

// What the request asks of the content: all of it, a range, or several.
Response send(Context& context, Response response, Payload body, const wire::http::Representation& there) {
  const std::uint64_t size = body.size();
  response.headers.emplace_back("Accept-Ranges", "bytes");
  wire::http::Ranges asked;
  if (context.request.method == "GET")
    asked = wire::http::asked_ranges(context.request.headers, there, size, context.now());
  if (asked.is_unsatisfiable) {
    response.status = 416;
    response.headers.emplace_back("Content-Range", wire::http::content_range_of_none(size));
    return response;
  }
  auto sending = std::make_shared<Sending>();
  sending->body = std::move(body);
  response.length = size;
  if (asked.ranges.empty()) {
    sending->parts.push_back({"", {0, size}});
  } else if (asked.ranges.size() == 1) {
    response.status = 206;
    response.headers.emplace_back("Content-Range", wire::http::content_range(asked.ranges[0], size));
    response.length = asked.ranges[0].size;
    sending->parts.push_back({"", asked.ranges[0]});
  } else {
    response.status = 206;
    auto parts = wire::http::multipart_of(asked.ranges, response.content_type, size, to_hex(random_bytes(16)));
    for (std::size_t i = 0; i < asked.ranges.size(); ++i)
      sending->parts.push_back({std::move(parts.heads[i]), asked.ranges[i]});
    sending->tail = std::move(parts.end);
    response.length = parts.length;
    response.content_type = std::move(parts.content_type);
  }
  if (context.request.method == "HEAD") return response;
  response.more = [sending] { return sending->piece(); };
  return response;
}

void add_state(Response& response, const std::string& etag, std::optional<Instant> modified) {
  if (!etag.empty()) response.headers.emplace_back("ETag", etag);
  if (modified) response.headers.emplace_back("Last-Modified", wire::http::print_date(*modified));
  response.headers.emplace_back("Cache-Control", "private, no-cache");
}

// What is somebody's file must not run as a page of ours.
void add_guards(Response& response) {
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Content-Security-Policy", "sandbox; default-src 'none'");
}

void add_state(Response& response, const Resource& resource) {
  if (resource.special) return add_state(response, resource.special->etag(), resource.special->modified());
  if (resource.entry) return add_state(response, resource.entry->etag, resource.entry->date.at);
  add_state(response, "", std::nullopt);
}

Outcome<> check_reading(Context& context, const Resource& resource) {
  if (resource.account) {
    TRY(const auto reader, context.reader(*resource.account));
    return check_conditions(context, *reader, resource);
  }
  return resource.special ? check_conditions(context, *resource.special) : Outcome<>();
}

Outcome<Payload> payload_of(Context& context, const Special& special) {
  TRY(auto stream, special.stream(context));
  if (stream) return Payload{std::move(stream), nullptr};
  TRY(auto content, special.content(context));
  return Payload{nullptr, std::make_shared<std::string>(std::move(content))};
}

Outcome<Response> get_special(Context& context, const Resource& resource) {
  TRY(Payload body, payload_of(context, *resource.special));
  Response response{.status = 200, .content_type = resource.special->content_type()};
  if (std::string disposition = resource.special->disposition(); !disposition.empty())
    response.headers.emplace_back("Content-Disposition", std::move(disposition));
  add_state(response, resource);
  add_guards(response);
  return send(context, std::move(response), std::move(body),
              {true, resource.special->etag(), resource.special->modified()});
}

Outcome<Response> get_item(Context& context, const Resource& resource) {
  TRY(const auto reader, context.reader(*resource.account));
  Response response{.status = 200, .content_type = content_type_of(context, resource)};
  add_state(response, resource);
  add_guards(response);
  for (const Family* family : families())
    if (family->headers) family->headers(context, resource, response.headers);
  TRY(auto content, reader->content(resource.entry->item));
  return send(context, std::move(response), {std::move(content), nullptr},
              {true, resource.entry->etag, resource.entry->date.at});
}

}  // namespace

Outcome<Response> do_get(Context& context, const Resource& resource) {
  const auto checked = check_reading(context, resource);
  if (!checked && checked.error().status == 304) {
    Response response{.status = 304};
    add_state(response, resource);
    return response;
  }
  if (!checked) return std::unexpected(checked.error());
  if (resource.what == Resource::What::special && !resource.is_collection()) return get_special(context, resource);
  if (resource.what == Resource::What::item) return get_item(context, resource);
  return list_as_html(context, resource);
}

Outcome<std::shared_ptr<const std::string>> whole_content(Context& context, groupware::Account& account, ItemId item,
                                                          std::uint64_t limit) {
  TRY(const auto reader, context.reader(account));
  TRY(const auto content, reader->content(item));
  if (auto whole = content->whole()) return whole;
  if (content->size() > limit) return deny(413, "it is too large");
  TRY(std::string bytes, content->read(0, content->size()));
  return std::make_shared<const std::string>(std::move(bytes));
}

}  // namespace kontor::dav
