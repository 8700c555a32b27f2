// SPDX-License-Identifier: AGPL-3.0-or-later
// Messages that a source has kept as they came, beside the properties it made of them: which of the two counts. Servers
// do not touch the original when a client changes the properties later (an edited subject or text, a removed
// attachment, a draft that was continued).
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "formats/mapi/attachment_data.h"
#include "formats/mapi/mailbox.h"
#include "formats/mapi/property.h"

namespace kontor::mapi {

// Gives the octets of an original, the same at each call.
using ReadOriginal = std::function<Result<void>(const TakePiece&)>;

struct OriginalState {
  bool is_stale = false;
  std::string why;  // a sentence, if it is
};

// Whether the properties say something else than the original did. The original counts as long as nothing shows that
// it is stale: what is damaged, in unknown charsets, of mail about meetings, secured or a stub of an archive, differs
// by itself. Mail that nobody but the server has changed since it came is not read; of others at most the first 4 MiB
// are. Errors: those of `original`.
Result<OriginalState> check_original(const Message& message, const ResolveEntry& resolve, const ReadOriginal& original);

// The same of the beginning of an original that is being read; `is_whole`: there is no more of it. More than
// kMostJudged bytes tell no more.
constexpr std::size_t kMostJudged = std::size_t{4} << 20;
OriginalState judge_original(const Message& message, const ResolveEntry& resolve, std::string_view head, bool is_whole);

}  // namespace kontor::mapi
