// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/compare.h"

#include <fmt/format.h>

#include <variant>

#include "protocols/import/earlier.h"
#include "protocols/import/followed_folder.h"
#include "protocols/import/grants.h"
#include "protocols/import/ledger.h"
#include "protocols/import/settings.h"
#include "protocols/import/subscriptions.h"
#include "protocols/import/traits.h"

namespace kontor::importing {
namespace {

constexpr std::ptrdiff_t kMostInLine = 500;

class Comparison {
 public:
  Comparison(const groupware::Reader& reader, const directory::Directory& directory, directory::Principal owner,
             std::string source)
      : reader_(reader), directory_(directory), owner_(std::move(owner)), source_(std::move(source)) {}

  Result<void> take(const archive::Record& record) {
    if (const auto* folder = std::get_if<archive::Folder>(&record)) return compare_folder(*folder);
    if (const auto* settings = std::get_if<archive::Settings>(&record)) {
      TRY(auto answer, compare_settings(reader_, directory_, owner_.id, source_, *settings));
      put(std::move(answer));
      return {};
    }
    const auto* end = std::get_if<archive::AccountEnd>(&record);
    if (end == nullptr) return fail(Errc::invalid, "only folders and settings are compared in this way");
    archive::Answer answer;
    answer.folder = archive::kSettingsKey;
    TRY_VOID(compare_subscriptions(reader_, source_, end->other_subscriptions, answer));
    put(std::move(answer));
    return {};
  }

  std::vector<archive::Answer> answers() && { return std::move(answers_); }

 private:
  Result<void> compare_folder(const archive::Folder& folder) {
    archive::Answer answer;
    answer.folder = folder.key;
    TRY(const auto mark, find_folder(reader_, source_, folder_code(folder.key)));
    const std::string name = folder.path.empty() ? folder.key : folder.path.back();
    const auto there = mark ? reader_.folder(mark->target) : Result<std::shared_ptr<const groupware::Folder>>(nullptr);
    if (!mark) {
      answer.different.push_back({"the folder " + name, "was not brought to the target"});
    } else if (!there) {
      answer.different.push_back({"the folder " + name, "was removed at the target since it came"});
    } else {
      compare_subscription(folder, *mark, (*there)->subscribed, answer);
      folders_.compare(folder, **there, *mark, answer);
      TRY_VOID(compare_grants(reader_, directory_, owner_, *mark, folder, answer));
    }
    put(std::move(answer));
    return {};
  }

  // In lines of bounded size.
  void put(archive::Answer answer) {
    while (answer.different.size() > std::size_t{kMostInLine}) {
      archive::Answer& part = answers_.emplace_back();
      part.folder = answer.folder;
      const auto end = answer.different.end();
      part.different.assign(end - kMostInLine, end);
      answer.different.erase(end - kMostInLine, end);
    }
    answers_.push_back(std::move(answer));
  }

  static void compare_subscription(const archive::Folder& folder, const FolderMark& mark, bool is_subscribed,
                                   archive::Answer& answer) {
    if (is_subscribed == folder.subscribed) {
      ++answer.counts.present;
      return;
    }
    answer.different.push_back({"the subscription to " + (folder.path.empty() ? folder.key : folder.path.back()),
                                difference_of({.was_brought = true,
                                               .is_same_at_source = mark.subscribed == folder.subscribed,
                                               .is_same_here = mark.subscribed == is_subscribed,
                                               .is_at_source = true,
                                               .is_here = true})});
  }

  const groupware::Reader& reader_;
  const directory::Directory& directory_;
  const directory::Principal owner_;
  const std::string source_;
  FolderComparison folders_;
  std::vector<archive::Answer> answers_;
};

}  // namespace

Result<std::vector<archive::Answer>> compare_archive(archive::Reader& archive, groupware::Account& account,
                                                     const directory::Directory& directory,
                                                     const std::string& address) {
  TRY(auto first, archive.next());
  const auto* record = std::get_if<archive::Account>(&first);
  if (record == nullptr || record->address != address)
    return fail(Errc::denied, "what is compared must be of the account that is asked for");
  TRY_VOID(settle_earlier_ledger(account, record->source, EarlierLedger::ask));
  TRY(const auto owner, directory.by_address(address));
  TRY(const auto reader, account.read(groupware::Caller::system()));
  Comparison comparison(*reader, directory, owner, record->source);
  for (;;) {
    TRY(auto next, archive.next());
    if (std::holds_alternative<archive::ArchiveEnd>(next)) return std::move(comparison).answers();
    TRY_VOID(comparison.take(next));
  }
}

}  // namespace kontor::importing
