// SPDX-License-Identifier: AGPL-3.0-or-later
// The keys of an account's partition. One letter, then big-endian numbers, so that ranges sort as they are read.
//
//   A                        the account: counters, modseq                     (fb::Account)
//   K                        names of its keywords                             (fb::Keywords)
//   F folder                 a folder                                          (fb::Folder)
//   I item                   an item                                           (fb::Item)
//   S item                   its mail summary                                  (mime::fb::Summary)
//   V folder uid32           a filing, as a row of the folder's view           (fb::FilingRow)
//   B folder name            an item of another kind than mail, by its name   (fb::Named)
//   Q item version           the removed item that keeps an earlier content of the item
//   E item                   what is known of an item of a calendar, ... or address book  (fb::Facts)
//   P digest16 folder        the UID in that folder of the item whose own UID (RFC 5545, 6350) has that digest (4
//   bytes) Z folder class8 begin64 uid32
//                            an item by its time: its end (8 bytes), id (8 bytes) and name; see calendar/time_index.h
//   z folder class8 begin64 uid32
//                            the same by when its alarms ring, once for each span of that
//   J time64 folder uid32    an item whose next alarm by e-mail is due then: its id (8 bytes)
//   j time64 folder uid32    the same of alarms that devices show
//   g principal item         what a guest has of his own of an item of a calendar      (fb::OwnParts)
//   h principal way8 time64 folder uid32
//                            an item whose next alarm of the guest's own is due then: its id (8 bytes)
//   d                        the default alarms of its calendars: when something of them may be due; see
//                            calendar/default_alarms.h
//   n                        the devices that want to be told of what happens (fb::PushSubscriptions)
//   o time64 number64        what one of them is to be told then                (fb::PushMessage)
//   N folder block32         changed flags of the UIDs 64 * block to 64 * block + 63 (flag_block.h)
//   L modseq                 what that commit changed                          (fb::Change)
//   T hash64 item            a message id that the item names -> its thread (8 bytes) and subject hash (8 bytes)
//   R content item           the item shares the inline content kept under another item's id
//   H sha256 item            the item's content is that blob
//   X time64 item            a removed item that can still be brought back
//   C copy                   a copy of several commits that is under way: folder, then first and last UIDs it brought
//   D folder                 a removed folder whose items are still being taken out of it
//   G source 0 source-key    the importer's ledger                             (fb::Ledger)
//   M folder principal name  an annotation of the folder (0 = of the account), shared (principal 0) or private
//   Y name                   a Sieve script: its text
//   U digest                 something that scripts remember, until a time (8 bytes)
//   W item                   a message that its owner moved to or from junk, to be taught: 's' or 'h', time (8 bytes)
//   a digest16               a managed attachment: its item id (8 bytes); see calendar/attachments.h
//   b digest16 folder uid32  a filing whose item refers to the attachment of that digest: the item's id (8 bytes)
//   f folder                 the feed that the folder's items come from          (fb::Feed)
//   O path                   a subscription to a name that is no folder here: "1"; "0": not to what shows without one
//   p                        what the account's user has set                  (fb::Preferences)
//
// In Space::content: the content kept inline, under the 8 bytes of the item that first had it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/time.h"
#include "groupware/calendar/alarm_way.h"

namespace kontor::groupware::key {

std::string account();
std::string keywords();
std::string preferences();
std::string folder(FolderId folder);
std::string item(ItemId item);
std::string summary(ItemId item);
std::string filing(FolderId folder, Uid uid);
std::string named(FolderId folder, std::string_view name);
std::string version(ItemId item, ItemId version);
std::string facts(ItemId item);
std::string own_uid(std::string_view uid, FolderId folder);
std::string alarm(AlarmWay way, Instant at, FolderId folder, Uid uid);
std::string alarms(AlarmWay way);
std::string alarms_until(AlarmWay way, Instant at);  // greater than all up to then
Instant alarm_time(std::string_view key);            // also of push()
std::string own_parts(PrincipalId guest, ItemId item);
std::string guest_alarm(PrincipalId guest, AlarmWay way, Instant at, FolderId folder, Uid uid);
std::string guest_alarms(PrincipalId guest, AlarmWay way);
std::string guest_alarms_until(PrincipalId guest, AlarmWay way, Instant at);  // greater than all up to then
constexpr std::size_t kGuestAlarm = 30;                                       // bytes of a guest_alarm()
Instant guest_alarm_time(std::string_view key);
std::string default_alarms();
std::string push_subscriptions();
std::string push(Instant at, std::uint64_t number);
std::string pushes_until(Instant at);
std::string flag_block(FolderId folder, std::uint32_t number);
std::string change(Modseq modseq);
std::string thread(std::uint64_t hash, ItemId item);
std::string shared_content(ItemId content, ItemId item);
std::string blob(std::string_view hash, ItemId item);
std::string removed(std::int64_t at, ItemId item);
std::string copy(std::string_view copy);
std::string doomed(FolderId folder);
std::string ledger(std::string_view source, std::string_view source_key);
std::string subscription(std::string_view path);
std::string script(std::string_view name);
std::string memory(std::string_view what);  // of any length
std::string lesson(ItemId item);
std::string annotations(FolderId folder, PrincipalId owner);  // the prefix of their names
std::string annotations_of(FolderId folder);
std::string feed(FolderId folder);
std::string attachment(std::string_view id);
std::string attachment_use(std::string_view id, FolderId folder, Uid uid);
std::string content(ItemId item);

// The prefix of all keys of a letter, of one folder's filings, ...; `end` gives the first key after a prefix.
std::string all(char letter);
std::string filings(FolderId folder);
std::string names(FolderId folder);
std::string versions(ItemId item);
std::string own_uids(std::string_view uid);
std::string times(FolderId folder);
std::string rings(FolderId folder);
std::string flag_blocks(FolderId folder);
std::string threads(std::uint64_t hash);
std::string sharers(ItemId content);
std::string blob_users(std::string_view hash);
std::string ledger_of(std::string_view source);
std::string attachment_uses(std::string_view id);
std::string own_parts_of(PrincipalId guest);
std::string end(std::string_view prefix);

}  // namespace kontor::groupware::key
