// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/sending/message_bytes.h"

#include "base/log.h"
#include "directory/address.h"
#include "formats/mime/header.h"
#include "transport/auth/arc.h"
#include "transport/auth/results.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kReadBytes = 256 << 10;

}  // namespace

Result<std::string> MessageBytes::content(std::uint64_t offset) {
  if (offset >= message_.size) return std::string();
  if (first_.empty()) {
    TRY(first_, queue_.read(message_.content, 0, kReadBytes));
  }
  if (offset < first_.size()) return first_.substr(offset);
  TRY(std::string piece, queue_.read(message_.content, offset, kReadBytes));
  if (piece.empty()) return fail(Errc::corrupt, "the message's content is shorter than it was");
  return piece;
}

Result<std::string> MessageBytes::piece(std::uint64_t offset) {
  if (offset < prefix_.size()) return prefix_.substr(offset);
  return content(offset - prefix_.size());
}

std::string from_domain(std::string_view message_start) {
  const auto end = message_start.find("\r\n\r\n");
  const auto field = mime::find_field(message_start.substr(0, end), "From");
  if (!field) return "";
  for (const mime::Address& address : mime::parse_addresses(*field, 10)) {
    if (address.host.empty()) continue;
    return directory::parse_domain(address.host).value_or("");
  }
  return "";
}

Result<void> MessageBytes::each_piece(const std::function<void(std::string_view)>& take) {
  for (std::uint64_t offset = 0;;) {
    TRY(const std::string piece, content(offset));
    if (piece.empty()) return {};
    take(piece);
    offset += piece.size();
  }
}

Result<void> MessageBytes::sign_as_author(const Signers& signers) {
  TRY(const std::string start, content(0));
  const std::string domain = from_domain(start);
  if (domain.empty() || !signers.keys.has(domain)) return {};
  const auto ours = signers.directory.domain(domain);
  if (!ours || (message_.tenant && ours->tenant != message_.tenant)) return {};
  DomainKeys::Signing signing = signers.keys.sign(domain);
  TRY_VOID(each_piece([&](std::string_view piece) { signing.feed(piece); }));
  TRY(prefix_, signing.finish());
  return {};
}

// What we saw when the message came stands in our own Authentication-Results, the topmost: those of others under our
// name were taken out.
Result<void> MessageBytes::seal(const Signers& signers) {
  const auto who = signers.directory.by_account(message_.account);
  if (!who) return {};
  const std::string address = who->primary_address();
  const std::string domain = address.substr(address.rfind('@') + 1);
  const DomainKeys::Sealing key = signers.keys.sealing(domain);
  if (!key.key) return {};
  TRY(const std::string start, content(0));
  const std::string saw =
      own_results(start.substr(0, start.find("\r\n\r\n") + 2), signers.hostname).value_or(signers.hostname + "; none");
  std::optional<ArcResult> chain = arc_of_results(saw);
  ArcSealer sealer({domain, key.selector, signers.now.time_since_epoch().count()}, *key.key);
  ArcVerifier verifier;
  TRY_VOID(each_piece([&](std::string_view piece) {
    sealer.feed(piece);
    verifier.feed(piece);
  }));
  if (!chain || *chain == ArcResult::temperror) chain = verifier.finish(signers.resolver).result;
  TRY(prefix_, sealer.finish(*chain, saw));
  return {};
}

// A forged From must not get a signature that makes it true: what is only sent on is sealed, not signed.
void MessageBytes::sign(const Signers& signers) {
  const auto done = message_.origin == Origin::forward ? seal(signers) : sign_as_author(signers);
  if (!done) log::warn("sending.not_signed", {{"id", to_text(message_.id)}, {"why", done.error().text}});
}

}  // namespace kontor::transport
