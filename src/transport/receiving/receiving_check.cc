// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/receiving/receiving_check.h"

#include <fmt/format.h>

#include <map>

#include "base/aligned.h"
#include "transport/receiving/partition.h"
#include "transport/receiving/receiving_generated.h"

namespace kontor::transport {
namespace {

bool is_readable(std::string_view key, std::string_view value) {
  const Aligned aligned(value);
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(aligned.view().data()), aligned.view().size());
  switch (key.front()) {
    case 'C':
      return key.size() == 10 && verifier.VerifyBuffer<fb::Credit>(nullptr);
    case 'G':
      return key.size() == 17 && verifier.VerifyBuffer<fb::Greeted>(nullptr);
    case 'N':
      return key.size() == 17 && verifier.VerifyBuffer<fb::Known>(nullptr);
    default:
      return false;
  }
}

}  // namespace

Result<std::vector<Queue::Fault>> check_receiving(store::Engine& engine, bool repair) {
  std::map<char, std::size_t> broken;
  store::Batch repairs;
  {
    TRY(const std::unique_ptr<store::Snapshot> snapshot, engine.snapshot(kReceivingPartition));
    TRY_VOID(snapshot->scan("", "", [&](store::Key key, store::Value value) {
      if (is_readable(key, value)) return true;
      ++broken[key.front()];
      repairs.erase(std::string(key));
      return true;
    }));
  }
  std::vector<Queue::Fault> faults;
  for (const auto& [kind, count] : broken)
    faults.push_back({fmt::format("receiving, records {}", kind), fmt::format("{} cannot be read", count), repair});
  if (repair && !repairs.empty()) TRY_VOID(engine.commit(kReceivingPartition, repairs));
  return faults;
}

}  // namespace kontor::transport
