// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/store_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "formats/mapi/entry_id.h"
#include "formats/mapi/tags.h"
#include "migrate/kopano/delegates.h"
#include "migrate/kopano/junk_lists.h"
#include "migrate/kopano/out_of_office.h"
#include "migrate/kopano/rules.h"
#include "migrate/kopano/searches.h"
#include "migrate/kopano/webapp.h"

namespace kontor::migrate::kopano {
namespace {

constexpr mapi::Tag kRulesData{.id = 0x3FE1}, kSearchCriteria{.id = 0x6706}, kWebAppJson{.id = 0x6772},
    kWebAppRecipients{.id = 0x6773}, kCommonViews{.id = 0x35E6}, kFinder{.id = 0x35E7}, kReminders{.id = 0x36D5};
constexpr std::uint32_t kSearchFolderFlag = 2;
constexpr std::size_t kMostObjects = 1000;  // searches, favourites, hidden messages with rules
constexpr std::size_t kMostRuleBytes = std::size_t{16} << 20;
// What a hidden message with a rule has: its class, PidTagRuleMessage..., PidTagExtendedRuleMessage..., the like of
// older ones, PidTagJunk...
constexpr std::uint32_t kRuleNumbers[] = {0x001A, 0x65E9, 0x65EB, 0x65EC, 0x65EF, 0x65F0, 0x65F3,
                                          0x0E99, 0x0E9A, 0x6100, 0x6101, 0x6102, 0x6103};
constexpr std::size_t kAtOnce = 1000;

template <class Numbers>
std::vector<std::uint32_t> part_of(const Numbers& numbers, std::size_t from) {
  return {numbers.begin() + static_cast<std::ptrdiff_t>(from),
          numbers.begin() + static_cast<std::ptrdiff_t>(std::min(numbers.size(), from + kAtOnce))};
}

std::string bytes_or_text(const mapi::Properties& properties, const mapi::Tag& tag) {
  if (const std::string* bytes = properties.bytes(tag)) return *bytes;
  return std::string(properties.text_or_empty(tag));
}

std::string property_of(const Person& person, const char* name) {
  const auto found = person.properties.find(name);
  return found == person.properties.end() ? std::string() : found->second;
}

std::optional<std::uint64_t> quota_in(const Person& person, const char* default_word, const char* word) {
  if (property_of(person, default_word) != "0") return std::nullopt;
  const std::string text = property_of(person, word);
  std::int64_t bytes = 0;
  std::from_chars(text.data(), text.data() + text.size(), bytes);
  return std::max<std::int64_t>(bytes, 0);
}

bool has_mailbox(const Person& person) {
  return person.kind == PersonClass::user || person.kind == PersonClass::shared || person.kind == PersonClass::room ||
         person.kind == PersonClass::equipment;
}

const char* principal_kind(const Person& person) {
  switch (person.kind) {
    case PersonClass::shared:
      return "shared";
    case PersonClass::room:
      return "room";
    case PersonClass::equipment:
      return "equipment";
    default:
      return person.is_group() ? "group" : "user";
  }
}

// The users that are in a group, also by groups in it.
void gather_members(const AddressBook& book, const Person& group, std::set<const Person*>& seen,
                    std::set<const Person*>& out) {
  if (!seen.insert(&group).second) return;
  for (const DirectoryName& name : group.members) {
    const Person* member = book.by_directory_name(name);
    if (member == nullptr) continue;
    if (member->is_group())
      gather_members(book, *member, seen, out);
    else
      out.insert(member);
  }
}

}  // namespace

std::optional<std::uint64_t> own_quota_of(const Person& person) {
  return quota_in(person, "usedefaultquota", "hardquota");
}

std::uint64_t default_quota_of(const Person& company) {
  return quota_in(company, "userusedefaultquota", "userhardquota").value_or(0);
}

std::string address_of(const Installation& installation, const Person& person) {
  for (const InstalledStore& one : installation.stores())
    if (one.store.owner == &person && one.store.type == StoreType::personal && !one.address.empty()) return one.address;
  return person.address;
}

std::vector<archive::Principal> principals_of(const Installation& installation) {
  const AddressBook& book = installation.book();
  std::vector<archive::Principal> people, groups;
  for (const auto& person : book.all()) {
    const bool is_built_in = person->id == kEveryone || person->id == kSystem;
    if (is_built_in || !(has_mailbox(*person) || person->is_group())) continue;
    archive::Principal one;
    one.kind = principal_kind(*person);
    one.address = address_of(installation, *person);
    one.name = person->name.empty() ? person->login : person->name;
    one.tenant = book.company_name(*person);
    if (const Person* company = book.company_of(*person)) one.tenant_quota = default_quota_of(*company);
    one.is_hidden = property_of(*person, "ishidden") == "1";
    if (one.address.empty()) continue;
    for (const std::string& alias : person->aliases)
      if (!iequals(alias, one.address)) one.aliases.push_back(alias);
    for (const DirectoryName& name : person->members)
      if (const Person* member = book.by_directory_name(name))
        if (std::string address = address_of(installation, *member); !address.empty())
          one.members.push_back(std::move(address));
    (person->is_group() ? groups : people).push_back(std::move(one));
  }
  for (const InstalledStore& one : installation.stores()) {
    if (one.store.type != StoreType::open || one.address.empty()) continue;
    archive::Principal shared;
    shared.kind = "shared";
    shared.address = one.address;
    shared.name = one.store.title;
    people.push_back(std::move(shared));
  }
  people.insert(people.end(), std::make_move_iterator(groups.begin()), std::make_move_iterator(groups.end()));
  return people;
}

std::optional<mapi::Mailbox> StoreSettings::resolve(std::string_view entry) const {
  const Person* person = installation_.book().by_entry(server_guid(), entry);
  if (person == nullptr) return std::nullopt;
  return mapi::Mailbox{person->name, address_of(installation_, *person)};
}

std::optional<std::uint32_t> StoreSettings::id_of(std::string_view entry) {
  if (entry.empty()) return std::nullopt;
  const auto ids = ids_of_entries(database_, {std::string(entry)});
  if (!ids) trouble_ = ids.error();
  if (!ids || ids->empty()) return std::nullopt;
  return ids->begin()->second;
}

Result<std::vector<std::uint32_t>> StoreSettings::some_ids(const std::string& sql, const char* what,
                                                           SourceSettings& out) {
  std::vector<std::uint32_t> ids;
  TRY_VOID(database_.query(fmt::format("{} ORDER BY h.id LIMIT {}", sql, kMostObjects + 1),
                           [&](const Row& row) -> Result<void> {
                             ids.push_back(row.id(0));
                             return {};
                           }));
  if (ids.size() > kMostObjects) {
    ids.resize(kMostObjects);
    out.losses.push_back({what, fmt::format("there are more than {}: the others do not come along", kMostObjects)});
  }
  return ids;
}

std::optional<std::string> StoreSettings::folder_key(std::string_view entry) {
  const auto id = id_of(entry);
  if (!id) return std::nullopt;
  if (*id == tree_.subtree || *id == tree_.root) return "";
  if (!tree_.paths.contains(*id)) return std::nullopt;
  return std::to_string(*id);
}

Result<void> StoreSettings::read_free_busy() {
  if (free_busy_) return {};
  free_busy_.emplace();
  const auto id = id_of(free_busy_entry(tree_.root_properties, tree_.inbox_properties));
  if (!id) return {};
  TRY(auto found, objects_.properties({*id}));
  if (!found.empty()) free_busy_ = std::move(found.begin()->second);
  delegates_ = delegates_of(*free_busy_, [this](std::string_view entry) { return resolve(entry); }, losses_);
  return {};
}

// Rows of several servers have numbers of their own: people are numbered anew, by their places in the book.
AclSubjects StoreSettings::subjects(std::map<const Person*, std::uint32_t>& numbers) const {
  const AddressBook& book = installation_.book();
  AclSubjects out;
  out.everyone.insert(kEveryone);
  std::map<std::uint32_t, const Person*> people;
  std::uint32_t next = kSystem;
  for (const auto& person : book.all()) {
    const std::uint32_t number = person->id == kEveryone || person->id == kSystem ? person->id : ++next;
    numbers[person.get()] = number;
    people[number] = person.get();
  }
  const Person* const company = book.by_row(server_guid(), store_.store.company);
  for (const auto& [number, person] : people) {
    if (number == kSystem || number == kEveryone) continue;
    // Rights of another company are none of this one's people.
    if (person->kind == PersonClass::company && (company == nullptr || person == company)) out.everyone.insert(number);
    if (person->is_group()) {
      std::set<const Person*> seen, members;
      gather_members(book, *person, seen, members);
      for (const Person* member : members) out.groups[number].insert(numbers[member]);
    }
    const bool is_neighbour = company == nullptr || book.company_name(*person) == company->name;
    if (has_mailbox(*person) && is_neighbour) out.users.insert(number);
    const std::string address = address_of(installation_, *person);
    for (const archive::Delegate& delegate : delegates_)
      if (delegate.sees_private && iequals(address, delegate.who)) out.sees_private.insert(number);
  }
  if (store_.store.owner != nullptr && store_.store.type != StoreType::open) out.owner = numbers[store_.store.owner];
  out.address_of = [this, people = std::move(people)](std::uint32_t number) -> std::optional<std::string> {
    const auto person = people.find(number);
    return person == people.end() ? std::nullopt : std::optional(address_of(installation_, *person->second));
  };
  return out;
}

Result<AclResolver> StoreSettings::read_acl(const std::vector<FolderNode>& folders) {
  std::map<std::uint32_t, std::uint32_t> parents;
  std::set<std::uint32_t> level;
  for (const FolderNode& node : folders) level.insert(node.id);
  // Also what is above the folders that come.
  while (!level.empty()) {
    const std::vector<std::uint32_t> ids(level.begin(), level.end());
    level.clear();
    for (std::size_t at = 0; at < ids.size(); at += kAtOnce)
      TRY_VOID(database_.query(
          "SELECT id, parent FROM hierarchy WHERE type = 3 AND id IN (" + list_of(part_of(ids, at)) + ")",
          [&](const Row& row) -> Result<void> {
            parents[row.id(0)] = row.id(1);
            if (!parents.contains(row.id(1)) && row.id(1) != store_.store.id) level.insert(row.id(1));
            return {};
          }));
    std::erase_if(level, [&](std::uint32_t id) { return parents.contains(id); });
  }
  std::vector<std::uint32_t> objects = {store_.store.id};
  for (const auto& [id, parent] : parents) objects.push_back(id);
  constexpr std::uint32_t kNobody = 0x8000'0000;
  std::vector<AclRow> rows;
  std::map<const Person*, std::uint32_t> numbers;
  AclSubjects who = subjects(numbers);
  for (std::size_t at = 0; at < objects.size(); at += kAtOnce)
    TRY_VOID(database_.query("SELECT hierarchy_id, id, rights FROM acl WHERE type = 2 AND hierarchy_id IN (" +
                                 list_of(part_of(objects, at)) + ")",
                             [&](const Row& row) -> Result<void> {
                               const Person* person = installation_.book().by_row(server_guid(), row.id(1));
                               const bool is_built_in = row.id(1) == kEveryone || row.id(1) == kSystem;
                               const std::uint32_t number = is_built_in         ? row.id(1)
                                                            : person != nullptr ? numbers[person]
                                                                                : row.id(1) | kNobody;
                               rows.push_back({row.id(0), number, row.id(2)});
                               return {};
                             }));
  return AclResolver(std::move(rows), std::move(parents), std::move(who));
}

Result<void> StoreSettings::add_grants(std::vector<FolderNode>& folders) {
  TRY_VOID(read_free_busy());
  TRY(AclResolver acl, read_acl(folders));
  for (FolderNode& node : folders)
    if (node.messages != FolderNode::Messages::removed) node.source.grants = acl.grants(node.id, node.source.kind);
  for (const std::string& loss : acl.losses()) losses_.push_back({"rights on folders", loss});
  return {};
}

Result<std::vector<mapi::Properties>> StoreSettings::rule_messages(SourceSettings& out, bool& are_all) {
  are_all = true;
  if (tree_.inbox == 0) return std::vector<mapi::Properties>();
  TRY(const auto ids,
      some_ids(
          fmt::format("SELECT h.id FROM hierarchy h JOIN properties p ON p.hierarchyid = h.id AND p.tag = {} WHERE "
                      "h.type = 5 AND h.parent = {} AND (h.flags & {}) = {} AND p.val_string LIKE 'IPM.%Rule%'",
                      mapi::tag::kMessageClass.id, tree_.inbox, kAssociated | kDeletedObject, kAssociated),
          "rules that are hidden messages", out));
  are_all = ids.size() < kMostObjects;
  std::vector<mapi::Properties> messages;
  std::size_t bytes = 0;
  for (const std::uint32_t id : ids) {
    TRY(auto found, objects_.properties({id}, {std::begin(kRuleNumbers), std::end(kRuleNumbers)}));
    if (found.empty() || !mapi::holds_rules(found.begin()->second.text_or_empty(mapi::tag::kMessageClass))) continue;
    for (const auto& [key, value] : found.begin()->second.all()) bytes += value.bytes();
    if (bytes > kMostRuleBytes) {
      out.losses.push_back({"rules that are hidden messages", "there is too much of them: not all come along"});
      are_all = false;
      break;
    }
    messages.push_back(std::move(found.begin()->second));
  }
  return messages;
}

// A template lies among the inbox's hidden messages. Others are none: whoever writes a rule may name any message, which
// the server would not show to him.
std::optional<mapi::ReplyTemplate> StoreSettings::template_of(std::string_view entry) {
  const auto id = id_of(entry);
  if (!id) return std::nullopt;
  const auto is_own = database_.value(
      fmt::format("SELECT id FROM hierarchy WHERE id = {} AND type = 5 AND parent = {}", *id, tree_.inbox));
  auto found = is_own && *is_own ? objects_.properties({*id}) : Result<ObjectReader::ById>();
  if (!is_own || !found) trouble_ = is_own ? found.error() : is_own.error();
  if (!is_own || !found || found->empty()) return std::nullopt;
  return mapi::reply_template_of(found->begin()->second);
}

Result<void> StoreSettings::add_rules(SourceSettings& out) {
  std::string loss;
  const auto away = out_of_office_of(tree_.store, loss);
  if (!loss.empty()) out.losses.push_back({"the out-of-office answer", loss});
  mapi::RuleWorld world;
  world.folder_of = [this](std::string_view, std::string_view folder) -> std::optional<std::string> {
    const auto key = folder_key(folder);
    if (!key || key->empty()) return std::nullopt;
    return archive::folder_mark(*key);
  };
  world.template_of = [this](std::string_view message) { return template_of(message); };
  world.resolve = [this](std::string_view entry) { return resolve(entry); };
  if (store_.store.owner != nullptr)
    for (const std::string& address : {store_.store.owner->address, store_.address})
      if (!address.empty() && std::ranges::find(world.own_addresses, to_lower(address)) == world.own_addresses.end())
        world.own_addresses.push_back(to_lower(address));
  const auto name_of = [this](std::uint32_t number) -> std::optional<mapi::Properties::Key> {
    const auto tag = names_.find(number);
    if (!tag) return std::nullopt;
    return mapi::Properties::Key{tag->id, tag->set, std::string(tag->name)};
  };
  InboxRules rules{bytes_or_text(tree_.inbox_properties, kRulesData), {}};
  bool are_all = true;
  TRY(rules.messages, rule_messages(out, are_all));
  take_junk_filter(rules.messages, are_all, out.settings, out.losses);
  const CarriedRules carried = rules_of(rules, away, name_of, world, out.losses);
  out.settings.rules = sieve::to_json(carried.list);
  out.settings.rules_are_unread = carried.is_unread;
  if (!carried.has_delegation) return {};
  for (archive::Delegate& delegate : delegates_) delegate.gets_requests = true;
  out.losses.push_back({"delegates", "They do not get copies of invitations here; they see them in the calendar."});
  return {};
}

Result<void> StoreSettings::add_searches(SourceSettings& out) {
  out.settings.searches.emplace();
  const std::string* finder = tree_.store.bytes(kFinder);
  const auto above = finder == nullptr ? std::nullopt : id_of(*finder);
  if (!above) return {};
  const std::string* reminders = tree_.root_properties.bytes(kReminders);
  const auto reminder_folder = reminders == nullptr ? std::nullopt : id_of(*reminders);
  TRY(auto ids, some_ids(fmt::format("SELECT h.id FROM hierarchy h WHERE h.type = 3 AND h.parent = {} AND h.flags = {}",
                                     *above, kSearchFolderFlag),
                         "search folders", out));
  std::erase(ids, reminder_folder.value_or(0));
  TRY(const auto found, objects_.properties(ids, {mapi::tag::kDisplayName.id, kSearchCriteria.id}));
  const auto name_of = [this](std::uint32_t number) -> std::optional<mapi::Properties::Key> {
    const auto tag = names_.find(number);
    if (!tag) return std::nullopt;
    return mapi::Properties::Key{tag->id, tag->set, std::string(tag->name)};
  };
  for (const auto& [id, properties] : found) {
    const SearchFolder folder{id, std::string(properties.text_or_empty(mapi::tag::kDisplayName)),
                              bytes_or_text(properties, kSearchCriteria)};
    auto search = search_of(folder, name_of, [this](std::string_view entry) { return folder_key(entry); }, out.losses);
    if (search) out.settings.searches->push_back(*std::move(search));
  }
  return {};
}

Result<void> StoreSettings::add_favourites(SourceSettings& out) {
  if (!out.settings.favourites) out.settings.favourites.emplace();
  const std::string* views = tree_.store.bytes(kCommonViews);
  const auto above = views == nullptr ? std::nullopt : id_of(*views);
  if (!above) return {};
  TRY(const auto ids,
      some_ids(fmt::format("SELECT h.id FROM hierarchy h WHERE h.type = 5 AND h.parent = {} AND (h.flags "
                           "& {}) = {}",
                           *above, kAssociated | kDeletedObject, kAssociated),
               "favourites", out));
  TRY(const auto found, objects_.properties(ids));
  const auto owner_of = [this](std::string_view guid) -> std::string {
    const InstalledStore* store = installation_.find(to_hex(guid));
    return store == nullptr || store == &store_ ? std::string() : store->address;
  };
  for (const auto& [id, properties] : found) {
    auto one =
        favourite_of(properties, [this](std::string_view entry) { return folder_key(entry); }, owner_of, out.losses);
    if (one) out.settings.favourites->push_back(*std::move(one));
  }
  return {};
}

void StoreSettings::add_person(SourceSettings& out) const {
  const Person& owner = *store_.store.owner;
  out.settings.password_hash = property_of(owner, "password");
  out.settings.quota = own_quota_of(owner);
  out.settings.send_as.emplace();
  for (const DirectoryName& name : owner.senders) {
    const Person* sender = installation_.book().by_directory_name(name);
    const std::string address = sender == nullptr ? std::string() : address_of(installation_, *sender);
    if (address.empty())
      out.losses.push_back({"who may send as this account", "one of them is not in the directory any more"});
    else
      out.settings.send_as->push_back(address);
  }
  WebAppWorld world;
  world.owner_name = owner.name;
  world.owner_address = store_.address;
  world.address_of_login = [this](std::string_view login) -> std::optional<std::string> {
    const Person* person = installation_.book().by_login(login);
    return person == nullptr ? std::nullopt : std::optional(address_of(installation_, *person));
  };
  take_webapp_settings(tree_.store.text_or_empty(kWebAppJson), world, out.settings, out.losses);
  const std::string_view recipients = tree_.store.text_or_empty(kWebAppRecipients);
  if (!recipients.empty()) out.settings.display["webapp.recipients"] = recipients;
}

Result<SourceSettings> StoreSettings::read() {
  TRY_VOID(read_free_busy());
  SourceSettings out;
  out.losses = losses_;
  if (store_.store.type != StoreType::personal) return out;
  if (store_.store.owner != nullptr) add_person(out);
  TRY_VOID(add_rules(out));
  out.settings.delegates = delegates_;
  out.settings.booking = booking_of(*free_busy_);
  TRY_VOID(add_searches(out));
  TRY_VOID(add_favourites(out));
  if (trouble_) return std::unexpected(*trouble_);
  return out;
}

}  // namespace kontor::migrate::kopano
