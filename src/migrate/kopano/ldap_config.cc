// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/ldap_config.h"

#include <fmt/format.h>

#include "migrate/kopano/config_files.h"

namespace kontor::migrate::kopano {
namespace {

std::string_view stripped_word(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

Result<void> set_parameter(std::string_view text, LdapWords& into) {
  const std::size_t equal = std::min(text.find('='), text.size());
  const std::string_view name = stripped_word(text.substr(0, equal));
  if (equal == text.size() || !LdapWords::is_known(name))
    return fail(Errc::invalid, fmt::format("ldap.parameters: \"{}\" is not understood: one of Kopano's parameters of "
                                           "users, groups or companies is expected, as \"ldap_loginname_attribute = "
                                           "uid\"",
                                           text));
  into.set(name, stripped_word(text.substr(equal + 1)));
  return {};
}

}  // namespace

void declare_ldap(config::Schema& schema, LdapFileWords& into) {
  using namespace std::chrono_literals;
  using Kind = LdapFileWords::Kind;
  schema.text("ldap.config", into.config, {"Kopano's own ldap.cfg, or a copy of it."});
  schema.choice("ldap.kind", into.kind,
                {{"auto", Kind::automatic}, {"openldap", Kind::openldap}, {"active_directory", Kind::active_directory}},
                {"Whose names of attributes hold where nothing else is said."});
  schema.text("ldap.url", into.server.url, {"The directory: ldap://, ldaps:// or ldapi://."});
  schema.choice("ldap.tls", into.server.tls,
                {{"auto", LdapTls::automatic},
                 {"verify", LdapTls::verified},
                 {"encrypt", LdapTls::encrypted},
                 {"off", LdapTls::none}},
                {"Whether the line is encrypted (ldap:// by StartTLS), and the server's certificate checked."});
  schema.text("ldap.ca_file", into.server.ca_file, {"Certificates that the server's is checked against."});
  schema.choice("ldap.login", into.server.login, {{"simple", LdapLogin::simple}, {"external", LdapLogin::external}},
                {"By DN and password; or, over ldapi://, as the user of the system who runs this."});
  schema.text("ldap.bind_dn", into.server.bind_dn, {"Who logs in: reading is all that is needed."});
  schema.text("ldap.password_file", into.password_file, {"A file whose first line is the password."});
  schema.text("ldap.search_base", into.search_base, {"Below what people and groups are."});
  schema.list("ldap.parameters", into.parameters, "parameter = value",
              {"Kopano's parameters, over those of the file."});
  schema.flag("ldap.passwords", into.passwords, {"Whether hashes of passwords come along, where they may be read."});
  schema.duration("ldap.timeout", into.server.timeout, {1s, 1h}, {"How long the directory may be silent."});
}

Result<std::optional<LdapConfig>> ldap_config_of(const LdapFileWords& words, const std::string& file) {
  using Kind = LdapFileWords::Kind;
  if (words.config.empty() && words.server.url.empty()) {
    if (!words.search_base.empty() || !words.parameters.empty() || !words.server.bind_dn.empty())
      return fail(Errc::invalid, "ldap.url (or ldap.config) is missing: the directory's address");
    return std::nullopt;
  }
  LdapConfig out;
  out.server = words.server;
  out.takes_passwords = words.passwords;
  // A directory without a file of Kopano's is looked through with the names that Kopano ships.
  if (words.kind != Kind::automatic || words.config.empty())
    out.words.set_kind(words.kind == Kind::active_directory ? LdapWords::Kind::active_directory
                                                            : LdapWords::Kind::openldap);
  if (!words.config.empty()) TRY_VOID(read_ldap_cfg(beside(file, words.config), read_whole, out.words));
  for (const std::string& parameter : words.parameters) TRY_VOID(set_parameter(parameter, out.words));
  if (!words.search_base.empty()) out.words.set("ldap_search_base", words.search_base);
  if (out.server.url.empty()) out.server.url = url_of(out.words);
  out.server.ca_file = beside(file, out.server.ca_file);
  if (out.server.login == LdapLogin::external) {
    if (!out.server.bind_dn.empty() || !words.password_file.empty())
      return fail(Errc::invalid,
                  "ldap.login says \"external\": ldap.bind_dn and ldap.password_file go with \"simple\"");
    return out;
  }
  if (out.server.bind_dn.empty()) out.server.bind_dn = out.words.get("ldap_bind_user");
  out.server.password = out.words.get("ldap_bind_passwd");
  if (!words.password_file.empty()) {
    TRY(out.server.password, read_secret(beside(file, words.password_file)));
  }
  return out;
}

}  // namespace kontor::migrate::kopano
