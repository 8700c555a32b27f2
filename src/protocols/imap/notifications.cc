// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/notifications.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "protocols/imap/metadata.h"
#include "protocols/imap/status_values.h"
#include "wire/imap/print.h"

namespace kontor::imap {
namespace {

using wire::imap::NotifyGroup;
using wire::imap::StatusItem;
namespace event = wire::imap::notify_event;

std::string notified_attributes(bool is_container, bool is_subscribed, std::string_view use) {
  std::string out;
  const auto add = [&](std::string_view attribute) {
    if (!out.empty() && !attribute.empty()) out.push_back(' ');
    out += attribute;
  };
  if (is_container) add("\\Noselect");
  if (is_subscribed) add("\\Subscribed");
  add(use);
  return out;
}

// The names of the entries that differ.
std::string changed_entries(const std::map<std::string, std::string>& before,
                            const std::map<std::string, std::string>& now) {
  std::set<std::string> names;
  for (const auto& [name, value] : before) {
    const auto at = now.find(name);
    if (at == now.end() || at->second != value) names.insert(name);
  }
  for (const auto& [name, value] : now) {
    if (!before.contains(name)) names.insert(name);
  }
  std::string out;
  for (const auto& name : names) {
    out.push_back(' ');
    wire::imap::append_astring(out, name);
  }
  return out;
}

}  // namespace

// What the commits of all watched accounts touched since the session last looked.
struct Notifications::Pending {
  struct Changes {
    std::set<Place> touched;
    bool names = false;
  };
  std::mutex mutex;
  Changes others, own;
  bool accounts = false;  // others may show folders now
};

// One reader for each account, opened when first needed.
class Notifications::Readers {
 public:
  explicit Readers(const groupware::Caller& caller) : caller_(caller) {}

  // Null if there is none: the account shows nothing to the caller, or cannot be read now.
  groupware::Reader* of(groupware::Account& account) {
    auto& reader = readers_[account.id()];
    if (!reader) {
      auto opened = account.read(caller_);
      if (!opened) return nullptr;
      reader = *std::move(opened);
    }
    return reader.get();
  }

