// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "formats/mapi/kept.h"
#include "formats/mapi/tags.h"
#include "migrate/kopano/item_class.h"
#include "migrate/names/folder_name.h"

namespace kontor::migrate::kopano {
namespace {

using mapi::Tag;

constexpr std::size_t kDeepestFolder = 64;
constexpr std::size_t kMostFolders = 200'000;
constexpr std::size_t kInStatement = 1000;   // ids: servers take few MB at once
constexpr std::size_t kMostKept = 16 << 10;  // bytes of a folder's other properties
constexpr std::uint32_t kSearchFolder = 2;   // in hierarchy.flags
constexpr const char* kInboxName = "INBOX";
constexpr std::size_t kJunkPlace = 4;  // in PidTagAdditionalRenEntryIds

constexpr Tag kContainerClass{.id = 0x3613};
constexpr Tag kHidden{.id = 0x10F4};
constexpr Tag kContentCount{.id = 0x3602};
constexpr Tag kSubtreeEntry{.id = 0x35E0};
constexpr Tag kTrashEntry{.id = 0x35E3};
constexpr Tag kSentEntry{.id = 0x35E4};
constexpr Tag kAdditionalEntries{.id = 0x36D8};
constexpr Tag kSubscriptions{.id = 0x6784};

// No role here: it tells the kind of a folder that has no class.
constexpr std::string_view kJournal = "journal";

// Pointers on the root folder, and again on the inbox.
constexpr std::pair<Tag, std::string_view> kRootRoles[] = {{{.id = 0x36D0}, "calendar"}, {{.id = 0x36D1}, "contacts"},
                                                           {{.id = 0x36D2}, kJournal},   {{.id = 0x36D3}, "notes"},
                                                           {{.id = 0x36D4}, "tasks"},    {{.id = 0x36D7}, "drafts"}};

// What a folder's properties say that is carried otherwise, counts, or is of this server only.
constexpr std::uint32_t kNotKept[] = {0x3001, 0x3004, 0x3007, 0x3008, 0x3600, 0x3601, 0x3602, 0x3603, 0x360A, 0x3613,
                                      0x3617, 0x36D0, 0x36D1, 0x36D2, 0x36D3, 0x36D4, 0x36D5, 0x36D7, 0x36D8, 0x36D9,
                                      0x36E4, 0x3FE1, 0x65E2, 0x65E3, 0x6638, 0x6640, 0x6641, 0x6643, 0x6706, 0x670A,
                                      0x6784, 0x6785, 0x10F4, 0x0E08, 0x3FFA, 0x3FFB, 0x300B};

struct FolderRow {
  std::uint32_t id = 0, parent = 0, flags = 0;
};

// The kind that folders of a role have.
std::string_view kind_of_role(std::string_view role) {
  if (role == kJournal) return "notes";
  for (const std::string_view kind : {"calendar", "contacts", "notes", "tasks"})
    if (role == kind) return kind;
  return "";
}

class TreeReader {
 public:
  TreeReader(Database& database, ObjectReader& objects, const Store& store, bool with_removed)
      : database_(database), objects_(objects), store_(store), with_removed_(with_removed) {}

  Result<StoreTree> read() {
    TRY_VOID(find_rows());
    TRY_VOID(find_lost());
    TRY_VOID(read_properties());
    TRY_VOID(find_roles());
    guess_roles();
    TRY_VOID(find_mixed());
    TRY_VOID(find_uppermost());
    TRY_VOID(find_hidden());
    if (with_removed_) TRY_VOID(find_removed());
    make_folders();
    return std::move(tree_);
  }

