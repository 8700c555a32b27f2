// SPDX-License-Identifier: AGPL-3.0-or-later
// What a filter is asked about a message, and what it may answer. Filters are milters, rspamd, HTTP endpoints and
// programs; a FilterChain asks several of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/address.h"
#include "transport/filtering/filter_message.h"
#include "wire/smtp/reply.h"

namespace kontor::transport {

// Where on a message's way it is asked.
enum class FilterStage : std::uint8_t {
  received,   // by SMTP from other servers, once for all recipients
  lmtp,       // by LMTP from another transfer agent, once for all recipients
  submitted,  // by a user, once for all recipients
  delivery,   // into one account, before its rules
};
std::string_view name(FilterStage stage);

struct FilterRequest {
  FilterStage stage = FilterStage::received;
  std::string id;                    // of the transaction
  std::string hostname;              // ours
  std::optional<net::IpAddress> ip;  // of the peer; nothing: a Unix socket, or not known
  std::uint16_t port = 0;
  std::string helo;
  std::string tls;    // "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty: not encrypted
  std::string login;  // the user's address; empty: nobody logged in
  std::string tenant;
  std::string sender;  // of the envelope; empty: the null path
  std::vector<std::string> recipients;
  std::string authentication;     // what SPF, DKIM and DMARC said: Authentication-Results without its name
  bool is_author_proven = false;  // one of them stands behind the domain of From
  bool is_junk = false;           // what is known so far
};

// By how much they want; the greatest of several counts.
enum class FilterVerdict : std::uint8_t { accept, junk, quarantine, discard, reject, tempfail };
std::string_view name(FilterVerdict verdict);

// Among the recipients to remove: all that there are.
constexpr std::string_view kEveryRecipient = "*";

struct FilterAnswer {
  FilterVerdict verdict = FilterVerdict::accept;
  wire::smtp::Reply reply;  // reject and tempfail: what the sender is told; code 0: the usual words
  std::string reason;       // for the log and the administrator
  std::vector<HeaderChange> headers;
  std::vector<std::string> add_recipients, remove_recipients;
  std::optional<std::string> sender;           // of the envelope, from now on
  std::shared_ptr<const SpooledBody> body;     // in place of the message's; null: it stays
  std::shared_ptr<const SpooledBody> message;  // in place of all of it, header and body; null: it stays
  std::string folder;                          // at delivery: where it goes; empty: as always
};

// Thread-safe. Blocks: use it on a worker.
class ContentFilter {
 public:
  virtual ~ContentFilter() = default;
  // Errors: whatever keeps it from an answer; the chain then does as it is configured.
  virtual Result<FilterAnswer> ask(const FilterRequest& request, const FilterMessage& message) = 0;
  // For people and logs: "milter 127.0.0.1:8891".
  virtual const std::string& label() const = 0;
};

}  // namespace kontor::transport
