// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/imap/folders.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/bytes.h"
#include "migrate/names/folder_name.h"
#include "migrate/names/roles.h"

namespace kontor::migrate {
namespace {

using imap_client::Condition;
using imap_client::Listing;
using imap_client::MailboxStatus;
using imap_client::Namespaces;
using imap_client::Response;

constexpr std::size_t kStatusesInFlight = 32;

bool is_inbox(std::string_view name) { return iequals(name, "INBOX"); }

// --- asking ---

std::string status_items(const ImapConnection& connection) {
  std::string items = "(MESSAGES UIDNEXT UIDVALIDITY";
  if (connection.has("CONDSTORE") || connection.has("QRESYNC")) items += " HIGHESTMODSEQ";
  return items + ")";
}

Result<imap_client::Status> list_into(ImapConnection& connection, const ImapCommand& command, FolderFacts& facts) {
  return connection.run(command, [&](Response& response) {
    if (auto* listing = std::get_if<Listing>(&response.data))
      (listing->is_lsub ? facts.subscriptions : facts.listings).push_back(std::move(*listing));
    if (auto* status = std::get_if<MailboxStatus>(&response.data)) facts.statuses.push_back(std::move(*status));
  });
}

// From the most telling form of LIST to the plainest: a server may refuse what it does not announce, or even what it
// does.
Result<void> list_all(ImapConnection& connection, std::string_view pattern, FolderFacts& facts) {
  std::vector<std::string> forms;
  if (connection.has("LIST-EXTENDED") || connection.has("IMAP4REV2")) {
    std::string options = "SUBSCRIBED CHILDREN";
    if (connection.has("SPECIAL-USE") || connection.has("IMAP4REV2")) options += " SPECIAL-USE";
    if (connection.has("LIST-STATUS")) forms.push_back(fmt::format("{} STATUS {}", options, status_items(connection)));
    forms.push_back(options);
  }
  for (const auto& form : forms) {
    FolderFacts heard;
    TRY(const auto status,
        list_into(connection, ImapCommand("LIST \"\"").add_string(pattern).add(fmt::format("RETURN ({})", form)),
                  heard));
    if (status.condition != Condition::ok) continue;
    std::move(heard.listings.begin(), heard.listings.end(), std::back_inserter(facts.listings));
    std::move(heard.statuses.begin(), heard.statuses.end(), std::back_inserter(facts.statuses));
    facts.listings_tell_subscriptions = true;
    // The listings do not tell of subscriptions to what does not exist (RFC 5258 section 3.1).
    FolderFacts subscribed;
    TRY_VOID(list_into(connection, ImapCommand("LIST (SUBSCRIBED) \"\"").add_string(pattern), subscribed));
    std::move(subscribed.listings.begin(), subscribed.listings.end(), std::back_inserter(facts.subscriptions));
    return {};
  }
  TRY(const auto status, list_into(connection, ImapCommand("LIST \"\"").add_string(pattern), facts));
  if (status.condition != Condition::ok) return std::unexpected(ImapConnection::to_error(status));
  facts.listings_tell_subscriptions = false;
  TRY_VOID(list_into(connection, ImapCommand("LSUB \"\"").add_string(pattern), facts));
  return {};
}

bool can_be_selected(const Listing& listing) {
  return !listing.has_attribute("\\Noselect") && !listing.has_attribute("\\NonExistent");
}

// STATUS for folders that LIST said nothing about: several commands on their way at once.
Result<void> ask_statuses(ImapConnection& connection, FolderFacts& facts) {
  std::set<std::string, std::less<>> known;
  for (const auto& status : facts.statuses) known.insert(status.name);
  std::vector<std::string> names;
  for (const auto& listing : facts.listings)
    if (can_be_selected(listing) && known.insert(listing.name).second) names.push_back(listing.name);
  const auto items = status_items(connection);
  std::set<std::string> pending;
  std::size_t asked = 0;
  while (asked < names.size() || !pending.empty()) {
    while (asked < names.size() && pending.size() < kStatusesInFlight) {
      ImapCommand command("STATUS");
      command.add_string(names[asked]).add(items);
      if (command.has_literals()) {
        if (!pending.empty()) break;
        ++asked;
        TRY_VOID(list_into(connection, command, facts));
        continue;
      }
      TRY(auto tag, connection.send(command.text()));
      pending.insert(std::move(tag));
      ++asked;
    }
    if (pending.empty()) continue;
    TRY(const auto step, connection.next());
    if (step != ImapConnection::Step::response) continue;
    auto response = connection.parser().take_response();
    // A folder whose STATUS is refused is listed all the same.
    pending.erase(response.tag);
    if (auto* status = std::get_if<MailboxStatus>(&response.data)) facts.statuses.push_back(std::move(*status));
  }
  return {};
}

Result<Namespaces> ask_namespaces(ImapConnection& connection) {
  Namespaces namespaces;
  if (!connection.has("NAMESPACE") && !connection.has("IMAP4REV2")) return namespaces;
  TRY_VOID(connection.run(ImapCommand("NAMESPACE"), [&](Response& response) {
    if (auto* said = std::get_if<Namespaces>(&response.data)) namespaces = std::move(*said);
  }));
  return namespaces;
}

// --- understanding ---

enum class Owner : std::uint8_t { self, others };

struct Place {
  Owner owner = Owner::self;
  std::string prefix;
};

bool is_below(std::string_view name, const Namespaces::One& space) {
  auto root = std::string_view(space.prefix);
  if (!space.delimiter.empty() && root.ends_with(space.delimiter)) root.remove_suffix(space.delimiter.size());
  return name.starts_with(space.prefix) || (!root.empty() && name == root);
}

// The namespace with the longest prefix owns a name; the personal one where several are equal (RFC 2342).
Place place_of(std::string_view name, const Namespaces& spaces) {
  Place best;
  if (is_inbox(name)) return best;
  bool is_found = false;
  const auto consider = [&](const std::vector<Namespaces::One>& group, Owner owner) {
    for (const auto& space : group)
      if (is_below(name, space) && (!is_found || space.prefix.size() > best.prefix.size())) {
        best = {owner, space.prefix};
        is_found = true;
      }
  };
  consider(spaces.personal, Owner::self);
  consider(spaces.others, Owner::others);
  consider(spaces.shared, Owner::others);
  return best;
}

// Servers without NAMESPACE that keep everything below the inbox, as Courier does.
void guess_namespace(Namespaces& spaces, const std::vector<Listing>& listings) {
  if (!spaces.personal.empty() || !spaces.others.empty() || !spaces.shared.empty()) return;
  std::string prefix, delimiter;
  for (const auto& listing : listings) {
    if (is_inbox(listing.name)) continue;
    if (listing.delimiter.empty()) return;
    const auto start = "INBOX" + listing.delimiter;
    if (!to_upper(listing.name.substr(0, start.size())).starts_with(start)) return;
    if (prefix.empty()) prefix = listing.name.substr(0, start.size()), delimiter = listing.delimiter;
    if (!listing.name.starts_with(prefix)) return;
  }
  if (!prefix.empty()) spaces.personal.push_back({prefix, delimiter});
}

std::string role_of(const Listing& listing) {
  static constexpr std::pair<std::string_view, std::string_view> kRoles[] = {
      {"\\Sent", "sent"}, {"\\Drafts", "drafts"}, {"\\Trash", "trash"},
      {"\\Junk", "junk"}, {"\\Spam", "junk"},     {"\\Archive", "archive"}};
  for (const auto& [attribute, role] : kRoles)
    if (listing.has_attribute(attribute)) return std::string(role);
  return {};
}

bool is_view(const Listing& listing) {
  return listing.has_attribute("\\All") || listing.has_attribute("\\AllMail") || listing.has_attribute("\\Flagged") ||
         listing.has_attribute("\\Starred") || listing.has_attribute("\\Important");
}

void set_status(SourceFolder& folder, const MailboxStatus& status) {
  const auto number = [&](const char* name) {
    const auto found = status.numbers.find(name);
    return found == status.numbers.end() ? 0 : found->second;
  };
  folder.messages = number("MESSAGES");
  folder.uid_validity = static_cast<std::uint32_t>(std::min<std::uint64_t>(number("UIDVALIDITY"), UINT32_MAX));
  folder.uid_next = static_cast<std::uint32_t>(std::min<std::uint64_t>(number("UIDNEXT"), UINT32_MAX));
  folder.highest_modseq = number("HIGHESTMODSEQ");
}

SourceFolder make_folder(const Listing& listing, const Place& place) {
  SourceFolder folder;
  folder.key = listing.name;
  folder.is_container = !can_be_selected(listing);
  folder.role = role_of(listing);
  if (is_inbox(listing.name)) {
    folder.path = {"INBOX"};
    return folder;
  }
  auto rest = std::string_view(listing.name);
  if (rest.starts_with(place.prefix)) rest.remove_prefix(place.prefix.size());
  set_path(folder, rest, listing.delimiter, NameEncoding::automatic);
  return folder;
}

bool is_only_a_subscription(const Listing& listing) {
  return listing.has_attribute("\\NonExistent") && !listing.has_attribute("\\HasChildren");
}

// Subscriptions to names in the user's own namespace that are not there. LSUB shows a name as \Noselect where only
// something below it is subscribed to.
std::vector<SourcePath> find_other_subscriptions(const FolderFacts& facts, const Namespaces& namespaces) {
  std::set<std::string, std::less<>> there{"INBOX"};
  for (const auto& listing : facts.listings)
    if (!is_only_a_subscription(listing)) there.insert(is_inbox(listing.name) ? "INBOX" : listing.name);
  std::vector<SourcePath> out;
  for (const auto& listing : facts.subscriptions) {
    const auto place = place_of(listing.name, namespaces);
    if (listing.has_attribute("\\Noselect") || place.owner == Owner::others || is_inbox(listing.name)) continue;
    if (!there.insert(listing.name).second) continue;
    auto folder = make_folder(listing, place);
    if (!folder.path.empty()) out.push_back(std::move(folder.path));
  }
  return out;
}

}  // namespace

ImapFolders make_folders(const FolderFacts& facts) {
  auto namespaces = facts.namespaces;
  guess_namespace(namespaces, facts.listings);
  std::set<std::string, std::less<>> subscribed;
  for (const auto& listing : facts.subscriptions)
    if (!listing.has_attribute("\\Noselect")) subscribed.insert(listing.name);
  std::map<std::string_view, const MailboxStatus*> statuses;
  for (const auto& status : facts.statuses) statuses[status.name] = &status;

  std::vector<SourceFolder> folders;
  std::set<std::string, std::less<>> seen;
  for (const auto& listing : facts.listings) {
    const auto place = place_of(listing.name, namespaces);
    if (place.owner == Owner::others || listing.name.empty() || !seen.insert(listing.name).second) continue;
    // The root of a namespace ("INBOX." listed as "INBOX." itself) is no folder.
    if (!place.prefix.empty() && listing.name == place.prefix) continue;
    if (is_only_a_subscription(listing)) continue;
    const bool is_archive = facts.is_gmail && listing.has_attribute("\\All");
    if (is_view(listing) && !is_archive) continue;
    auto folder = make_folder(listing, place);
    if (is_archive) folder.role = "archive";
    folder.subscribed =
        facts.listings_tell_subscriptions ? listing.has_attribute("\\Subscribed") : subscribed.contains(listing.name);
    if (const auto status = statuses.find(listing.name); status != statuses.end()) set_status(folder, *status->second);
    folders.push_back(std::move(folder));
  }
  // The inbox keeps its name where others want it, too.
  const auto inbox =
      std::find_if(folders.begin(), folders.end(), [](const auto& folder) { return is_inbox(folder.key); });
  if (inbox != folders.end()) std::rotate(folders.begin(), inbox, std::next(inbox));
  make_paths_unique(folders);
  assign_roles(folders);
  return {std::move(folders), find_other_subscriptions(facts, namespaces)};
}

Result<ImapFolders> read_folders(ImapConnection& connection) {
  FolderFacts facts;
  facts.is_gmail = connection.has("X-GM-EXT-1");
  TRY(facts.namespaces, ask_namespaces(connection));
  TRY_VOID(list_all(connection, "*", facts));
  // Namespaces that hide from "*", and an inbox that does.
  const auto is_listed = [&](auto&& matches) {
    return std::any_of(facts.listings.begin(), facts.listings.end(), matches);
  };
  for (const auto& space : facts.namespaces.personal)
    if (!space.prefix.empty() && !is_listed([&](const auto& one) { return one.name.starts_with(space.prefix); }))
      TRY_VOID(list_all(connection, space.prefix + "*", facts));
  if (!is_listed([](const auto& one) { return is_inbox(one.name); })) TRY_VOID(list_all(connection, "INBOX", facts));
  TRY_VOID(ask_statuses(connection, facts));
  return make_folders(facts);
}

}  // namespace kontor::migrate
