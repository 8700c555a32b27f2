// SPDX-License-Identifier: AGPL-3.0-or-later
// Holds on accounts and tenants: set, shown, ended, and what they keep read.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "groupware/hold.h"
#include "groupware/recovery.h"
#include "protocols/admin/verb.h"

namespace kontor::admin {
namespace {

using directory::Hold;
using groupware::Caller;

constexpr std::uint64_t kMostBytesRead = 1 << 20;

// A principal with an account, or a tenant.
struct HoldTarget {
  std::optional<directory::Principal> who;
  directory::Tenant tenant;

  std::vector<Hold>& holds() { return who ? who->holds : tenant.holds; }
};

Result<HoldTarget> hold_target(const Context& context, const Arguments& arguments) {
  HoldTarget out;
  TRY(const auto address, arguments.optional_text("address"));
  TRY(const auto tenant, arguments.optional_text("tenant"));
  if (address.has_value() == tenant.has_value()) return fail(Errc::invalid, "Say either whose account, or --tenant");
  if (tenant) {
    auto found = context.directory.tenant(*tenant);
    if (!found) return fail(Errc::not_found, fmt::format("There is no tenant {}", *tenant));
    out.tenant = *std::move(found);
    return out;
  }
  TRY(out.who, find_principal(context, *address));
  if (!out.who->account()) return fail(Errc::invalid, fmt::format("{} is a group and has no items", *address));
  return out;
}

Result<void> store_holds(Context& context, const HoldTarget& target) {
  if (target.who) return context.directory.update_principal(*target.who);
  return context.directory.update_tenant(target.tenant);
}

json::object show_hold(const Hold& hold) {
  return {{"hold", hold.name}, {"since", show(hold.since)}, {"by", hold.by}, {"reason", hold.reason}};
}

void append_holds(json::array& out, std::string_view of, std::string_view kind, const std::vector<Hold>& holds) {
  for (const Hold& hold : holds) {
    json::object one = show_hold(hold);
    one["of"] = of;
    one["kind"] = kind;
    out.push_back(std::move(one));
  }
}

// Updates that began before the hold are over when this returns.
void let_updates_end(Context& context, const HoldTarget& target) {
  std::vector<AccountId> accounts;
  if (target.who) accounts.push_back(target.who->account());
  if (!target.who)
    for (const directory::Principal& one : context.directory.principals(target.tenant.id))
      if (one.account()) accounts.push_back(one.account());
  for (const AccountId id : accounts)
    if (const auto account = context.accounts.find_open(id))
      (void)account->update(Caller::system(), [](groupware::Transaction&) -> Result<void> { return {}; });
}

json::value shown_target(const HoldTarget& target) {
  json::array out;
  HoldTarget copy = target;
  append_holds(out, target.who ? target.who->primary_address() : target.tenant.name, target.who ? "account" : "tenant",
               copy.holds());
  return out;
}

Result<json::value> hold_set(Context& context, const Arguments& arguments) {
  TRY(HoldTarget target, hold_target(context, arguments));
  Hold hold;
  TRY(hold.name, arguments.text("hold"));
  TRY(const auto reason, arguments.optional_text("reason"));
  TRY(const auto by, arguments.optional_text("by"));
  hold.reason = reason.value_or("");
  hold.by = by.value_or("");
  hold.since = context.clock.now();
  target.holds().push_back(hold);
  TRY_VOID(store_holds(context, target));
  let_updates_end(context, target);
  return shown_target(target);
}

Result<json::value> hold_list(Context& context, const Arguments&) {
  json::array out;
  for (const directory::Tenant& tenant : context.directory.tenants()) {
    append_holds(out, tenant.name, "tenant", tenant.holds);
    for (const directory::Principal& one : context.directory.principals(tenant.id))
      append_holds(out, one.primary_address(), "account", one.holds);
  }
  return out;
}

// Of an account also what is kept of it, and the holds of its tenant.
Result<json::value> hold_show(Context& context, const Arguments& arguments) {
  TRY(HoldTarget target, hold_target(context, arguments));
  json::array holds;
  if (!target.who) {
    append_holds(holds, target.tenant.name, "tenant", target.tenant.holds);
    return json::object{{"holds", std::move(holds)}};
  }
  append_holds(holds, target.who->primary_address(), "account", target.who->holds);
  TRY(const directory::Tenant tenant, context.directory.tenant(target.who->tenant));
  append_holds(holds, tenant.name, "tenant", tenant.holds);
  TRY(const auto account, context.accounts.open(target.who->account()));
  TRY(const auto reader, account->read(Caller::system()));
  TRY(const groupware::HeldItems kept, count_held(*reader));
  return json::object{{"holds", std::move(holds)}, {"items", kept.items}, {"bytes", kept.bytes}};
}

// What was removed since the hold began goes back to its folders.
Result<groupware::Recovered> give_back(Context& context, const directory::Principal& who, Instant since) {
  TRY(const auto account, context.accounts.open(who.account()));
  std::vector<ItemId> items;
  {
    TRY(const auto reader, account->read(Caller::system()));
    TRY_VOID(reader->removed_items(since, Instant::max(), [&](const groupware::RemovedItem& one) {
      items.push_back(one.item.id);
      return true;
    }));
  }
  return restore_items(*account, Caller::system(), items, std::nullopt);
}

Result<json::value> hold_release(Context& context, const Arguments& arguments) {
  TRY(HoldTarget target, hold_target(context, arguments));
  TRY(const std::string name, arguments.text("hold"));
  TRY(const auto restores, arguments.flag("restore"));
  auto& holds = target.holds();
  const auto found = std::ranges::find(holds, name, &Hold::name);
  if (found == holds.end()) return fail(Errc::not_found, fmt::format("There is no hold {} there", name));
  const Instant since = found->since;
  groupware::Recovered all;
  if (restores.value_or(false)) {
    std::vector<directory::Principal> whom;
    if (target.who)
      whom.push_back(*target.who);
    else
      whom = context.directory.principals(target.tenant.id);
    for (const directory::Principal& one : whom) {
      if (!one.account()) continue;
      TRY(const groupware::Recovered done, give_back(context, one, since));
      all.items += done.items;
      all.elsewhere += done.elsewhere;
    }
  }
  // Last: should something not fit back, the hold is still there.
  holds.erase(found);
  TRY_VOID(store_holds(context, target));
  return json::object{{"released", name}, {"restored", all.items}, {"elsewhere", all.elsewhere}};
}

// A piece of one item that is kept, in base 64.
Result<json::value> hold_read(Context& context, const Arguments& arguments) {
  TRY(HoldTarget target, hold_target(context, arguments));
  if (!target.who) return fail(Errc::invalid, "Say whose item");
  TRY(const std::string text, arguments.text("item"));
  TRY(const auto offset, arguments.number("offset"));
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return fail(Errc::invalid, fmt::format("\"{}\" is no item's number", text));
  TRY(const auto account, context.accounts.open(target.who->account()));
  TRY(const auto reader, account->read(Caller::system()));
  TRY(const groupware::Item item, reader->item(ItemId(number)));
  if (!item.filings.empty()) return fail(Errc::not_found, fmt::format("Item {} is not removed", number));
  TRY(const auto content, reader->content(ItemId(number)));
  TRY(const std::string bytes, content->read(offset.value_or(0), kMostBytesRead));
  return json::object{{"size", content->size()}, {"bytes", to_base64(bytes)}};
}

}  // namespace

std::span<const Verb> hold_verbs() {
  static const std::vector<Verb> table = {
      {"hold.set", true, {"address", "tenant", "hold", "reason", "by"}, hold_set},
      {"hold.list", false, {}, hold_list},
      {"hold.show", false, {"address", "tenant"}, hold_show},
      {"hold.release", true, {"address", "tenant", "hold", "restore"}, hold_release},
      {"hold.read", false, {"address", "item", "offset"}, hold_read},
  };
  return table;
}

}  // namespace kontor::admin
