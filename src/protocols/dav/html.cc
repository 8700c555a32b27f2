// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/html.h"

#include <fmt/format.h>

#include "protocols/dav/family.h"
#include "protocols/dav/walk.h"
#include "wire/dav/href.h"
#include "wire/xml/print.h"

namespace kontor::dav {
namespace {

constexpr std::size_t kPageBytes = 64 << 10;  // of a piece, about

std::string escaped(std::string_view text) {
  std::string out;
  xml::append_escaped(text, out);
  return out;
}

std::string page_line(const Resource& resource) {
  const bool is_folder = resource.is_collection();
  const std::string size = resource.entry ? std::to_string(resource.entry->size) : "";
  const std::string at = resource.entry ? xml_date(resource.entry->date.at) : "";
  std::string name = resource.name;
  if (name.empty()) name = resource.path.substr(parent_of(resource.path).size());
  if (is_folder && !name.ends_with('/')) name += '/';
  return fmt::format("<tr><td><a href=\"{}\">{}</a></td><td>{}</td><td>{}</td></tr>\n",
                     escaped(wire::dav::encode_path(resource.path)), escaped(name), size, at);
}

}  // namespace

Outcome<Response> list_as_html(Context& context, const Resource& collection) {
  Response response{.status = 200, .content_type = "text/html; charset=utf-8"};
  response.headers = {{"Cache-Control", "private, no-cache"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"}};
  if (context.request.method == "HEAD") return response;
  const std::string title = escaped(collection.path);
  response.body = fmt::format(
      "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>{0}</title>"
      "<style>body{{font-family:sans-serif}}td{{padding:0 1em 0 0}}</style></head>"
      "<body><h1>{0}</h1>\n<table>\n",
      title);
  if (collection.path != kRoot)
    response.body += fmt::format("<tr><td><a href=\"{}\">..</a></td></tr>\n",
                                 escaped(wire::dav::encode_path(parent_of(collection.path))));
  auto walk = std::make_shared<Walk>(collection, wire::dav::Depth::one, true);
  auto has_more = std::make_shared<bool>(true);
  response.more = [walk, has_more, self = context.shared_from_this()]() -> Outcome<std::string> {
    std::string out;
    while (*has_more && out.size() < kPageBytes) {
      TRY(*has_more, walk->step(*self, [&](const Resource& one) { out += page_line(one); }));
      if (!*has_more) out += "</table></body></html>\n";
    }
    return out;
  };
  return response;
}

}  // namespace kontor::dav
