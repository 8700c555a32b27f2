// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/rules/script_world.h"

#include <ctime>

#include "base/bytes.h"

namespace kontor::groupware {
namespace {

std::string domain_of(const std::string& address) {
  const auto at = address.rfind('@');
  return at == std::string::npos ? std::string() : to_lower(address.substr(at + 1));
}

int minutes_east(Instant at) {
  const std::time_t seconds = at.time_since_epoch().count();
  std::tm local{};
  return ::localtime_r(&seconds, &local) ? static_cast<int>(local.tm_gmtoff / 60) : 0;
}

}  // namespace

std::string memory_of(const sieve::SeenQuestion& seen) { return "seen" + ('\0' + seen.handle) + '\0' + seen.id; }

std::string memory_of(const sieve::VacationQuestion& answered) {
  return "answered" + ('\0' + answered.handle) + '\0' + answered.to;
}

std::optional<FolderRole> role_of_use(std::string_view use) {
  if (!use.starts_with('\\')) return std::nullopt;
  const auto role = parse_folder_role(to_lower(use.substr(1)));
  if (!role || *role == FolderRole::inbox || kind_of(*role) != Kind::mail) return std::nullopt;
  return role;
}

FolderTable::Pointer ScriptWorld::mailbox(std::string_view name) const {
  FolderTable::Pointer folder = reader_.folders()->at_path(name);
  return folder && folder->kind == Kind::mail && !folder->is_container ? folder : nullptr;
}

// A fault of the store is seen again when the message is filed.
bool ScriptWorld::remembers(std::string what) {
  const bool answer = reader_.remembers(what, now_).value_or(false);
  asked_.emplace_back(std::move(what), answer);
  return answer;
}

std::optional<std::string> ScriptWorld::metadata(const std::optional<std::string>& name, std::string_view entry) const {
  FolderId id;
  if (name) {
    const FolderTable::Pointer folder = mailbox(*name);
    if (!folder) return std::nullopt;
    id = folder->id;
  }
  const auto all = reader_.annotations(id);
  if (!all) return std::nullopt;
  const std::string wanted = to_lower(entry);
  if (const auto found = all->find(wanted); found != all->end()) return found->second;
  if (name) return std::nullopt;
  // What administrators say of the server, as IMAP tells it.
  const auto tenant = directory_.tenant(who_.tenant);
  if (!tenant) return std::nullopt;
  const auto told = tenant->metadata.find(wanted);
  return told == tenant->metadata.end() ? std::nullopt : std::optional(told->second);
}

std::optional<std::string> ScriptWorld::item(std::string_view name, const Incoming& incoming,
                                             const FilterOptions& options) const {
  if (name == "name") return "Kontor";
  if (name == "version" && !options.version.empty()) return options.version;
  if (name == "location") return "MDA";
  if (name == "phase") return "during";
  if (name == "host") return options.hostname;
  if (name == "domain") return domain_of(incoming.recipient);
  // Whether the sender says to be one of the recipient's organisation.
  if (name == "vnd.kontor.sender") {
    const auto domain = directory_.domain(domain_of(incoming.sender));
    return domain && domain->tenant == who_.tenant ? "internal" : "external";
  }
  return std::nullopt;
}

sieve::Environment ScriptWorld::environment(const Incoming& incoming, const FilterOptions& options) {
  sieve::Environment out;
  out.envelope.from = incoming.sender;
  out.envelope.to = incoming.recipient;
  out.addresses = who_.addresses;
  out.now = now_;
  out.zone = minutes_east;
  out.mailbox_exists = [this](std::string_view name) { return mailbox(name) != nullptr; };
  out.mailbox_id_exists = [this](std::string_view id) {
    for (const FolderTable::Pointer& folder : reader_.folders()->all())
      if (mailbox_id(who_.account(), folder->id) == id) return folder->kind == Kind::mail && !folder->is_container;
    return false;
  };
  out.has_use = [this](const std::optional<std::string>& name, std::string_view use) {
    const auto role = role_of_use(use);
    const FolderTable::Pointer folder = role ? reader_.folders()->by_role(*role) : nullptr;
    return folder && (!name || folder == mailbox(*name));
  };
  out.metadata = [this](const std::optional<std::string>& name, std::string_view entry) {
    return metadata(name, entry);
  };
  out.was_seen = [this](const sieve::SeenQuestion& seen) { return remembers(memory_of(seen)); };
  out.is_due = [this](const sieve::VacationQuestion& answered) { return !remembers(memory_of(answered)); };
  out.item = [this, &incoming, &options](std::string_view name) { return item(name, incoming, options); };
  return out;
}

}  // namespace kontor::groupware
