// SPDX-License-Identifier: AGPL-3.0-or-later
// Threads (RFC 8621 section 3): which one a new message joins.
#pragma once

#include "formats/mime/summary.h"
#include "groupware/layer.h"

namespace kontor::groupware {

// Finds the message's thread by its message ids and base subject, or starts one named after the item; sets the item's
// `thread` and `thread_keys` and notes the ids in the layer. Bounded: at most 12 ids of a message count.
Result<void> join_thread(Layer& layer, const mime::Summarized& mail, ItemRecord& item);

// The same thread as another item's (a copy).
Result<void> join_thread_of(Layer& layer, const ItemRecord& original, ItemRecord& copy);

void leave_thread(Layer& layer, const ItemRecord& item);

}  // namespace kontor::groupware
