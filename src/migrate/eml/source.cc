// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/eml/source.h"

#include <fmt/format.h>

#include <set>

#include "base/bytes.h"
#include "base/digest.h"
#include "migrate/files/dates.h"
#include "migrate/files/file_source.h"
#include "migrate/files/message_file.h"
#include "migrate/files/status_fields.h"
#include "migrate/names/folder_name.h"
#include "migrate/names/roles.h"

namespace kontor::migrate {
namespace {

constexpr std::size_t kDeepestEml = 32;
constexpr std::size_t kEmlHead = 64u << 10;
constexpr std::string_view kRootKey = ".";

bool is_message_name(std::string_view name) { return name.size() > 4 && iequals(name.substr(name.size() - 4), ".eml"); }

class EmlSession : public SourceSession {
 public:
  explicit EmlSession(std::string root) : root_(std::move(root)) {}

  Result<std::vector<SourceFolder>> folders() override {
    std::vector<SourceFolder> out;
    std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
    TRY_VOID(walk("", {}, 0, seen, out));
    make_paths_unique(out);
    assign_roles(out);
    return out;
  }

  Result<FolderPass> list(const SourceFolder& folder, const FolderState& state,
                          const std::function<Result<void>(const SourceItem&)>& visit) override {
    FolderPass pass;
    const auto path = path_of(folder);
    TRY(const auto names, read_directory(path));
    std::vector<std::pair<std::string, Result<FileFacts>>> files;
    Sha256 digest;
    for (const auto& name : names) {
      if (!is_message_name(name)) continue;
      auto facts = file_facts(path + "/" + name);
      if (facts && facts->is_directory) continue;
      if (!facts && facts.error().code == Errc::not_found) continue;
      digest.update(facts ? fmt::format("{} {} {}\n", name, facts->size, facts->modified_ns) : name + "\n");
      files.emplace_back(name, std::move(facts));
    }
    pass.state = "eml1 " + to_hex(digest.finish());
    pass.unchanged = pass.state == state;
    if (pass.unchanged) return pass;
    for (const auto& [name, facts] : files) TRY_VOID(visit(make_item(path, name, facts)));
    return pass;
  }

  Result<void> fetch(const SourceFolder& folder, const SourceItem& item, const TakePiece& take) override {
    return deliver_file(path_of(folder) + "/" + item.key, LineEnds::by_first, take);
  }

  void announce(const SourceFolder&, const std::vector<SourceItem>&) override {}

 private:
  std::string path_of(const SourceFolder& folder) const {
    return folder.key == kRootKey ? root_ : root_ + "/" + folder.key;
  }

  // Directories without messages in or below them are no folders.
  Result<void> walk(const std::string& below, const std::vector<std::string>& path, std::size_t level,
                    std::set<std::pair<std::uint64_t, std::uint64_t>>& seen, std::vector<SourceFolder>& out) {
    const auto directory = below.empty() ? root_ : root_ + "/" + below;
    TRY(const auto names, read_directory(directory));
    SourceFolder folder;
    folder.key = below.empty() ? std::string(kRootKey) : below;
    folder.path = path.empty() ? std::vector<std::string>{"INBOX"} : path;
    folder.is_container = true;
    const auto at = out.size();
    out.push_back(std::move(folder));
    for (const auto& name : names) {
      const auto key = below.empty() ? name : below + "/" + name;
      const auto facts = file_facts(root_ + "/" + key);
      if (facts && facts->is_directory) {
        if (name.front() == '.' || level >= kDeepestEml || !seen.insert({facts->device, facts->inode}).second) continue;
        auto decoded = decode_folder_name(name, NameEncoding::utf8);
        auto child = path;
        child.push_back(std::move(decoded.text));
        const auto first = out.size();
        TRY_VOID(walk(key, child, level + 1, seen, out));
        if (out.size() > first) out[first].name_was_rewritten = decoded.was_rewritten;
      } else if (is_message_name(name)) {
        out[at].is_container = false;
        ++out[at].messages;
      }
    }
    if (out[at].is_container && (below.empty() || out.size() == at + 1))
      out.erase(out.begin() + static_cast<std::ptrdiff_t>(at));
    return {};
  }

  static SourceItem make_item(const std::string& directory, const std::string& name, const Result<FileFacts>& facts) {
    SourceItem item;
    item.key = name;
    item.date_is_guess = true;
    if (!facts) return item;
    item.announced_size = facts->size;
    item.date = InternalDate(modified_at(*facts));
    const auto head = read_head(directory + "/" + name, kEmlHead);
    if (!head) return item;
    const auto header = header_of(*head);
    if (const auto date = date_of_header(header)) item.date = *date;
    read_status_fields(header, item);
    if (const auto ends = line_ends_of(*head); !ends.empty()) item.properties["line-ends"] = ends;
    return item;
  }

  std::string root_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_eml_source(const SourceOptions& options) {
  return make_file_source("eml", options,
                          [](const std::string& root, const SourceAccount&) -> Result<std::unique_ptr<SourceSession>> {
                            TRY_VOID(check_directory(root));
                            return std::make_unique<EmlSession>(root);
                          });
}

}  // namespace kontor::migrate
