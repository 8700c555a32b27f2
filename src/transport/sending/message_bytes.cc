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
  const std::string& prefix = used().prefix;
  if (offset < prefix.size()) return prefix.substr(offset);
  return used_content(offset - prefix.size());
}

Result<std::string> MessageBytes::used_content(std::uint64_t offset) {
  if (used_ == 0) return content(offset);
  const QueueContent& made = used().content;
  if (offset >= made.size) return std::string();
  if (made.only_piece) return made.only_piece->substr(offset);
  return queue_.read(made.id, offset, kReadBytes);
}

// It is kept as content of the queue that belongs to no message: a large one needs no memory.
Result<void> MessageBytes::make(mime::Width width, Edition& edition) {
  const mime::WholeMessage whole{message_.size,
                                 [this](std::uint64_t offset, std::size_t length) -> Result<std::string> {
                                   TRY(std::string piece, content(offset));
                                   if (piece.size() > length) piece.resize(length);
                                   return piece;
                                 }};
  const std::unique_ptr<Queue::Writer> writer = queue_.write();
  TRY_VOID(mime::reencode(whole, width, [&](std::string_view piece) { return writer->write(piece); }));
  TRY(edition.content, writer->finish());
  edition.is_made = true;
  return {};
}

Result<void> MessageBytes::use(std::optional<mime::Width> width) {
  const std::size_t wanted = !width ? 0 : *width == mime::Width::seven_bit ? 1 : 2;
  Edition& edition = editions_[wanted];
  const bool is_new = wanted != 0 && !edition.is_made;
  if (is_new) TRY_VOID(make(*width, edition));
  used_ = wanted;
  if (is_new) sign_used();
  return {};
}

Needs MessageBytes::needs() const {
  Needs needs = message_.needs;
  if (used_ == 0) return needs;
  needs.binary = false;
  needs.eight_bit = used_ == 2 && needs.eight_bit;
  return needs;
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
    TRY(const std::string piece, used_content(offset));
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
  TRY(used().prefix, signing.finish());
  return {};
}

// What we saw when the message came by SMTP stands in our own Authentication-Results.
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
  TRY_VOID(each_piece([&](std::string_view piece) { sealer.feed(piece); }));
  if (!chain || *chain == ArcResult::temperror) {
    // The chain is about the message as it came.
    for (std::uint64_t offset = 0;;) {
      TRY(const std::string piece, content(offset));
      if (piece.empty()) break;
      verifier.feed(piece);
      offset += piece.size();
    }
    chain = verifier.finish(signers.resolver).result;
  }
  TRY(used().prefix, sealer.finish(*chain, saw));
  return {};
}

// A forged From must not get a signature that makes it true: what is only sent on is sealed, not signed.
void MessageBytes::sign(const Signers& signers) {
  signers_.emplace(signers);
  sign_used();
}

void MessageBytes::sign_used() {
  if (!signers_) return;
  const auto done = message_.origin == Origin::forward ? seal(*signers_) : sign_as_author(*signers_);
  if (!done) log::warn("sending.not_signed", {{"id", to_text(message_.id)}, {"why", done.error().text}});
}

}  // namespace kontor::transport
