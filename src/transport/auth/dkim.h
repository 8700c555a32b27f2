// SPDX-License-Identifier: AGPL-3.0-or-later
// DKIM: signatures of domains on messages. RFC 6376, with RFC 8301 (no SHA-1,
// no short keys) and RFC 8463 (Ed25519). Messages come in pieces of any size,
// with CRLF, and are not kept: only their header block is, up to 1 MiB.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "transport/auth/resolver.h"

namespace kontor::transport {

// As in Authentication-Results (RFC 8601 section 2.7.1); `none` is no verdict
// at all.
enum class DkimResult : std::uint8_t { pass, fail, temperror, permerror };
std::string_view name(DkimResult result);

struct DkimVerdict {
  DkimResult result = DkimResult::permerror;
  std::string domain;                          // d=; empty if the signature cannot be read
  std::string selector;                        // s=
  std::string identity;                        // i=
  std::string algorithm;                       // a=, "rsa-sha256"
  bool is_test = false;                        // the domain is trying DKIM out (t=y): a failure is to
                                               // count as no signature
  std::optional<std::uint64_t> signed_length;  // l=: what stands behind so many
                                               // bytes of the body is not signed
  std::string problem;                         // why it did not pass, for the log
};

class DkimVerifier {
 public:
  // `now`: seconds since 1970. Of more than eight signatures the topmost eight
  // are looked at.
  explicit DkimVerifier(std::int64_t now);
  ~DkimVerifier();
  DkimVerifier(DkimVerifier&&) noexcept;

  void feed(std::string_view piece);
  // Once, at the message's end: a verdict for each signature, from the top.
  // Asks for one key for each; blocks as the resolver does.
  std::vector<DkimVerdict> finish(Resolver& resolver);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A private key, RSA of 1024 bits or more, or Ed25519.
class DkimKey {
 public:
  // PKCS#8 or PKCS#1 in PEM. Errors: invalid.
  static Result<DkimKey> parse(std::string_view pem);
  ~DkimKey();
  DkimKey(DkimKey&&) noexcept;

  struct State;  // for dkim_*.cc and arc*.cc

 private:
  friend class DkimSigner;
  friend class ArcSealer;
  explicit DkimKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct DkimSignerOptions {
  std::string domain;
  std::string selector;
  std::int64_t time = 0;  // seconds since 1970
  // Those that are there are signed; the marked ones so that no further one can
  // be added.
  std::vector<std::string> fields = {"From",
                                     "Sender",
                                     "Reply-To",
                                     "To",
                                     "Cc",
                                     "Subject",
                                     "Date",
                                     "Message-ID",
                                     "In-Reply-To",
                                     "References",
                                     "MIME-Version",
                                     "Content-Type",
                                     "Content-Transfer-Encoding",
                                     "List-Id",
                                     "List-Unsubscribe",
                                     "List-Unsubscribe-Post"};
};

// Signs with relaxed canonicalization of header and body.
class DkimSigner {
 public:
  // `key` must outlive it.
  DkimSigner(DkimSignerOptions options, const DkimKey& key);
  ~DkimSigner();
  DkimSigner(DkimSigner&&) noexcept;

  void feed(std::string_view piece);
  // Once, at the message's end: the field to put before the message, with its
  // CRLF. Errors: invalid (no From, a header that is too large).
  Result<std::string> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kontor::transport
