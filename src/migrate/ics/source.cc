// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/ics/source.h"

#include <fmt/format.h>

#include <set>
#include <unordered_map>

#include "base/bytes.h"
#include "base/digest.h"
#include "migrate/files/file_source.h"
#include "migrate/files/message_file.h"
#include "migrate/ics/folders.h"
#include "migrate/ics/item_files.h"

namespace kontor::migrate {
namespace {

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

class ItemFileSession : public SourceSession {
 public:
  ItemFileSession(std::string root, ItemForm form) : root_(std::move(root)), form_(form) {}

  Result<std::vector<SourceFolder>> folders() override { return read_item_folders(root_, form_); }

  Result<FolderPass> list(const SourceFolder& folder, const FolderState& state,
                          const std::function<Result<void>(const SourceItem&)>& visit) override {
    FolderPass pass;
    TRY(const auto files, files_of_folder(root_, folder, form_));
    Sha256 digest;
    for (const auto& path : files) {
      const auto facts = file_facts(path);
      digest.update(facts ? fmt::format("{} {} {}\n", path, facts->size, facts->modified_ns) : path + "\n");
    }
    pass.state = "ics1 " + to_hex(digest.finish());
    pass.unchanged = pass.state == state;
    if (pass.unchanged) return pass;
    TRY_VOID(visit_files(folder, files, visit));
    // What was in a file that cannot be read has not vanished.
    pass.is_delta = has_unreadable_;
    return pass;
  }

  Result<void> fetch(const SourceFolder& folder, const SourceItem& item, const TakePiece& take) override {
    if (located_folder_ != folder.key) {
      TRY(const auto files, files_of_folder(root_, folder, form_));
      TRY_VOID(visit_files(folder, files, [](const SourceItem&) -> Result<void> { return {}; }));
    }
    const auto place = places_.find(item.key);
    if (place == places_.end()) return fail(Errc::not_found, fmt::format("{} vanished from the source", item.key));
    const auto& [path, number] = place->second;
    TRY_VOID(open_file(path));
    if (number >= open_.items.size()) return fail(Errc::not_found, fmt::format("{} changed meanwhile", path));
    return take(open_.items[number].content);
  }

  void announce(const SourceFolder&, const std::vector<SourceItem>&) override {}

 private:
  struct Place {
    std::string path;
    std::size_t number = 0;
  };

  // A large file is read once for all of its items.
  Result<void> open_file(const std::string& path) {
    TRY(const auto facts, file_facts(path));
    const auto stamp = fmt::format("{} {} {}", path, facts.size, facts.modified_ns);
    if (open_stamp_ == stamp) return {};
    open_stamp_.clear();
    open_ = {};
    TRY(const auto text, read_small_file(path, kLargestItemFile));
    open_ = take_apart(text, form_);
    open_stamp_ = stamp;
    return {};
  }

  Result<void> visit_files(const SourceFolder& folder, const std::vector<std::string>& files,
                           const std::function<Result<void>(const SourceItem&)>& visit) {
    places_.clear();
    located_folder_.clear();
    has_unreadable_ = false;
    for (const auto& path : files) {
      const auto facts = file_facts(path);
      const auto opened = facts ? open_file(path) : Result<void>(std::unexpected(facts.error()));
      if (!opened && opened.error().code == Errc::not_found) continue;
      if (!opened) {  // it is named, and fetch() says why it does not come
        has_unreadable_ = true;
        SourceItem item;
        item.key = "file:" + base_name(path);
        places_[item.key] = {path, 0};
        TRY_VOID(visit(item));
        continue;
      }
      for (std::size_t i = 0; i < open_.items.size(); ++i) TRY_VOID(visit(make_item(path, i, *facts)));
    }
    located_folder_ = folder.key;
    return {};
  }

  // Items keep their keys when files are written anew: by UID where there is one that is not taken.
  SourceItem make_item(const std::string& path, std::size_t number, const FileFacts& facts) {
    const auto& one = open_.items[number];
    SourceItem item;
    item.key = one.uid;
    if (item.key.empty() || item.key.starts_with("file:") || places_.contains(item.key))
      item.key = "file:" + base_name(path) +
                 (open_.is_whole ? std::string() : "#" + to_hex(sha256(one.content)).substr(0, 32));
    for (int again = 2; places_.contains(item.key); ++again) item.key = fmt::format("{}#{}", item.key, again);
    places_[item.key] = {path, number};
    if (open_.is_whole) item.name = base_name(path);
    item.fingerprint = to_hex(sha256(one.content)).substr(0, 32);
    item.announced_size = one.content.size();
    item.date = InternalDate(modified_at(facts));
    return item;
  }

  const std::string root_;
  const ItemForm form_;
  ItemFile open_;
  std::string open_stamp_;
  std::string located_folder_;
  bool has_unreadable_ = false;                    // among its files
  std::unordered_map<std::string, Place> places_;  // of the located folder's items, by key
};

}  // namespace

Result<std::unique_ptr<Source>> open_item_file_source(const SourceOptions& options) {
  const auto form = options.kind == SourceKind::vcf ? ItemForm::card : ItemForm::calendar;
  return make_file_source(
      form == ItemForm::card ? "vcf" : "ics", options,
      [form](const std::string& root, const SourceAccount&) -> Result<std::unique_ptr<SourceSession>> {
        return std::make_unique<ItemFileSession>(root, form);
      });
}

}  // namespace kontor::migrate
