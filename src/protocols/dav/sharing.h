// SPDX-License-Identifier: AGPL-3.0-or-later
// Calendars and address books of others. What somebody may do with them says the core; here is what shows in whose
// home.
//
// A folder that is shared with the caller by a grant, a group or a mailbox's role shows in its home under a name that
// stays: "shared-<owner's id>-<folder's id>". Who was invited (CS:share of Apple's clients) sees it there after having
// accepted; who removes it from the home has declined. Both are noted in a property of the folder, beside the grant
// that the invitation made.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocols/dav/family.h"

namespace kontor::dav {

const Family& sharing_family();

constexpr xml::NameView cs(std::string_view local) { return {wire::dav::kCalendarServer, local}; }

// What became of an invitation.
struct ShareNote {
  enum class State : std::uint8_t {
    open,      // no answer yet
    put_away,  // no answer, but it was seen and needs no notice any more
    accepted,
    declined,
  };
  State state = State::open;
  bool may_write = false;
  std::string uid;  // of the invitation
  Instant at{};

  bool operator==(const ShareNote&) const = default;
};
std::string print_note(const ShareNote& note);
std::optional<ShareNote> parse_note(std::string_view text);
// The folder's property that has the note about that principal.
std::string note_key(PrincipalId with);
std::optional<ShareNote> note_about(const groupware::Folder& folder, PrincipalId with);

// Another principal of the caller's tenant who may share something of that space with it.
struct Sharer {
  const directory::Principal& owner;
  std::shared_ptr<groupware::Account> account;
  const groupware::Reader& reader;  // as the caller
};
// Until `visit` returns false; at most 200.
void each_sharer(Context& context, Space space, const std::function<bool(const Sharer&)>& visit);

// A folder of another account that the caller may see.
struct SharedFolder {
  directory::Principal owner;
  std::shared_ptr<groupware::Account> account;
  groupware::FolderTable::Pointer folder;
  std::optional<ShareNote> note;  // about the caller

  // An invitation shows when it was accepted, all else unless it was declined.
  bool is_shown() const { return !note || note->state == ShareNote::State::accepted; }
};
// Those of a home of calendars or contacts, until `visit` returns false.
Outcome<void> shared_folders(Context& context, Space space, const std::function<bool(const SharedFolder&)>& visit);

// Whether the resource is another's collection, or in one, as it shows in the caller's home.
bool is_mount(const Resource& resource);
std::string mount_name(const SharedFolder& shared);
Resource mount_of(const Resource& home, const SharedFolder& shared);
// The collection's path at its owner's.
std::string own_path(Context& context, const Resource& collection);

// Sets what is noted about a principal, by the server itself: the caller's rights do not reach so far. Nothing: it is
// forgotten.
Outcome<void> note_share(Context& context, groupware::Account& account, FolderId folder, PrincipalId with,
                         const std::optional<ShareNote>& note);

// That the caller accepts or declines what another shares; tells the host, if it was an invitation. What is noted.
Outcome<ShareNote> note_answer(Context& context, const Resource& collection, bool accepts);

// The parts of the family: CS:share, CS:invite-reply, CS:invite, and the collection of notices.
Outcome<Response> do_share(Context& context, const Resource& collection);
Outcome<Response> do_reply(Context& context, const Resource& home);
Outcome<Response> do_put_away(Context& context, const Resource& notice);
Shown print_invite(Context& context, const Resource& collection, xml::Printer& out);
Resource notices_of(const Resource& home);
bool is_notice(Context& context, const Resource& resource);
Shown print_notice_type(Context& context, const Resource& notice, xml::Printer& out);

}  // namespace kontor::dav
