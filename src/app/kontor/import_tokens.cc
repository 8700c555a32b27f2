// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor/import_tokens.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>
#include <optional>

#include "base/config.h"
#include "base/time.h"
#include "kontor/commands.h"
#include "kontor/exit_code.h"
#include "kontor/print.h"
#include "protocols/import/tokens.h"

namespace kontor::app {
namespace {

std::string show_time(Instant at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(at.time_since_epoch().count()));
}

json::object show_token(const importing::Token& token) {
  json::array domains;
  for (const std::string& domain : token.domains) domains.emplace_back(domain);
  return {{"label", token.label},
          {"created", show_time(token.created)},
          {"expires", token.expires ? json::value(show_time(*token.expires)) : json::value()},
          {"domains", std::move(domains)}};
}

Result<json::object> read_arguments(std::string_view text) {
  boost::system::error_code failed;
  json::value value = json::parse(text.empty() ? "{}" : text, failed);
  if (failed || !value.is_object()) return fail(Errc::invalid, "The arguments must be a JSON object");
  return std::move(value.get_object());
}

Result<std::string> read_label(const json::object& arguments) {
  const json::value* label = arguments.if_contains("label");
  if (!label || !label->is_string() || label->get_string().empty()) return fail(Errc::invalid, "\"label\" is missing");
  return std::string(label->get_string());
}

// "expires": how long it is good for, like "30d".
Result<std::optional<Instant>> read_expiry(const json::object& arguments) {
  const json::value* text = arguments.if_contains("expires");
  if (!text || text->is_null()) return std::nullopt;
  if (!text->is_string()) return fail(Errc::invalid, "\"expires\" must be a duration like \"30d\"");
  TRY(auto time, config::parse_duration(std::string_view(text->get_string())));
  return system_clock().now() + std::chrono::duration_cast<std::chrono::seconds>(time);
}

Result<std::string> add(const std::string& file, std::string_view text) {
  TRY(json::object arguments, read_arguments(text));
  TRY(std::string label, read_label(arguments));
  TRY(auto expires, read_expiry(arguments));
  std::vector<std::string> domains;
  if (const json::value* list = arguments.if_contains("domains"); list && list->is_array())
    for (const json::value& domain : list->get_array())
      if (domain.is_string()) domains.emplace_back(domain.get_string());
  TRY(importing::NewToken made, importing::add_token(file, label, expires, domains, system_clock()));
  json::object out = show_token(made.token);
  out["token"] = made.secret;
  return json::serialize(out);
}

Result<std::string> list(const std::string& file) {
  TRY(auto tokens, importing::list_tokens(file));
  json::array out;
  for (const importing::Token& token : tokens) out.push_back(show_token(token));
  return json::serialize(out);
}

Result<std::string> remove(const std::string& file, std::string_view text) {
  TRY(json::object arguments, read_arguments(text));
  TRY(std::string label, read_label(arguments));
  TRY_VOID(importing::remove_token(file, label));
  return json::serialize(json::object{{"removed", label}});
}

int print_new_token(const json::value& answer) {
  fmt::print("{}\n", cell(answer.at("token")));
  fmt::print(stderr, "Import token {} was made; its secret is shown only now.\n", cell(answer.at("label")));
  return kOk;
}

int print_tokens(const json::value& answer) {
  print_table(answer, {{"LABEL", "label"}, {"CREATED", "created"}, {"EXPIRES", "expires"}, {"DOMAINS", "domains"}});
  return kOk;
}

int print_removed(const json::value& answer) {
  fmt::print("Removed import token {}\n", cell(answer.at("removed")));
  return kOk;
}

}  // namespace

void add_import_tokens(admin::Admin& admin, const std::string& file) {
  admin.add("import-token.add", true, [file](std::string_view arguments) { return add(file, arguments); });
  admin.add("import-token.list", false, [file](std::string_view) { return list(file); });
  admin.add("import-token.remove", true, [file](std::string_view arguments) { return remove(file, arguments); });
}

void add_import_commands(CommandLine& line) {
  line.group("import-token", "Who may move mail in through HTTPS");
  line.verb("import-token add", "import-token.add", "Makes a token and prints its secret, once", print_new_token,
            {.may_open = true, .may_make = true})
      .required("label", "LABEL", "What it is for")
      .text("--expires", "expires", "TIME", "How long it is good for, like 30d (for ever by default)")
      .list("--domain", "domains", "DOMAIN", "Only for addresses of this domain")
      .example("kontor import-token add old-server --expires 30d --domain example.org");
  line.verb("import-token list", "import-token.list", "Lists the tokens, without their secrets", print_tokens);
  line.verb("import-token remove", "import-token.remove", "Takes a token back, at once", print_removed)
      .required("label", "LABEL", "The token");
}

}  // namespace kontor::app
