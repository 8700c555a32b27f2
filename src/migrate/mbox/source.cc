// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/mbox/source.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "migrate/files/file_source.h"
#include "migrate/files/message_file.h"
#include "migrate/files/status_fields.h"
#include "migrate/mbox/folders.h"
#include "migrate/mbox/index.h"
#include "migrate/names/folder_name.h"
#include "migrate/names/item_flags.h"
#include "migrate/names/roles.h"

namespace kontor::migrate {
namespace {

constexpr std::size_t kMboxHead = 64u << 10;
// Between a file's key and the path of one of its labels' folders.
constexpr char kLabelMark = '\n';

std::string join(const std::vector<std::string>& path) {
  std::string out;
  for (const auto& level : path) out += (out.empty() ? "" : "/") + level;
  return out;
}

class MboxSession : public SourceSession {
 public:
  MboxSession(std::string root, std::string login, NameEncoding names)
      : root_(std::move(root)), login_(std::move(login)), names_(names) {}

  Result<std::vector<SourceFolder>> folders() override {
    TRY(const auto files, find_mbox_folders(root_, login_, names_));
    std::vector<SourceFolder> out;
    for (const auto& file : files) {
      if (!has_labels(file.key)) {
        out.push_back(file);
        continue;
      }
      TRY_VOID(add_label_folders(file, out));
    }
    make_paths_unique(out);
    assign_roles(out);
    return out;
  }

  Result<FolderPass> list(const SourceFolder& folder, const FolderState& state,
                          const std::function<Result<void>(const SourceItem&)>& visit) override {
    FolderPass pass;
    const auto [file, label] = split_key(folder.key);
    TRY(const auto facts, file_facts(path_of(file)));
    pass.state = mbox_stamp(facts);
    pass.unchanged = pass.state == state;
    if (pass.unchanged) return pass;
    if (facts.size == 0) return pass;
    TRY(const auto* index, read_index(file));
    pass.state = index->stamp;
    for (const auto& message : index->messages) {
      auto item = message.item;
      if (label) {
        const auto place = place_labels(message.labels, message.has_status, item);
        if (join(place.path) != *label) continue;
        std::string labels;
        for (const auto& one : message.labels) labels += (labels.empty() ? "" : "\n") + one;
        item.properties["gmail.labels"] = labels;
        auto words = std::exchange(item.keywords, {});
        for (const auto& word : words) add_keyword(item, word);
      }
      TRY_VOID(visit(item));
    }
    return pass;
  }

  Result<void> fetch(const SourceFolder& folder, const SourceItem& item, const TakePiece& take) override {
    const auto [file, label] = split_key(folder.key);
    TRY(const auto* index, read_index(file));
    const auto found = index->by_key.find(item.key);
    if (found == index->by_key.end())
      return fail(Errc::not_found, fmt::format("{} vanished from {}", item.key, path_of(file)));
    return deliver_mbox_message(path_of(file), *index, index->messages[found->second], take);
  }

  void announce(const SourceFolder&, const std::vector<SourceItem>&) override {}

 private:
  std::string path_of(const std::string& file) const { return file == "." ? root_ : root_ + "/" + file; }

  static std::pair<std::string, std::optional<std::string>> split_key(const std::string& key) {
    const auto mark = key.find(kLabelMark);
    if (mark == std::string::npos) return {key, std::nullopt};
    return {key.substr(0, mark), key.substr(mark + 1)};
  }

  // Gmail writes them into every message.
  bool has_labels(const std::string& file) const {
    const auto head = read_head(path_of(file), kMboxHead);
    if (!head) return false;
    SourceItem ignored;
    const auto header = header_of(*head);
    const auto line = header.find('\n');
    return line != std::string_view::npos && !read_status_fields(header.substr(line + 1), ignored).labels.empty();
  }

  Result<void> add_label_folders(const SourceFolder& file, std::vector<SourceFolder>& out) {
    TRY(const auto* index, read_index(file.key));
    std::map<std::vector<std::string>, SourceFolder> folders;
    for (const auto& message : index->messages) {
      SourceItem item;
      const auto place = place_labels(message.labels, message.has_status, item);
      auto& folder = folders[place.path];
      folder.path = place.path;
      folder.key = file.key + kLabelMark + join(place.path);
      folder.role = place.role;
      ++folder.messages;
    }
    for (auto& [path, folder] : folders) out.push_back(std::move(folder));
    return {};
  }

  // The file's index; read again when the file changed. Valid until another file's is read.
  Result<const MboxIndex*> read_index(const std::string& file) {
    TRY(const auto facts, file_facts(path_of(file)));
    if (indexed_ != file || !index_ || index_->stamp != mbox_stamp(facts)) {
      index_.reset();
      TRY(index_, index_mbox(path_of(file)));
      indexed_ = file;
    }
    return &*index_;
  }

  std::string root_, login_;
  NameEncoding names_;
  std::string indexed_;
  std::optional<MboxIndex> index_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_mbox_source(const SourceOptions& options) {
  return make_file_source(
      "mbox", options,
      [names = options.names](const std::string& root,
                              const SourceAccount& account) -> Result<std::unique_ptr<SourceSession>> {
        return std::make_unique<MboxSession>(root, account.key, names);
      });
}

}  // namespace kontor::migrate
