// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/contacts/directory_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <tuple>
#include <unordered_set>

#include "base/bytes.h"
#include "groupware/search/text.h"

namespace kontor::groupware {
namespace {

using directory::PhoneKind;
using directory::Principal;
using directory::PrincipalKind;

// To be raised when cards are made otherwise: then all have changed.
constexpr int kCardForm = 1;

constexpr std::string_view kSuffix = ".vcf";

std::string_view kind_of(PrincipalKind kind) {
  switch (kind) {
    case PrincipalKind::user:
      return "individual";
    case PrincipalKind::shared:
      return "org";
    case PrincipalKind::group:
      return "group";
    case PrincipalKind::room:
      return "location";
    case PrincipalKind::equipment:
      return "device";  // RFC 6869
  }
  return "individual";
}

std::vector<std::string> types_of(PhoneKind kind) {
  switch (kind) {
    case PhoneKind::work:
      return {"work", "voice"};
    case PhoneKind::mobile:
      return {"cell"};
    case PhoneKind::home:
      return {"home", "voice"};
    case PhoneKind::fax:
      return {"work", "fax"};
    case PhoneKind::pager:
      return {"pager"};
    case PhoneKind::other:
      break;
  }
  return {"voice"};
}

// The directory knows one name: "Ada Example" and "Example, Ada" have the same parts, all others are one.
std::string parts_of_name(const Principal& principal, const std::string& shown) {
  const auto n = [](std::string_view family, std::string_view given) {
    return lines::escape(family) + ";" + lines::escape(given) + ";;;";
  };
  if (principal.kind != PrincipalKind::user || principal.name.empty()) return n(shown, "");
  if (const auto comma = shown.find(", "); comma != std::string::npos)
    return n(shown.substr(0, comma), shown.substr(comma + 2));
  const auto blank = shown.rfind(' ');
  if (blank == std::string::npos) return n("", shown);
  return n(shown.substr(blank + 1), shown.substr(0, blank));
}

void add(vcard::Component& card, std::string_view name, std::string value,
         std::vector<lines::Parameter> parameters = {}) {
  card.properties.push_back(
      {.group = "", .name = std::string(name), .parameters = std::move(parameters), .value = std::move(value)});
}

void add_text(vcard::Component& card, std::string_view name, const std::string& text) {
  if (!text.empty()) add(card, name, lines::escape(text));
}

void add_details(vcard::Component& card, const directory::ContactDetails& details) {
  add_text(card, "TITLE", details.title);
  if (!details.company.empty() || !details.department.empty())
    add(card, "ORG",
        lines::escape(details.company) + (details.department.empty() ? "" : ";" + lines::escape(details.department)));
  for (const directory::Phone& phone : details.phones)
    add(card, "TEL", lines::escape(phone.number), {{.name = "TYPE", .values = types_of(phone.kind)}});
  if (!details.location.empty())
    add(card, "ADR", ";" + lines::escape(details.location) + ";;;;;", {{.name = "TYPE", .values = {"work"}}});
}

std::vector<std::string> folded_words(std::string_view text) {
  std::vector<std::string> out;
  const std::string folded = fold_text(text);
  for (std::size_t at = 0; at < folded.size();) {
    const auto end = std::min(folded.find_first_of(" \t\r\n", at), folded.size());
    if (end > at) out.push_back(folded.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

}  // namespace

std::string directory_card_name(PrincipalId id) { return fmt::format("{}{}", id.value, kSuffix); }

PrincipalId directory_card_id(std::string_view name) {
  if (!name.ends_with(kSuffix)) return {};
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  const bool is_whole = error == std::errc() && directory_card_name(PrincipalId(id)) == name;
  return PrincipalId(is_whole ? id : 0);
}

std::string directory_card_etag(const Principal& principal) {
  return fmt::format("\"{}-{}-{}\"", kCardForm, principal.id.value, principal.list_revision);
}

Result<DirectoryBook::Changes> DirectoryBook::changes(TenantId tenant, std::uint64_t since) const {
  directory::ListChanges found = directory_.list_changes(tenant, since);
  if (since > found.revision) return fail(Errc::conflict, "the list of people never was at that revision");
  Changes out{.revision = found.revision, .present = std::move(found.present), .gone = {}};
  for (const auto& gone : found.gone) out.gone.push_back(directory_card_name(gone.id));
  return out;
}

Result<Principal> DirectoryBook::find(TenantId tenant, PrincipalId id) const {
  auto found = directory_.principal(id);
  if (!found || found->tenant != tenant || !found->is_listed())
    return fail(Errc::not_found, "there is no such card in the list of people");
  return found;
}

Result<Principal> DirectoryBook::find(TenantId tenant, std::string_view name) const {
  return find(tenant, directory_card_id(name));
}

vcard::Component DirectoryBook::card(const Principal& principal) const {
  vcard::Component out;
  out.name = "VCARD";
  const std::string& shown = principal.name.empty() ? principal.primary_address() : principal.name;
  add(out, "VERSION", "4.0");
  add(out, "UID", "urn:uuid:" + directory_.uuid(principal.id));
  add(out, "KIND", std::string(kind_of(principal.kind)));
  add_text(out, "FN", shown);
  add(out, "N", parts_of_name(principal, shown));
  for (const std::string& address : principal.addresses) {
    std::vector<lines::Parameter> parameters;
    if (principal.addresses.size() > 1 && &address == &principal.addresses.front())
      parameters = {{.name = "PREF", .values = {"1"}}};
    add(out, "EMAIL", lines::escape(address), std::move(parameters));
  }
  add_details(out, principal.details());
  if (principal.kind == PrincipalKind::group) add_members(principal, out);
  return out;
}

void DirectoryBook::add_members(const Principal& group, vcard::Component& card) const {
  if (group.members.size() > kMostMembers) return;
  for (const PrincipalId member : group.members)
    if (const auto found = find(group.tenant, member)) add(card, "MEMBER", "urn:uuid:" + directory_.uuid(member));
}

vcard::Component DirectoryBook::whole_card(const Principal& principal) const {
  vcard::Component out = card(principal);
  if (principal.photo.type == directory::PhotoType::none) return out;
  // Taken away meanwhile, it is not there; the card's ETag is of before then.
  if (const auto bytes = directory_.photo(principal.id))
    add(out, "PHOTO", fmt::format("data:image/{};base64,{}", name(principal.photo.type), to_base64(*bytes)));
  return out;
}

DirectoryBook::Row DirectoryBook::row_of(const Principal& principal) const {
  const std::string& shown = principal.name.empty() ? principal.primary_address() : principal.name;
  return {.id = principal.id, .name = fold_text(shown), .text = card_text(card(principal))};
}

std::shared_ptr<const DirectoryBook::Listing> DirectoryBook::listing(TenantId tenant) {
  std::lock_guard lock(mutex_);
  auto& known = listings_[tenant];
  const std::uint64_t since = known ? known->revision : 0;
  if (known && revision(tenant) == since) return known;
  const directory::ListChanges changes = directory_.list_changes(tenant, since);
  std::unordered_set<PrincipalId> touched;
  for (const auto& gone : changes.gone) touched.insert(gone.id);
  for (const Principal& one : changes.present) touched.insert(one.id);
  const auto before = [](const auto& a, const auto& b) {
    return std::tie(a->name, a->id.value) < std::tie(b->name, b->id.value);
  };
  std::vector<std::shared_ptr<const Row>> kept, fresh;
  if (known)
    std::ranges::copy_if(known->rows, std::back_inserter(kept),
                         [&](const auto& row) { return !touched.contains(row->id); });
  for (const Principal& one : changes.present) fresh.push_back(std::make_shared<const Row>(row_of(one)));
  std::ranges::sort(fresh, before);
  auto next = std::make_shared<Listing>();
  next->revision = changes.revision;
  next->rows.reserve(kept.size() + fresh.size());
  std::ranges::merge(kept, fresh, std::back_inserter(next->rows), before);
  known = std::move(next);
  return known;
}

void DirectoryBook::each(TenantId tenant, const std::function<bool(const Principal&)>& visit) {
  const auto all = listing(tenant);
  for (const auto& row : all->rows)
    if (const auto one = find(tenant, row->id); one && !visit(*one)) return;
}

template <class May, class Is>
DirectoryBook::Found DirectoryBook::collect(TenantId tenant, std::size_t most, const May& may, const Is& is) {
  Found out;
  const auto all = listing(tenant);
  for (const auto& row : all->rows) {
    if (!may(*row)) continue;
    auto one = find(tenant, row->id);
    if (!one || !is(*one)) continue;
    if (out.people.size() == most) {
      out.is_cut = true;
      break;
    }
    out.people.push_back(std::move(*one));
  }
  return out;
}

DirectoryBook::Found DirectoryBook::search(TenantId tenant, std::string_view text, std::size_t most) {
  const std::vector<std::string> words = folded_words(text.substr(0, CardMatcher::kMostText));
  return collect(
      tenant, std::min(most, kMostFound),
      [&](const Row& row) {
        return std::ranges::all_of(words, [&](const std::string& word) { return contains_text(row.text, word); });
      },
      [](const Principal&) { return true; });
}

DirectoryBook::Found DirectoryBook::query(TenantId tenant, const CardMatcher& wanted, std::size_t most) {
  return collect(
      tenant, std::min(most, kMostFound), [&](const Row& row) { return wanted.may_match(row.text); },
      [&](const Principal& one) {
        vcard::Component searched = card(one);
        if (one.photo.type != directory::PhotoType::none) add(searched, "PHOTO", {});
        return wanted.matches(searched);
      });
}

}  // namespace kontor::groupware
