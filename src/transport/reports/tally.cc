// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/reports/tally.h"

#include <algorithm>

#include "base/aligned.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "store/engine.h"
#include "transport/reports/reports_generated.h"
#include "transport/sending/partition.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kRowDigest = 16;
constexpr std::size_t kTallyHead = 1 + 8;  // letter and time

char letter_of(ReportKind kind) { return kind == ReportKind::dmarc ? 'D' : 'T'; }

std::string tally_prefix(const TallyPeriod& period) {
  std::string key(1, letter_of(period.kind));
  append_be64(key, static_cast<std::uint64_t>(period.begin.time_since_epoch().count()));
  return key + period.domain + '\0';
}

// The first key behind all with this prefix, which ends in 0.
std::string behind(std::string prefix) {
  prefix.back() = '\x01';
  return prefix;
}

std::string tally_key(const TallyPeriod& period, std::string_view row) {
  return tally_prefix(period) + sha256(row).substr(0, kRowDigest);
}

Result<TallyPeriod> period_of(ReportKind kind, std::string_view key) {
  if (key.size() <= kTallyHead + 1 + kRowDigest) return fail(Errc::corrupt, "a counted row has a damaged key");
  TallyPeriod out{kind, Instant(std::chrono::seconds(static_cast<std::int64_t>(read_be64(key.substr(1))))), ""};
  out.domain = key.substr(kTallyHead, key.size() - kTallyHead - 1 - kRowDigest);
  return out;
}

Result<TallyRow> row_of_value(std::string_view value) {
  const Aligned aligned(value);
  const auto view = aligned.view();
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(view.data()), view.size());
  if (!verifier.VerifyBuffer<fb::Counted>(nullptr)) return fail(Errc::corrupt, "a counted row is damaged");
  const auto* table = flatbuffers::GetRoot<fb::Counted>(view.data());
  return TallyRow{std::string(reinterpret_cast<const char*>(table->row()->data()), table->row()->size()),
                  table->count()};
}

std::string value_of_row(std::string_view row, std::uint64_t count) {
  flatbuffers::FlatBufferBuilder builder(row.size() + 64);
  builder.Finish(fb::CreateCounted(
      builder, count, builder.CreateVector(reinterpret_cast<const std::uint8_t*>(row.data()), row.size())));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

}  // namespace

Tally::Tally(store::Engine& engine, const Clock& clock, std::chrono::seconds length, TallyLimits limits)
    : engine_(engine),
      clock_(clock),
      length_(length),
      limits_(limits),
      dropped_("kontor_reports_dropped_total", "Results that are in no report because there were too many") {}

Result<std::unique_ptr<Tally>> Tally::open(store::Engine& engine, const Clock& clock, std::chrono::seconds length,
                                           TallyLimits limits) {
  std::unique_ptr<Tally> tally(new Tally(engine, clock, length, limits));
  TRY_VOID(tally->load());
  return tally;
}

Result<void> Tally::load() {
  TRY(const auto snapshot, engine_.snapshot(kSendingPartition));
  for (const ReportKind kind : {ReportKind::dmarc, ReportKind::tls}) {
    const char letter = letter_of(kind);
    Result<void> state;
    TRY_VOID(snapshot->scan(std::string(1, letter), std::string(1, static_cast<char>(letter + 1)),
                            [&](store::Key key, store::Value) {
                              if (auto period = period_of(kind, key)) {
                                ++stored_[*period];
                                ++stored_rows_;
                              } else {
                                state = std::unexpected(period.error());
                              }
                              return state.has_value();
                            }));
    TRY_VOID(state);
  }
  return {};
}

void Tally::add(ReportKind kind, const std::string& domain, std::string row, std::uint64_t count) {
  const auto now = clock_.now().time_since_epoch();
  TallyPeriod period{kind, Instant(now - now % length_), domain};
  std::lock_guard lock(mutex_);
  auto key = std::pair(std::move(period), std::move(row));
  auto found = pending_.find(key);
  if (found != pending_.end())
    found->second += count;
  else if (pending_.size() < limits_.rows_in_memory)
    pending_.emplace(std::move(key), count);
  else
    dropped_.add(static_cast<double>(count));
}

bool Tally::has_room(const TallyPeriod& period) const {
  const auto found = stored_.find(period);
  return stored_rows_ < limits_.rows && (found == stored_.end() || found->second < limits_.rows_of_period);
}

