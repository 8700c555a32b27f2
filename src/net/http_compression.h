// SPDX-License-Identifier: AGPL-3.0-or-later
// Which responses are compressed, and how (RFC 9110 section 8.4). See decision 0028.
#pragma once

#include <functional>
#include <string>

#include "net/http_server.h"
#include "wire/http/head.h"

namespace kontor::net {

// What is smaller is not worth it.
constexpr std::size_t kLeastToCompress = 1024;

// What a response to this request may become: of text, without a strong entity tag (which is one of these very bytes,
// for conditional writes and ranges), for a client that takes gzip and that no other site sent (a page elsewhere must
// not measure what a secret compresses to together with its own words).
enum class Compression : std::uint8_t {
  never,  // nor would it be for another client
  no,     // but for another client it might be
  yes,
};
Compression compression_of(const wire::http::Headers& request, const HttpResponse& response);

// Says so in the headers, and compresses the body and what follows it. What is streamed or large is compressed as it is
// sent.
void compress(HttpResponse& response);

}  // namespace kontor::net
