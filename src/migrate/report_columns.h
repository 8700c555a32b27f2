// SPDX-License-Identifier: AGPL-3.0-or-later
// The numbers of a report.
#pragma once

#include "migrate/report.h"

namespace kontor::migrate {

// A number that every table and every JSON object of a report has, in their order.
struct ReportColumn {
  const char* name;
  std::uint64_t (*value)(const FolderReport&);
};
constexpr ReportColumn kReportColumns[] = {
    {"source", [](const FolderReport& f) { return f.source; }},
    {"copied", [](const FolderReport& f) { return f.counts.copied; }},
    {"present", [](const FolderReport& f) { return f.present; }},
    {"quarantined", [](const FolderReport& f) { return f.quarantined; }},
    {"excluded", [](const FolderReport& f) { return f.excluded; }},
    {"updated", [](const FolderReport& f) { return f.counts.updated; }},
    {"moved", [](const FolderReport& f) { return f.counts.moved; }},
    {"vanished", [](const FolderReport& f) { return f.counts.vanished; }},
    {"removed", [](const FolderReport& f) { return f.counts.removed; }},
    {"kept", [](const FolderReport& f) { return f.counts.kept; }},
    {"uids_changed", [](const FolderReport& f) { return f.counts.uids_changed; }},
    {"names_rewritten", [](const FolderReport& f) { return f.counts.names_rewritten; }},
    {"damaged", [](const FolderReport& f) { return f.damaged; }},
    {"losses", [](const FolderReport& f) { return f.losses; }},
    {"date_guesses", [](const FolderReport& f) { return f.date_guesses; }},
    {"attachments", [](const FolderReport& f) { return f.attachments; }},
    {"bytes", [](const FolderReport& f) { return f.counts.bytes; }},
    {"compared", [](const FolderReport& f) { return f.compared; }},
    {"compared_bytes", [](const FolderReport& f) { return f.compared_bytes; }},
    {"differences", [](const FolderReport& f) { return f.differences; }},
    {"settings_compared", [](const FolderReport& f) { return f.settings_compared; }},
    {"settings_different", [](const FolderReport& f) { return f.settings_different; }},
};

}  // namespace kontor::migrate