 private:
  Result<void> walk(std::vector<std::uint32_t> level) {
    for (std::size_t depth = 0; !level.empty() && depth < kDeepestFolder && rows_.size() < kMostFolders; ++depth) {
      std::vector<std::uint32_t> next;
      for (std::size_t at = 0; at < level.size(); at += kInStatement) {
        const auto part = std::span(level).subspan(at, std::min(kInStatement, level.size() - at));
        TRY_VOID(database_.query(
            "SELECT id, parent, flags FROM hierarchy WHERE type = 3 AND parent IN (" + list_of(part) + ") ORDER BY id",
            [&](const Row& row) -> Result<void> {
              const FolderRow found{row.id(0), row.id(1), row.id(2)};
              if (!rows_.emplace(found.id, found).second) return {};
              order_.push_back(found.id);
              next.push_back(found.id);
              return {};
            }));
      }
      level = std::move(next);
    }
    if (!level.empty()) tree_.problems.push_back("Folders are deeper, or more, than can be: some were left out.");
    return {};
  }

  Result<void> find_rows() {
    TRY_VOID(walk({store_.id}));
    for (const std::uint32_t id : order_) {
      const FolderRow& row = rows_.at(id);
      if (row.parent == store_.id && (row.flags & kDeletedObject) == 0 && tree_.root == 0) tree_.root = id;
    }
    if (tree_.root == 0) return fail(Errc::not_found, fmt::format("the store of {} has no folders", store_.title));
    return {};
  }

  // Folders of this store that no way leads to: by their entry ids, which have the store's GUID.
  Result<void> find_lost() {
    const std::string first = std::string(4, '\0') + store_.guid;
    std::vector<std::uint32_t> unreached;
    TRY_VOID(database_.query(
        "SELECT hierarchyid FROM indexedproperties WHERE tag = 4095 AND val_binary >= " + literal(first) +
            " AND val_binary < " + literal(first + "\xFF") + " AND SUBSTRING(val_binary, 25, 1) = X'03'",
        [&](const Row& row) -> Result<void> {
          if (!rows_.contains(row.id(0)) && unreached.size() < kMostFolders) unreached.push_back(row.id(0));
          return {};
        }));
    std::map<std::uint32_t, FolderRow> lost;
    for (std::size_t at = 0; at < unreached.size(); at += 1000) {
      const auto part = std::span(unreached).subspan(at, std::min<std::size_t>(1000, unreached.size() - at));
      TRY_VOID(
          database_.query("SELECT id, parent, flags FROM hierarchy WHERE type = 3 AND id IN (" + list_of(part) + ")",
                          [&](const Row& row) -> Result<void> {
                            lost[row.id(0)] = {row.id(0), row.id(1), row.id(2)};
                            return {};
                          }));
    }
    // Of a circle the first becomes the uppermost; what hangs below nothing is uppermost itself.
    for (const auto& [id, row] : lost) {
      std::set<std::uint32_t> above{id};
      std::uint32_t top = id;
      while (lost.contains(lost.at(top).parent) && above.insert(lost.at(top).parent).second) top = lost.at(top).parent;
      const bool is_circle = lost.contains(lost.at(top).parent);
      if (is_circle) top = *above.begin();
      if (!lost_tops_.insert(top).second) continue;
      tree_.problems.push_back(
          is_circle ? fmt::format("Folder {} is below itself.", top)
                    : fmt::format("Folder {} is below {}, which is not there.", top, lost.at(top).parent));
    }
    for (const auto& [id, row] : lost) {
      rows_.emplace(id, row);
      order_.push_back(id);
    }
    return {};
  }

  Result<void> read_properties() {
    std::vector<std::uint32_t> ids = order_;
    ids.push_back(store_.id);
    TRY(properties_, objects_.properties(ids));
    tree_.store = properties_[store_.id];
    tree_.root_properties = properties_[tree_.root];
    TRY_VOID(database_.query(
        fmt::format("SELECT objid, messageclass FROM receivefolder WHERE storeid = {} AND messageclass IN ('', 'IPM', "
                    "'IPM.Note') ORDER BY LENGTH(messageclass)",
                    store_.id),
        [&](const Row& row) -> Result<void> {
          if (tree_.inbox == 0 && rows_.contains(row.id(0)) && row.id(0) != tree_.root) tree_.inbox = row.id(0);
          return {};
        }));
    if (tree_.inbox != 0) tree_.inbox_properties = properties_[tree_.inbox];
    return {};
  }

