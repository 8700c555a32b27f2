// SPDX-License-Identifier: AGPL-3.0-or-later
// Requests to a server of WebDAV, by libcurl.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "migrate/sources.h"

namespace kontor::migrate {

struct DavRequest {
  std::string method;
  std::string url;    // absolute, percent-encoded
  std::string depth;  // "0" or "1"; empty = none is said
  std::string body;   // XML, if not empty
};

struct DavAnswer {
  unsigned status = 0;
  std::string url;   // what answered, after redirects
  std::string text;  // the beginning of an answer that is no success
  bool is_success() const { return status >= 200 && status < 300; }
};

// One login's connection, kept open between requests. One thread at a time.
class DavClient {
 public:
  using TakeBody = std::function<Result<void>(std::string_view)>;

  // Connects to nothing yet.
  DavClient(const SourceOptions& options, const SourceUser& user);
  ~DavClient();
  DavClient(const DavClient&) = delete;
  DavClient& operator=(const DavClient&) = delete;

  // Hands on the body of a success in pieces. Redirects are followed, but not from TLS into the clear. Nothing is asked
  // where the login may not be sent: see may_log_in_at(). An answer that is no success is no error here. Errors: denied
  // (certificate, 401, such a place), unavailable (no connection, 429, 502 to 504), what `take` returned.
  Result<DavAnswer> run(DavRequest request, const TakeBody& take);

  // "https://host:port" as the options say.
  const std::string& origin() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What `reference` means where it stands in something of that URL; characters that may not be in a URL are encoded.
// Errors: invalid.
Result<std::string> resolve_url(const std::string& base, std::string_view reference);
// The path of an absolute URL without its query, decoded; a "/" that was encoded stays "%2F".
std::string path_of_url(std::string_view url);
// For a person: "403 Forbidden", with the server's words.
std::string words_of(const DavAnswer& answer);
// What it means for one item that a request for it failed: not_found, denied or invalid.
Error error_of(const DavAnswer& answer);

}  // namespace kontor::migrate
