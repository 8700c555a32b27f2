// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/check.h"

#include <fmt/core.h>

#include "base/bytes.h"
#include "groupware/account_check.h"

namespace kontor::groupware {
namespace {

Result<void> check_blobs(Environment& environment, TenantId tenant, const CheckOptions& options, CheckReport& report) {
  std::vector<store::BlobRef> blobs;
  TRY_VOID(environment.blobs.each(tenant, [&](const store::BlobRef& blob) {
    blobs.push_back(blob);
    return true;
  }));
  report.blobs += blobs.size();
  if (!options.read_content) return {};
  for (const store::BlobRef& blob : blobs) {
    TRY(bool is_intact, environment.blobs.intact(tenant, blob.hash));
    if (!is_intact)
      report.faults.push_back(
          {fmt::format("tenant {}, blob {}", tenant.value, to_hex(blob.hash)), "its bytes are damaged", false});
  }
  return {};
}

Result<void> check_one(Environment& environment, const directory::Principal& who, const CheckOptions& options,
                       CheckReport& report, store::Batch* repair) {
  TRY(std::unique_ptr<store::Snapshot> snapshot, environment.engine.snapshot(store::account_partition(who.account())));
  return AccountCheck(environment, who, *snapshot, options, report, repair).run();
}

// One account, and its repair. What cannot be read is a fault, not the end.
Result<void> check_and_repair(Environment& environment, const directory::Principal& who, const CheckOptions& options,
                              const Exclusively& exclusively, CheckReport& report) {
  CheckReport before = report;
  Result<void> checked = check_one(environment, who, options, report, nullptr);
  if (!checked && checked.error().code == Errc::corrupt)
    report.faults.push_back({fmt::format("account {} ({})", who.account().value, who.primary_address()),
                             "it cannot be read to its end: " + checked.error().text, false});
  else if (!checked)
    return checked;
  if (!checked || !options.repair || report.faults.size() == before.faults.size()) return {};
  CheckReport found = report;
  Result<void> repaired = exclusively(who.account(), [&]() -> Result<void> {
    report = before;
    store::Batch batch;
    TRY_VOID(check_one(environment, who, options, report, &batch));
    return batch.empty() ? Result<void>() : environment.engine.commit(store::account_partition(who.account()), batch);
  });
  if (repaired) return {};
  report = found;
  report.faults.push_back({fmt::format("account {} ({})", who.account().value, who.primary_address()),
                           "it could not be repaired: " + repaired.error().text, false});
  return {};
}

// Data of accounts that are no more: a removal that broke off.
Result<void> check_remains(Environment& environment, const CheckOptions& options, CheckReport& report) {
  constexpr std::uint64_t kIdMask = 0x00ff'ffff'ffff'ffff;
  TRY(std::vector<store::Partition> partitions, environment.engine.partitions());
  for (store::Partition partition : partitions) {
    AccountId id(partition.id & kIdMask);
    if (partition != store::account_partition(id) || environment.directory.by_account(id)) continue;
    if (options.repair) TRY_VOID(environment.engine.drop(partition));
    report.faults.push_back(
        {fmt::format("account {}", id.value), "its data is there, but no such principal", options.repair});
  }
  return {};
}

}  // namespace

Result<CheckReport> check_accounts(Environment& environment, const CheckOptions& options,
                                   const Exclusively& exclusively) {
  CheckReport report;
  std::vector<directory::Principal> principals = environment.directory.principals(TenantId());
  std::uint64_t done = 0;
  for (const directory::Principal& who : principals) {
    if (options.progress) options.progress(done++, principals.size());
    if (who.account()) TRY_VOID(check_and_repair(environment, who, options, exclusively, report));
  }
  TRY_VOID(check_remains(environment, options, report));
  for (const directory::Tenant& tenant : environment.directory.tenants())
    TRY_VOID(check_blobs(environment, tenant.id, options, report));
  if (options.progress) options.progress(done, principals.size());
  return report;
}

}  // namespace kontor::groupware