  Result<void> find_roles() {
    std::vector<std::pair<std::string, std::string>> pointers;  // role, entry id; earlier ones count more
    const auto add = [&](std::string_view role, const std::string* entry) {
      if (entry != nullptr && !entry->empty()) pointers.emplace_back(role, *entry);
    };
    const auto& store = tree_.store;
    add("subtree", store.bytes(kSubtreeEntry));
    add("sent", store.bytes(kSentEntry));
    add("trash", store.bytes(kTrashEntry));
    for (const auto* from : {&tree_.root_properties, &tree_.inbox_properties}) {
      for (const auto& [tag, role] : kRootRoles) add(role, from->bytes(tag));
      if (const auto* more = from->blobs(kAdditionalEntries); more != nullptr && more->size() > kJunkPlace)
        add("junk", &(*more)[kJunkPlace]);
    }
    std::vector<std::string> entries;
    for (const auto& [role, entry] : pointers) entries.push_back(entry);
    const std::vector<std::string> subscribed = subscribed_entries();
    has_subscriptions_ = !subscribed.empty();
    entries.insert(entries.end(), subscribed.begin(), subscribed.end());
    TRY(const auto ids, ids_of_entries(database_, entries));
    std::set<std::string> given;
    for (const auto& [role, entry] : pointers) {
      const auto found = ids.find(entry);
      if (found == ids.end() || !rows_.contains(found->second)) {
        if (!given.contains(role)) tree_.problems.push_back(fmt::format("The folder for \"{}\" is not there.", role));
        continue;
      }
      if (!given.insert(role).second) continue;
      if (role == "subtree")
        tree_.subtree = found->second;
      else
        roles_.emplace(found->second, role);
    }
    if (tree_.inbox != 0) roles_[tree_.inbox] = "inbox";
    if (tree_.subtree == 0) tree_.subtree = tree_.root;
    for (const std::string& entry : subscribed)
      if (const auto found = ids.find(entry); found != ids.end()) subscribed_.insert(found->second);
    return {};
  }

  // Of a kind that no pointer leads to, the oldest of the uppermost folders that say so of themselves.
  void guess_roles() {
    constexpr std::pair<std::string_view, std::string_view> kClasses[] = {{"IPF.Appointment", "calendar"},
                                                                          {"IPF.Contact", "contacts"},
                                                                          {"IPF.StickyNote", "notes"},
                                                                          {"IPF.Task", "tasks"}};
    for (const auto& [container, role] : kClasses) {
      const auto is_given = [&](const auto& known) { return known.second == role; };
      if (std::ranges::any_of(roles_, is_given)) continue;
      for (const auto& [id, row] : rows_) {
        const bool is_usual = row.parent == tree_.subtree && (row.flags & (kDeletedObject | kSearchFolder)) == 0;
        const auto about = properties_.find(id);
        if (!is_usual || about == properties_.end() || about->second.boolean(kHidden)) continue;
        if (!iequals(about->second.text_or_empty(kContainerClass), container)) continue;
        roles_.emplace(id, role);
        break;
      }
    }
  }

  // What IMAP's users subscribe to, if they ever did.
  std::vector<std::string> subscribed_entries() const {
    std::vector<std::string> entries;
    const std::string* list = tree_.inbox_properties.bytes(kSubscriptions);
    if (list == nullptr) return entries;
    std::string_view in = *list;
    const auto number = [&]() -> std::size_t {
      std::size_t value = 0;
      for (std::size_t i = std::min<std::size_t>(in.size(), 4); i > 0; --i)
        value = value << 8U | static_cast<unsigned char>(in[i - 1]);
      in.remove_prefix(std::min<std::size_t>(in.size(), 4));
      return value;
    };
    for (std::size_t left = std::min(number(), kMostFolders); left > 0 && !in.empty(); --left) {
      const std::size_t size = number();
      const std::string_view entry = in.substr(0, size);
      in.remove_prefix(entry.size());
      if (!entry.empty()) entries.emplace_back(entry);
    }
    return entries;
  }

