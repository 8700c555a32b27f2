// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/dav/queries.h"

#include <fmt/format.h>

#include "wire/xml/print.h"

namespace kontor::migrate {
namespace {

namespace dav = wire::dav;
using wire::xml::Printer;

// What is wanted of each item of a listing.
void print_item_properties(Printer& printer) {
  printer.open(dav::dav("prop"));
  for (const char* name : {"getetag", "getcontentlength", "getlastmodified", "resourcetype"})
    printer.leaf(dav::dav(name));
  printer.close();
}

}  // namespace

std::string propfind_body(std::initializer_list<NameView> properties) {
  std::string out;
  Printer printer(out, dav::kPrefixes);
  printer.open(dav::dav("propfind"));
  printer.open(dav::dav("prop"));
  for (const auto name : properties) printer.leaf(name);
  printer.close();
  printer.close();
  return out;
}

std::string sync_body(std::string_view token) {
  std::string out;
  Printer printer(out, dav::kPrefixes);
  printer.open(dav::dav("sync-collection"));
  printer.leaf(dav::dav("sync-token"), token);
  printer.leaf(dav::dav("sync-level"), "1");
  print_item_properties(printer);
  printer.close();
  return out;
}

std::string multiget_body(bool is_of_cards, const std::vector<std::string>& paths) {
  std::string out;
  Printer printer(out, dav::kPrefixes);
  printer.open(is_of_cards ? dav::carddav("addressbook-multiget") : dav::caldav("calendar-multiget"));
  printer.open(dav::dav("prop"));
  printer.leaf(dav::dav("getetag"));
  printer.leaf(is_of_cards ? dav::carddav("address-data") : dav::caldav("calendar-data"));
  printer.close();
  for (const auto& path : paths) printer.leaf(dav::dav("href"), path);
  printer.close();
  return out;
}

Result<DavStatus> ask(DavClient& client, DavRequest request,
                      const std::function<Result<void>(const ResourceStatus&)>& take) {
  DavStatus out;
  bool has_begun = false;
  dav::MultistatusReader reader([&](const ResourceStatus& one) { return take(one); });
  TRY(out.answer, client.run(std::move(request), [&](std::string_view piece) {
    has_begun = true;
    return reader.feed(piece);
  }));
  if (!out.is_multistatus()) return out;
  if (!has_begun) return fail(Errc::invalid, fmt::format("{} answers with nothing", out.answer.url));
  TRY_VOID(reader.finish());
  out.sync_token = reader.sync_token();
  return out;
}

std::vector<std::string> hrefs_in(const ResourceStatus& resource, NameView property) {
  std::vector<std::string> out;
  if (const auto* element = resource.property(property))
    for (const auto* href : element->children(dav::dav("href")))
      if (auto text = href->own_text(); !text.empty()) out.push_back(std::move(text));
  return out;
}

std::string href_in(const ResourceStatus& resource, NameView property) {
  auto all = hrefs_in(resource, property);
  return all.empty() ? std::string() : std::move(all.front());
}

bool is_of_type(const ResourceStatus& resource, NameView type) {
  const auto* element = resource.property(dav::dav("resourcetype"));
  return element != nullptr && element->child(type) != nullptr;
}

}  // namespace kontor::migrate
