// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/scripts/script_report.h"

#include "formats/mime/charset.h"

namespace kontor::migrate {
namespace {

// Of all scripts as the record writes them: it has other things to hold.
constexpr std::size_t kMostWritten = archive::kMaxRecord / 4 * 3;

// How long the text becomes in JSON: bytes that are no UTF-8 go as base 64, control characters as six.
std::size_t written_size(std::string_view text) {
  if (!mime::is_utf8(text)) return (text.size() + 2) / 3 * 4;
  std::size_t size = 0;
  for (const char c : text) {
    size += 1;
    if (c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t')
      size += 1;
    else if (static_cast<unsigned char>(c) < 0x20)
      size += 5;
  }
  return size;
}

}  // namespace

PackedScripts pack_scripts(const std::vector<SourceScript>& scripts) {
  PackedScripts out;
  out.row.name = "Sieve scripts";
  out.row.key = archive::kScriptsKey;
  std::size_t bytes = 0, written = 0;
  for (const SourceScript& script : scripts) {
    ++out.row.source;
    const std::size_t own = script.name.size() + script.text.size();
    const std::size_t own_written = written_size(script.name) + written_size(script.text);
    const bool is_sound = !script.name.empty() && script.name.size() <= archive::kMaxScriptName;
    const bool is_too_much = bytes + own > archive::kMaxScriptBytes || written + own_written > kMostWritten;
    if (!is_sound || is_too_much || out.scripts.size() == archive::kMaxScripts) {
      out.row.quarantine(script.name, is_sound ? "there is too much of scripts" : "this cannot be a script's name");
      continue;
    }
    bytes += own;
    written += own_written;
    out.scripts.push_back({script.name, script.text, script.is_active});
  }
  return out;
}

void add_script_answer(const archive::Answer& answer, FolderReport& row) {
  row.counts.add(answer.counts);
  row.present += answer.counts.present + answer.counts.updated;
  for (const auto& one : answer.quarantined) row.quarantine(one.key, one.reason);
  if (!answer.note.empty()) row.note = answer.note;
}

}  // namespace kontor::migrate
