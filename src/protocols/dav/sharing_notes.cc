// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>

#include <charconv>

#include "protocols/dav/segments.h"
#include "protocols/dav/sharing.h"

namespace kontor::dav {
namespace {

namespace right = groupware::right;

constexpr std::string_view kStates[] = {"open", "put-away", "accepted", "declined"};
// Of how many others the folders show in one home.
constexpr std::size_t kMostSharers = 200;

std::uint32_t kinds_in(Space space) {
  std::uint32_t out = 0;
  for (const auto kind : {groupware::Kind::calendar, groupware::Kind::contacts, groupware::Kind::tasks,
                          groupware::Kind::notes, groupware::Kind::files})
    if (space_of(kind) == space) out |= std::uint32_t{1} << static_cast<unsigned>(kind);
  return out;
}

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

std::string print_note(const ShareNote& note) {
  return fmt::format("{} {} {} {}", kStates[static_cast<unsigned>(note.state)], note.may_write ? "write" : "read",
                     note.at.time_since_epoch().count(), note.uid);
}

std::optional<ShareNote> parse_note(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (words.size() != 4) return std::nullopt;
  const auto* state = std::ranges::find(kStates, words[0]);
  const auto at = number_of(words[2]);
  if (state == std::end(kStates) || !at || (words[1] != "read" && words[1] != "write")) return std::nullopt;
  ShareNote out;
  out.state = static_cast<ShareNote::State>(state - std::begin(kStates));
  out.may_write = words[1] == "write";
  out.at = Instant(std::chrono::seconds(*at));
  out.uid = words[3];
  return out;
}

std::string note_key(PrincipalId with) { return "dav.shared-with." + std::to_string(with.value); }

std::optional<ShareNote> note_about(const groupware::Folder& folder, PrincipalId with) {
  const auto at = folder.properties.find(note_key(with));
  return at == folder.properties.end() ? std::nullopt : parse_note(at->second);
}

void each_sharer(Context& context, Space space, const std::function<bool(const Sharer&)>& visit) {
  std::size_t seen = 0;
  for (const PrincipalId id : context.services.directory.sharing_with(context.user.id, kinds_in(space))) {
    const auto owner = context.services.directory.principal(id);
    if (!owner || owner->id == context.user.id || owner->tenant != context.user.tenant || !owner->account()) continue;
    if (++seen > kMostSharers) break;
    const auto account = context.account(*owner);
    if (!account) continue;
    const auto reader = context.reader(**account);
    if (!reader) continue;  // what the directory notes is at least what is true: here it was more
    if (!visit({*owner, *account, **reader})) break;
  }
}

Outcome<void> shared_folders(Context& context, Space space, const std::function<bool(const SharedFolder&)>& visit) {
  each_sharer(context, space, [&](const Sharer& sharer) {
    for (const auto& folder : sharer.reader.folders()->all()) {
      if (!shows_in(space, folder->kind) || !(sharer.reader.rights(folder->id) & right::kShowing)) continue;
      if (!visit({sharer.owner, sharer.account, folder, note_about(*folder, context.user.id)})) return false;
    }
    return true;
  });
  return {};
}

Outcome<void> note_share(Context& context, groupware::Account& account, FolderId folder, PrincipalId with,
                         const std::optional<ShareNote>& note) {
  const auto done = account.update(groupware::Caller::system(), [&](groupware::Transaction& transaction) {
    groupware::Transaction::FolderChange change;
    change.properties[note_key(with)] = note ? print_note(*note) : std::string();
    return transaction.change_folder(folder, change);
  });
  context.drop_readers();
  if (!done) return std::unexpected(Problem(done.error()));
  return {};
}

}  // namespace kontor::dav