  std::string_view kind_of_folder(std::uint32_t id) const {
    const auto found = properties_.find(id);
    const std::string_view own =
        found == properties_.end() ? std::string_view() : found->second.text_or_empty(kContainerClass);
    if (own.empty())
      if (const auto role = roles_.find(id); role != roles_.end()) return kind_of_role(role->second);
    return kind_of_container(own);
  }

  // Which folders of other kinds than mail have items that they cannot hold with us.
  Result<void> find_mixed() {
    std::vector<std::uint32_t> ids;
    for (const std::uint32_t id : order_)
      if (!kind_of_folder(id).empty()) ids.push_back(id);
    return database_.query(
        fmt::format(
            "SELECT h.parent, p.val_string, COUNT(*) FROM hierarchy h LEFT JOIN properties p ON p.hierarchyid = "
            "h.id AND p.tag = {} AND p.type = 30 WHERE h.type = 5 AND h.parent IN ({}) AND (h.flags & {}) = 0 "
            "GROUP BY h.parent, p.val_string",
            mapi::tag::kMessageClass.id, list_of(ids), kAssociated | kDeletedObject),
        [&](const Row& row) -> Result<void> {
          const std::uint32_t id = row.id(0);
          const auto count = static_cast<std::uint64_t>(row.integer(2));
          (takes(kind_of_folder(id), kind_of(item_class(row.bytes(1)))) ? own_ : rest_)[id] += count;
          return {};
        });
  }

  // Programs let people put items beside the uppermost folders, too.
  Result<void> find_uppermost() {
    return database_.query(
        fmt::format("SELECT COUNT(*) FROM hierarchy WHERE type = 5 AND parent = {} AND (flags & {}) = 0", tree_.subtree,
                    kAssociated | kDeletedObject),
        [&](const Row& row) -> Result<void> {
          uppermost_ = static_cast<std::uint64_t>(row.integer(0));
          return {};
        });
  }

  // Counters lag behind: whether a folder that nobody sees may stay behind is counted.
  Result<void> find_hidden() {
    std::vector<std::uint32_t> ids;
    for (const std::uint32_t id : order_)
      if (properties_[id].boolean(kHidden)) ids.push_back(id);
    return database_.query(fmt::format("SELECT DISTINCT parent FROM hierarchy WHERE type = 5 AND parent IN ({}) AND "
                                       "(flags & {}) = 0",
                                       list_of(ids), kAssociated | kDeletedObject),
                           [&](const Row& row) -> Result<void> {
                             filled_.insert(row.id(0));
                             return {};
                           });
  }

  Result<void> find_removed() {
    return database_.query(fmt::format("SELECT parent, COUNT(*) FROM hierarchy WHERE type = 5 AND parent IN ({}) AND "
                                       "(flags & {}) = {} GROUP BY parent",
                                       list_of(order_), kAssociated | kDeletedObject, kDeletedObject),
                           [&](const Row& row) -> Result<void> {
                             removed_[row.id(0)] = static_cast<std::uint64_t>(row.integer(1));
                             return {};
                           });
  }

