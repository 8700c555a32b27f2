// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>

#include <cstdio>

#include "kontor/commands.h"
#include "kontor/exit_code.h"
#include "kontor/print.h"

namespace kontor::app {
namespace {

Printer details() {
  return [](const json::value& answer) {
    print_details(answer, {"default_quota"});
    return kOk;
  };
}

Printer table(std::vector<Column> columns) {
  return [columns = std::move(columns)](const json::value& answer) {
    print_table(answer, columns);
    return kOk;
  };
}

Printer said(std::string what, std::string key) {
  return [what = std::move(what), key = std::move(key)](const json::value& answer) {
    fmt::print("{} {}\n", what, cell(answer.at(key)));
    return kOk;
  };
}

constexpr CallOptions kMakes{.may_open = true, .may_make = true};

void add_tenant(CommandLine& line) {
  line.group("tenant", "Organisations that share this server and see nothing of each other");
  line.verb("tenant add", "tenant.add", "Adds a tenant", said("Added tenant", "name"), kMakes)
      .required("name", "NAME", "Its name: lower-case letters, digits, hyphens")
      .size("--default-quota", "default_quota", "Quota of accounts without one of their own, like 5G; or unlimited")
      .number("--recoverable-days", "recoverable_days", "How long removed items can be brought back (0: not at all)")
      .example("kontor tenant add example --default-quota 10G");
  line.verb("tenant show", "tenant.show", "Shows a tenant", details()).required("name", "NAME", "The tenant");
  line.verb("tenant list", "tenant.list", "Lists all tenants",
            table({{"TENANT", "name"}, {"STATUS", "status"}, {"DOMAINS", "domains"}, {"PRINCIPALS", "principals"}}));
  line.verb("tenant set", "tenant.set", "Changes a tenant", said("Changed tenant", "name"))
      .required("name", "NAME", "The tenant")
      .text("--rename", "new_name", "NAME", "A new name")
      .text("--status", "status", "STATUS", "active, inactive or suspended")
      .size("--default-quota", "default_quota", "Quota of accounts without one of their own, like 5G; or unlimited")
      .number("--recoverable-days", "recoverable_days", "How long removed items can be brought back")
      .list("--metadata", "metadata", "ENTRY=VALUE",
            "What mail programs are told of the server (RFC 5464): /shared/comment=TEXT, /shared/admin=URI; no value "
            "removes it")
      .example("kontor tenant set example --default-quota unlimited");
  line.verb("tenant remove", "tenant.remove", "Removes a tenant that has no domains and principals any more",
            said("Removed tenant", "removed"))
      .required("name", "NAME", "The tenant");
}

std::string words_in(const json::value& list) {
  std::string out;
  for (const json::value& one : list.as_array()) out += (out.empty() ? "" : ", ") + cell(one);
  return out;
}

int print_journal(const json::value& answer) {
  json::array rows;
  for (const json::value& rule : answer.at("rules").as_array()) {
    const std::string only = words_in(rule.at("only"));
    rows.push_back(json::object{{"to", rule.at("to")},
                                {"directions", words_in(rule.at("directions"))},
                                {"only", only.empty() ? "everyone" : only}});
  }
  print_table(rows, {{"ARCHIVE", "to"}, {"MAIL", "directions"}, {"OF", "only"}});
  return kOk;
}

void add_journal(CommandLine& line) {
  line.group("tenant journal", "Copies of a tenant's mail for an archive");
  line.verb("tenant journal set", "tenant.journal.set", "Copies mail to an archive, or changes which", print_journal)
      .required("name", "NAME", "The tenant")
      .text("--to", "to", "ADDRESS", "The archive, here or anywhere", true)
      .list("--direction", "directions", "WHICH", "in, out or internal; otherwise all mail")
      .list("--only", "only", "WHO", "Mail that an address (a group: also its members) or @domain sends or gets")
      .example("kontor tenant journal set example --to journal@archive.example --direction in --direction out");
  line.verb("tenant journal list", "tenant.journal.list", "Lists a tenant's archives", print_journal)
      .required("name", "NAME", "The tenant");
  line.verb("tenant journal remove", "tenant.journal.remove", "Ends the copies to an archive", print_journal)
      .required("name", "NAME", "The tenant")
      .text("--to", "to", "ADDRESS", "The archive", true);
}

void add_domain(CommandLine& line) {
  line.group("domain", "Mail domains of tenants");
  line.verb("domain add", "domain.add", "Adds a domain", said("Added domain", "name"), kMakes)
      .required("name", "DOMAIN", "Like example.org")
      .text("--tenant", "tenant", "NAME", "The tenant that it belongs to", true)
      .on_off("--subaddressing", "subaddressing", "Whether user+detail reaches user (on by default)")
      .example("kontor domain add example.org --tenant example");
  line.verb("domain show", "domain.show", "Shows a domain", details()).required("name", "DOMAIN", "The domain");
  line.verb("domain list", "domain.list", "Lists domains",
            table({{"DOMAIN", "name"},
                   {"TENANT", "tenant"},
                   {"CATCH-ALL", "catch_all"},
                   {"SUBADDRESSING", "subaddressing"}}))
      .text("--tenant", "tenant", "NAME", "Only of this tenant");
  line.verb("domain set", "domain.set", "Changes a domain", said("Changed domain", "name"))
      .required("name", "DOMAIN", "The domain")
      .text("--catch-all", "catch_all", "ADDRESS", "Who gets mail to unknown addresses; \"\" for nobody")
      .on_off("--subaddressing", "subaddressing", "Whether user+detail reaches user")
      .example("kontor domain set example.org --catch-all postmaster@example.org");
  line.verb("domain remove", "domain.remove", "Removes a domain that no address uses any more",
            said("Removed domain", "removed"))
      .required("name", "DOMAIN", "The domain");
}

}  // namespace

void add_tenant_commands(CommandLine& line) {
  add_tenant(line);
  add_journal(line);
  add_domain(line);
}

}  // namespace kontor::app