Result<void> Tally::flush() {
  std::lock_guard store_lock(store_mutex_);
  Pending counts;
  {
    std::lock_guard lock(mutex_);
    counts.swap(pending_);
  }
  if (counts.empty()) return {};
  auto done = write(counts);
  if (!done) {
    std::lock_guard lock(mutex_);
    for (auto& [key, count] : counts) pending_[key] += count;
  }
  return done;
}

Result<void> Tally::write(const Pending& counts) {
  TRY(const auto snapshot, engine_.snapshot(kSendingPartition));
  store::Batch batch;
  const auto before = stored_;
  const std::size_t rows_before = stored_rows_;
  double dropped = 0;
  auto put = [&](const std::pair<TallyPeriod, std::string>& key, std::uint64_t count) -> Result<void> {
    const auto& [period, row] = key;
    const std::string name = tally_key(period, row);
    TRY(const auto old, snapshot->get(name));
    if (old) {
      // What is damaged is counted anew: no row must keep all others from being written down.
      if (const auto known = row_of_value(*old)) count += known->count;
    } else if (has_room(period)) {
      ++stored_[period];
      ++stored_rows_;
    } else {
      dropped += static_cast<double>(count);
      return {};
    }
    batch.put(name, value_of_row(row, count));
    return {};
  };
  Result<void> done;
  for (auto one = counts.begin(); one != counts.end() && done; ++one) done = put(one->first, one->second);
  if (done && !batch.empty()) done = engine_.commit(kSendingPartition, batch, store::Durability::lazy);
  if (!done) {
    stored_ = before;
    stored_rows_ = rows_before;
    return done;
  }
  dropped_.add(dropped);
  return {};
}

Result<std::vector<TallyPeriod>> Tally::ended() {
  const Instant now = clock_.now();
  std::vector<TallyPeriod> out;
  std::lock_guard lock(store_mutex_);
  for (const auto& [period, rows] : stored_)
    if (period.begin + length_ <= now) out.push_back(period);
  return out;
}

Result<std::vector<TallyRow>> Tally::rows(const TallyPeriod& period) {
  TRY(const auto snapshot, engine_.snapshot(kSendingPartition));
  std::vector<TallyRow> out;
  Result<void> state;
  const std::string prefix = tally_prefix(period);
  TRY_VOID(snapshot->scan(prefix, behind(prefix), [&](store::Key, store::Value value) {
    auto row = row_of_value(value);
    if (row)
      out.push_back(*std::move(row));
    else
      state = std::unexpected(row.error());
    return state.has_value();
  }));
  TRY_VOID(state);
  std::ranges::sort(out, [](const TallyRow& a, const TallyRow& b) {
    return a.count != b.count ? a.count > b.count : a.bytes < b.bytes;
  });
  return out;
}

Result<void> Tally::drop(const TallyPeriod& period) {
  std::lock_guard lock(store_mutex_);
  store::Batch batch;
  const std::string prefix = tally_prefix(period);
  {
    TRY(const auto snapshot, engine_.snapshot(kSendingPartition));
    TRY_VOID(snapshot->scan(prefix, behind(prefix), [&](store::Key key, store::Value) {
      batch.erase(std::string(key));
      return true;
    }));
  }
  TRY_VOID(engine_.commit(kSendingPartition, batch));
  if (const auto found = stored_.find(period); found != stored_.end()) {
    stored_rows_ -= found->second;
    stored_.erase(found);
  }
  return {};
}

Result<std::vector<Queue::Fault>> check_counted(store::Engine& engine, bool repair) {
  std::vector<Queue::Fault> out;
  store::Batch batch;
  TRY(const auto snapshot, engine.snapshot(kSendingPartition));
  for (const ReportKind kind : {ReportKind::dmarc, ReportKind::tls}) {
    const char letter = letter_of(kind);
    TRY_VOID(snapshot->scan(std::string(1, letter), std::string(1, static_cast<char>(letter + 1)),
                            [&](store::Key key, store::Value value) {
                              const auto period = period_of(kind, key);
                              const auto row = row_of_value(value);
                              if (period && row) return true;
                              out.push_back({period ? "reports about " + period->domain : "reports",
                                             (period ? row.error() : period.error()).text, repair});
                              batch.erase(std::string(key));
                              return true;
                            }));
  }
  if (repair && !batch.empty()) TRY_VOID(engine.commit(kSendingPartition, batch));
  return out;
}

}  // namespace kontor::transport
