// SPDX-License-Identifier: AGPL-3.0-or-later
// Properties of address books and cards: RFC 6352 sections 6.2, 7.1, 8.3.1 and 10.4; the directory's gateway.
#include "groupware/contacts/directory_book.h"
#include "protocols/dav/card.h"
#include "protocols/dav/card_directory.h"
#include "protocols/dav/language.h"
#include "protocols/dav/methods.h"
#include "wire/dav/href.h"

namespace kontor::dav {
namespace {

using wire::dav::carddav;
using What = Resource::What;

constexpr std::size_t kMostDescription = 10'000;

Shown print_href_leaf(xml::Printer& out, xml::NameView name, const std::string& path) {
  out.open(name);
  out.leaf(wire::dav::dav("href"), wire::dav::encode_path(path));
  out.close();
  return Shown::yes;
}

// Not of the directory's cards, which are special as well.
bool is_book(const Resource& resource) { return resource.what == What::collection || resource.is_collection(); }

Shown print_card_types(Context&, const Resource& resource, xml::Printer& out) {
  if (!is_book(resource)) return Shown::absent;
  out.open(carddav("supported-address-data"));
  for (const std::string_view version : {"3.0", "4.0"}) {
    out.open(carddav("address-data-type"), {{"content-type", "text/vcard"}, {"version", version}});
    out.close();
  }
  out.close();
  return Shown::yes;
}

Shown print_card_collations(Context&, const Resource& resource, xml::Printer& out) {
  if (!is_book(resource)) return Shown::absent;
  out.open(carddav("supported-collation-set"));
  for (const std::string_view name : {"i;ascii-casemap", "i;octet", "i;unicode-casemap"})
    out.leaf(carddav("supported-collation"), name);
  out.close();
  return Shown::yes;
}

Shown print_largest_card(Context& context, const Resource& resource, xml::Printer& out) {
  if (!is_book(resource)) return Shown::absent;
  out.leaf(carddav("max-resource-size"), std::to_string(context.options.largest_object));
  return Shown::yes;
}

Shown print_book_description(Context&, const Resource& resource, xml::Printer& out) {
  if (!is_book(resource)) return Shown::absent;
  const std::string text = resource.folder ? resource.folder->description : "Everybody here";
  if (text.empty()) return Shown::absent;
  print_with_language(resource, kDescriptionLanguage, carddav("addressbook-description"), text, out);
  return Shown::yes;
}

Outcome<> set_book_description(Context&, const Resource& resource, groupware::Transaction& transaction,
                               const xml::Element* value) {
  if (!resource.folder) return deny(403, "this is the server's own");
  groupware::Transaction::FolderChange change;
  change.description = value ? value->own_text() : std::string();
  note_language(change, kDescriptionLanguage, value);
  if (change.description->size() > kMostDescription) return deny(409, "this is too long");
  TRY_VOID(transaction.change_folder(resource.folder->id, change));
  return {};
}

Shown print_principal_card(Context& context, const Resource& resource, xml::Printer& out) {
  if (!resource.owner || !resource.owner->is_listed() || !context.user.account()) return Shown::absent;
  return print_href_leaf(out, carddav("principal-address"),
                         directory_path(context) + groupware::directory_card_name(resource.owner->id));
}

Shown print_gateway(Context& context, const Resource&, xml::Printer& out) {
  if (!context.user.account()) return Shown::absent;
  return print_href_leaf(out, carddav("directory-gateway"), directory_path(context));
}

// In answers of reports alone: as these want it.
Shown print_address_data(Context& context, const Resource& resource, xml::Printer& out) {
  if (!context.wanted || !context.wanted->card) return Shown::absent;
  const auto wanted = selection_of(*context.wanted->card);
  if (!wanted) return Shown::denied;
  if (resource.special) {
    const auto* one = dynamic_cast<const DirectoryCard*>(resource.special.get());
    if (one == nullptr) return Shown::absent;
    out.leaf(carddav("address-data"), groupware::render_card(one->card(context), *wanted));
    return Shown::yes;
  }
  const auto bytes = whole_content(context, *resource.account, resource.entry->item, context.options.largest_object);
  if (!bytes) return Shown::absent;
  out.leaf(carddav("address-data"), groupware::render_card(**bytes, *wanted));
  return Shown::yes;
}

// The directory can be read, and no more.
Shown print_directory_privileges(Context&, const Resource&, xml::Printer& out) {
  using wire::dav::dav;
  out.open(dav("current-user-privilege-set"));
  for (const std::string_view name : {"read", "read-current-user-privilege-set"}) {
    out.open(dav("privilege"));
    out.leaf(dav(name));
    out.close();
  }
  out.close();
  return Shown::yes;
}

constexpr Scope kDirectoryScope{on(What::special), ~0U, in(Space::contacts)};
constexpr Scope kOfPrincipal{on(What::principal)};
constexpr Scope kGatewayScope{on(What::principal, What::home, What::homes), ~0U,
                              in(Space::principals, Space::contacts)};

const Property kCardProperties[] = {
    {carddav("supported-address-data"), kAnyBookScope, false, print_card_types},
    {carddav("supported-collation-set"), kAnyBookScope, false, print_card_collations},
    {carddav("max-resource-size"), kAnyBookScope, false, print_largest_card},
    {carddav("addressbook-description"), kAnyBookScope, false, print_book_description, set_book_description},
    {carddav("principal-address"), kOfPrincipal, false, print_principal_card},
    {carddav("directory-gateway"), kGatewayScope, false, print_gateway},
    {carddav("address-data"), kAnyCardScope, false, print_address_data},
    {wire::dav::dav("current-user-privilege-set"), kDirectoryScope, false, print_directory_privileges},
};

}  // namespace

std::span<const Property> card_properties() { return kCardProperties; }

}  // namespace kontor::dav
