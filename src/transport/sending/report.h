// SPDX-License-Identifier: AGPL-3.0-or-later
// Delivery status notifications as messages: multipart/report (RFC 6522) with message/delivery-status (RFC 3464), or
// their forms for UTF-8 (RFC 6533).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "transport/queue/message.h"
#include "transport/sending/conclusion.h"

namespace kontor::transport {

struct ReportRequest {
  const QueuedMessage& message;
  const std::vector<DsnEntry>& entries;  // all with one kind of news
  std::string_view original;             // the message's bytes from its start: at least its header
  bool is_whole = false;                 // `original` is all of it
  std::string hostname;
  Instant now{};
  std::string id;  // for Message-ID and the boundary; no two reports have the same
};

struct Report {
  std::string bytes;
  bool is_utf8 = false;
  bool is_eight_bit = false;
};

Report make_report(const ReportRequest& request);

}  // namespace kontor::transport
