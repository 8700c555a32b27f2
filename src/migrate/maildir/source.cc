// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/maildir/source.h"

#include <fmt/format.h>

#include <unordered_map>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "migrate/files/dates.h"
#include "migrate/files/file_source.h"
#include "migrate/files/message_file.h"
#include "migrate/files/places.h"
#include "migrate/maildir/folders.h"
#include "migrate/maildir/message_name.h"
#include "migrate/maildir/scan.h"
#include "migrate/names/item_flags.h"

namespace kontor::migrate {
namespace {

constexpr std::size_t kMaildirHead = 64u << 10;

void set_flags(SourceItem& item, const MaildirMessage& message, const std::vector<std::string>& keywords) {
  for (const char letter : message.letters) {
    switch (letter) {
      case 'D':
        item.flags |= kItemDraft;
        break;
      case 'F':
        item.flags |= kItemFlagged;
        break;
      case 'P':
        add_keyword(item, "$Forwarded");
        break;
      case 'R':
        item.flags |= kItemAnswered;
        break;
      case 'S':
        item.flags |= kItemSeen;
        break;
      case 'T':
        item.flags |= kItemDeleted;
        break;
      default:
        if (letter >= 'a' && letter <= 'z' && static_cast<std::size_t>(letter - 'a') < keywords.size())
          add_keyword(item, keywords[static_cast<std::size_t>(letter - 'a')]);
    }
  }
}

// The name tells both sizes, or a look into the file does.
std::string line_ends(const MaildirMessage& message, const std::string& path) {
  const auto name = parse_message_name(message.key);
  if (name.size && name.crlf_size && *name.size != 0) return *name.size == *name.crlf_size ? "crlf" : "lf";
  const auto head = read_head(path, 4096);
  return head ? std::string(line_ends_of(*head)) : std::string();
}

class MaildirSession : public SourceSession {
 public:
  MaildirSession(MaildirPlace place, const SourceOptions& options) : place_(std::move(place)), options_(options) {}

  Result<std::vector<SourceFolder>> folders() override {
    TRY(auto read, read_maildir_folders(place_, options_));
    other_subscriptions_ = std::move(read.other_subscriptions);
    return std::move(read.folders);
  }

  std::vector<SourcePath> other_subscriptions() const override { return other_subscriptions_; }

  Result<FolderPass> list(const SourceFolder& folder, const FolderState& state,
                          const std::function<Result<void>(const SourceItem&)>& visit) override {
    FolderPass pass;
    if (folder.is_container) return pass;
    const auto stamp = maildir_stamp(place_, folder);
    const auto bar = state.find('|');
    if (stamp.is_settled && bar != std::string::npos && state.substr(0, bar) == kVersion + stamp.text) {
      pass.unchanged = true;
      pass.state = state;
      return pass;
    }
    TRY(const auto scan, scan_maildir(place_, folder));
    if (scan.times_are_doubtful)
      log::warn(
          "maildir.times_doubtful",
          {{"folder", maildir_path(place_.root, folder)}, {"messages", scan.messages.size()}, {"instead", "Received"}});
    const auto digest = digest_of(scan);
    pass.state = kVersion + (stamp.is_settled ? stamp.text : " unsettled") + "|" + digest;
    if (bar != std::string::npos && state.substr(bar + 1) == digest) {
      pass.unchanged = true;
      return pass;
    }
    for (const auto& message : scan.messages) TRY_VOID(visit(make_item(folder, scan, message)));
    return pass;
  }

  Result<void> fetch(const SourceFolder& folder, const SourceItem& item, const TakePiece& take) override {
    const auto path = maildir_path(place_.root, folder) + "/";
    if (located_folder_ == folder.key)
      if (const auto known = files_.find(item.key); known != files_.end() && file_facts(path + known->second))
        return deliver_file(path + known->second, LineEnds::to_crlf, take);
    // Another folder, or a file renamed since because its flags changed.
    TRY_VOID(locate(folder));
    const auto known = files_.find(item.key);
    if (known == files_.end()) return fail(Errc::not_found, fmt::format("{} vanished from the source", item.key));
    return deliver_file(path + known->second, LineEnds::to_crlf, take);
  }

  void announce(const SourceFolder&, const std::vector<SourceItem>&) override {}

 private:
  static inline const std::string kVersion = "maildir1";

  static std::string digest_of(const MaildirScan& scan) {
    Sha256 digest;
    digest.update(fmt::format("{} {}\n", scan.uid_validity, scan.times_are_doubtful));
    for (const auto& word : scan.keywords) digest.update(word + "\n");
    for (const auto& m : scan.messages)
      digest.update(fmt::format("{} {} {} {} {} {}\n", m.key, m.letters, m.uid, m.size, m.modified_ns, m.pop3_uidl));
    return to_hex(digest.finish());
  }

  // Reads the names anew if anything happened since they were read last.
  Result<void> locate(const SourceFolder& folder) {
    const auto stamp = maildir_stamp(place_, folder);
    if (located_folder_ == folder.key && stamp.is_settled && stamp.text == located_stamp_) return {};
    files_.clear();
    TRY(files_, locate_messages(place_, folder));
    located_folder_ = folder.key;
    located_stamp_ = stamp.is_settled ? stamp.text : "";
    return {};
  }

  SourceItem make_item(const SourceFolder& folder, const MaildirScan& scan, const MaildirMessage& message) const {
    const auto path = maildir_path(place_.root, folder) + "/" + message.file;
    SourceItem item;
    item.key = message.key;
    item.uid = message.uid;
    set_flags(item, message, scan.keywords);
    item.announced_size = parse_message_name(message.key).crlf_size.value_or(message.size);
    FileFacts facts;
    facts.modified_ns = message.modified_ns;
    item.date = InternalDate(modified_at(facts));
    if (scan.times_are_doubtful) {
      const auto head = read_head(path, kMaildirHead);
      if (const auto date = head ? date_of_header(header_of(*head)) : std::nullopt) item.date = *date;
      item.date_is_guess = true;
    }
    if (!message.pop3_uidl.empty()) item.properties["pop3.uidl"] = message.pop3_uidl;
    if (!message.pop3_order.empty()) item.properties["pop3.order"] = message.pop3_order;
    if (!message.guid.empty()) item.properties["dovecot.guid"] = message.guid;
    if (auto ends = line_ends(message, path); !ends.empty()) item.properties["line-ends"] = std::move(ends);
    return item;
  }

  MaildirPlace place_;
  SourceOptions options_;
  std::vector<SourcePath> other_subscriptions_;
  // Of the folder fetched from last: its files by key.
  std::string located_folder_, located_stamp_;
  std::unordered_map<std::string, std::string> files_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_maildir_source(const SourceOptions& options) {
  return make_file_source(
      "maildir", options,
      [options](const std::string& root, const SourceAccount& account) -> Result<std::unique_ptr<SourceSession>> {
        TRY_VOID(check_directory(root));
        MaildirPlace place{root, root};
        if (!options.control_path.empty()) place.control_root = fill_pattern(options.control_path, account.key);
        return std::make_unique<MaildirSession>(std::move(place), options);
      });
}

}  // namespace kontor::migrate
