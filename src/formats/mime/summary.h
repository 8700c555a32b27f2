// SPDX-License-Identifier: AGPL-3.0-or-later
// A message's summary: envelope, structure and what lists need, as one FlatBuffers table (summary.fbs) that is kept
// beside the item and read without copying. Derived from the content: may be thrown away and made again.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "formats/mime/entity.h"

namespace kontor::mime {

// What the core needs of a message besides its table.
struct Summarized {
  std::string summary;               // a finished buffer: root table fb::Summary of summary_generated.h
  std::optional<InternalDate> date;  // the Date field
  std::string base_subject;          // RFC 5256, decoded, lower case
  bool is_reply = false;
  std::string message_id;               // "<a@b>", empty if none
  std::vector<std::string> references;  // References then In-Reply-To, each once, oldest first; of more than 20 the
                                        // first and the last 19
};

// `header` is the top header block of the message that `entity` was parsed from; `preview` its preview, if known.
Summarized summarize(const Entity& entity, std::string_view header,
                     const std::optional<std::string>& preview = std::nullopt);

// Whether the bytes are a sound summary table (checked offsets and bounds): do this once on what comes from the store.
bool is_sound_summary(std::string_view bytes);

}  // namespace kontor::mime
