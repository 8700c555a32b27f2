// SPDX-License-Identifier: AGPL-3.0-or-later
// Where mail, calendars, contacts and files are moved from. A source is read only: nothing in it is ever changed.
//
// Every item has a key that is stable between passes and unique in its folder ("uidvalidity:uid", a Maildir base name,
// a byte offset with a digest); the ledger on the target knows items by (source and login, folder key, item key).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "formats/archive/settings.h"

namespace kontor::migrate {

// One mailbox at the source.
struct SourceAccount {
  std::string key;                      // how the source calls it: login name, folder
  std::string address;                  // of the target's user, after mapping
  std::vector<std::string> names = {};  // what else it is called there: any of them selects it, like key and address
};

struct SourceFolder {
  std::string key;                // raw, as the source names it
  std::vector<std::string> path;  // UTF-8 names from the root, without namespace prefixes; {"INBOX"} is the inbox
  std::string role;               // "sent", ... as groupware's FolderRole names; empty if none
  bool subscribed = true;
  bool is_container = false;       // \NoSelect
  std::uint32_t uid_validity = 0;  // 0 = the source has none
  std::uint32_t uid_next = 0;
  std::uint64_t highest_modseq = 0;
  std::uint64_t messages = 0;       // as announced
  bool name_was_rewritten = false;  // `path` is not what the raw name says: broken encoding, or "/" in a name
  std::string kind;  // "calendar", "tasks", "notes", "contacts" or "files"; empty = mail. Only files nest
  std::string colour, description;
  std::map<std::string, std::string> properties;  // as the target's folder is to have them
  // What others may do in it, with what it inherits; each of them once, by its address as the source knows it (the
  // mapping says what the target's is). Nothing: the source does not say.
  std::optional<std::vector<archive::Grant>> grants;
};

// Names from the root, as SourceFolder::path.
using SourcePath = std::vector<std::string>;

// An item as listed, without its content.
struct SourceItem {
  std::string key;
  std::uint32_t uid = 0;   // 0 = the source has none
  std::uint8_t flags = 0;  // groupware::Flag bits
  std::vector<std::string> keywords;
  InternalDate date;
  bool date_is_guess = false;                     // taken from Received or Date for want of better
  std::uint64_t announced_size = 0;               // a hint, never proof
  std::map<std::string, std::string> properties;  // e.g. "pop3.uidl"
  std::string name;  // of kinds other than mail: in its folder, as in a path; empty = by its UID
  // Of what can change its content under the same key: another one whenever the content is another.
  std::string fingerprint;
};

// What the previous pass knew, so that this one costs in proportion to what changed. Opaque outside the source.
using FolderState = std::string;

// One pass over one folder.
struct FolderPass {
  bool unchanged = false;             // nothing happened since `state`: no items were listed
  bool is_delta = false;              // only new and changed items were listed, maybe with others beside them
  std::vector<std::string> vanished;  // keys, when is_delta
  bool vanished_unknown = false;      // when is_delta: what vanished is not in keys() any more, and not in `vanished`
  FolderState state;                  // to hand in next time, valid once all listed items have arrived
};

// A Sieve script of a user.
struct SourceScript {
  std::string name, text;
  bool is_active = false;
};

// Something of the settings that does not come along, or not exactly: what it is, and why.
struct SettingLoss {
  std::string what, why;
};
struct SourceSettings {
  archive::Settings settings;  // addresses as the source knows them
  std::vector<SettingLoss> losses;
};

// Content in bounded pieces; CRLF lines but for files. Errors of `take` end the fetch and are returned.
using TakePiece = std::function<Result<void>(std::string_view)>;

// Takes a file that belongs to an item: what `give` hands over. The item's content refers to it by the URI that this
// gives. Errors: too_large (the item has more files than can go along), those of `give`: then it is as if nothing was
// given.
struct TakenFile {
  std::string uri;
  std::uint64_t size = 0;
};
using TakeFile = std::function<Result<TakenFile>(const std::function<Result<void>(const TakePiece&)>& give)>;

// Reads contents of items that a session listed. One thread at a time.
class ItemReader {
 public:
  virtual ~ItemReader() = default;
  // Errors: not_found (vanished meanwhile), invalid (the source gives no sound content: to be quarantined), unavailable
  // (the connection broke: open a new session and go on), or what `take` returned.
  virtual Result<void> fetch(const SourceFolder& folder, const SourceItem& item, const TakePiece& take) = 0;
  // The same of a source whose items have files outside of their content: all of them go to `file` before any content
  // goes to `take`.
  virtual Result<void> fetch_with_files(const SourceFolder& folder, const SourceItem& item, const TakePiece& take,
                                        const TakeFile& /*file*/) {
    return fetch(folder, item, take);
  }
  // What of the item fetched last does not come along exactly, as sentences. Nothing: it is all there.
  virtual std::vector<std::string> losses() { return {}; }
  // Properties of the item fetched last, that come and change with its content; an empty one: it has none.
  virtual std::map<std::string, std::string> kept() { return {}; }
  // Tells that these will be fetched next, so that a source with round trips can pipeline. May do nothing.
  virtual void announce(const SourceFolder& folder, const std::vector<SourceItem>& items) = 0;
};

// An open connection to one account of the source. One thread at a time.
class SourceSession : public ItemReader {
 public:
  virtual Result<std::vector<SourceFolder>> folders() = 0;
  // What the user subscribes to and that is none of the folders; known after folders().
  virtual std::vector<SourcePath> other_subscriptions() const { return {}; }
  // Nothing: this source was not told where they are. Errors: denied, unavailable.
  virtual Result<std::optional<std::vector<SourceScript>>> scripts() { return std::nullopt; }
  // What the source knows of the account besides; asked for after folders() and list(). Nothing: it keeps no such
  // things. Errors: denied, unavailable.
  virtual Result<std::optional<SourceSettings>> settings() { return std::nullopt; }
  // Lists in the order of UIDs (or of arrival). `state` is empty for a full pass.
  virtual Result<FolderPass> list(const SourceFolder& folder, const FolderState& state,
                                  const std::function<Result<void>(const SourceItem&)>& visit) = 0;
  // All keys that there are in the folder now, of what the last list() of it saw. Only after one that said
  // `vanished_unknown`.
  virtual Result<void> keys(const SourceFolder&, const std::function<void(std::string_view)>&) {
    return fail(Errc::invalid, "this source lists no keys alone");
  }
  // Another reader of what this session listed, over a connection of its own, for another thread. It may see the
  // account at a later moment: an item that changed in between comes as it is then, and counts as changed at the next
  // pass. Gone before the session is. Null: this source has none. Errors: as Source::open().
  virtual Result<std::unique_ptr<ItemReader>> helper() { return nullptr; }
};

// Thread-safe.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::string name() const = 0;  // stable between runs, for the ledger: "imap:mail.example.org"
  // Whether `name` has the mail of many, told apart by their logins; else it is itself the name of one mailbox.
  virtual bool has_logins() const { return true; }
  virtual Result<std::vector<SourceAccount>> accounts() = 0;
  // What whoever plans the move must know besides, as sentences: mailboxes without owners and the like. After
  // accounts().
  virtual std::vector<std::string> remarks() { return {}; }
  // Everyone at the source, with or without an account: what create_users makes of them. Groups come after their
  // members. Addresses as the source knows them. Errors: denied, unavailable.
  virtual Result<std::vector<archive::Principal>> principals() { return std::vector<archive::Principal>(); }
  // Errors: denied (login), unavailable, not_found.
  virtual Result<std::unique_ptr<SourceSession>> open(const SourceAccount& account) = 0;
};

}  // namespace kontor::migrate