  void make_folders() {
    paths_[tree_.subtree] = {};
    if (tree_.inbox != 0) taken_.insert({kInboxName});
    std::map<std::uint32_t, bool> is_removed;  // of the folders that come
    is_removed[tree_.subtree] = false;
    // Parents come before their children but for the lost ones, of which some order leads through all.
    std::vector<std::uint32_t> waiting = order_;
    for (std::size_t before = waiting.size() + 1; waiting.size() < before;) {
      before = waiting.size();
      std::erase_if(waiting, [&](std::uint32_t id) {
        const FolderRow& row = rows_.at(id);
        const bool is_lost = lost_tops_.contains(id);
        if (id == tree_.subtree) return true;
        if (!is_lost && !paths_.contains(row.parent)) return false;
        const bool is_own = (row.flags & kDeletedObject) != 0;
        const bool is_gone = is_own || (!is_lost && is_removed[row.parent]);
        if ((row.flags & kSearchFolder) != 0 || (is_gone && !with_removed_)) return true;
        SourcePath path = is_lost ? SourcePath{std::string(kLostPath)} : paths_.at(row.parent);
        if (is_gone && !(is_removed[row.parent] && !is_lost)) path.insert(path.begin(), std::string(kRemovedPath));
        add_folder(row, std::move(path), is_gone);
        is_removed[id] = is_gone;
        return true;
      });
    }
    if (uppermost_ > 0 || removed_.contains(tree_.subtree)) add_folder(rows_.at(tree_.subtree), {}, false);
    std::vector<SourceFolder> all;
    for (FolderNode& node : tree_.folders) all.push_back(std::move(node.source));
    make_paths_unique(all);
    for (std::size_t i = 0; i < all.size(); ++i) {
      tree_.folders[i].source = std::move(all[i]);
      if (!tree_.folders[i].is_rest && tree_.folders[i].messages != FolderNode::Messages::removed)
        tree_.paths[tree_.folders[i].id] = tree_.folders[i].source.path;
    }
  }

  // No two have one path, so that what is below each stays apart, too. Whether it had to be changed.
  bool set_apart(SourcePath& path) {
    const auto key = [](SourcePath of) {
      if (iequals(of.front(), kInboxName)) of.front() = kInboxName;
      return of;
    };
    const std::string name = path.back();
    for (int n = 2; !taken_.insert(key(path)).second; ++n) path.back() = fmt::format("{} ({})", name, n);
    return path.back() != name;
  }

  void add_folder(const FolderRow& row, SourcePath path, bool is_gone) {
    const mapi::Properties& about = properties_[row.id];
    FolderNode node;
    node.id = row.id;
    node.kind = kind_of_folder(row.id);
    SourceFolder& folder = node.source;
    folder.key = std::to_string(row.id);
    folder.kind = node.kind;
    if (row.id == tree_.inbox && !is_gone) {
      path = {kInboxName};
    } else {
      const std::string_view raw = about.text_or_empty(mapi::tag::kDisplayName);
      FolderName name = decode_folder_name(raw.empty() ? fmt::format("Folder {}", row.id) : raw, NameEncoding::utf8);
      folder.name_was_rewritten = name.was_rewritten || raw.empty();
      path.push_back(std::move(name.text));
      folder.name_was_rewritten = set_apart(path) || folder.name_was_rewritten;
    }
    folder.path = path;
    paths_[row.id] = path;
    if (path.size() > kDeepestFolder) return;
    if (const auto role = roles_.find(row.id);
        role != roles_.end() && role->second != kJournal && !is_gone && kind_of_role(role->second) == folder.kind)
      folder.role = role->second;
    const bool is_hidden = about.boolean(kHidden);
    folder.subscribed =
        !is_hidden && !is_gone &&
        (!folder.kind.empty() || !has_subscriptions_ || subscribed_.contains(row.id) || folder.role == "inbox");
    folder.messages = static_cast<std::uint64_t>(std::max<std::int64_t>(about.integer(kContentCount).value_or(0), 0));
    if (folder.kind.empty()) folder.uid_validity = row.id;
    folder.description = about.text_or_empty(mapi::tag::kComment);
    if (std::string kept = kept_of(about); !kept.empty()) folder.properties["mapi"] = std::move(kept);
    if (is_gone) node.messages = FolderNode::Messages::any;
    if (!folder.kind.empty()) folder.messages = own_.contains(row.id) ? own_.at(row.id) : 0;
    // Outlook keeps its settings in such folders; they are seen by nobody.
    if (is_hidden && !filled_.contains(row.id) && !with_removed_) return;
    tree_.folders.push_back(node);
    add_parts(node);
  }

