// SPDX-License-Identifier: AGPL-3.0-or-later
// The scripts of an account and what they remember, as records of its partition.
#include <algorithm>

#include "base/bytes.h"
#include "formats/mime/charset.h"
#include "groupware/keys.h"
#include "groupware/rules/script_name.h"
#include "groupware/transaction.h"

namespace kontor::groupware {
namespace {

constexpr std::size_t kLongestScriptName = 512;

}  // namespace

bool is_script_name(std::string_view name) {
  if (name.empty() || name.size() > kLongestScriptName || !mime::is_utf8(name)) return false;
  for (std::size_t i = 0; i < name.size(); i++) {
    const auto byte = static_cast<unsigned char>(name[i]);
    if (byte < 0x20 || byte == 0x7F) return false;
    const std::string_view rest = name.substr(i);
    if (byte == 0xC2 && static_cast<unsigned char>(rest[1]) < 0xA0) return false;            // C1 controls
    if (rest.starts_with("\xE2\x80\xA8") || rest.starts_with("\xE2\x80\xA9")) return false;  // U+2028, U+2029
  }
  return true;
}

Result<void> AccountTransaction::may_script() const {
  if (!ownership_.is_full) return fail(Errc::denied, "These scripts are not yours.");
  return {};
}

void AccountTransaction::note_scripts() {
  layer_.scripts_dirty = true;
  layer_.record.scripts_changed = number();
  layer_.log.touched.insert(FolderId());
}

Result<void> AccountTransaction::put_script(const std::string& name, const std::string& text) {
  TRY_VOID(may_script());
  if (!is_script_name(name)) return fail(Errc::invalid, "This cannot be the name of a script.");
  if (text.size() > environment_.options.largest_script) return fail(Errc::too_large, "The script is too large.");
  TRY(const std::vector<std::string> names, scripts());
  if (std::ranges::find(names, name) == names.end() && names.size() >= environment_.options.scripts_per_account)
    return fail(Errc::over_quota, "There are as many scripts as there may be.");
  layer_.put(key::script(name), text);
  note_scripts();
  return {};
}

Result<void> AccountTransaction::remove_script(const std::string& name) {
  TRY_VOID(script(name));
  if (name == layer_.record.active_script) return fail(Errc::conflict, "The active script cannot be removed.");
  layer_.erase(key::script(name));
  note_scripts();
  return {};
}

Result<void> AccountTransaction::rename_script(const std::string& from, const std::string& to) {
  TRY(const std::string text, script(from));
  if (!is_script_name(to)) return fail(Errc::invalid, "This cannot be the name of a script.");
  TRY(const std::optional<std::string> other, layer_.get(key::script(to)));
  if (other) return fail(Errc::exists, "There is a script of that name already.");
  layer_.erase(key::script(from));
  layer_.put(key::script(to), text);
  if (layer_.record.active_script == from) layer_.record.active_script = to;
  note_scripts();
  return {};
}

Result<void> AccountTransaction::activate_script(const std::string& name) {
  TRY_VOID(may_script());
  if (!name.empty()) TRY_VOID(script(name));
  if (layer_.record.active_script == name) return {};
  layer_.record.active_script = name;
  note_scripts();
  return {};
}

Result<void> AccountTransaction::remember(std::string_view what, Instant until) {
  TRY_VOID(may_script());
  std::string value;
  append_be64(value, static_cast<std::uint64_t>(std::max<std::int64_t>(until.time_since_epoch().count(), 0)));
  layer_.put(key::memory(what), std::move(value));
  return {};
}

Result<std::size_t> AccountTransaction::forget(Instant now, std::size_t limit) {
  std::vector<std::string> due;
  TRY_VOID(layer_.scan(key::all('U'), key::end("U"), [&](std::string_view key, std::string_view until) {
    if (is_past(until, now)) due.emplace_back(key);
    return due.size() < limit;
  }));
  for (std::string& key : due) layer_.erase(std::move(key));
  return due.size();
}

}  // namespace kontor::groupware
