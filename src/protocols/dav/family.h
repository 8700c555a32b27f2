// SPDX-License-Identifier: AGPL-3.0-or-later
// How a part of DAV (calendars, cards, principals, ACL, scheduling, ...) hangs itself into the server: a file with one
// Family, and a line in families.cc. What is asked of all families is asked in their order there; `common` is the last.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/dav/context.h"
#include "protocols/dav/resource.h"
#include "protocols/dav/response.h"
#include "wire/xml/print.h"

namespace kontor::dav {

// yes: the element was written, whole, with its own open() and close(). Else nothing was written.
enum class Shown : std::uint8_t { yes, absent, denied };

// A live property. What is in no table is a dead one and kept as it is.
struct Property {
  xml::NameView name;
  Scope scope;
  bool is_in_allprop = false;
  Shown (*print)(Context&, const Resource&, xml::Printer&);
  // Null: protected. Runs within the commit that makes or changes the resource. `value`: null if it is removed.
  Outcome<> (*set)(Context&, const Resource&, groupware::Transaction&, const xml::Element* value) = nullptr;
};

// What a request must know before its body is taken: where it goes, that it may, and of what kind it will be.
struct PutPlan {
  groupware::Kind kind = groupware::Kind::files;
  TenantId tenant;
  std::uint64_t largest = 0;                    // bytes
  std::optional<xml::NameView> too_large = {};  // the precondition that does not hold beyond that
};

struct Method {
  enum class Body : std::uint8_t { none, text, whole };  // text: up to largest_request; whole: up to largest_object
  std::string_view name;
  Scope scope;
  Body body = Body::none;
  Outcome<Response> (*handle)(Context&, const Resource&);
  // Where the scope does not say all: null or true.
  bool (*applies)(Context&, const Resource&) = nullptr;
  // Where the body goes to the store, and is the context's `upload` then; null or nothing: it does not.
  Outcome<std::optional<PutPlan>> (*plan)(Context&, const Resource&) = nullptr;
};

struct Report {
  xml::NameView name;  // for supported-report-set
  Scope scope;
  bool (*takes)(const wire::dav::Report&);
  Outcome<Response> (*run)(Context&, const Resource&, const wire::dav::Report&);
};

// An item that is about to be put, copied, moved or removed; of a tree each of its items.
struct Change {
  enum class What : std::uint8_t { put, copy, move, remove };
  What what = What::put;
  const Resource& target;            // where it goes: an item or an absent name; what is removed
  const Resource* source = nullptr;  // of copy and move
  // What the target will be; null where it is removed, and for files. Whoever plans may replace it: then the client is
  // not told an ETag, and reads the item again.
  std::shared_ptr<const std::string> bytes = nullptr;
  // The server itself makes the bytes: what headers say is about something else.
  bool is_edit = false;
  // Managed attachments that come along with it.
  std::vector<std::string> attached = {};
};

// What comes with a change.
struct Consequences {
  // In the same commit, after the item itself was stored; may be run more than once.
  std::vector<std::function<Outcome<>(groupware::Transaction&)>> within = {};
  // Once it is durable. On the worker; must not throw.
  std::vector<std::function<void()>> after = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  // of the answer
  std::map<std::string, std::string> properties = {};             // of an item that is put
};

struct Family {
  std::string_view name;
  std::span<const Property> properties = {};
  std::span<const Method> methods = {};
  std::span<const Report> reports = {};
  std::string_view compliance = {};  // words of the DAV header: "calendar-access, calendar-auto-schedule"

  // Types of the resource beside DAV:collection.
  std::vector<xml::NameView> (*types)(const Resource&) = nullptr;
  // Content type of an item; empty: not of this family.
  std::string (*content_type)(Context&, const Resource&) = nullptr;
  // Headers of GET, HEAD and PUT beside the usual ones. After a PUT `resource` is what was stored.
  void (*headers)(Context&, const Resource&, std::vector<std::pair<std::string, std::string>>&) = nullptr;

  // Whether the change may be at all; changes nothing (RFC 4791 section 5.3.2.1, RFC 6352 section 6.3.2.1).
  Outcome<> (*check)(Context&, const Change&) = nullptr;
  // Before each change of an item, after all checks: what is to be done with it, and what the item becomes.
  Outcome<> (*plan)(Context&, Change&, Consequences&) = nullptr;

  // Specials directly in a home (or in homes, or at the root), or folders of others that show there: by name and all.
  Outcome<std::optional<Resource>> (*find)(Context&, const Resource& home, const std::string& name) = nullptr;
  Outcome<> (*specials)(Context&, const Resource& home, const std::function<bool(Resource)>& visit) = nullptr;

  // GET of /dav/public/<name>, without a login: context.user has no id. Nothing: not of this family.
  Outcome<std::optional<Response>> (*open)(Context&, const std::string& name) = nullptr;
};

// One line for each family, in families.cc.
std::span<const Family* const> families();

const Family& common_family();

// The method as the first family has it that has it for this resource; null: none does.
const Method* find_method(Context& context, const Resource& resource, std::string_view name);
std::vector<std::string_view> methods_on(Context& context, const Resource& resource);

// Of what can be read; empty else.
std::string content_type_of(Context& context, const Resource& resource);

// "1997-12-01T17:42:21Z" (RFC 3339).
std::string xml_date(Instant at);

// The live property of that name on the resource; null: it is a dead one there.
const Property* find_property(const Resource& resource, xml::NameView name);
// Whether the server alone has properties of that name, on whatever resource.
bool is_protected(xml::NameView name);

}  // namespace kontor::dav
