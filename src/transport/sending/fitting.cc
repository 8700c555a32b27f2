// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/sending/fitting.h"

namespace kontor::transport {
namespace {

// Nothing: as it is.
std::optional<mime::Width> width_for(const SmtpExtensions& host, const Needs& needs) {
  if (needs.utf8 && !host.utf8) return std::nullopt;  // nothing helps
  const mime::Width most = host.eight_bit ? mime::Width::eight_bit : mime::Width::seven_bit;
  if (needs.binary && !(host.binary && host.chunking)) return most;
  if (needs.eight_bit && !host.eight_bit) return most;
  return std::nullopt;
}

}  // namespace

SendResult<std::vector<wire::smtp::Reply>> send_fitting(SmtpClient& client, SmtpTransaction transaction,
                                                        MessageBytes& bytes) {
  if (auto ready = bytes.use(width_for(client.extensions(), transaction.needs)); !ready) {
    const bool is_permanent = ready.error().code == Errc::invalid;
    return std::unexpected(SendFailure{
        .is_permanent = is_permanent,
        .is_host = false,
        .what = {.code = 0, .enhanced = is_permanent ? "5.6.3" : "4.3.0", .text = ready.error().text, .host = ""}});
  }
  transaction.needs = bytes.needs();
  transaction.size = bytes.size();
  return client.send(transaction, [&](std::uint64_t offset) { return bytes.piece(offset); });
}

}  // namespace kontor::transport
