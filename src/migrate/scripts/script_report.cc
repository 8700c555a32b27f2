// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/scripts/script_report.h"

namespace kontor::migrate {

PackedScripts pack_scripts(const std::vector<SourceScript>& scripts) {
  PackedScripts out;
  out.row.name = "Sieve scripts";
  out.row.key = archive::kScriptsKey;
  std::size_t bytes = 0;
  for (const SourceScript& script : scripts) {
    ++out.row.source;
    bytes += script.name.size() + script.text.size();
    const bool is_sound = !script.name.empty() && script.name.size() <= archive::kMaxScriptName;
    if (!is_sound || bytes > archive::kMaxScriptBytes || out.scripts.size() == archive::kMaxScripts) {
      bytes -= script.name.size() + script.text.size();
      out.row.quarantine(script.name, is_sound ? "there is too much of scripts" : "this cannot be a script's name");
      continue;
    }
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
