// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/index/source.h"

#include <optional>

#include "base/bytes.h"
#include "base/digest.h"
#include "groupware/keys.h"
#include "groupware/records.h"

namespace kontor::groupware {

Result<IndexedMoment> IndexSource::moment(AccountId account, std::uint64_t first_item, std::size_t limit) const {
  TRY(const auto snapshot, engine_.snapshot(store::account_partition(account)));
  TRY(const auto record, snapshot->get(key::account()));
  if (!record) return fail(Errc::not_found, "there is no such account");
  TRY(const AccountRecord present, decode_account(*record));
  IndexedMoment moment;
  moment.created = present.created.time_since_epoch().count();
  moment.modseq = present.modseq;
  moment.next_item = moment.next = present.next_item;
  if (limit == 0) return moment;
  TRY_VOID(
      snapshot->scan(key::item(ItemId(first_item)), key::end(key::all('I')), [&](store::Key key, store::Value value) {
        const ItemId id(read_be64(key.substr(1)));
        if (moment.mails.size() == limit) {
          moment.next = id.value;
          return false;
        }
        // What is damaged is left to searches, which say so.
        const auto item = decode_item(id, value);
        if (item && item->kind == Kind::mail && !item->filings.empty()) moment.mails.push_back(id);
        return true;
      }));
  return moment;
}

Result<std::string> IndexSource::history(AccountId account, Modseq modseq) const {
  TRY(const auto snapshot, engine_.snapshot(store::account_partition(account)));
  TRY(const auto change, snapshot->get(key::change(modseq)));
  return change ? to_hex(sha256(*change).substr(0, 16)) : std::string();
}

Result<std::unique_ptr<Reader>> IndexSource::read(AccountId account) const {
  TRY(const auto opened, open_(account));
  return opened->read(Caller::system());
}

}  // namespace kontor::groupware