  void add_parts(const FolderNode& node) {
    const auto add = [&](std::string_view suffix, SourcePath path, std::uint64_t count, bool is_rest, bool is_removed) {
      FolderNode part = node;
      part.is_rest = is_rest;
      if (is_removed) part.messages = FolderNode::Messages::removed;
      part.source.key += suffix;
      part.source.path = std::move(path);
      part.source.messages = count;
      part.source.role.clear();
      part.source.uid_validity = 0;
      part.source.properties.clear();
      if (is_rest) part.source.kind.clear();
      if (is_removed) part.source.subscribed = false;
      tree_.folders.push_back(std::move(part));
    };
    const SourcePath& path = node.source.path;
    const bool is_mail = node.source.kind.empty();
    if (rest_.contains(node.id)) add(":mail", path, rest_[node.id], true, false);
    if (node.messages == FolderNode::Messages::any || !removed_.contains(node.id)) return;
    SourcePath removed = path;
    removed.insert(removed.begin(), std::string(kRemovedPath));
    add(":deleted", removed, removed_[node.id], false, true);
    if (!is_mail) add(":deleted:mail", removed, 0, true, true);
  }

  static std::string kept_of(const mapi::Properties& about) {
    mapi::Properties kept;
    for (const auto& [key, value] : about.all()) {
      const bool is_left_out =
          !Tag(key).is_named() && std::find(std::begin(kNotKept), std::end(kNotKept), key.id) != std::end(kNotKept);
      if (!is_left_out && value.bytes() < kMostKept / 4) kept.set(key, value);
    }
    std::string bytes = mapi::keep(kept);
    return bytes.size() > kMostKept ? std::string() : bytes;
  }

  Database& database_;
  ObjectReader& objects_;
  const Store& store_;
  const bool with_removed_;
  StoreTree tree_;
  std::map<std::uint32_t, FolderRow> rows_;
  std::vector<std::uint32_t> order_;
  std::set<std::uint32_t> lost_tops_, subscribed_;
  std::set<std::uint32_t> filled_;  // hidden, and not empty
  bool has_subscriptions_ = false;  // the user ever chose some
  ObjectReader::ById properties_;
  std::map<std::uint32_t, std::string> roles_;
  std::map<std::uint32_t, std::uint64_t> own_, rest_, removed_;
  std::uint64_t uppermost_ = 0;  // items in the subtree itself
  std::map<std::uint32_t, SourcePath> paths_;
  std::set<SourcePath> taken_;
};

}  // namespace

Result<StoreTree> read_tree(Database& database, ObjectReader& objects, const Store& store, bool with_removed) {
  return TreeReader(database, objects, store, with_removed).read();
}

namespace {

// As it is in the index: of an entry with a server's name, that of the object alone.
std::string stored_entry(std::string_view entry) {
  constexpr std::size_t kObject = 44;
  constexpr std::size_t kStored = 48;
  constexpr std::size_t kVersionAt = 20;
  if (entry.size() < kStored || entry[kVersionAt] == 0) return std::string(entry);
  return std::string(entry.substr(0, kObject)) + std::string(kStored - kObject, '\0');
}

}  // namespace

Result<std::map<std::string, std::uint32_t>> ids_of_entries(Database& database,
                                                            const std::vector<std::string>& entries) {
  std::map<std::string, std::uint32_t> found;
  std::map<std::string, std::uint32_t, std::less<>> rows;
  for (std::size_t at = 0; at < entries.size(); at += kInStatement) {
    std::string list;
    for (const std::string& entry : std::span(entries).subspan(at, std::min(kInStatement, entries.size() - at)))
      list += (list.empty() ? "" : ",") + literal(stored_entry(entry));
    TRY_VOID(database.query(
        "SELECT val_binary, hierarchyid FROM indexedproperties WHERE tag = 4095 AND val_binary IN (" + list + ")",
        [&](const Row& row) -> Result<void> {
          rows.emplace(row.bytes(0), row.id(1));
          return {};
        }));
  }
  for (const std::string& entry : entries)
    if (const auto row = rows.find(stored_entry(entry)); row != rows.end()) found[entry] = row->second;
  return found;
}

}  // namespace kontor::migrate::kopano
