// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/ldap_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/text.h"

namespace kontor::migrate::kopano {
namespace {

constexpr int kDeepestInclude = 8;
constexpr std::string_view kBlanks = " \t\r";
constexpr std::string_view kNewName = "kopano", kOldName = "zarafa";

// Null: as the plugin has it.
struct Parameter {
  std::string_view name;
  const char* plugin;
  const char* openldap = nullptr;
  const char* active_directory = nullptr;
};

constexpr auto kLdapParameters = std::to_array<Parameter>({
    {"ldap_addressbook_hide_attribute", "kopanoHidden"},
    {"ldap_bind_passwd", ""},
    {"ldap_bind_user", ""},
    {"ldap_company_search_filter", ""},
    {"ldap_company_type_attribute_value", "", "organizationalUnit", "organizationalUnit"},
    {"ldap_company_unique_attribute", "ou", nullptr, "objectGUID"},
    {"ldap_companyname_attribute", "ou"},
    {"ldap_contact_type_attribute_value", "", "kopano-contact", "contact"},
    {"ldap_dynamicgroup_filter_attribute", "kopanoFilter"},
    {"ldap_dynamicgroup_name_attribute", "cn"},
    {"ldap_dynamicgroup_search_base_attribute", "kopanoBase"},
    {"ldap_dynamicgroup_search_filter", ""},
    {"ldap_dynamicgroup_type_attribute_value", "", "kopano-dynamicgroup", "kopanoDynamicGroup"},
    {"ldap_dynamicgroup_unique_attribute", "cn"},
    {"ldap_emailaddress_attribute", "mail"},
    {"ldap_emailaliases_attribute", "kopanoAliases", nullptr, "otherMailbox"},
    {"ldap_fullname_attribute", "cn"},
    {"ldap_group_search_filter", "", nullptr, "(objectCategory=Group)"},
    {"ldap_group_security_attribute", "kopanoSecurityGroup", nullptr, "groupType"},
    {"ldap_group_security_attribute_type", "boolean", nullptr, "ads"},
    {"ldap_group_type_attribute_value", "", "posixGroup", "group"},
    {"ldap_group_unique_attribute", "cn", "gidNumber", "objectSid"},
    {"ldap_groupmembers_attribute", "member", "memberUid", nullptr},
    {"ldap_groupmembers_attribute_type", "text", nullptr, "dn"},
    {"ldap_groupmembers_relation_attribute", "", "uid", nullptr},
    {"ldap_groupname_attribute", "cn"},
    {"ldap_hardquota_attribute", "kopanoQuotaHard"},
    {"ldap_host", "localhost"},
    {"ldap_loginname_attribute", "uid", nullptr, "sAMAccountName"},
    {"ldap_nonactive_attribute", "kopanoSharedStoreOnly"},
    {"ldap_object_type_attribute", "objectClass"},
    {"ldap_password_attribute", "userPassword", nullptr, "unicodePwd"},
    {"ldap_port", "389"},
    {"ldap_protocol", "ldap"},
    {"ldap_quota_multiplier", "1", nullptr, "1048576"},
    {"ldap_quotaoverride_attribute", "kopanoQuotaOverride"},
    {"ldap_resource_type_attribute", "kopanoResourceType"},
    {"ldap_search_base", ""},
    {"ldap_sendas_attribute", "kopanoSendAsPrivilege"},
    {"ldap_sendas_attribute_type", "text", nullptr, "dn"},
    {"ldap_sendas_relation_attribute", "", nullptr, "distinguishedName"},
    {"ldap_server_charset", "UTF-8"},
    {"ldap_uri", ""},
    {"ldap_user_search_filter", "", nullptr, "(objectCategory=Person)"},
    {"ldap_user_type_attribute_value", "", "posixAccount", "user"},
    {"ldap_user_unique_attribute", "cn", "uidNumber", "objectGUID"},
    {"ldap_userdefault_hardquota_attribute", "kopanoUserDefaultQuotaHard"},
    {"ldap_userdefault_quotaoverride_attribute", "kopanoUserDefaultQuotaOverride"},
});
static_assert(std::ranges::is_sorted(kLdapParameters, {}, &Parameter::name));

// As they were called once.
constexpr auto kOldParameters = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"ldap_user_sendas_attribute", "ldap_sendas_attribute"},
    {"ldap_user_sendas_attribute_type", "ldap_sendas_attribute_type"},
    {"ldap_user_sendas_relation_attribute", "ldap_sendas_relation_attribute"},
});

