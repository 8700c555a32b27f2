// SPDX-License-Identifier: AGPL-3.0-or-later
// Messages that look like mail to what reads them: senders, subjects and replies as in a mailing list, text of many
// words that compresses about as mail does.
#pragma once

#include <cstddef>
#include <string>

namespace bench {

// The same number and size give the same message. One in ten is large (nine times the others), so that the mean is
// `bytes`; two in three are replies. Words worth a search: "friday" is in most, "zebra" in one of a hundred, the word
// "needle<number>" in that message alone.
std::string message(std::size_t bytes, unsigned number);

// As many bytes as asked for.
std::string message_of_size(std::size_t bytes, unsigned number);

// "(\Seen \Flagged) "17-Jul-2021 08:30:00 +0200"": what APPEND takes before the literal. One day per 40 messages.
std::string flags_and_date(unsigned number);

}  // namespace bench
