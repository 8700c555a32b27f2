// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/pop3/maildrop.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "wire/pop3/command.h"

namespace kontor::pop3 {
namespace {

constexpr std::size_t kPerUpdate = 5'000;  // bounds what a commit holds
constexpr std::uint32_t kAhead = 16;       // messages that are read ahead
constexpr std::uint64_t kAheadBytes = 128 << 10;

}  // namespace

Result<Maildrop> Maildrop::open(groupware::Account& account, const groupware::Caller& caller) {
  TRY(const auto reader, account.read(caller));
  const auto inbox = reader->folders()->by_role(groupware::FolderRole::inbox);
  if (!inbox) return fail(Errc::not_found, "there is no inbox");
  Maildrop drop;
  drop.folder_ = inbox->id;
  drop.uid_validity_ = inbox->uid_validity;
  TRY(drop.view_, reader->view(inbox->id));
  TRY_VOID(drop.take_facts(*reader));
  drop.view_->each(0, drop.view_->size(), [&](std::uint32_t, const groupware::Row& row) {
    if ((row.flag_bits & groupware::Row::kOwnPop3) == 0) drop.bytes_ += row.size;
    return true;
  });
  for (const auto& [position, facts] : drop.own_) drop.bytes_ += facts.size;
  drop.deleted_.resize(drop.view_->size());
  drop.retrieved_.resize(drop.view_->size());
  return drop;
}

Result<void> Maildrop::take_facts(const groupware::Reader& reader) {
  std::unordered_map<ItemId, std::uint32_t> positions;
  std::vector<ItemId> items;
  view_->each(0, view_->size(), [&](std::uint32_t position, const groupware::Row& row) {
    if ((row.flag_bits & groupware::Row::kOwnPop3) == 0) return true;
    positions.emplace(row.item, position);
    own_.emplace(position, Facts{{}, row.size});  // until more is known
    items.push_back(row.item);
    return true;
  });
  if (items.empty()) return {};
  std::unordered_map<std::uint32_t, std::uint64_t> places;
  TRY_VOID(reader.pop3_facts(std::move(items), [&](ItemId item, const groupware::Pop3Facts& facts) {
    const std::uint32_t position = positions.at(item);
    own_[position] = {facts.uidl, facts.size};
    if (facts.order) places.emplace(position, *facts.order);
  }));
  // Of several with one id the first in the folder has it: which one that is must not depend on the order of a map.
  std::vector<std::uint32_t> owners;
  for (const auto& [position, facts] : own_) owners.push_back(position);
  std::ranges::sort(owners);
  for (const std::uint32_t position : owners) {
    std::string& id = own_[position].unique_id;
    if (!wire::pop3::is_unique_id(id) || !own_unique_ids_.insert(id).second) id.clear();
  }
  if (places.empty()) return {};
  order_.resize(view_->size());
  std::iota(order_.begin(), order_.end(), 0U);
  const auto place = [&](std::uint32_t position) {
    const auto found = places.find(position);
    return std::pair(found == places.end() ? UINT64_MAX : found->second, position);
  };
  std::ranges::sort(order_, {}, place);
  return {};
}

std::uint64_t Maildrop::size(std::uint32_t number) const {
  const auto found = own_.find(position(number));
  return found == own_.end() ? row(number).size : found->second.size;
}

std::string Maildrop::unique_id(std::uint32_t number) const {
  const auto found = own_.find(position(number));
  if (found != own_.end() && !found->second.unique_id.empty()) return found->second.unique_id;
  std::string id = fmt::format("{:08x}{:08x}", row(number).uid.value, uid_validity_.value);
  if (own_unique_ids_.contains(id)) id += "-k";  // it is another message's
  return id;
}

std::shared_ptr<const groupware::Content> Maildrop::content_at_hand(std::uint32_t number) {
  const auto found = ahead_.extract(number);
  return found ? std::move(found.mapped()) : nullptr;
}

Result<std::shared_ptr<const groupware::Content>> Maildrop::content(groupware::Account& account,
                                                                    const groupware::Caller& caller,
                                                                    std::uint32_t number) {
  TRY(const auto reader, account.read(caller));
  TRY(auto wanted, reader->content(item(number)));
  ahead_.clear();
  // Nobody reads ahead for one message out of many.
  const bool is_next = number == last_read_ + 1;
  last_read_ = number;
  std::uint64_t bytes = 0;
  std::vector<ItemId> items;
  for (std::uint32_t next = number + 1; is_next && next <= count() && items.size() < kAhead; ++next) {
    bytes += row(next).size;
    if (is_deleted(next) || bytes > kAheadBytes) break;
    items.push_back(item(next));
  }
  reader->contents(items, [&](ItemId, const Result<std::shared_ptr<const groupware::Content>>& read) {
    if (!read || !(*read)->whole()) return false;  // asked for by itself, it says why
    ahead_.emplace(++last_read_, *read);
    return true;
  });
  return wanted;
}

void Maildrop::mark_deleted(std::uint32_t number) {
  deleted_[position(number)] = true;
  ++deleted_count_;
  deleted_bytes_ += size(number);
}

void Maildrop::unmark_all() {
  std::fill(deleted_.begin(), deleted_.end(), false);
  deleted_count_ = 0;
  deleted_bytes_ = 0;
}

Result<void> Maildrop::commit(groupware::Account& account, const groupware::Caller& caller, bool marks_seen) const {
  using groupware::FlagChange;
  const FlagChange seen{FlagChange::Mode::add, {groupware::kSeen, {}}};
  std::vector<std::uint32_t> positions;
  for (std::uint32_t position = 0; position < view_->size(); ++position) {
    const bool is_unseen = (view_->at(position).flag_bits & groupware::kSeen) == 0;
    if (deleted_[position] || (marks_seen && retrieved_[position] && is_unseen)) positions.push_back(position);
  }
  for (std::size_t first = 0; first < positions.size(); first += kPerUpdate) {
    const std::size_t last = std::min(positions.size(), first + kPerUpdate);
    TRY_VOID(account.update(caller, [&](groupware::Transaction& transaction) -> Result<void> {
      for (std::size_t i = first; i < last; ++i) {
        const Uid uid = view_->at(positions[i]).uid;
        Result<void> done;
        if (deleted_[positions[i]]) {
          done = transaction.remove(folder_, uid);
        } else if (const auto flags = transaction.change_flags(folder_, uid, seen); !flags) {
          done = std::unexpected(flags.error());
        }
        if (!done && done.error().code != Errc::not_found) return done;
      }
      return {};
    }));
  }
  return {};
}

}  // namespace kontor::pop3
