// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/imap/fetching.h"

#include <fmt/format.h>

#include <algorithm>

#include "migrate/imap/uid_set.h"

namespace kontor::migrate {
namespace {

using imap_client::Condition;
using imap_client::Fetch;
using imap_client::Status;
using Step = ImapConnection::Step;

constexpr std::size_t kBatchesInFlight = 2;
constexpr std::size_t kMostInBatch = 250;
constexpr std::uint64_t kOverhead = 512;  // what a message costs at least, so that lying sizes make no endless batch

}  // namespace

void ImapFetcher::announce(const std::vector<SourceItem>& items) {
  for (const auto& item : items)
    if (item.uid != 0 && !is_in_flight(item.uid)) wanted_.push_back({item.uid, item.announced_size});
}

bool ImapFetcher::is_in_flight(std::uint32_t uid) const {
  return std::any_of(batches_.begin(), batches_.end(), [&](const Batch& batch) {
    return std::find(batch.uids.begin(), batch.uids.end(), uid) != batch.uids.end();
  });
}

std::size_t ImapFetcher::uids_in_flight() const {
  std::size_t count = 0;
  for (const auto& batch : batches_) count += batch.uids.size();
  return count;
}

void ImapFetcher::arrive(std::uint32_t uid) {
  for (auto& batch : batches_) std::erase(batch.uids, uid);
}

Result<void> ImapFetcher::send_batch(std::vector<std::uint32_t> uids) {
  auto sorted = uids;
  std::sort(sorted.begin(), sorted.end());
  TRY(auto tag, connection_.send(fmt::format("UID FETCH {} (UID BODY.PEEK[])", make_uid_set(sorted).text())));
  const bool is_single = uids.size() == 1;
  batches_.push_back({std::move(tag), std::move(uids), is_single});
  return {};
}

Result<void> ImapFetcher::fill() {
  while (batches_.size() < kBatchesInFlight && !wanted_.empty()) {
    std::vector<std::uint32_t> uids;
    std::uint64_t bytes = 0;
    while (!wanted_.empty() && uids.size() < kMostInBatch &&
           (uids.empty() || bytes + wanted_.front().size <= batch_bytes_)) {
      bytes += wanted_.front().size + kOverhead;
      uids.push_back(wanted_.front().uid);
      wanted_.pop_front();
    }
    TRY_VOID(send_batch(std::move(uids)));
  }
  return {};
}

Result<void> ImapFetcher::check_size(const SourceItem& item, std::uint64_t size) {
  if (size == 0 && item.announced_size > 0)
    return fail(Errc::invalid, fmt::format("the source announces {} bytes and gives none", item.announced_size));
  return {};
}

Result<void> ImapFetcher::deliver_spooled(const SourceItem& item, const TakePiece& take) {
  auto spool = std::move(arrived_.extract(item.uid).mapped());
  TRY_VOID(check_size(item, spool.size()));
  return spool.deliver(take);
}

Result<void> ImapFetcher::fetch(const SourceItem& item, const TakePiece& take) {
  if (arrived_.contains(item.uid)) return deliver_spooled(item, take);
  if (!is_in_flight(item.uid) && !refused_.contains(item.uid)) {
    // What was announced before this one is not wanted after all.
    const auto place =
        std::find_if(wanted_.begin(), wanted_.end(), [&](const Wanted& one) { return one.uid == item.uid; });
    if (place != wanted_.end())
      wanted_.erase(wanted_.begin(), place);
    else
      wanted_.push_front({item.uid, item.announced_size});
    // It may be out of turn: then it does not wait behind two batches.
    if (batches_.size() >= kBatchesInFlight) {
      wanted_.pop_front();
      TRY_VOID(send_batch({item.uid}));
    }
    TRY_VOID(fill());
  }
  Target target{item, take, false, {}};
  while (!target.is_done && !refused_.contains(item.uid) && is_in_flight(item.uid)) TRY_VOID(step(&target));
  if (target.is_done) return target.result;
  if (const auto refused = refused_.extract(item.uid)) {
    auto error = ImapConnection::to_error(refused.mapped());
    if (error.code == Errc::denied) error.code = Errc::invalid;
    return std::unexpected(std::move(error));
  }
  if (arrived_.contains(item.uid)) return deliver_spooled(item, take);
  return fail(Errc::not_found, fmt::format("message {} vanished from the source", item.uid));
}

// One event of the stream.
Result<void> ImapFetcher::step(Target* target) {
  TRY(const auto event, connection_.next());
  if (event == Step::body_start) return read_body(target);
  if (event != Step::response) return {};
  auto response = connection_.parser().take_response();
  if (auto* fetch = std::get_if<Fetch>(&response.data)) return take_fetch(*fetch, target);
  if (const auto* status = std::get_if<Status>(&response.data); status && response.tag != "*")
    TRY_VOID(finish_batch(response.tag, *status));
  return {};
}

Result<void> ImapFetcher::read_body(Target* target) {
  auto uid = connection_.parser().body().uid;
  // Nothing else can be meant.
  if (uid == 0 && target && uids_in_flight() == 1) uid = target->item.uid;
  const bool is_target = target && !target->is_done && uid == target->item.uid;
  Spool spool;
  std::uint64_t size = 0;
  while (true) {
    TRY(const auto event, connection_.next());
    if (event == Step::body_end) break;
    if (event != Step::body_piece) return fail(Errc::unavailable, "the source's answer ended too early");
    const auto piece = connection_.parser().piece();
    size += piece.size();
    if (!is_target) {
      if (uid == 0 || is_in_flight(uid)) TRY_VOID(spool.append(piece));
    } else if (target->result) {
      // After an error of the taker the rest still has to pass.
      target->result = target->take(piece);
    }
  }
  if (is_target) {
    if (target->result) target->result = check_size(target->item, size);
    streamed_uid_ = uid;
  } else {
    nameless_ = std::move(spool);
  }
  return {};
}

Result<void> ImapFetcher::take_fetch(Fetch& fetch, Target* target) {
  auto spool = std::exchange(nameless_, std::nullopt);
  const auto streamed = std::exchange(streamed_uid_, 0u);
  if (!fetch.has_body) return {};
  if (streamed != 0) {
    arrive(streamed);
    if (target) target->is_done = true;
    return {};
  }
  if (fetch.uid == 0 || !is_in_flight(fetch.uid)) return {};
  if (fetch.body_is_nil) {
    // Gone, or damaged: the end of the command tells.
    nil_.insert(fetch.uid);
    return {};
  }
  arrive(fetch.uid);
  if (!spool) {
    spool.emplace();
    TRY_VOID(spool->append(fetch.body));
  }
  arrived_.insert_or_assign(fetch.uid, std::move(*spool));
  if (target && fetch.uid == target->item.uid) {
    target->is_done = true;
    target->result = deliver_spooled(target->item, target->take);
  }
  return {};
}

Result<void> ImapFetcher::finish_batch(const std::string& tag, const Status& status) {
  const auto place =
      std::find_if(batches_.begin(), batches_.end(), [&](const Batch& batch) { return batch.tag == tag; });
  if (place == batches_.end()) return {};
  const auto batch = std::move(*place);
  batches_.erase(place);
  for (const auto uid : batch.uids)
    if (nil_.erase(uid) > 0 && status.condition == Condition::ok && status.code != "EXPUNGEISSUED")
      refused_[uid] = Status{Condition::no, {}, {}, "the source has no content for the message"};
  if (status.condition != Condition::ok) {
    auto error = ImapConnection::to_error(status);
    if (error.code == Errc::unavailable) return std::unexpected(std::move(error));
    // One bad message must not take its neighbours along: those that did not come are asked for one by one.
    for (const auto uid : batch.uids) {
      if (batch.is_single)
        refused_[uid] = status;
      else
        TRY_VOID(send_batch({uid}));
    }
  }
  return fill();
}

Result<void> ImapFetcher::settle() {
  while (!batches_.empty()) TRY_VOID(step(nullptr));
  return {};
}

Result<void> ImapFetcher::reset() {
  wanted_.clear();
  auto settled = settle();
  arrived_.clear();
  refused_.clear();
  nil_.clear();
  return settled;
}

}  // namespace kontor::migrate
