// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/source.h"

#include <fmt/format.h>

#include <mutex>

#include "base/bytes.h"
#include "migrate/kopano/session.h"
#include "migrate/kopano/store_settings.h"

namespace kontor::migrate::kopano {
namespace {

class KopanoSource : public Source {
 public:
  explicit KopanoSource(Config config) : config_(std::move(config)) {}

  // GUIDs of stores are unique in the world.
  std::string name() const override { return "kopano"; }

  Result<std::vector<SourceAccount>> accounts() override {
    TRY(const auto installation, installed());
    std::vector<SourceAccount> out;
    for (const InstalledStore& one : installation->stores())
      if (!one.address.empty()) out.push_back({one.store.guid_hex, one.address, names_of(*installation, one)});
    return out;
  }

  std::vector<std::string> remarks() override {
    std::vector<std::string> out;
    const auto installation = installed();
    if (!installation) return out;
    for (const InstalledStore& one : (*installation)->stores())
      if (one.address.empty())
        out.push_back(fmt::format("{} ({}) stays behind: {}.", one.store.title, one.store.guid_hex, one.left_out));
    for (const auto& person : (*installation)->book().all())
      if (person->is_group() && person->id != kEveryone && address_of(**installation, *person).empty())
        out.push_back(
            fmt::format("The group {} stays behind: it has no address. Its members, where they are known, have its "
                        "rights themselves.",
                        person->name.empty() ? std::to_string(person->id) : person->name));
    add_quota_remarks(**installation, out);
    for (const std::string& remark : (*installation)->remarks()) out.push_back(remark);
    return out;
  }

  Result<std::vector<archive::Principal>> principals() override {
    TRY(const auto installation, installed());
    return principals_of(*installation);
  }

  Result<std::unique_ptr<SourceSession>> open(const SourceAccount& account) override {
    TRY(const auto installation, installed());
    const InstalledStore* store = installation->find(account.key);
    if (store == nullptr) return fail(Errc::not_found, fmt::format("the source has no store {}", account.key));
    TRY(auto snapshot, Snapshot::open(config_.servers[store->server], config_.batch_bytes));
    return std::make_unique<StoreSession>(config_, *installation, zones_, *store, std::move(snapshot));
  }

 private:
  // Kopano only warned of a company's default quota: mailboxes may be larger.
  static void add_quota_remarks(const Installation& installation, std::vector<std::string>& out) {
    for (const auto& person : installation.book().all())
      if (const std::uint64_t quota = default_quota_of(*person); person->kind == PersonClass::company && quota != 0)
        out.push_back(
            fmt::format("The company {} has a default quota of {} bytes, which its tenant gets where the run makes it; "
                        "else: kontor tenant set {} --default-quota {}",
                        person->name, quota, to_lower(person->name), quota));
    for (const InstalledStore& one : installation.stores()) {
      const Person* owner = one.address.empty() ? nullptr : one.store.owner;
      if (owner == nullptr || one.store.type != StoreType::personal || own_quota_of(*owner)) continue;
      const Person* company = installation.book().company_of(*owner);
      const std::uint64_t quota = company == nullptr ? 0 : default_quota_of(*company);
      if (quota != 0 && one.store.bytes > quota)
        out.push_back(
            fmt::format("{} has {} bytes, more than the default quota of its company: run with --ignore-quota, or give "
                        "it a quota of its own.",
                        one.store.title, one.store.bytes));
    }
  }

  // Read once: a run knows the same people from its beginning to its end.
  Result<const Installation*> installed() {
    const std::lock_guard lock(mutex_);
    if (!installation_) {
      TRY_VOID(restore_dumps());
      TRY(installation_, Installation::read(config_));
    }
    return installation_.get();
  }

  Result<void> restore_dumps() {
    for (ServerConfig& server : config_.servers) {
      if (server.dump.file.empty()) continue;
      TRY(auto dump, RestoredDump::open(server.dump));
      server.database.socket = dump->socket();
      server.database.name = dump->name();
      server.database.user = dump->user();
      server.database.password.clear();
      dumps_.push_back(std::move(dump));
    }
    return {};
  }

  static std::vector<std::string> names_of(const Installation& installation, const InstalledStore& one) {
    std::vector<std::string> names{mapi::print(mapi::Guid::of_bytes(one.store.guid))};
    if (const Person* owner = one.store.owner; owner != nullptr && one.store.type == StoreType::personal) {
      names.push_back(installation.book().full_login(*owner));
      // Where several have it in different companies it is nobody's.
      if (installation.book().by_login(owner->login) == owner) names.push_back(owner->login);
      if (!owner->address.empty()) names.push_back(owner->address);
    }
    return names;
  }

  std::vector<std::unique_ptr<RestoredDump>> dumps_;  // outlive what reads them
  Config config_;                                     // as it is once installed() was called
  const icalendar::ZoneDatabase zones_;
  std::mutex mutex_;
  std::unique_ptr<const Installation> installation_;
};

}  // namespace

std::unique_ptr<Source> make_source(Config config) { return std::make_unique<KopanoSource>(std::move(config)); }

}  // namespace kontor::migrate::kopano
