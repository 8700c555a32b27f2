// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/unsaid_folders.h"

#include <charconv>
#include <string>

#include "base/bytes.h"
#include "groupware/keys.h"
#include "groupware/records.h"
#include "groupware/transaction.h"

namespace kontor::groupware {
namespace {

std::uint32_t uid_in(std::string_view text) {
  std::uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

Result<std::vector<UnsaidFolder>> stored_unsaid_folders(Environment& environment, AccountId account) {
  TRY(const auto snapshot, environment.engine.snapshot(store::account_partition(account)));
  std::vector<UnsaidFolder> out;
  TRY_VOID(snapshot->scan(key::all('D'), key::end("D"), [&](store::Key key, store::Value value) {
    const FolderId id(key.size() == 9 ? read_be64(key.substr(1)) : 0);
    const auto folder = id ? decode_folder(id, value) : std::unexpected(Error(Errc::corrupt, ""));
    if (!folder) return true;
    const auto unsaid = folder->properties.find(kUnsaid), said = folder->properties.find(kSaid);
    if (unsaid == folder->properties.end()) return true;
    out.push_back({.folder = id,
                   .tells_replies = unsaid->second != kTellsNoReplies,
                   .said = Uid(said == folder->properties.end() ? 0 : uid_in(said->second))});
    return true;
  }));
  return out;
}

Result<std::vector<std::pair<Uid, ItemId>>> stored_unsaid_items(Environment& environment, AccountId account,
                                                                const UnsaidFolder& folder, std::size_t limit) {
  TRY(const auto snapshot, environment.engine.snapshot(store::account_partition(account)));
  std::vector<std::pair<Uid, ItemId>> out;
  std::optional<Error> fault;
  TRY_VOID(snapshot->scan(key::filing(folder.folder, Uid(folder.said.value + 1)), key::end(key::filings(folder.folder)),
                          [&](store::Key key, store::Value value) {
                            const auto row = decode_row(Uid(read_be32(key.substr(9))), value);
                            if (row)
                              out.emplace_back(row->row.uid, row->row.item);
                            else
                              fault = row.error();
                            return !fault && out.size() < limit;
                          }));
  if (fault) return std::unexpected(*fault);
  return out;
}

Result<void> AccountTransaction::note_said(FolderId id, std::optional<Uid> until) {
  TRY(const auto stored, layer_.get(key::doomed(id)));
  if (!stored) return fail(Errc::not_found, "there is no such removed folder");
  TRY(Folder folder, decode_folder(id, *stored));
  if (until) {
    folder.properties[kSaid] = std::to_string(until->value);
  } else {
    folder.properties.erase(kSaid);
    folder.properties.erase(kUnsaid);
    layer_.dooms = true;  // now its items can go
  }
  layer_.put(key::doomed(id), encode(folder));
  return {};
}

}  // namespace kontor::groupware
