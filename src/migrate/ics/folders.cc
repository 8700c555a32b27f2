// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/ics/folders.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "migrate/files/message_file.h"
#include "migrate/ics/collection_files.h"
#include "migrate/names/collections.h"
#include "migrate/names/folder_name.h"

namespace kontor::migrate {
namespace {

constexpr std::size_t kDeepestItemTree = 16;
constexpr std::size_t kItemFileHead = 64 << 10;
constexpr std::string_view kItemRoot = ".";

std::string path_below(const std::string& root, std::string_view key) {
  return key == kItemRoot ? root : root + "/" + std::string(key);
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

void set_name(SourceFolder& folder, std::string_view name) {
  auto decoded = decode_folder_name(name, NameEncoding::utf8);
  folder.path = {std::move(decoded.text)};
  folder.name_was_rewritten = decoded.was_rewritten;
}

// A file that is a collection: it says how it is called, and has many items.
std::optional<SourceFolder> exported_collection(const std::string& path, std::string key, ItemForm form) {
  if (form == ItemForm::card) return std::nullopt;
  const auto head = read_head(path, kItemFileHead);
  if (!head || (!head->contains("X-WR-CALNAME") && !head->contains("\nNAME"))) return std::nullopt;
  const auto text = read_small_file(path, kLargestItemFile);
  if (!text) return std::nullopt;
  auto file = take_apart(*text, form);
  if (file.items.size() < 2 || file.name.empty()) return std::nullopt;
  SourceFolder folder;
  folder.key = std::move(key);
  folder.kind = std::move(file.kind);
  folder.colour = std::move(file.colour);
  folder.description = std::move(file.description);
  folder.messages = file.items.size();
  set_name(folder, file.name);
  return folder;
}

// What the files are for, by what their beginnings show.
std::string kind_of_files(const std::vector<std::string>& files, ItemForm form) {
  if (form == ItemForm::card) return "contacts";
  std::string seen;
  for (const auto& path : files) {
    const auto head = read_head(path, kItemFileHead);
    if (!head) continue;
    for (const char* word : {"VEVENT", "VTODO", "VJOURNAL"})
      if (head->contains(std::string("BEGIN:") + word)) seen += word;
    if (seen.contains("VEVENT")) break;
  }
  const auto kind = kind_of_components(seen);
  return kind.empty() ? "calendar" : kind;
}

class CollectionWalk {
 public:
  CollectionWalk(const std::string& root, ItemForm form) : root_(root), form_(form) {}

  Result<std::vector<SourceFolder>> run() {
    TRY(const auto facts, file_facts(root_));
    if (facts.is_directory) {
      TRY_VOID(directory(std::string(kItemRoot), 0));
    } else {
      file_alone();
    }
    make_paths_unique(out_);
    assign_collection_roles(out_);
    return std::move(out_);
  }

 private:
  void file_alone() {
    auto folder = exported_collection(root_, std::string(kItemRoot), form_);
    if (!folder) {
      folder.emplace();
      folder->key = kItemRoot;
      folder->kind = kind_of_files({root_}, form_);
      const auto name = last_part(root_);
      set_name(*folder, name.substr(0, name.rfind('.')));
    }
    out_.push_back(std::move(*folder));
  }

  Result<void> directory(const std::string& key, std::size_t level) {
    const auto path = path_below(root_, key);
    TRY(const auto names, read_directory(path));
    std::vector<std::string> items, below;
    for (const auto& name : names) {
      if (name.front() == '.') continue;
      const auto facts = file_facts(path + "/" + name);
      if (facts && facts->is_directory) {
        if (seen_.insert({facts->device, facts->inode}).second) below.push_back(name);
      } else if (is_item_file(name, form_)) {
        items.push_back(path + "/" + name);
      }
    }
    collection(key, std::move(items));
    if (level >= kDeepestItemTree) return {};
    for (const auto& name : below) TRY_VOID(directory(key == kItemRoot ? name : key + "/" + name, level + 1));
    return {};
  }

  void collection(const std::string& key, std::vector<std::string> items) {
    auto traits = read_collection_traits(path_below(root_, key));
    if (!traits.is_there)
      std::erase_if(items, [&](const std::string& path) {
        auto folder = exported_collection(path, path.substr(root_.size() + 1), form_);
        if (folder) out_.push_back(std::move(*folder));
        return folder.has_value();
      });
    const bool is_of_form = traits.kind.empty() || (traits.kind == "contacts") == (form_ == ItemForm::card);
    if (items.empty() && (!traits.is_there || !is_of_form || traits.kind.empty())) return;
    SourceFolder folder;
    folder.key = key;
    folder.kind = is_of_form && !traits.kind.empty() ? traits.kind : kind_of_files(items, form_);
    folder.colour = std::move(traits.colour);
    folder.description = std::move(traits.description);
    if (!traits.order.empty()) folder.properties["calendar.order"] = std::move(traits.order);
    folder.messages = items.size();
    const std::string_view standard = form_ == ItemForm::card ? "Contacts" : "Calendar";
    set_name(folder, !traits.name.empty() ? traits.name : key == kItemRoot ? standard : last_part(key));
    out_.push_back(std::move(folder));
  }

  const std::string& root_;
  const ItemForm form_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen_;
  std::vector<SourceFolder> out_;
};

}  // namespace

Result<std::vector<SourceFolder>> read_item_folders(const std::string& root, ItemForm form) {
  return CollectionWalk(root, form).run();
}

Result<std::vector<std::string>> files_of_folder(const std::string& root, const SourceFolder& folder, ItemForm form) {
  const auto path = path_below(root, folder.key);
  TRY(const auto facts, file_facts(path));
  if (!facts.is_directory) return std::vector<std::string>{path};
  TRY(const auto names, read_directory(path));
  const bool is_by_itself = read_collection_traits(path).is_there;
  std::vector<std::string> out;
  for (const auto& name : names) {
    auto file = path + "/" + name;
    if (!is_item_file(name, form)) continue;
    if (const auto one = file_facts(file); one && one->is_directory) continue;
    if (!is_by_itself && exported_collection(file, name, form)) continue;
    out.push_back(std::move(file));
  }
  return out;
}

}  // namespace kontor::migrate
