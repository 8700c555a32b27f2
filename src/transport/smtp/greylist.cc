// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/smtp/greylist.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/aligned.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/log.h"
#include "transport/receiving/partition.h"
#include "transport/receiving/receiving_generated.h"

namespace kontor::transport {
namespace {

using namespace std::chrono_literals;

constexpr auto kSweepEvery = 1h;
constexpr auto kRefreshEvery = 24h;           // what is used is grey_record again so often
constexpr std::size_t kSweptAtOnce = 10'000;  // of one commit

struct Triplet {
  Instant first{}, passed{};
};
struct KnownOrigin {
  std::uint32_t count = 0;
  Instant last{};
};

// Senders that have a new number in each message are one.
std::string steady_sender(std::string_view sender) {
  std::string out;
  for (const char c : to_lower(sender)) {
    const bool is_digit = c >= '0' && c <= '9';
    if (is_digit && out.ends_with('#')) continue;
    out += is_digit ? '#' : c;
  }
  return out;
}

std::string triplet_key(std::string_view origin, std::string_view sender, std::string_view recipient) {
  std::string text(origin);
  text.append(1, '\0').append(steady_sender(sender)).append(1, '\0').append(to_lower(recipient));
  return "G" + sha256(text).substr(0, 16);
}
std::string origin_key(std::string_view origin) { return "N" + sha256(origin).substr(0, 16); }

template <class Table>
const Table* grey_table(const Aligned& aligned) {
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(aligned.view().data()), aligned.view().size());
  return verifier.VerifyBuffer<Table>(nullptr) ? flatbuffers::GetRoot<Table>(aligned.view().data()) : nullptr;
}
Instant grey_time(std::int64_t seconds) { return Instant(std::chrono::seconds(seconds)); }

// A record that cannot be read is one that is not there.
std::optional<Triplet> read_triplet(std::string_view value) {
  const Aligned aligned(value);
  const auto* table = grey_table<fb::Greeted>(aligned);
  if (!table) return std::nullopt;
  return Triplet{grey_time(table->first()), grey_time(table->passed())};
}
std::optional<KnownOrigin> read_origin(std::string_view value) {
  const Aligned aligned(value);
  const auto* table = grey_table<fb::Known>(aligned);
  if (!table) return std::nullopt;
  return KnownOrigin{table->count(), grey_time(table->last())};
}

std::string grey_bytes(const flatbuffers::FlatBufferBuilder& builder) {
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}
std::string grey_record(const Triplet& triplet) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(
      fb::CreateGreeted(builder, triplet.first.time_since_epoch().count(), triplet.passed.time_since_epoch().count()));
  return grey_bytes(builder);
}
std::string grey_record(const KnownOrigin& origin) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::CreateKnown(builder, origin.count, origin.last.time_since_epoch().count()));
  return grey_bytes(builder);
}

}  // namespace

std::string Greylist::origin_of(net::IpAddress address) {
  const bool is_v4 = address.is_v4();
  std::fill(address.bytes.begin() + (is_v4 ? 15 : 8), address.bytes.end(), std::uint8_t{0});
  return net::to_string(address) + (is_v4 ? "/24" : "/64");
}

Result<bool> Greylist::passes(std::string_view origin, std::string_view sender, std::string_view recipient) {
  sweep_now_and_then();
  return look(origin, sender, recipient, true);
}

Result<bool> Greylist::is_known(std::string_view origin, std::string_view sender, std::string_view recipient) {
  return look(origin, sender, recipient, false);
}

Result<bool> Greylist::look(std::string_view origin, std::string_view sender, std::string_view recipient, bool notes) {
  const Instant now = clock_.now();
  const std::string triplet_name = triplet_key(origin, sender, recipient), origin_name = origin_key(origin);
  std::optional<Triplet> triplet;
  std::optional<KnownOrigin> known;
  {
    TRY(const std::unique_ptr<store::Snapshot> snapshot, engine_.snapshot(kReceivingPartition));
    TRY(const auto of_origin, snapshot->get(origin_name));
    if (of_origin) known = read_origin(*of_origin);
    TRY(const auto of_triplet, snapshot->get(triplet_name));
    if (of_triplet) triplet = read_triplet(*of_triplet);
  }
  if (known && now - known->last > options_.memory) known.reset();
  const bool has_passed = triplet && triplet->passed != Instant();
  if (triplet && (has_passed ? now - triplet->passed > options_.memory : now - triplet->first > options_.window))
    triplet.reset();
  store::Batch batch;
  bool may_pass = true;
  if (known && known->count >= options_.known_after) {
    if (now - known->last > kRefreshEvery) batch.put(origin_name, grey_record(KnownOrigin{known->count, now}));
  } else if (triplet && has_passed) {
    if (now - triplet->passed > kRefreshEvery) batch.put(triplet_name, grey_record(Triplet{triplet->first, now}));
  } else if (triplet && now - triplet->first >= options_.delay) {
    batch.put(triplet_name, grey_record(Triplet{triplet->first, now}));
    batch.put(origin_name, grey_record(KnownOrigin{(known ? known->count : 0) + 1, now}));
  } else {
    may_pass = !triplet && notes && count_ >= options_.most;
    if (!triplet && notes && !may_pass) {
      batch.put(triplet_name, grey_record(Triplet{now, {}}));
      ++count_;
    }
  }
  if (!batch.empty()) TRY_VOID(engine_.commit(kReceivingPartition, batch, store::Durability::lazy));
  return may_pass;
}

void Greylist::sweep_now_and_then() {
  {
    std::lock_guard lock(mutex_);
    const Instant now = clock_.now();
    if (now - swept_ < kSweepEvery) return;
    swept_ = now;
  }
  if (auto done = sweep(); !done) log::warn("smtp.greylist", {{"why", done.error().text}});
}

Result<void> Greylist::sweep() {
  const Instant now = clock_.now();
  std::vector<std::string> old;
  std::size_t kept = 0;
  {
    TRY(const std::unique_ptr<store::Snapshot> snapshot, engine_.snapshot(kReceivingPartition));
    TRY_VOID(snapshot->scan("G", "H", [&](store::Key key, store::Value value) {
      const auto one = read_triplet(value);
      const bool has_passed = one && one->passed != Instant();
      if (!one || (has_passed ? now - one->passed > options_.memory : now - one->first > options_.window))
        old.emplace_back(key);
      else
        ++kept;
      return true;
    }));
    TRY_VOID(snapshot->scan("N", "O", [&](store::Key key, store::Value value) {
      const auto one = read_origin(value);
      if (!one || now - one->last > options_.memory) old.emplace_back(key);
      return true;
    }));
  }
  count_ = kept;
  for (std::size_t i = 0; i < old.size();) {
    store::Batch batch;
    for (const std::size_t end = std::min(old.size(), i + kSweptAtOnce); i < end; ++i) batch.erase(std::move(old[i]));
    TRY_VOID(engine_.commit(kReceivingPartition, batch, store::Durability::lazy));
  }
  return {};
}

}  // namespace kontor::transport
