// SPDX-License-Identifier: AGPL-3.0-or-later
// The keys and records of the queue, as docs/formats/queue.md tells them. For the queue only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "transport/queue/message.h"

namespace kontor::transport::queue_record {

constexpr std::size_t kPieceBytes = 256 << 10;

std::string encode(const QueuedMessage& message);
std::string encode(const QueuedRecipient& recipient);
// Errors: corrupt.
Result<QueuedMessage> decode_message(QueueId id, std::string_view bytes);
Result<QueuedRecipient> decode_recipient(std::uint32_t index, std::string_view bytes);

std::string message_key(QueueId id);
std::string recipient_key(QueueId id, std::uint32_t index);
std::string upload_key(QueueContentId content);
std::string once_key(std::string_view once);
std::string once_value(Instant at);
Instant once_time(std::string_view value);                            // long ago, if it is damaged
std::string piece_key(QueueContentId content, std::uint32_t number);  // in Space::content
std::string end_of(std::string prefix);                               // the first key behind all with this prefix
std::string recipients_of(QueueId id);                                // the prefix of their keys

std::uint64_t id_in(std::string_view key);            // of any of them
std::uint32_t index_in(std::string_view recipient);   // of a recipient's key
std::uint32_t pieces_of(std::uint64_t content_size);  // how many there are

}  // namespace kontor::transport::queue_record
