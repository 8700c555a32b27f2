// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/multistatus.h"

#include <algorithm>
#include <set>

#include "protocols/dav/dead_properties.h"

namespace kontor::dav {
namespace {

using wire::dav::Multistatus;
using wire::dav::PropRequest;

constexpr std::size_t kPiece = 64 << 10;  // of an answer, about

struct Missing {
  std::vector<xml::Name> absent, denied;
};

// The dead properties of a resource, read when first asked for.
class Dead {
 public:
  Dead(Context& context, const Resource& resource) : context_(context), resource_(resource) {}
  const std::vector<xml::Element>& all() {
    if (!read_) read_ = dead_properties(context_, resource_).value_or(std::vector<xml::Element>());
    return *read_;
  }
  const xml::Element* find(const xml::Name& name) {
    const auto at = std::ranges::find(all(), name, &xml::Element::name);
    return at == all().end() ? nullptr : &*at;
  }

 private:
  Context& context_;
  const Resource& resource_;
  std::optional<std::vector<xml::Element>> read_;
};

void print_one(Context& context, const Resource& resource, const xml::Name& name, Dead& dead, xml::Printer& out,
               Missing& missing) {
  if (const Property* row = find_property(resource, name)) {
    const Shown shown = row->print(context, resource, out);
    if (shown == Shown::absent) missing.absent.push_back(name);
    if (shown == Shown::denied) missing.denied.push_back(name);
  } else if (const xml::Element* element = dead.find(name)) {
    out.element(*element);
  } else {
    missing.absent.push_back(name);
  }
}

void print_rows(const Resource& resource, const std::function<void(const Property&)>& visit) {
  std::set<xml::Name> seen;
  for (const Family* family : families())
    for (const Property& row : family->properties)
      if (row.scope.covers(resource) && seen.insert(row.name).second) visit(row);
}

void print_missing(const std::vector<xml::Name>& names, unsigned status, Multistatus& out) {
  if (names.empty()) return;
  out.begin_propstat();
  for (const xml::Name& name : names) out.printer().leaf(name);
  out.end_propstat(status);
}

struct Stream {
  Stream() : out(text) {}

  std::string text;
  Multistatus out;
  std::function<Outcome<bool>(Context&, Multistatus&)> next;
  std::function<std::string()> finish;
  bool is_done = false;

  Outcome<std::string> piece(Context& context) {
    while (!is_done && text.size() < kPiece) {
      TRY(const bool has_more, next(context, out));
      if (has_more) continue;
      out.finish(finish ? finish() : std::string());
      is_done = true;
    }
    return std::exchange(text, {});
  }
};

}  // namespace

void print_resource(Context& context, const Resource& resource, const PropRequest& wanted, Multistatus& out) {
  Dead dead(context, resource);
  Missing missing;
  out.begin(resource.path);
  out.begin_propstat();
  if (wanted.kind == PropRequest::Kind::names) {
    print_rows(resource, [&](const Property& row) { out.printer().leaf(row.name); });
    for (const xml::Element& element : dead.all()) out.printer().leaf(element.name);
  }
  if (wanted.kind == PropRequest::Kind::all) {
    print_rows(resource, [&](const Property& row) {
      if (row.is_in_allprop) row.print(context, resource, out.printer());
    });
    for (const xml::Element& element : dead.all()) out.printer().element(element);
  }
  if (wanted.kind != PropRequest::Kind::names)
    for (const xml::Name& name : wanted.names) print_one(context, resource, name, dead, out.printer(), missing);
  out.end_propstat(200);
  if (!context.preferences().is_minimal) print_missing(missing.absent, 404, out);
  print_missing(missing.denied, 403, out);
  out.end();
}

Response stream_resources(Context& context, std::function<Outcome<bool>(Context&, Multistatus&)> next,
                          std::function<std::string()> finish) {
  auto stream = std::make_shared<Stream>();
  stream->next = std::move(next);
  stream->finish = std::move(finish);
  auto first = stream->piece(context);
  if (!first) return answer(first.error());
  Response response{.status = 207, .content_type = kXml};
  response.body = *std::move(first);
  if (context.preferences().is_minimal) response.headers.emplace_back("Preference-Applied", "return=minimal");
  if (stream->is_done) return response;
  response.more = [stream, self = context.shared_from_this()] { return stream->piece(*self); };
  return response;
}

Response list_resources(Context& context, std::size_t count, PropRequest wanted,
                        std::function<std::optional<Resource>(Context&, std::size_t, Multistatus&)> find_one) {
  auto at = std::make_shared<std::size_t>(0);
  return stream_resources(context,
                          [at, count, wanted = std::move(wanted), find_one = std::move(find_one)](
                              Context& now, Multistatus& out) -> Outcome<bool> {
                            // One by one: what is wanted of each may be long.
                            if (*at < count)
                              if (auto resource = find_one(now, (*at)++, out))
                                print_resource(now, *resource, wanted, out);
                            return *at < count;
                          });
}

}  // namespace kontor::dav
