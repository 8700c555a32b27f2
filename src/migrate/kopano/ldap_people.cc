// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/ldap_people.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <unordered_map>

#include "base/bytes.h"
#include "base/text.h"
#include "formats/mapi/mailbox.h"

namespace kontor::migrate::kopano {
namespace {

constexpr std::size_t kMostPeople = 200'000;
constexpr std::size_t kMostRanges = 10'000;            // parts of one list of members
constexpr std::uint32_t kSecurityGroup = 0x8000'0000;  // in Active Directory's groupType
constexpr std::string_view kNoAttributes = "1.1";

std::vector<std::string> classes_of(std::string_view list) {
  std::vector<std::string> names;
  for (const std::string_view word : words_of(list, ','))
    if (const std::string_view name = trimmed(word, " "); !name.empty()) names.emplace_back(name);
  return names;
}

// As Kopano reads booleans.
bool is_true(std::string_view text) {
  return !text.empty() && text != "0" && !iequals(text, "false") && !iequals(text, "no");
}

std::int64_t number_in(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// An address as attributes hold it: plain, or with its kind ("SMTP:", "smtp:" of proxyAddresses). "": of another kind.
std::string address_in(std::string_view text) {
  if (iequals(text.substr(0, 5), "smtp:")) text.remove_prefix(5);
  return mapi::is_address(text) && !text.substr(0, text.find('@')).contains(':') ? std::string(text) : std::string();
}

class LdapReader {
 public:
  LdapReader(const LdapConfig& config, bool has_companies, const LdapSearch& search)
      : config_(config), words_(config.words), has_companies_(has_companies), search_(search) {}

  Result<LdapPeople> read() {
    base_ = words_.get("ldap_search_base");
    class_attribute_ = words_.get("ldap_object_type_attribute");
    if (!iequals(words_.get("ldap_server_charset"), "utf-8") && !iequals(words_.get("ldap_server_charset"), "utf8"))
      return fail(Errc::invalid, "ldap_server_charset: only UTF-8 is understood, as LDAP has it");
    for (const char* name : {"ldap_user_type_attribute_value", "ldap_group_type_attribute_value"})
      if (words_.get(name).empty())
        return fail(Errc::invalid, fmt::format("{} is not said, neither in ldap.config nor in ldap.parameters", name));
    name_attributes();
    if (has_companies_) TRY_VOID(gather(company_filter()));
    TRY_VOID(gather(user_filter()));
    TRY_VOID(gather(group_filter()));
    index();
    for (std::size_t i = 0; i < found_.size(); ++i) TRY_VOID(resolve(i));
    settle_companies();
    return LdapPeople{std::move(people_), std::move(remarks_)};
  }

 private:
  // What of an entry is resolved once all are known.
  struct Found {
    std::string dn;
    std::vector<std::string> lineage;
    std::vector<std::string> members, senders;
    std::string member_filter, member_base;  // of dynamic groups
  };

  // Filters, as the plugin composes them.
  std::string class_filter(const char* parameter) const {
    const auto names = classes_of(words_.get(parameter));
    if (names.empty()) return {};
    std::string filter;
    for (const std::string& name : names) filter += fmt::format("({}={})", class_attribute_, name);
    return names.size() == 1 ? filter : "(&" + filter + ")";
  }
  static std::string both(const std::string& filter, const std::string& classes) {
    return filter.empty() ? classes : "(&" + filter + classes + ")";
  }
  std::string user_filter() const {
    return both(words_.get("ldap_user_search_filter"), "(|" + class_filter("ldap_user_type_attribute_value") +
                                                           class_filter("ldap_contact_type_attribute_value") + ")");
  }
  std::string group_filter() const {
    const std::string groups =
        both(words_.get("ldap_group_search_filter"), class_filter("ldap_group_type_attribute_value"));
    const std::string classes = class_filter("ldap_dynamicgroup_type_attribute_value");
    return classes.empty() ? groups
                           : "(|" + groups + both(words_.get("ldap_dynamicgroup_search_filter"), classes) + ")";
  }
  std::string company_filter() const {
    return both(words_.get("ldap_company_search_filter"), class_filter("ldap_company_type_attribute_value"));
  }

  void name_attributes() {
    std::set<std::string> names;
    for (const char* parameter : {"ldap_object_type_attribute",
                                  "ldap_user_unique_attribute",
                                  "ldap_group_unique_attribute",
                                  "ldap_company_unique_attribute",
                                  "ldap_dynamicgroup_unique_attribute",
                                  "ldap_loginname_attribute",
                                  "ldap_fullname_attribute",
                                  "ldap_groupname_attribute",
                                  "ldap_companyname_attribute",
                                  "ldap_dynamicgroup_name_attribute",
                                  "ldap_emailaddress_attribute",
                                  "ldap_emailaliases_attribute",
                                  "ldap_nonactive_attribute",
                                  "ldap_resource_type_attribute",
                                  "ldap_addressbook_hide_attribute",
                                  "ldap_quotaoverride_attribute",
                                  "ldap_hardquota_attribute",
                                  "ldap_userdefault_quotaoverride_attribute",
                                  "ldap_userdefault_hardquota_attribute",
                                  "ldap_group_security_attribute",
                                  "ldap_groupmembers_attribute",
                                  "ldap_groupmembers_relation_attribute",
                                  "ldap_sendas_attribute",
                                  "ldap_sendas_relation_attribute",
                                  "ldap_dynamicgroup_filter_attribute",
                                  "ldap_dynamicgroup_search_base_attribute"})
      if (std::string name = words_.get(parameter); !name.empty()) names.insert(std::move(name));
    const std::string password = words_.get("ldap_password_attribute");
    if (config_.takes_passwords && !password.empty()) names.insert(password);
    attributes_.assign(names.begin(), names.end());
  }

  Result<void> gather(const std::string& filter) {
    return search_({base_, true, filter, attributes_}, [this](LdapEntry entry) -> Result<void> {
      if (people_.size() == kMostPeople)
        return fail(Errc::too_large, fmt::format("the directory has more than {} people below \"{}\": say in "
                                                 "ldap_user_search_filter which of them use Kopano",
                                                 kMostPeople, base_));
      return take(std::move(entry));
    });
  }

  // The class whose object classes the entry has all of; of several the one with the most, then the later.
  PersonClass class_of(const LdapEntry& entry) const {
    std::set<std::string> has;
    if (const auto* names = entry.values(class_attribute_))
      for (const std::string& name : *names) has.insert(to_lower(name));
    PersonClass best = PersonClass::unknown;
    std::size_t most = 0;
    const auto consider = [&](const char* parameter, PersonClass kind) {
      const auto wanted = classes_of(words_.get(parameter));
      const bool fits =
          !wanted.empty() && std::ranges::all_of(wanted, [&](const auto& one) { return has.contains(to_lower(one)); });
      if (!fits || wanted.size() < most) return;
      best = kind;
      most = wanted.size();
    };
    consider("ldap_user_type_attribute_value", PersonClass::user);
    consider("ldap_contact_type_attribute_value", PersonClass::contact);
    consider("ldap_group_type_attribute_value", PersonClass::group);
    consider("ldap_dynamicgroup_type_attribute_value", PersonClass::dynamic_group);
    if (has_companies_) consider("ldap_company_type_attribute_value", PersonClass::company);
    if (best == PersonClass::user && number_in(attribute(entry, "ldap_nonactive_attribute")) != 0) {
      const std::string_view resource = attribute(entry, "ldap_resource_type_attribute");
      return iequals(resource, "room")        ? PersonClass::room
             : iequals(resource, "equipment") ? PersonClass::equipment
                                              : PersonClass::shared;
    }
    if (best == PersonClass::group && is_security_group(attribute(entry, "ldap_group_security_attribute")))
      return PersonClass::security_group;
    return best;
  }

  bool is_security_group(std::string_view value) const {
    if (!iequals(words_.get("ldap_group_security_attribute_type"), "ads")) return is_true(value);
    return (static_cast<std::uint32_t>(number_in(value)) & kSecurityGroup) != 0;
  }

  std::string_view attribute(const LdapEntry& entry, const char* parameter) const {
    const std::string name = words_.get(parameter);
    return name.empty() ? std::string_view() : entry.value(name);
  }

  Result<void> take(LdapEntry entry) {
    Person person;
    person.kind = class_of(entry);
    const bool is_dynamic = person.kind == PersonClass::dynamic_group;
    if (person.kind == PersonClass::unknown) return {};
    const char* unique = is_dynamic                            ? "ldap_dynamicgroup_unique_attribute"
                         : person.is_group()                   ? "ldap_group_unique_attribute"
                         : person.kind == PersonClass::company ? "ldap_company_unique_attribute"
                                                               : "ldap_user_unique_attribute";
    person.external_id = attribute(entry, unique);
    if (person.external_id.empty()) {
      if (left_out_.insert(entry.dn).second)
        remarks_.push_back(fmt::format("{} of the directory is left out: it has no {}.", entry.dn, words_.get(unique)));
      return {};
    }
    if (!taken_.insert(person.directory_name()).second) return {};  // what two searches find
    if (person.is_group() || person.kind == PersonClass::company) {
      const char* name = is_dynamic          ? "ldap_dynamicgroup_name_attribute"
                         : person.is_group() ? "ldap_groupname_attribute"
                                             : "ldap_companyname_attribute";
      person.login = person.name = attribute(entry, name);
    } else {
      person.login = attribute(entry, "ldap_loginname_attribute");
      person.name = attribute(entry, "ldap_fullname_attribute");
      take_quota_and_password(entry, person);
    }
    if (person.kind == PersonClass::company)
      take_quota(entry, "ldap_userdefault_quotaoverride_attribute", "ldap_userdefault_hardquota_attribute", "user",
                 person);
    else
      take_addresses(entry, person);
    person.properties["ishidden"] = is_true(attribute(entry, "ldap_addressbook_hide_attribute")) ? "1" : "0";
    Found found{entry.dn, lineage_of_dn(entry.dn), {}, {}, {}, {}};
    if (is_dynamic) {
      found.member_filter = attribute(entry, "ldap_dynamicgroup_filter_attribute");
      found.member_base = attribute(entry, "ldap_dynamicgroup_search_base_attribute");
    } else if (person.is_group()) {
      found.members = values_of(entry, "ldap_groupmembers_attribute");
      if (is_in_parts(entry)) in_parts_.push_back(found_.size());
    }
    found.senders = values_of(entry, "ldap_sendas_attribute");
    note_relations(entry, people_.size());
    people_.push_back(std::move(person));
    found_.push_back(std::move(found));
    return {};
  }

  void take_addresses(const LdapEntry& entry, Person& person) const {
    std::vector<std::string> all = values_of(entry, "ldap_emailaddress_attribute");
    for (std::string& one : values_of(entry, "ldap_emailaliases_attribute")) all.push_back(std::move(one));
    for (const std::string& one : all) {
      std::string address = address_in(one);
      if (address.empty()) continue;
      const auto same = [&](const std::string& other) { return iequals(other, address); };
      if (person.address.empty())
        person.address = std::move(address);
      else if (!same(person.address) && std::ranges::none_of(person.aliases, same))
        person.aliases.push_back(std::move(address));
    }
  }

  // As properties of the db plugin, behind `which`.
  void take_quota(const LdapEntry& entry, const char* override_word, const char* hard_word, const std::string& which,
                  Person& person) const {
    if (!is_true(attribute(entry, override_word))) return;
    const std::int64_t most = std::max<std::int64_t>(number_in(words_.get("ldap_quota_multiplier")), 1);
    const std::int64_t units = number_in(attribute(entry, hard_word));
    std::int64_t bytes = 0;
    if (units < 0 || __builtin_mul_overflow(units, most, &bytes)) return;
    person.properties[which + "usedefaultquota"] = "0";
    person.properties[which + "hardquota"] = std::to_string(bytes);
  }

  void take_quota_and_password(const LdapEntry& entry, Person& person) const {
    take_quota(entry, "ldap_quotaoverride_attribute", "ldap_hardquota_attribute", "", person);
    if (!config_.takes_passwords) return;
    // Only hashes: where another program knows the password ({SASL}) there is nothing to carry.
    for (const std::string& hash : values_of(entry, "ldap_password_attribute")) {
      if (!hash.starts_with('{') || iequals(hash.substr(0, 6), "{SASL}") || iequals(hash.substr(0, 10), "{KERBEROS}"))
        continue;
      person.properties["password"] = hash;
      return;
    }
  }

  std::vector<std::string> values_of(const LdapEntry& entry, const char* parameter) const {
    const std::string name = words_.get(parameter);
    const auto* values = name.empty() ? nullptr : entry.values(name);
    return values == nullptr ? std::vector<std::string>() : *values;
  }

  bool is_in_parts(const LdapEntry& entry) const {
    const std::string begin = to_lower(words_.get("ldap_groupmembers_attribute")) + ";range=";
    const auto part = entry.attributes.lower_bound(begin);
    return part != entry.attributes.end() && part->first.starts_with(begin);
  }

  // Attributes that people are referred to by. Without one: what they are told apart by.
  std::vector<std::string> relation_attributes(const char* parameter, bool also_groups) const {
    if (std::string name = words_.get(parameter); !name.empty()) return {to_lower(name)};
    std::vector<std::string> names{to_lower(words_.get("ldap_user_unique_attribute"))};
    if (also_groups) names.push_back(to_lower(words_.get("ldap_group_unique_attribute")));
    return names;
  }

  void note_relations(const LdapEntry& entry, std::size_t at) {
    if (relations_.empty())
      for (const auto& names : {relation_attributes("ldap_groupmembers_relation_attribute", true),
                                relation_attributes("ldap_sendas_relation_attribute", false)})
        for (const std::string& name : names) relations_.try_emplace(name);
    for (auto& [name, by_value] : relations_)
      if (const auto* values = entry.values(name))
        for (const std::string& value : *values) by_value.try_emplace(to_lower(value), at);
  }

  void index() {
    for (std::size_t i = 0; i < found_.size(); ++i)
      if (!found_[i].lineage.empty()) by_dn_.try_emplace(found_[i].lineage.front(), i);
  }

  std::optional<std::size_t> find(const std::string& value, const char* type, const char* relation, bool also_groups) {
    if (iequals(words_.get(type), "dn")) {
      const auto lineage = lineage_of_dn(value);
      const auto found = lineage.empty() ? by_dn_.end() : by_dn_.find(lineage.front());
      return found == by_dn_.end() ? std::nullopt : std::optional(found->second);
    }
    for (const std::string& name : relation_attributes(relation, also_groups)) {
      const auto relation_values = relations_.find(name);
      if (relation_values == relations_.end()) continue;
      const auto found = relation_values->second.find(to_lower(value));
      if (found != relation_values->second.end()) return found->second;
    }
    return std::nullopt;
  }

  Result<void> resolve(std::size_t at) {
    Found& found = found_[at];
    Person& person = people_[at];
    if (std::ranges::binary_search(in_parts_, at)) TRY_VOID(read_parts(found));
    std::size_t unknown = 0;
    for (const std::string& value : std::exchange(found.members, {})) {
      const auto member = find(value, "ldap_groupmembers_attribute_type", "ldap_groupmembers_relation_attribute", true);
      if (member && *member != at)
        person.members.push_back(people_[*member].directory_name());
      else
        ++unknown;
    }
    for (const std::string& value : std::exchange(found.senders, {})) {
      const auto sender = find(value, "ldap_sendas_attribute_type", "ldap_sendas_relation_attribute", false);
      if (sender)
        person.senders.push_back(people_[*sender].directory_name());
      else
        remarks_.push_back(fmt::format("\"{}\" may send as {}, but is nobody of the directory.", value, person.login));
    }
    if (unknown > 0)
      remarks_.push_back(
          fmt::format("{} members of the group {} are nobody that the directory shows here.", unknown, person.name));
    return found.member_filter.empty() ? Result<void>() : read_members(found, person);
  }

  // Active Directory gives long lists of values in parts ([MS-ADTS] section 3.1.1.3.1.3.3).
  Result<void> read_parts(Found& found) {
    const std::string name = to_lower(words_.get("ldap_groupmembers_attribute"));
    std::size_t next = 0;
    found.members.clear();
    for (std::size_t i = 0; i < kMostRanges; ++i) {
      const std::string begin = name + ";range=";
      bool is_last = true;
      TRY_VOID(
          search_({found.dn, false, "", {fmt::format("{}{}-*", begin, next)}}, [&](LdapEntry entry) -> Result<void> {
            for (auto& [attribute, values] : entry.attributes) {
              if (!attribute.starts_with(begin) || values.empty()) continue;
              is_last = attribute.ends_with("-*");
              next += values.size();
              found.members.insert(found.members.end(), std::make_move_iterator(values.begin()),
                                   std::make_move_iterator(values.end()));
            }
            return {};
          }));
      if (is_last) return {};
    }
    return fail(Errc::too_large, fmt::format("the group {} has too many members", found.dn));
  }

  // Of a dynamic group: all that its filter finds.
  Result<void> read_members(const Found& found, Person& person) {
    const std::string everyone = "(|" + user_filter() + group_filter() + ")";
    const LdapQuery query{found.member_base.empty() ? base_ : found.member_base,
                          true,
                          "(&" + everyone + found.member_filter + ")",
                          {std::string(kNoAttributes)}};
    const auto done = search_(query, [&](const LdapEntry& entry) -> Result<void> {
      const auto lineage = lineage_of_dn(entry.dn);
      const auto member = lineage.empty() ? by_dn_.end() : by_dn_.find(lineage.front());
      if (member != by_dn_.end() && &people_[member->second] != &person)
        person.members.push_back(people_[member->second].directory_name());
      return {};
    });
    if (done) return {};
    if (done.error().code != Errc::not_found && done.error().code != Errc::invalid) return done;
    remarks_.push_back(fmt::format("The members of the group {} cannot be found: {}.", person.name, done.error().text));
    return {};
  }

  // Everyone is his whom he lies below, the nearest company counts.
  void settle_companies() {
    for (std::size_t i = 0; has_companies_ && i < found_.size(); ++i) {
      if (people_[i].kind == PersonClass::company) continue;
      for (const std::string& above : found_[i].lineage) {
        const auto company = by_dn_.find(above);
        if (company == by_dn_.end() || people_[company->second].kind != PersonClass::company) continue;
        people_[i].company_id = people_[company->second].external_id;
        break;
      }
    }
  }

  const LdapConfig& config_;
  const LdapWords& words_;
  const bool has_companies_;
  const LdapSearch& search_;
  std::string base_, class_attribute_;
  std::vector<std::string> attributes_;
  std::vector<Person> people_;
  std::vector<Found> found_;  // of each person
  std::vector<std::size_t> in_parts_;
  std::set<DirectoryName> taken_;
  std::set<std::string> left_out_;  // DNs
  std::unordered_map<std::string, std::size_t> by_dn_;
  std::map<std::string, std::unordered_map<std::string, std::size_t>> relations_;  // by attribute, by value
  std::vector<std::string> remarks_;
};

}  // namespace

Result<LdapPeople> read_ldap_people(const LdapConfig& config, bool has_companies, const LdapSearch& search) {
  return LdapReader(config, has_companies, search).read();
}

}  // namespace kontor::migrate::kopano
