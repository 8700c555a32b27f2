// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/keys.h"

#include "base/bytes.h"
#include "base/digest.h"

namespace kontor::groupware::key {
namespace {

std::string numbered(char letter, std::uint64_t number) {
  std::string out(1, letter);
  append_be64(out, number);
  return out;
}

// Of any moment, also before 1970.
std::string timed(char letter, Instant at) {
  return numbered(letter, static_cast<std::uint64_t>(at.time_since_epoch().count()) ^ (std::uint64_t{1} << 63));
}

}  // namespace

std::string account() { return "A"; }
std::string keywords() { return "K"; }
std::string preferences() { return "p"; }
std::string folder(FolderId id) { return numbered('F', id.value); }
std::string item(ItemId id) { return numbered('I', id.value); }
std::string lesson(ItemId id) { return numbered('W', id.value); }
std::string summary(ItemId id) { return numbered('S', id.value); }

std::string filing(FolderId folder_id, Uid uid) {
  std::string out = filings(folder_id);
  append_be32(out, uid.value);
  return out;
}

std::string named(FolderId folder_id, std::string_view name) { return names(folder_id).append(name); }

std::string version(ItemId id, ItemId version_id) {
  std::string out = versions(id);
  append_be64(out, version_id.value);
  return out;
}

std::string facts(ItemId id) { return numbered('E', id.value); }

std::string own_uid(std::string_view uid, FolderId folder_id) {
  std::string out = own_uids(uid);
  append_be64(out, folder_id.value);
  return out;
}

std::string alarms(AlarmWay way) { return way == AlarmWay::mail ? "J" : "j"; }

Instant alarm_time(std::string_view key) {
  return Instant(std::chrono::seconds(static_cast<std::int64_t>(read_be64(key.substr(1)) ^ (std::uint64_t{1} << 63))));
}

std::string alarms_until(AlarmWay way, Instant at) { return key::end(timed(alarms(way).front(), at)); }

std::string alarm(AlarmWay way, Instant at, FolderId folder_id, Uid uid) {
  std::string out = timed(alarms(way).front(), at);
  append_be64(out, folder_id.value);
  append_be32(out, uid.value);
  return out;
}

std::string own_parts(PrincipalId guest, ItemId item_id) {
  std::string out = own_parts_of(guest);
  append_be64(out, item_id.value);
  return out;
}

std::string guest_alarms(PrincipalId guest, AlarmWay way) {
  return numbered('h', guest.value) + static_cast<char>(way);
}

std::string guest_alarm(PrincipalId guest, AlarmWay way, Instant at, FolderId folder_id, Uid uid) {
  return guest_alarms(guest, way) + alarm(way, at, folder_id, uid).substr(1);
}

std::string guest_alarms_until(PrincipalId guest, AlarmWay way, Instant at) {
  return key::end(guest_alarms(guest, way) + timed('J', at).substr(1));
}

Instant guest_alarm_time(std::string_view key) { return alarm_time(key.substr(9)); }

std::string default_alarms() { return "d"; }

std::string push_subscriptions() { return "n"; }

std::string push(Instant at, std::uint64_t number) {
  std::string out = timed('o', at);
  append_be64(out, number);
  return out;
}

std::string pushes_until(Instant at) { return key::end(timed('o', at)); }

std::string flag_block(FolderId folder_id, std::uint32_t number) {
  std::string out = flag_blocks(folder_id);
  append_be32(out, number);
  return out;
}

std::string change(Modseq modseq) { return numbered('L', modseq.value); }

std::string thread(std::uint64_t hash, ItemId id) {
  std::string out = threads(hash);
  append_be64(out, id.value);
  return out;
}

std::string shared_content(ItemId content_id, ItemId id) {
  std::string out = sharers(content_id);
  append_be64(out, id.value);
  return out;
}

std::string blob(std::string_view hash, ItemId id) {
  std::string out = blob_users(hash);
  append_be64(out, id.value);
  return out;
}

std::string removed(std::int64_t at, ItemId id) {
  std::string out = numbered('X', static_cast<std::uint64_t>(at));
  append_be64(out, id.value);
  return out;
}

std::string copy(std::string_view copy_id) { return all('C').append(copy_id); }
std::string doomed(FolderId id) { return numbered('D', id.value); }

std::string annotations_of(FolderId id) { return numbered('M', id.value); }

std::string annotations(FolderId id, PrincipalId owner) {
  std::string out = annotations_of(id);
  append_be64(out, owner.value);
  return out;
}

std::string ledger(std::string_view source, std::string_view source_key) {
  std::string out = ledger_of(source);
  out.append(source_key);
  return out;
}

std::string subscription(std::string_view path) {
  std::string out(1, 'O');
  out.append(path);
  return out;
}

std::string feed(FolderId id) { return numbered('f', id.value); }
std::string attachment(std::string_view id) { return all('a').append(sha256(id), 0, 16); }

std::string attachment_use(std::string_view id, FolderId folder_id, Uid uid) {
  std::string out = attachment_uses(id);
  append_be64(out, folder_id.value);
  append_be32(out, uid.value);
  return out;
}

std::string script(std::string_view name) { return all('Y').append(name); }
std::string memory(std::string_view what) { return all('U').append(sha256(what), 0, 16); }

std::string content(ItemId id) {
  std::string out;
  append_be64(out, id.value);
  return out;
}

std::string all(char letter) { return std::string(1, letter); }
std::string filings(FolderId folder_id) { return numbered('V', folder_id.value); }
std::string names(FolderId folder_id) { return numbered('B', folder_id.value); }
std::string versions(ItemId id) { return numbered('Q', id.value); }
std::string attachment_uses(std::string_view id) { return all('b').append(sha256(id), 0, 16); }
std::string own_uids(std::string_view uid) { return all('P').append(sha256(uid), 0, 16); }
std::string times(FolderId folder_id) { return numbered('Z', folder_id.value); }
std::string own_parts_of(PrincipalId guest) { return numbered('g', guest.value); }
std::string rings(FolderId folder_id) { return numbered('z', folder_id.value); }
std::string flag_blocks(FolderId folder_id) { return numbered('N', folder_id.value); }
std::string threads(std::uint64_t hash) { return numbered('T', hash); }
std::string sharers(ItemId content_id) { return numbered('R', content_id.value); }

std::string blob_users(std::string_view hash) {
  std::string out(1, 'H');
  out.append(hash);
  return out;
}

std::string ledger_of(std::string_view source) {
  std::string out(1, 'G');
  out.append(source);
  out.push_back('\0');
  return out;
}

std::string end(std::string_view prefix) {
  std::string out(prefix);
  while (!out.empty() && static_cast<unsigned char>(out.back()) == 0xff) out.pop_back();
  if (!out.empty()) out.back() = static_cast<char>(static_cast<unsigned char>(out.back()) + 1);
  return out;
}

}  // namespace kontor::groupware::key
