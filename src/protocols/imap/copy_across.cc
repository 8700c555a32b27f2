// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/copy_across.h"

#include "base/log.h"
#include "protocols/imap/names.h"

namespace kontor::imap {
namespace {

using groupware::NewItem;
using groupware::Transaction;
namespace right = groupware::right;

// What one step holds in memory: inline contents, and some summaries.
constexpr std::size_t kPerStep = 200;
constexpr std::uint64_t kBytesPerStep = 4 << 20;
constexpr std::size_t kCopyPiece = 256 << 10;

}  // namespace

Result<bool> CopyAcross::step() {
  const auto done = advance();
  if (!done && job_.mode == CopyMode::copy) {
    std::vector<Uid> uids;
    for (const auto& range : copied_.to)
      for (std::uint32_t uid = range.first; uid <= range.last; ++uid) uids.emplace_back(uid);
    withdraw(uids);
  }
  if (!done) return std::unexpected(done.error());
  return next_ < job_.uids.size();
}

Result<void> CopyAcross::advance() {
  TRY(const std::vector<Taken> taken, take());
  if (taken.empty()) return {};
  TRY(const std::vector<Arrived> arrived, add(taken));
  if (job_.mode == CopyMode::move) {
    if (const auto removed = remove_originals(arrived); !removed) {
      std::vector<Uid> uids;
      for (const Arrived& one : arrived) uids.push_back(one.to);
      withdraw(uids);
      return removed;
    }
  }
  for (const Arrived& one : arrived) {
    wire::imap::append(copied_.from, one.from.value);
    wire::imap::append(copied_.to, one.to.value);
  }
  return {};
}

// The next messages, staged for the target's tenant. A message that is gone is passed over, or ends it all.
Result<std::vector<CopyAcross::Taken>> CopyAcross::take() {
  TRY(const auto reader, job_.source->read(caller_));
  TRY(const auto view, reader->view(job_.from));
  constexpr auto kMoving = right::kDeleteItems | right::kExpunge;
  if (job_.mode == CopyMode::move && (reader->rights(job_.from) & kMoving) != kMoving)
    return fail(Errc::denied, "you may not take messages out of this folder");
  std::vector<Taken> taken;
  std::uint64_t bytes = 0;
  while (next_ < job_.uids.size() && taken.size() < kPerStep && bytes < kBytesPerStep) {
    const Uid uid = job_.uids[next_++];
    const auto position = view->find(uid);
    auto item = position ? stage(*reader, *view, *position)
                         : Result<NewItem>(fail(Errc::not_found, "some of the messages are gone"));
    if (!item && item.error().code == Errc::not_found) {
      copied_.is_missing = true;
      if (job_.by_uid) continue;
    }
    if (!item) return std::unexpected(item.error());
    bytes += item->content.size;
    taken.push_back({uid, *std::move(item)});
  }
  return taken;
}

Result<NewItem> CopyAcross::stage(const groupware::Reader& reader, const groupware::FolderView& view,
                                  std::uint32_t position) {
  TRY(const auto original, reader.item(view.at(position).item));
  TRY(const auto content, reader.content(original.id));
  const auto stager = accounts_.stage(job_.target.account->tenant(), original.kind);
  for (std::uint64_t done = 0; done < content->size();) {
    TRY(const auto piece, content->read(done, kCopyPiece));
    if (piece.empty()) return fail(Errc::corrupt, "a message's content is too short");
    TRY_VOID(stager->write(piece));
    done += piece.size();
  }
  NewItem item;
  item.kind = original.kind;
  TRY(item.content, stager->finish());
  const auto flags = view.flags(position);
  const auto& names = reader.keywords()->names();
  item.flags.flags = static_cast<std::uint8_t>(flags.bits & groupware::kAllFlags);
  for (const auto id : flags.keywords()) {
    if (id < names.size()) item.flags.keywords.push_back(names[id]);
  }
  item.internal_date = original.internal_date;
  item.properties = original.properties;
  return item;
}

Result<std::vector<CopyAcross::Arrived>> CopyAcross::add(const std::vector<Taken>& taken) {
  std::vector<Arrived> arrived;
  const auto change = [&](Transaction& transaction) -> Result<void> {
    arrived.clear();
    const auto folder = find_folder(transaction, job_.target.path);
    copied_.no_target = !folder || (*folder)->is_container;
    if (!folder) return std::unexpected(folder.error());
    if (copied_.no_target) return fail(Errc::not_found, "this folder holds folders only");
    to_ = (*folder)->id;
    copied_.uid_validity = (*folder)->uid_validity;
    for (const Taken& one : taken) {
      TRY(const auto added, transaction.add(to_, one.item));
      arrived.push_back({one.uid, added.uid});
    }
    return {};
  };
  TRY_VOID(job_.target.account->update(caller_, change));
  return arrived;
}

Result<void> CopyAcross::remove_originals(const std::vector<Arrived>& arrived) {
  TRY_VOID(job_.source->update(caller_, [&](Transaction& transaction) -> Result<void> {
    for (const Arrived& one : arrived) {
      const auto removed = transaction.remove(job_.from, one.from);
      // Somebody else was quicker: it is not there any more, as it should be.
      if (!removed && removed.error().code != Errc::not_found) return removed;
    }
    return {};
  }));
  return {};
}

// Takes back what was copied, whatever the caller may remove there.
void CopyAcross::withdraw(const std::vector<Uid>& uids) {
  if (uids.empty()) return;
  const auto gone = job_.target.account->update(groupware::Caller::system(), [&](Transaction& transaction) {
    for (const Uid uid : uids) (void)transaction.remove(to_, uid);
    return Result<void>();
  });
  if (!gone)
    log::error("imap.copy_not_undone", {{"account", job_.target.account->id().value},
                                        {"folder", to_.value},
                                        {"messages", uids.size()},
                                        {"error", gone.error().text}});
}

}  // namespace kontor::imap
