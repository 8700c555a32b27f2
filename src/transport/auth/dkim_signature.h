// SPDX-License-Identifier: AGPL-3.0-or-later
// One signature and its key, as DKIM has them and ARC takes them over. For dkim_*.cc and arc*.cc.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/auth/dkim.h"
#include "transport/auth/dkim_canonical.h"
#include "transport/auth/dkim_key.h"
#include "transport/auth/dkim_tags.h"
#include "transport/auth/resolver.h"

namespace kontor::transport {

struct DkimFailure {
  DkimResult result;
  std::string problem;
};
template <class T>
using DkimChecked = std::expected<T, DkimFailure>;

// A DKIM-Signature field, read and found sound in itself (section 6.1.1).
struct DkimSignature {
  DkimVerdict about;
  std::string_view raw;
  DkimAlgorithm algorithm = DkimAlgorithm::rsa;
  DkimForm header_form = DkimForm::simple;
  DkimForm body_form = DkimForm::simple;
  std::vector<std::string> names;  // h=
  std::string body_hash, signature;
  std::optional<std::uint64_t> limit;
};

// What kind of field it is read from.
enum class SignedBy : std::uint8_t {
  dkim,         // DKIM-Signature: RFC 6376 section 3.5
  arc_message,  // ARC-Message-Signature: without v=, and i= is a number (RFC 8617 section 4.1.2)
  arc_seal,     // ARC-Seal: besides without c=, h= and bh= (section 4.1.3)
};

// `raw` is the whole field and must outlive `into`. `now`: seconds since 1970; 0 = whenever. On failure `into` has what
// could be read.
DkimChecked<void> read_dkim_signature(std::string_view raw, SignedBy kind, std::int64_t now, DkimSignature& into);

std::string dkim_key_name(const DkimSignature& signature);  // where DNS has its key
// The key in DNS's answer for that name, if it may be used for this signature (section 3.6.1).
DkimChecked<Pkey> choose_dkim_key(const DnsAnswer<std::string>& answer, DkimSignature& signature);

// A field that signs, "NAME: BEGIN a=...; ... b=...CRLF" over the fields that `names` choose and the body's hash.
struct DkimFieldParts {
  std::string_view name, begin;
  std::string_view domain, selector;
  std::int64_t time = 0;  // seconds since 1970
  const std::vector<std::string>& names;
  std::string_view body_hash;
};
Result<std::string> make_dkim_field(const DkimFieldParts& parts, const DkimHead& head, const DkimKey::State& key);
// `fields` as h= names them: each as often as it is there, those that a reader shows once more, so that none can be
// added (section 8.15).
std::vector<std::string> names_to_sign(const DkimHead& head, const std::vector<std::string>& fields);
// A long value in pieces, each on a line of its own. `taken`: of the first line.
std::string fold_dkim_value(std::string_view value, std::size_t taken);

}  // namespace kontor::transport
