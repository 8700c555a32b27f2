// SPDX-License-Identifier: AGPL-3.0-or-later
// What a handler answers.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocols/dav/outcome.h"

namespace kontor::dav {

constexpr const char* kXml = "application/xml; charset=utf-8";

struct Response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  // Of what `more` gives, where it is known: then a HEAD request is told, and the answer is not chunked.
  std::optional<std::uint64_t> length = {};
  // If set, called on a worker after `body` was sent until it gives an empty string. Readers of the context that it
  // takes end after each call. A problem breaks the answer off, since its status is gone already.
  std::function<Outcome<std::string>()> more = {};
};

inline Response answer(unsigned status) { return {.status = status}; }
// The body says what did not hold (RFC 4918 section 16), or the sentence alone.
Response answer(const Problem& problem);

}  // namespace kontor::dav
