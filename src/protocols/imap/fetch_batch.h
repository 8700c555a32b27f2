// SPDX-License-Identifier: AGPL-3.0-or-later
// One bounded piece of a FETCH's answer, made on a worker: text, with places where large contents are to be streamed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "groupware/account.h"
#include "net/task.h"
#include "protocols/imap/fetch_body.h"
#include "protocols/imap/selected.h"
#include "wire/imap/fetch_request.h"

namespace kontor::imap {

class Session;

struct FetchJob {
  wire::imap::FetchRequest request;
  std::vector<std::uint32_t> positions;
  // Messages that got \Seen by this FETCH: their FLAGS are told even if not asked for. UIDs.
  wire::imap::Ranges seen_now;
  bool decodes_params = false;  // of BODYSTRUCTURE; see BodyForm
  bool needs_summary = false;
  bool needs_content = false;
  bool needs_item = false;
};
FetchJob plan_fetch(wire::imap::FetchRequest request, std::vector<std::uint32_t> positions);

struct FetchBatch {
  struct Body : FetchBody {
    std::size_t at = 0;  // in `text`: the bytes come in front of this place
  };

  std::string text;
  std::vector<Body> bodies;
  std::size_t next = 0;         // index in the job's positions of the first message that is not in it
  bool is_missing = false;      // a message was gone
  bool is_damaged = false;      // a message's stored data failed its checks: it was logged and passed over
  bool is_undecodable = false;  // a message was passed over for a transfer encoding that nobody knows
};

// The answers from `first` on: some hundred messages, or fewer large ones. Blocks. Errors: unavailable, too_large (too
// much header text asked of one message).
Result<FetchBatch> fetch_batch(groupware::Account& account, const groupware::Caller& caller, const Selected& box,
                               const FetchJob& job, std::size_t first);

// Sends it, the contents streamed in their places.
Task<void> write_batch(Session& session, const FetchBatch& batch);

}  // namespace kontor::imap
