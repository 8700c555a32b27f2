// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/card_directory.h"

#include <fmt/format.h>

#include <charconv>

#include "groupware/contacts/directory_book.h"
#include "protocols/dav/card.h"

namespace kontor::dav {
namespace {

using groupware::DirectoryBook;
using wire::dav::carddav;

DirectoryBook& book_of(Context& context) { return *context.services.people; }

std::string directory_token(TenantId tenant, std::uint64_t revision) {
  return fmt::format("data:,kontor-directory-{}-{}", tenant.value, revision);
}

// Nothing: it is no token of this tenant's list.
std::optional<std::uint64_t> directory_revision(TenantId tenant, std::string_view token) {
  const std::string begin = fmt::format("data:,kontor-directory-{}-", tenant.value);
  if (!token.starts_with(begin)) return std::nullopt;
  token.remove_prefix(begin.size());
  std::uint64_t revision = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), revision);
  if (error != std::errc() || end != token.data() + token.size() || revision == 0) return std::nullopt;
  return revision;
}

bool has_directory(Context& context, const Resource& home) {
  return home.what == Resource::What::home && home.space == Space::contacts && home.owner &&
         home.owner->id == context.user.id;
}

Resource directory_resource(const Resource& home) {
  Resource out;
  out.what = Resource::What::special;
  out.space = Space::contacts;
  out.path = as_collection(home.path + DirectoryCollection::kName);
  out.owner = home.owner;
  out.name = DirectoryCollection::kName;
  out.special = std::make_shared<DirectoryCollection>();
  return out;
}

}  // namespace

std::vector<xml::NameView> DirectoryCollection::types() const { return {carddav("addressbook"), carddav("directory")}; }

Resource directory_card(const Resource& book, directory::Principal principal) {
  Resource out;
  out.what = Resource::What::special;
  out.space = Space::contacts;
  out.owner = book.owner;
  out.name = groupware::directory_card_name(principal.id);
  out.path = book.path + out.name;
  out.special = std::make_shared<DirectoryCard>(std::move(principal));
  return out;
}

Outcome<void> DirectoryCollection::members(Context& context, const Resource& self,
                                           const std::function<bool(Resource)>& visit) const {
  book_of(context).each(context.user.tenant,
                        [&](const directory::Principal& one) { return visit(directory_card(self, one)); });
  return {};
}

Outcome<std::optional<Resource>> DirectoryCollection::member(Context& context, const Resource& self,
                                                             const std::string& name) const {
  auto found = book_of(context).find(context.user.tenant, name);
  if (!found) return std::nullopt;
  return directory_card(self, *std::move(found));
}

Outcome<std::optional<std::string>> DirectoryCollection::state(Context& context, const Resource& /*self*/) const {
  const TenantId tenant = context.user.tenant;
  return directory_token(tenant, book_of(context).revision(tenant));
}

Outcome<Special::News> DirectoryCollection::news(Context& context, const Resource& self,
                                                 const std::string& since) const {
  const TenantId tenant = context.user.tenant;
  const auto from = since.empty() ? std::optional<std::uint64_t>(0) : directory_revision(tenant, since);
  auto changes = from ? book_of(context).changes(tenant, *from) : fail(Errc::conflict, "");
  if (!changes) return deny(wire::dav::dav("valid-sync-token"), "this is no token of this collection");
  News out{.state = directory_token(tenant, changes->revision), .changed = {}, .gone = std::move(changes->gone)};
  for (directory::Principal& one : changes->present) out.changed.push_back(directory_card(self, std::move(one)));
  return out;
}

std::string DirectoryCard::etag() const { return groupware::directory_card_etag(principal_); }

vcard::Component DirectoryCard::card(Context& context) const { return book_of(context).whole_card(principal_); }

Outcome<std::string> DirectoryCard::content(Context& context) const {
  const vcard::Version version = accepted_version(context.header("accept"), vcard::Version::v3);
  return groupware::render_card(card(context), {.version = version, .only = {}});
}

std::string directory_path(Context& context) {
  return home_path(Space::contacts, context.user) + DirectoryCollection::kName + "/";
}

Outcome<std::optional<Resource>> find_directory(Context& context, const Resource& home, const std::string& name) {
  if (name != DirectoryCollection::kName || !has_directory(context, home)) return std::nullopt;
  return directory_resource(home);
}

Outcome<> list_directory(Context& context, const Resource& home, const std::function<bool(Resource)>& visit) {
  if (has_directory(context, home)) visit(directory_resource(home));
  return {};
}

}  // namespace kontor::dav
