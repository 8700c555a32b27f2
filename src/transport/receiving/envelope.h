// SPDX-License-Identifier: AGPL-3.0-or-later
// One transaction's envelope, and the header fields that delivery puts before the message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "groupware/rules/outbox.h"
#include "wire/smtp/path.h"

namespace kontor::transport {

struct EnvelopeRecipient {
  std::string address;
  TenantId tenant;
  bool is_group = false;
  bool is_elsewhere = false;  // not for an account here: it goes into the queue
  groupware::ReportWishes reports = {};
  std::string onward{};  // not empty: nobody's here, the message goes on to this address by the queue
};

struct Envelope {
  wire::smtp::Path sender;
  std::optional<std::uint64_t> size;  // as announced
  bool is_utf8 = false;
  bool is_binary = false;                     // BODY=BINARYMIME: any bytes, by BDAT only
  std::vector<EnvelopeRecipient> recipients;  // that were accepted
};

// The connection's part of Received.
struct Trace {
  std::string protocol;  // "LMTP", "ESMTP" or "SMTP"
  std::string tls;       // of an encrypted connection: "TLSv1.3 TLS_AES_256_GCM_SHA384"; may be empty
  std::string client;    // what the client called itself
  std::string peer;      // its address
  std::string hostname;  // ours
  std::string id;        // of this transaction
  bool is_encrypted = false;
};

// Received alone; `only`: the one recipient, or empty.
std::string received_field(const Envelope& envelope, const Trace& trace, std::string_view only, Instant now);

// Return-Path (RFC 5321 section 4.4), Delivered-To and Received (with the protocol names of RFC 3848 and RFC 6531),
// each with its CRLF. All recipients of a tenant share one stored message, so the address stands in it only if it is
// the only one: among several it would tell each who else got the message (Bcc).
std::string trace_header(const Envelope& envelope, const Trace& trace, Instant now);

}  // namespace kontor::transport
