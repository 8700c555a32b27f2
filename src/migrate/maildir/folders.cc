// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/maildir/folders.h"

#include <algorithm>
#include <optional>
#include <set>

#include "migrate/files/message_file.h"
#include "migrate/maildir/control_files.h"
#include "migrate/names/folder_name.h"
#include "migrate/names/roles.h"

namespace kontor::migrate {
namespace {

constexpr std::size_t kDeepestMaildir = 32;
constexpr std::size_t kLargestControlFile = 16u << 20;
constexpr std::string_view kInboxKey = "INBOX";

bool is_directory(const std::string& path) {
  const auto facts = file_facts(path);
  return facts && facts->is_directory;
}

bool has_messages_place(const std::string& path) { return is_directory(path + "/cur") || is_directory(path + "/new"); }

bool is_part_of_maildir(std::string_view name) { return name == "cur" || name == "new" || name == "tmp"; }

// One folder before it has a path: key and name with levels separated by `delimiter`.
struct FoundDirectory {
  std::string key;
  std::string name;
  bool is_container = false;
};

Result<std::vector<FoundDirectory>> find_plus_plus(const std::string& root) {
  TRY(const auto names, read_directory(root));
  std::vector<FoundDirectory> out;
  for (const auto& name : names)
    if (name.size() > 1 && name.front() == '.' && has_messages_place(root + "/" + name))
      out.push_back({name, name.substr(1), false});
  return out;
}

// Links may lead in circles: each directory counts once.
void find_nested(const std::string& root, const std::string& below, std::size_t level,
                 std::set<std::pair<std::uint64_t, std::uint64_t>>& seen, std::vector<FoundDirectory>& out) {
  const auto names = read_directory(below.empty() ? root : root + "/" + below);
  if (!names || level > kDeepestMaildir) return;
  for (const auto& name : *names) {
    if (name.front() == '.' || is_part_of_maildir(name)) continue;
    // A directory "INBOX" is not the inbox.
    const auto key = !below.empty() ? below + "/" + name : name == kInboxKey ? "./" + name : name;
    const auto facts = file_facts(root + "/" + key);
    if (!facts || !facts->is_directory || !seen.insert({facts->device, facts->inode}).second) continue;
    const auto at = out.size();
    out.push_back({key, key.starts_with("./") ? key.substr(2) : key, !has_messages_place(root + "/" + key)});
    find_nested(root, key, level + 1, seen, out);
    if (out[at].is_container && out.size() == at + 1) out.pop_back();
  }
}

MaildirLayout detect_layout(const std::string& root, const std::vector<FoundDirectory>& plus_plus) {
  if (!plus_plus.empty()) return MaildirLayout::plus_plus;
  if (const auto names = read_directory(root))
    for (const auto& name : *names)
      if (name.front() != '.' && !is_part_of_maildir(name) && is_directory(root + "/" + name)) return MaildirLayout::fs;
  return MaildirLayout::plus_plus;
}

// Nothing if there is no such file: then all folders count as subscribed, unless Dovecot keeps the Maildir.
std::optional<std::set<std::string, std::less<>>> read_subscriptions(const MaildirPlace& place) {
  for (const auto& root : {place.control_root, place.root})
    for (const char* name : {"/subscriptions", "/courierimapsubscribed"})
      if (const auto text = read_small_file(root + name, kLargestControlFile)) return parse_subscriptions(*text);
  for (const auto& root : {place.control_root, place.root})
    if (file_facts(root + "/dovecot-uidlist")) return std::set<std::string, std::less<>>();
  return std::nullopt;
}

bool is_subscribed(const std::set<std::string, std::less<>>& names, std::string dotted) {
  std::replace(dotted.begin(), dotted.end(), '/', '.');
  // Courier keeps names with the "INBOX." that it shows.
  return names.contains(dotted) || names.contains("INBOX." + dotted);
}

void read_counts(const MaildirPlace& place, SourceFolder& folder) {
  const auto root = maildir_path(place.root, folder);
  for (const char* part : {"/cur", "/new"})
    if (const auto names = read_directory(root + part))
      folder.messages += static_cast<std::uint64_t>(
          std::count_if(names->begin(), names->end(), [](const auto& name) { return name.front() != '.'; }));
  for (const char* name : {"dovecot-uidlist", "courierimapuiddb"}) {
    const auto path = control_file(place, folder, name);
    if (path.empty()) continue;
    // The first line tells; 256 bytes hold it.
    const auto head = read_head(path, 256);
    if (!head) continue;
    const auto list = parse_uid_list(std::string_view(*head).substr(0, head->find('\n')));
    folder.uid_validity = list.uid_validity;
    folder.uid_next = list.uid_validity == 0 ? 0 : list.uid_next;
    return;
  }
}

// What is subscribed to and was not found. Courier shows everything below "INBOX.".
std::vector<SourcePath> unfound_subscriptions(const std::set<std::string, std::less<>>& subscriptions,
                                              const std::vector<FoundDirectory>& found, NameEncoding encoding) {
  std::set<std::string, std::less<>> there{"INBOX"};
  for (const auto& one : found) {
    auto dotted = one.name;
    std::replace(dotted.begin(), dotted.end(), '/', '.');
    there.insert("INBOX." + dotted);
    there.insert(std::move(dotted));
  }
  std::vector<SourcePath> out;
  for (const auto& name : subscriptions) {
    if (there.contains(name)) continue;
    SourceFolder folder;
    const auto below = std::string_view(name).starts_with("INBOX.") ? std::string_view(name).substr(6) : name;
    set_path(folder, below, ".", encoding);
    if (!folder.path.empty()) out.push_back(std::move(folder.path));
  }
  return out;
}

}  // namespace

std::string maildir_path(const std::string& root, const SourceFolder& folder) {
  return folder.key == kInboxKey ? root : root + "/" + folder.key;
}

std::string control_file(const MaildirPlace& place, const SourceFolder& folder, const std::string& name) {
  for (const auto& root : {place.control_root, place.root}) {
    auto path = maildir_path(root, folder) + "/" + name;
    if (file_facts(path)) return path;
  }
  return {};
}

Result<MaildirFolders> read_maildir_folders(const MaildirPlace& place, const SourceOptions& options) {
  TRY(const auto facts, file_facts(place.root));
  if (!facts.is_directory) return fail(Errc::invalid, place.root + " is no directory");
  TRY(auto found, find_plus_plus(place.root));
  const auto layout = options.layout == MaildirLayout::automatic ? detect_layout(place.root, found) : options.layout;
  if (layout == MaildirLayout::fs) {
    found.clear();
    std::set<std::pair<std::uint64_t, std::uint64_t>> seen{{facts.device, facts.inode}};
    find_nested(place.root, "", 0, seen, found);
  }
  const auto subscriptions = read_subscriptions(place);

  std::vector<SourceFolder> folders;
  SourceFolder inbox;
  inbox.key = kInboxKey;
  inbox.path = {"INBOX"};
  inbox.is_container = !has_messages_place(place.root);
  if (inbox.is_container && found.empty())
    return fail(Errc::invalid, place.root + " is no Maildir: it has no cur and no new");
  inbox.subscribed = !subscriptions || subscriptions->contains("INBOX");
  if (!inbox.is_container) folders.push_back(std::move(inbox));
  for (const auto& one : found) {
    SourceFolder folder;
    folder.key = one.key;
    folder.is_container = one.is_container;
    set_path(folder, one.name, layout == MaildirLayout::fs ? "/" : ".", options.names);
    folder.subscribed = !subscriptions || is_subscribed(*subscriptions, one.name);
    folders.push_back(std::move(folder));
  }
  for (auto& folder : folders)
    if (!folder.is_container) read_counts(place, folder);
  make_paths_unique(folders);
  assign_roles(folders);
  MaildirFolders out{std::move(folders), {}};
  if (subscriptions) out.other_subscriptions = unfound_subscriptions(*subscriptions, found, options.names);
  return out;
}

}  // namespace kontor::migrate
