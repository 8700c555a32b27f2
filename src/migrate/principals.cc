// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/principals.h"

#include "formats/archive/record.h"
#include "formats/archive/writer.h"
#include "migrate/settings_record.h"

namespace kontor::migrate {
namespace {

Result<void> send_some(const std::vector<archive::Principal>& principals, const TargetOptions& options,
                       Bandwidth& bandwidth, Stop& stop, FolderReport& row) {
  if (principals.empty()) return {};
  archive::Spool spool;
  archive::Writer writer([&](std::string_view bytes) { return spool.write(bytes); });
  for (const archive::Principal& one : principals) TRY_VOID(writer.principal(one));
  TRY_VOID(writer.finish());
  std::vector<archive::Answer> answers;
  Target target(options);
  const auto done = target.send_principals(spool, bandwidth, stop, answers);
  for (const archive::Answer& answer : answers) add_settings_answer(answer, row);
  return done;
}

}  // namespace

Result<std::vector<archive::Principal>> mapped_principals(Source& source, const Mapping& mapping) {
  TRY(auto principals, source.principals());
  for (archive::Principal& one : principals) one = mapped_principal(std::move(one), mapping);
  return principals;
}

Result<FolderReport> send_principals(const std::vector<archive::Principal>& principals,
                                     const std::set<std::string>& chosen, const TargetOptions& options,
                                     Bandwidth& bandwidth, Stop& stop) {
  FolderReport row;
  row.name = "Users, groups and resources";
  row.key = archive::kPrincipalsKey;
  std::vector<archive::Principal> first, others;
  for (const archive::Principal& one : principals)
    (options.create_active && one.kind != "group" && chosen.contains(one.address) ? first : others).push_back(one);
  TRY_VOID(send_some(first, options, bandwidth, stop, row));
  TargetOptions inactive = options;
  inactive.create_active = false;
  TRY_VOID(send_some(others, inactive, bandwidth, stop, row));
  return row;
}

AccountReport report_of_principals(Result<FolderReport> sent) {
  AccountReport out;
  out.source = "directory";
  out.address = "users, groups and resources";
  if (sent)
    out.folders.push_back(*std::move(sent));
  else
    out.error = sent.error().text;
  return out;
}

}  // namespace kontor::migrate
