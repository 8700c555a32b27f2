// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/sending/message_bytes.h"

#include "base/log.h"
#include "directory/address.h"
#include "formats/mime/header.h"

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

// Not what is only sent on: a forged From must not get a signature that makes it true.
void MessageBytes::sign(const DomainKeys& keys, const directory::Directory& directory) {
  if (message_.origin == Origin::forward) return;
  auto work = [&]() -> Result<void> {
    TRY(std::string start, content(0));
    const std::string domain = from_domain(start);
    if (domain.empty() || !keys.has(domain)) return {};
    const auto ours = directory.domain(domain);
    if (!ours || (message_.tenant && ours->tenant != message_.tenant)) return {};
    DomainKeys::Signing signing = keys.sign(domain);
    for (std::uint64_t offset = 0;;) {
      TRY(std::string piece, content(offset));
      if (piece.empty()) break;
      signing.feed(piece);
      offset += piece.size();
    }
    TRY(prefix_, signing.finish());
    return {};
  };
  if (auto done = work(); !done)
    log::warn("sending.not_signed", {{"id", to_text(message_.id)}, {"why", done.error().text}});
}

}  // namespace kontor::transport
