// SPDX-License-Identifier: AGPL-3.0-or-later
// The way without a connection back: a source written as an archive, and an archive sent to the endpoint.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "formats/archive/reader.h"
#include "formats/archive/writer.h"
#include "migrate/engine.h"

namespace kontor::migrate {

// Writes all of the accounts, one after another, over as many connections to the source as that. Items that the source
// cannot give are named in the archive as refused. Errors: of the source (an account that cannot be read to its end
// breaks the archive off), of the sink.
Result<RunReport> dump_accounts(Source& source, const std::vector<SourceAccount>& accounts, const Mapping& mapping,
                                std::size_t connections, const archive::Writer::Sink& sink, Stop& stop);

// Sends those of an archive's accounts that `only` selects (selection.h) to the target, through the mapping. Errors: of
// the archive and of the target, not_found (an account of `only` that is not in it; the others were sent); the report
// tells what became of each account.
Result<void> import_archive(archive::Reader& reader, const Mapping& mapping, const std::vector<std::string>& only,
                            const TargetOptions& target, Bandwidth& bandwidth, Stop& stop, RunReport& report);

}  // namespace kontor::migrate