const Parameter* find_parameter(std::string_view name) {
  for (const auto& [old_name, new_name] : kOldParameters)
    if (old_name == name) name = new_name;
  const auto found = std::ranges::lower_bound(kLdapParameters, name, {}, &Parameter::name);
  return found != kLdapParameters.end() && found->name == name ? &*found : nullptr;
}

std::string old_name_of(std::string name) {
  if (name.starts_with(kNewName)) name.replace(0, kNewName.size(), kOldName);
  return name;
}

// Of the files that come with Kopano and Zarafa. False: none of them.
bool take_shipped(std::string_view name, LdapWords& into) {
  if (name == "ldap.openldap.cfg")
    into.set_kind(LdapWords::Kind::openldap);
  else if (name == "ldap.active-directory.cfg")
    into.set_kind(LdapWords::Kind::active_directory);
  else
    return name == "ldap.propmap.cfg";
  return true;
}

class LdapCfgReader {
 public:
  LdapCfgReader(const ReadText& read, LdapWords& into) : read_(read), into_(into) {}

  Result<void> read(const std::string& path, int depth) {
    if (depth > kDeepestInclude) return fail(Errc::invalid, fmt::format("{} is included too deeply", path));
    TRY(const std::string text, read_(path));
    std::string_view rest = text;
    for (int number = 1; !rest.empty(); ++number) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = trimmed(rest.substr(0, end), kBlanks);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.empty() || line.front() == '#') continue;
      if (line.front() == '!') {
        TRY_VOID(follow(line.substr(1), path, number, depth));
        continue;
      }
      const std::size_t equal = line.find('=');
      if (equal == std::string_view::npos)
        return fail(Errc::invalid, fmt::format("{}, line {}: there is no \"=\"", path, number));
      into_.set(trimmed(line.substr(0, equal), kBlanks), trimmed(line.substr(equal + 1), kBlanks));
    }
    return {};
  }

 private:
  // What is named is where it is said to be, beside the file that names it, or known from Kopano.
  Result<void> follow(std::string_view directive, const std::string& from, int number, int depth) {
    const std::size_t blank = std::min(directive.find_first_of(" \t"), directive.size());
    const std::string_view what = directive.substr(0, blank);
    const std::string file(trimmed(directive.substr(blank), kBlanks));
    if (what == "propmap") return {};  // properties for the address book, which nothing here asks for
    if (what != "include" || file.empty())
      return fail(Errc::invalid, fmt::format("{}, line {}: \"!{}\" is not understood", from, number, what));
    const std::string name = file.substr(file.rfind('/') + 1);
    const std::size_t slash = from.rfind('/');
    const std::string beside = slash == std::string::npos ? name : from.substr(0, slash + 1) + name;
    for (const std::string& path : {file.front() == '/' ? file : beside, beside}) {
      auto done = read(path, depth + 1);
      if (done || done.error().code != Errc::not_found) return done;
    }
    if (take_shipped(name, into_)) return {};
    return fail(Errc::not_found,
                fmt::format("{}, line {}: {} is not there; put it beside this file", from, number, file));
  }

  const ReadText& read_;
  LdapWords& into_;
};

}  // namespace

bool LdapWords::is_known(std::string_view parameter) { return find_parameter(parameter) != nullptr; }

void LdapWords::set(std::string_view parameter, std::string_view value) {
  if (const Parameter* known = find_parameter(parameter)) set_[std::string(known->name)] = value;
  const bool is_name = parameter.ends_with("_attribute") || parameter.ends_with("_value");
  is_zarafa_ = is_zarafa_ || (is_name && value.starts_with(kOldName));
}

bool LdapWords::has(std::string_view parameter) const { return set_.contains(parameter); }

std::string LdapWords::get(std::string_view parameter) const {
  if (const auto found = set_.find(parameter); found != set_.end()) return found->second;
  const Parameter* known = find_parameter(parameter);
  check(known != nullptr, "a parameter of LDAP is in the table");
  const char* shipped = kind_ == Kind::openldap           ? known->openldap
                        : kind_ == Kind::active_directory ? known->active_directory
                                                          : nullptr;
  std::string value = shipped != nullptr ? shipped : known->plugin;
  return is_zarafa_ ? old_name_of(std::move(value)) : value;
}

Result<void> read_ldap_cfg(const std::string& path, const ReadText& read, LdapWords& into) {
  return LdapCfgReader(read, into).read(path, 0);
}

std::string url_of(const LdapWords& words) {
  if (const std::string uri = words.get("ldap_uri"); !uri.empty()) return uri;
  const std::string host = words.get("ldap_host"), port = words.get("ldap_port");
  return fmt::format("{}://{}:{}", words.get("ldap_protocol") == "ldaps" ? "ldaps" : "ldap", host, port);
}

}  // namespace kontor::migrate::kopano
