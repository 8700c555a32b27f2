// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/state.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace kontor::dav {
namespace {

constexpr std::string_view kToken = "data:,kontor-";

}  // namespace

std::string print_state(const SyncState& state) {
  std::string out = fmt::format("{}{}-{}-{}", kToken, state.folder.value, state.uid_validity.value, state.to.value);
  if (state.is_partial)
    out += fmt::format("-{}-{}-{}", state.from.value, state.is_past_gone ? 1 : 0, state.cursor.value);
  return out;
}

std::optional<SyncState> parse_state(std::string_view token) {
  if (!token.starts_with(kToken) || token.size() > 200) return std::nullopt;
  token.remove_prefix(kToken.size());
  std::array<std::uint64_t, 6> numbers{};
  std::size_t count = 0;
  const char* at = token.data();
  const char* const end = at + token.size();
  while (count < numbers.size()) {
    const auto [next, error] = std::from_chars(at, end, numbers[count]);
    if (error != std::errc()) return std::nullopt;
    ++count;
    at = next;
    if (at == end) break;
    if (*at++ != '-') return std::nullopt;
  }
  if (at != end || (count != 3 && count != 6)) return std::nullopt;
  if (numbers[1] > UINT32_MAX || numbers[5] > UINT32_MAX || numbers[4] > 1) return std::nullopt;
  SyncState state;
  state.folder = FolderId(numbers[0]);
  state.uid_validity = UidValidity(static_cast<std::uint32_t>(numbers[1]));
  state.to = Modseq(numbers[2]);
  state.is_partial = count == 6;
  state.from = Modseq(numbers[3]);
  state.is_past_gone = numbers[4] == 1;
  state.cursor = Uid(static_cast<std::uint32_t>(numbers[5]));
  return state;
}

std::optional<std::string> collection_state(Context& context, const Resource& collection) {
  if (collection.what == Resource::What::special) {
    auto state = collection.special->state(context, collection);
    return state ? *state : std::nullopt;
  }
  if (collection.what != Resource::What::collection) return std::nullopt;
  const auto reader = context.reader(*collection.account);
  if (!reader) return std::nullopt;
  const auto folder = (*reader)->folders()->find(collection.folder->id);
  if (!folder) return std::nullopt;
  SyncState state;
  state.folder = folder->id;
  state.uid_validity = folder->uid_validity;
  // Of files all that is below counts as well, also folders: any change of the account may be one of theirs.
  state.to = folder->kind == groupware::Kind::files ? (*reader)->modseq() : folder->highest;
  return print_state(state);
}

}  // namespace kontor::dav
