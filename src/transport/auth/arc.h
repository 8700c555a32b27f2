// SPDX-License-Identifier: AGPL-3.0-or-later
// ARC: what those who passed a message on say they saw, sealed one after the other. RFC 8617. Messages come in pieces
// of any size, with CRLF, and are not kept, as in dkim.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "transport/auth/dkim.h"
#include "transport/auth/resolver.h"

namespace kontor::transport {

// Of the whole chain (section 4.4); temperror: DNS did not answer.
enum class ArcResult : std::uint8_t { none, pass, fail, temperror };
std::string_view name(ArcResult result);

// Of one who passed the message on.
struct ArcSeal {
  std::string domain;    // d= of the seal, lower case
  std::string selector;  // s=
  std::string claims;    // what it saw, as in Authentication-Results
};

struct ArcVerdict {
  ArcResult result = ArcResult::none;
  std::size_t count = 0;       // of the seals that are there, sound or not; at most 50
  std::vector<ArcSeal> seals;  // if it passed: from the first to the last
  std::string problem;         // for fail and temperror: a sentence for the log
};

class ArcVerifier {
 public:
  ArcVerifier();
  ~ArcVerifier();
  ArcVerifier(ArcVerifier&&) noexcept;

  void feed(std::string_view piece);
  // Once, at the message's end. Asks for each key once, for at most 51; blocks as the resolver does.
  ArcVerdict finish(Resolver& resolver);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The one of `trusted` (domains) that saw the author's domain pass DMARC, if all that passed the message on since are
// trusted as well, and the chain holds.
std::optional<std::string> vouching_sealer(const ArcVerdict& chain, std::string_view author,
                                           const std::vector<std::string>& trusted);

struct ArcSealerOptions {
  std::string domain;
  std::string selector;
  std::int64_t time = 0;  // seconds since 1970
};

// Adds a set to a message's chain, or begins one, before the message is passed on (section 5.1).
class ArcSealer {
 public:
  // `key` (RSA: ARC has no other in use) must outlive it.
  ArcSealer(ArcSealerOptions options, const DkimKey& key);
  ~ArcSealer();
  ArcSealer(ArcSealer&&) noexcept;

  void feed(std::string_view piece);
  // Whether there is a chain; once the header came.
  bool has_chain() const;
  // Once, at the message's end: the fields to put before the message, with their CRLF. `chain`: what became of the
  // chain that came with it. `results`: what was seen, the value of our Authentication-Results. Empty if nobody may add
  // to the chain: it is full, was found broken before, is not whole, or could not be checked. Errors: of
  // DkimSigner::finish().
  Result<std::string> finish(ArcResult chain, std::string_view results);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kontor::transport
