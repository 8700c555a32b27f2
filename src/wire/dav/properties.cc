// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/dav/properties.h"

#include <fmt/format.h>

#include <utility>

#include "wire/dav/names.h"
#include "wire/xml/parse.h"

namespace kontor::wire::dav {
namespace {

constexpr xml::NameView kLanguage{xml::kXmlSpace, "lang"};

std::vector<xml::Name> names_in(const xml::Element& parent) {
  std::vector<xml::Name> out;
  for (const xml::Element* one : parent.children()) out.push_back(one->name);
  return out;
}

// The properties in DAV:set or DAV:remove.
std::vector<xml::Element> properties_in(const xml::Element& change, const std::string* language) {
  std::vector<xml::Element> out;
  if (const std::string* own = change.attribute(kLanguage)) language = own;
  for (const xml::Element* prop : change.children(dav("prop"))) {
    const std::string* own = prop->attribute(kLanguage);
    const std::string* in_force = own ? own : language;
    for (const xml::Element* one : prop->children()) {
      xml::Element& property = out.emplace_back(*one);
      if (in_force && !property.attribute(kLanguage)) property.attributes.push_back({xml::Name(kLanguage), *in_force});
    }
  }
  return out;
}

}  // namespace

Parsed<xml::Element> parse_any_body(std::string_view body) {
  auto root = xml::parse(body);
  if (root) return *std::move(root);
  return refuse(std::move(root.error().text), root.error().code == Errc::too_large ? 413 : 400);
}

Parsed<xml::Element> parse_body(std::string_view body, xml::NameView root) {
  TRY(xml::Element element, parse_any_body(body));
  if (!element.is(root)) return refuse(fmt::format("The body is no {} of {}.", root.local, root.space));
  return element;
}

Parsed<PropRequest> parse_prop_request(const xml::Element& parent, PropRequest::Kind otherwise) {
  PropRequest out;
  const xml::Element* prop = parent.child(dav("prop"));
  const bool is_all = parent.child(dav("allprop")) != nullptr;
  const bool is_names = parent.child(dav("propname")) != nullptr;
  if ((prop ? 1 : 0) + (is_all ? 1 : 0) + (is_names ? 1 : 0) > 1)
    return refuse("Only one of prop, allprop and propname can be asked for.");
  out.kind = is_all ? PropRequest::Kind::all : is_names ? PropRequest::Kind::names : otherwise;
  if (prop) {
    out.kind = PropRequest::Kind::some;
    out.names = names_in(*prop);
  } else if (const xml::Element* include = parent.child(dav("include")); include && is_all) {
    out.names = names_in(*include);
  }
  return out;
}

Parsed<PropRequest> parse_propfind(std::string_view body) {
  if (body.empty()) return PropRequest{PropRequest::Kind::all, {}};
  TRY(const xml::Element root, parse_body(body, dav("propfind")));
  const bool asks = root.child(dav("prop")) || root.child(dav("allprop")) || root.child(dav("propname"));
  if (!asks) return refuse("The propfind asks for nothing.");
  return parse_prop_request(root, PropRequest::Kind::some);
}

Parsed<std::vector<PropertyChange>> parse_proppatch(std::string_view body) {
  TRY(const xml::Element root, parse_body(body, dav("propertyupdate")));
  const std::string* language = root.attribute(kLanguage);
  std::vector<PropertyChange> out;
  for (const xml::Element* change : root.children()) {
    const bool is_removal = change->is(dav("remove"));
    if (!is_removal && !change->is(dav("set"))) continue;  // section 17: unknown elements are nothing
    for (xml::Element& property : properties_in(*change, language)) out.push_back({is_removal, std::move(property)});
  }
  if (out.empty()) return refuse("The propertyupdate changes nothing.");
  return out;
}

Parsed<std::vector<xml::Element>> parse_new_collection(std::string_view body, xml::NameView root) {
  std::vector<xml::Element> out;
  if (body.empty()) return out;
  TRY(const xml::Element element, parse_any_body(body));
  // RFC 4918 section 9.3: a body that is not understood.
  if (!element.is(root)) return refuse(fmt::format("The body is no {} of {}.", root.local, root.space), 415);
  const std::string* language = element.attribute(kLanguage);
  for (const xml::Element* set : element.children(dav("set")))
    for (xml::Element& property : properties_in(*set, language)) out.push_back(std::move(property));
  return out;
}

Parsed<LockRequest> parse_lock_request(std::string_view body) {
  TRY(const xml::Element root, parse_body(body, dav("lockinfo")));
  const xml::Element* scope = root.child(dav("lockscope"));
  const xml::Element* type = root.child(dav("locktype"));
  if (!scope || !type || !type->child(dav("write")))
    return refuse("The lockinfo has no scope, or no type that we know.");
  const bool is_shared = scope->child(dav("shared")) != nullptr;
  if (is_shared == (scope->child(dav("exclusive")) != nullptr)) return refuse("A lock is exclusive or shared.");
  LockRequest out;
  out.is_exclusive = !is_shared;
  if (const xml::Element* owner = root.child(dav("owner"))) out.owner = *owner;
  return out;
}

}  // namespace kontor::wire::dav