 private:
  const groupware::Caller& caller_;
  std::map<AccountId, std::unique_ptr<groupware::Reader>> readers_;
};

Notifications::Notifications(std::vector<NotifyGroup> groups, std::shared_ptr<net::Signal> signal)
    : groups_(std::move(groups)), signal_(std::move(signal)), pending_(std::make_shared<Pending>()) {}

Notifications::~Notifications() = default;

const NotifyGroup* Notifications::selected() const {
  const auto found = std::find_if(groups_.begin(), groups_.end(),
                                  [](const auto& one) { return one.is_selected() && one.events != 0; });
  return found == groups_.end() ? nullptr : &*found;
}

bool Notifications::has_event(std::uint8_t wanted) const {
  return std::any_of(groups_.begin(), groups_.end(), [&](const auto& one) { return (one.events & wanted) != 0; });
}

bool Notifications::reaches_others() const {
  using Filter = NotifyGroup::Filter;
  return std::any_of(groups_.begin(), groups_.end(), [](const auto& one) {
    return one.filter == Filter::subscribed || one.filter == Filter::subtree || one.filter == Filter::mailboxes;
  });
}

// The first group that names the folder (RFC 5465 section 3.1). Mail may be filed into any folder of one's own: so
// "inboxes" are all of them (section 6.3).
const NotifyGroup* Notifications::group_of(const std::string& name, const Listed& listed, const Reader& reader) const {
  const auto fits = [&](const NotifyGroup& group) {
    const auto is_named = [&](bool with_children) {
      return std::any_of(group.names.begin(), group.names.end(), [&](const std::string& given) {
        const auto path = path_from_wire(given, reader.form);
        if (!path) return false;
        const std::string wanted = wire_from_path(*path, reader.form);
        return name == wanted || (with_children && name.starts_with(wanted + "/"));
      });
    };
    switch (group.filter) {
      case NotifyGroup::Filter::selected:
      case NotifyGroup::Filter::selected_delayed:
        return false;
      case NotifyGroup::Filter::inboxes:
      case NotifyGroup::Filter::personal:
        return listed.account->id() == reader.own.id();
      case NotifyGroup::Filter::subscribed:
        return listed.is_subscribed;
      case NotifyGroup::Filter::subtree:
        return is_named(true);
      case NotifyGroup::Filter::mailboxes:
        return is_named(false);
    }
    return false;
  };
  const auto found = std::find_if(groups_.begin(), groups_.end(), fits);
  return found == groups_.end() ? nullptr : &*found;
}

Result<std::string> Notifications::begin(const Reader& reader, bool wants_status) {
  if (groups_.empty()) return std::string();
  directory_watch_ = reader.directory_news.watch(
      [pending = pending_, signal = signal_, reaches_others = reaches_others(), own = reader.own.id()] {
        {
          std::lock_guard lock(pending->mutex);
          pending->others.touched.emplace(own, FolderId());  // what the tenant says of the server
          if (reaches_others) pending->others.names = pending->accounts = true;
        }
        signal->set();  // also for the rights on the selected folder
      });
  TRY_VOID(watch_accounts(reader));
  TRY(const auto listing, list_names(reader.mailboxes, reader.own, reader.caller, reader.form));
  take_names(listing, reader, nullptr);
  Readers readers(reader.caller);
  take_server(readers, reader, nullptr);
  std::string lines;
  for (auto& [place, known] : known_) {
    take_folder(place, known, readers, reader, nullptr);
    // RFC 5465 section 3.1
    const bool is_named = known.group != nullptr && !known.group->names.empty();
    if (is_named && !known.is_readable && (known.group->events & (event::kMessages | event::kMailboxMetadata)) != 0)
      append_list_line(lines, "\\NoAccess", known.name, reader.form);
    if (!wants_status || known.group == nullptr || (known.group->events & event::kMessages) == 0) continue;
    known.highest = Modseq();  // as if all were new
    known.next_uid = Uid();
    take_folder(place, known, readers, reader, &lines);
  }
  return lines;
}

// Those that show folders now.
Result<void> Notifications::watch_accounts(const Reader& reader) {
  TRY(const auto roots, reader.mailboxes.roots());
  std::erase_if(watched_, [&](const auto& watched) {
    return std::none_of(roots.begin(), roots.end(), [&](const Mailbox& root) { return root.account == watched.first; });
  });
  for (const auto& root : roots) {
    const bool is_watched = std::any_of(watched_.begin(), watched_.end(),
                                        [&](const auto& watched) { return watched.first == root.account; });
    if (is_watched) continue;
    const AccountId id = root.account->id();
    auto watch = root.account->watch(
        [pending = pending_, signal = signal_, id, session = reader.caller.session](const groupware::Notice& notice) {
          const bool is_own = session != 0 && notice.session == session;
          {
            std::lock_guard lock(pending->mutex);
            auto& changes = is_own ? pending->own : pending->others;
            for (const FolderId folder : notice.folders) changes.touched.emplace(id, folder);
            changes.names = changes.names || notice.folder_list_changed;
          }
          if (!is_own) signal->set();
        });
    watched_.emplace_back(root.account, std::move(watch));
  }
  return {};
}

Result<std::string> Notifications::news(const Reader& reader) {
  // RFC 5465 section 5: what the client did itself it is not told, but it is known from now on.
  Pending::Changes others, own;
  bool accounts = false;
  {
    std::lock_guard lock(pending_->mutex);
    std::swap(others, pending_->others);
    std::swap(own, pending_->own);
    std::swap(accounts, pending_->accounts);
  }
  if (accounts) TRY_VOID(watch_accounts(reader));
  std::string lines;
  if (others.names || own.names) {
    TRY(const auto listing, list_names(reader.mailboxes, reader.own, reader.caller, reader.form));
    take_names(listing, reader, others.names ? &lines : nullptr);
  }
  Readers readers(reader.caller);
  const auto take = [&](const Place& place, std::string* told) {
    if (!place.second) {
      take_server(readers, reader, told);
    } else if (const auto at = known_.find(place); at != known_.end()) {
      take_folder(place, at->second, readers, reader, told);
    }
  };
  for (const auto& place : others.touched) take(place, &lines);
  for (const auto& place : own.touched)
    if (!others.touched.contains(place)) take(place, nullptr);
  return lines;
}

// RFC 5465 sections 5.4 and 5.5.
void Notifications::take_names(const Listing& listing, const Reader& reader, std::string* lines) {
  std::map<Place, Known> before;
  before.swap(known_);
  for (const auto& [name, listed] : listing) {
    if (!listed.exists()) continue;
    const Place place{listed.account->id(), listed.folder};
    const auto old = before.find(place);
    Known& known = known_[place];
    if (old != before.end()) known = old->second;
    known.name = name;
    known.group = group_of(name, listed, reader);
    known.account = listed.account;
    known.is_subscribed = listed.is_subscribed;
    known.is_container = listed.is_container;
    known.is_readable = (listed.rights & groupware::right::kRead) != 0;
    if (lines == nullptr) continue;
    const std::uint8_t events = known.group == nullptr ? 0 : known.group->events;
    const std::string attributes =
        notified_attributes(known.is_container, known.is_subscribed, special_use(listed.role));
    const bool is_new = old == before.end() || old->second.is_container != known.is_container;
    const bool is_renamed = old != before.end() && old->second.name != name;
    if ((events & event::kMailboxName) != 0 && (is_new || is_renamed)) {
      append_list_line(*lines, attributes, name, reader.form, is_renamed ? old->second.name : "");
    } else if ((events & event::kSubscriptionChange) != 0 && old != before.end() &&
               old->second.is_subscribed != known.is_subscribed) {
      append_list_line(*lines, attributes, name, reader.form);
    }
  }
  if (lines == nullptr) return;
  for (const auto& [place, known] : before) {
    const bool is_told = known.group != nullptr && (known.group->events & event::kMailboxName) != 0;
    if (is_told && !known_.contains(place)) append_list_line(*lines, "\\NonExistent", known.name, reader.form);
  }
}

// RFC 5465 sections 5.1 to 5.3 and 5.6: a STATUS for messages that came, went or changed, a METADATA for annotations.
void Notifications::take_folder(const Place& place, Known& known, Readers& readers, const Reader& reader,
                                std::string* lines) {
  const auto folder = known.account->folders()->find(place.second);
  if (!folder) return;
  const std::uint8_t events = known.group == nullptr ? 0 : known.group->events;
  const bool is_moved = folder->next_uid != known.next_uid || folder->total != known.total;
  const bool is_changed = folder->highest != known.highest;
  known.highest = folder->highest;
  known.total = folder->total;
  known.next_uid = folder->next_uid;
  const bool is_selected = reader.selected != nullptr && reader.selected->account->id() == place.first &&
                           reader.selected->folder == place.second;
  const bool is_told = (is_moved && (events & event::kMessageNew) != 0) ||
                       (is_changed && !is_moved && (events & event::kFlagChange) != 0);
  groupware::Reader* const open =
      (events & (event::kMessages | event::kMailboxMetadata)) != 0 ? readers.of(*known.account) : nullptr;
  if (open == nullptr) return;
  std::string name;
  append_wire_name(name, known.name, reader.form);
  if (lines != nullptr && is_told && !is_selected) {
    std::vector<StatusItem> items = {StatusItem::messages, StatusItem::uid_next, StatusItem::uid_validity,
                                     StatusItem::unseen};
    if (reader.knows_modseq) items.push_back(StatusItem::highest_modseq);
    const auto values = status_values(*open, place.first, *folder, items);
    if (values) *lines += "* STATUS " + name + " (" + *values + ")\r\n";
  }
  if ((events & event::kMailboxMetadata) == 0) return;
  auto annotations = open->annotations(place.second);
  if (!annotations) return;
  if (const auto entries = changed_entries(known.annotations, *annotations); lines != nullptr && !entries.empty())
    *lines += "* METADATA " + name + entries + "\r\n";
  known.annotations = *std::move(annotations);
}

// RFC 5465 section 5.7.
void Notifications::take_server(Readers& readers, const Reader& reader, std::string* lines) {
  groupware::Reader* const open = has_event(event::kServerMetadata) ? readers.of(reader.own) : nullptr;
  if (open == nullptr) return;
  auto annotations = server_annotations(reader.directory, reader.own, *open);
  if (!annotations) return;
  if (const auto entries = changed_entries(server_annotations_, *annotations); lines != nullptr && !entries.empty())
    *lines += "* METADATA \"\"" + entries + "\r\n";
  server_annotations_ = *std::move(annotations);
}

}  // namespace kontor::imap
