// SPDX-License-Identifier: AGPL-3.0-or-later
// Calls of one HTTP service by libcurl, over connections that are kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "transport/filtering/at_once.h"

namespace kontor::transport {

// Bytes that are sent, in pieces: up to `length` from `offset`; none only at the end.
struct HttpUpload {
  std::uint64_t size = 0;
  std::function<Result<std::string>(std::uint64_t offset, std::size_t length)> read;
};

struct HttpCall {
  std::string url;
  std::string unix_socket;           // through which it is reached; empty: as the URL says
  std::vector<std::string> headers;  // "Name: value"
  HttpUpload body;                   // as it is; or, with `form`, as the part "message" of a form
  std::string form;                  // JSON, the part "envelope"; empty: no form
  std::chrono::milliseconds timeout{30'000};
};

struct HttpAnswerOf {
  long status = 0;
  std::string body;
};

// Thread-safe. Blocks.
class HttpService {
 public:
  // `largest`: of an answer, in bytes.
  HttpService(std::size_t at_once, std::size_t largest) : handles_(at_once), largest_(largest) {}

  // POST. Errors: unavailable (not reached, not in time), too_large (the answer).
  Result<HttpAnswerOf> post(const HttpCall& call);

 private:
  class Handle;
  struct FreeHandle {
    void operator()(Handle* it) const;
  };
  struct Kept {
    std::unique_ptr<Handle, FreeHandle> handle;
  };
  AtOnce<Kept> handles_;
  const std::size_t largest_;
};

// A field's value without what would end it.
std::string header_value(std::string_view text);

}  // namespace kontor::transport
