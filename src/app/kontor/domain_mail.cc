// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor/domain_mail.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "base/config.h"
#include "kontor/commands.h"
#include "kontor/exit_code.h"
#include "kontor/print.h"
#include "kontor/verb_arguments.h"

namespace kontor::app {
namespace {

using transport::DomainKeyInfo;

constexpr std::chrono::seconds kRotationDelay = std::chrono::days(2);

json::object show_key(const DomainKeyInfo& key) {
  return {{"domain", key.domain},
          {"selector", key.selector},
          {"algorithm", key.kind == transport::DomainKeyKind::rsa ? "rsa" : "ed25519"},
          {"state", name(key.state)},
          {"created", time_text(key.created)},
          {"used_from", time_text(key.active_from)},
          {"record_name", key.record_name},
          {"record_type", "TXT"},
          {"record", key.record}};
}

Result<std::string> show_keys(const Result<std::vector<DomainKeyInfo>>& keys) {
  if (!keys) return std::unexpected(keys.error());
  json::array out;
  for (const DomainKeyInfo& key : *keys) out.push_back(show_key(key));
  return json::serialize(out);
}

Result<std::string> read_domain(const json::object& arguments, House& house) {
  TRY(std::string wanted, needed_text(arguments, "name"));
  TRY(auto domain, house.directory->domain(wanted));
  return domain.name;
}

Result<std::string> add_keys(House& house, std::string_view text) {
  TRY(json::object arguments, verb_arguments(text, {"name"}));
  TRY(std::string domain, read_domain(arguments, house));
  if (house.domain_keys->has(domain))
    return fail(Errc::exists, fmt::format("{} has DKIM keys already; new ones come by: domain dkim rotate", domain));
  return show_keys(house.domain_keys->add(domain, std::chrono::seconds(0)));
}

Result<std::string> rotate_keys(House& house, std::string_view text) {
  TRY(json::object arguments, verb_arguments(text, {"name", "after"}));
  TRY(std::string domain, read_domain(arguments, house));
  TRY(auto after, text_argument(arguments, "after"));
  std::chrono::seconds delay = kRotationDelay;
  if (after) {
    TRY(auto time, config::parse_duration(*after));
    delay = std::chrono::duration_cast<std::chrono::seconds>(time);
  }
  if (!house.domain_keys->has(domain))
    return fail(Errc::not_found,
                fmt::format("{} has no DKIM keys yet; the first ones come by: domain dkim add", domain));
  return show_keys(house.domain_keys->add(domain, delay));
}

Result<std::string> list_keys(House& house, std::string_view text) {
  TRY(json::object arguments, verb_arguments(text, {"name"}));
  TRY(auto name, text_argument(arguments, "name"));
  std::string domain;
  if (name && !name->empty()) {
    TRY(auto found, house.directory->domain(*name));
    domain = found.name;
  }
  return show_keys(house.domain_keys->list(domain));
}

// Also of domains that are gone from the directory.
Result<std::string> remove_keys(House& house, std::string_view text) {
  TRY(json::object arguments, verb_arguments(text, {"name", "selector"}));
  TRY(std::string domain, needed_text(arguments, "name"));
  TRY(auto selector, text_argument(arguments, "selector"));
  TRY_VOID(house.domain_keys->remove(domain, selector.value_or("")));
  return json::serialize(json::object{{"removed", domain}});
}

Result<std::string> rotate_srs(House& house, std::string_view text) {
  TRY(json::object arguments, verb_arguments(text, {"forget"}));
  const json::value* forget = arguments.if_contains("forget");
  const bool forgets = forget && forget->is_bool() && forget->get_bool();
  TRY_VOID(house.srs->rotate(system_clock().now(), forgets));
  return json::serialize(json::object{{"rotated", true}, {"forgot", forgets}});
}

// A value of DNS in pieces of at most 255 bytes (RFC 1035 section 3.3.14).
std::string in_quotes(std::string_view text) {
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(text.size(), 250)))
    out += fmt::format("{}\"{}\"", out.empty() ? "" : " ", text.substr(0, 250));
  return out;
}

int print_records(const json::value& answer) {
  for (const json::value& key : answer.as_array())
    fmt::print("{}. IN TXT {}\n", cell(key.at("record_name")), in_quotes(std::string(key.at("record").as_string())));
  return kOk;
}

int print_new_keys(const json::value& answer) {
  for (const json::value& key : answer.as_array())
    fmt::print(stderr, "Key {} ({}) signs from {}; tell DNS of it before:\n", cell(key.at("selector")),
               cell(key.at("algorithm")), cell(key.at("used_from")));
  return print_records(answer);
}

int print_keys(const json::value& answer) {
  print_table(answer, {{"DOMAIN", "domain"},
                       {"SELECTOR", "selector"},
                       {"ALGORITHM", "algorithm"},
                       {"STATE", "state"},
                       {"USED FROM", "used_from"}});
  fmt::print("\n");
  return print_records(answer);
}

int print_removed_keys(const json::value& answer) {
  fmt::print("Removed DKIM keys of {}\n", cell(answer.at("removed")));
  return kOk;
}

int print_rotated(const json::value& answer) {
  fmt::print("Forwards get senders made with a new secret{}\n",
             answer.at("forgot").as_bool() ? "; reports to the former ones are refused" : "");
  return kOk;
}

}  // namespace

void add_domain_mail_verbs(admin::Admin& admin, House& house) {
  admin.add("domain-key.add", true, [&house](std::string_view text) { return add_keys(house, text); });
  admin.add("domain-key.rotate", true, [&house](std::string_view text) { return rotate_keys(house, text); });
  admin.add("domain-key.list", false, [&house](std::string_view text) { return list_keys(house, text); });
  admin.add("domain-key.remove", true, [&house](std::string_view text) { return remove_keys(house, text); });
  admin.add("srs.rotate", true, [&house](std::string_view text) { return rotate_srs(house, text); });
}

void add_domain_mail_commands(CommandLine& line) {
  line.group("domain dkim", "Keys with which a domain's mail is signed (DKIM)");
  line.verb("domain dkim add", "domain-key.add", "Makes the first keys (RSA and Ed25519) and prints what DNS must say",
            print_new_keys)
      .required("name", "DOMAIN", "The domain")
      .example("kontor domain dkim add example.org");
  line.verb("domain dkim list", "domain-key.list", "Lists keys and what DNS must say of them", print_keys)
      .text("--domain", "name", "DOMAIN", "Only of this domain");
  line.verb("domain dkim rotate", "domain-key.rotate", "Makes new keys, which are used after some time", print_new_keys)
      .required("name", "DOMAIN", "The domain")
      .text("--after", "after", "TIME", "When they are used, like 12h (2d by default): DNS must know them by then")
      .example("kontor domain dkim rotate example.org --after 1d");
  line.verb("domain dkim remove", "domain-key.remove", "Removes keys; mail on its way is proven by DNS no more",
            print_removed_keys)
      .required("name", "DOMAIN", "The domain")
      .text("--selector", "selector", "SELECTOR", "Only this key");
  line.group("srs", "Senders of mail that rules send on");
  line.verb("srs rotate", "srs.rotate", "Makes a new secret for them, as the server does itself every 90 days",
            print_rotated)
      .flag("--forget", "forget", true, "Reports to senders made with the former secrets are refused from now on")
      .example("kontor srs rotate");
}

}  // namespace kontor::app
