// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/selected.h"

#include <algorithm>
#include <limits>

#include "wire/imap/cursor.h"
#include "wire/imap/print.h"

namespace kontor::imap {

using wire::imap::append_system_flags;

// The core's bits go to the wire as they are.
static_assert(wire::imap::flag::kSeen == std::uint8_t{groupware::kSeen});
static_assert(wire::imap::flag::kAnswered == std::uint8_t{groupware::kAnswered});
static_assert(wire::imap::flag::kFlagged == std::uint8_t{groupware::kFlagged});
static_assert(wire::imap::flag::kDraft == std::uint8_t{groupware::kDraft});
static_assert(wire::imap::flag::kDeleted == std::uint8_t{groupware::kDeleted});

Result<Snapshot> look(groupware::Account& account, const groupware::Caller& caller, FolderId folder) {
  TRY(const auto reader, account.read(caller));
  Snapshot found;
  TRY(found.folder, reader->folder(folder));
  TRY(found.view, reader->view(folder));
  found.keywords = reader->keywords();
  found.rights = reader->rights(folder);
  return found;
}

std::uint32_t Selected::recent_count() const {
  std::uint32_t total = 0;
  for (const auto& range : recent) {
    const std::uint32_t end =
        range.last == std::numeric_limits<std::uint32_t>::max() ? view->size() : view->lower_bound(Uid(range.last + 1));
    total += end - view->lower_bound(Uid(range.first));
  }
  return total;
}

std::optional<std::vector<std::uint32_t>> positions(const Selected& selected, const wire::imap::SequenceSet& set,
                                                    bool by_uid) {
  const auto& view = *selected.view;
  std::vector<std::uint32_t> found;
  if (!by_uid && !set.is_saved_result()) {
    for (const auto& range : set.resolve(view.size())) {
      if (range.last > view.size()) return std::nullopt;
      for (std::uint32_t number = range.first; number <= range.last; ++number) found.push_back(number - 1);
    }
    return found;
  }
  for (const auto& range : uids_in(selected, set)) {
    for (std::uint32_t at = view.lower_bound(Uid(range.first)); at < view.size(); ++at) {
      if (view.at(at).uid.value > range.last) break;
      found.push_back(at);
    }
  }
  return found;
}

void append_fetch_start(std::string& out, const Selected& selected, std::uint32_t position) {
  out += "* ";
  wire::imap::append_number(out, selected.uid_only ? selected.view->at(position).uid.value : position + 1);
  out += selected.uid_only ? " UIDFETCH (" : " FETCH (";
}

wire::imap::Ranges uids_in(const Selected& selected, const wire::imap::SequenceSet& set) {
  return set.is_saved_result() ? selected.saved : set.resolve(selected.view->last_uid().value);
}

void append_flags(std::string& out, const Selected& selected, std::uint32_t position) {
  const auto& row = selected.view->at(position);
  const auto& names = selected.keywords->names();
  out.push_back('(');
  bool any = append_system_flags(out, row.flag_bits & groupware::kAllFlags);
  const auto add = [&](std::string_view name) {
    if (any) out.push_back(' ');
    out += name;
    any = true;
  };
  if (selected.is_recent(row.uid)) add("\\Recent");
  if (row.flag_bits > 0xff || names.size() > groupware::FlagSet::kInBits) {
    for (const auto id : selected.view->flags(position).keywords()) {
      if (id < names.size()) add(names[id]);
    }
  }
  out.push_back(')');
}

wire::imap::Ranges uids_at(const groupware::FolderView& view, const std::vector<std::uint32_t>& at) {
  wire::imap::Ranges uids;
  for (const auto position : at) wire::imap::append(uids, view.at(position).uid.value);
  return uids;
}

std::string print_known_flags(std::uint8_t system, const groupware::KeywordTable& keywords) {
  std::string out;
  bool any = append_system_flags(out, system);
  for (const auto& name : keywords.names()) {
    if (any) out.push_back(' ');
    out += name;
    any = true;
  }
  return out;
}

namespace {

std::uint8_t permanent_flags(const Selected& box) {
  std::uint8_t flags = 0;
  if ((box.rights & groupware::right::kKeepSeen) != 0) flags |= groupware::kSeen;
  if ((box.rights & groupware::right::kDeleteItems) != 0) flags |= groupware::kDeleted;
  if ((box.rights & groupware::right::kWriteFlags) != 0) {
    flags |= groupware::kAnswered | groupware::kFlagged | groupware::kDraft;
  }
  return flags;
}

}  // namespace

void append_permanent_flags(std::string& out, const Selected& box) {
  out += "* OK [PERMANENTFLAGS (";
  if (!box.read_only) {
    const bool may_write = (box.rights & groupware::right::kWriteFlags) != 0;
    const std::string known =
        print_known_flags(permanent_flags(box), may_write ? *box.keywords : groupware::KeywordTable());
    out += known;
    if (may_write) out += known.empty() ? "\\*" : " \\*";
  }
  out += ")] Flags that are kept\r\n";
}

groupware::FlagNames flag_names(std::uint8_t system, std::vector<std::string> keywords) {
  groupware::FlagNames names;
  names.flags = system;
  names.keywords = std::move(keywords);
  return names;
}

}  // namespace kontor::imap
