// SPDX-License-Identifier: AGPL-3.0-or-later
// links: transport net base
// A message with DKIM signatures of an attacker and a key record of an attacker (the first line): the verdicts are the
// same in pieces of any size, nothing passes that is not signed, and canonical forms do not change when made twice.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "transport/auth/dkim.h"
#include "transport/auth/dkim_canonical.h"
#include "transport/auth/zone_resolver.h"

namespace {

using kontor::transport::DkimForm;

std::string judged(std::string_view message, std::string_view record, std::size_t piece) {
  kontor::transport::ZoneResolver dns;
  dns.add_txt("s._domainkey.example.org", std::string(record));
  kontor::transport::DkimVerifier verifier(1'700'000'000);
  for (; !message.empty(); message.remove_prefix(std::min(piece, message.size())))
    verifier.feed(message.substr(0, piece));
  std::string out;
  for (const auto& verdict : verifier.finish(dns)) {
    if (verdict.result == kontor::transport::DkimResult::pass) std::abort();  // who could sign here?
    out += std::string(name(verdict.result)) + " " + verdict.domain + " " + verdict.problem + "\n";
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto record = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), record.size() + 1));
  if (judged(text, record, std::max<std::size_t>(text.size(), 1)) != judged(text, record, 1U + data[0])) std::abort();

  kontor::transport::DkimHead head;
  head.feed(text);
  head.finish();
  for (const auto& field : head.fields()) {
    const auto once = canonical_field(field.raw, DkimForm::relaxed);
    if (canonical_field(once, DkimForm::relaxed) != once) std::abort();
  }
  return 0;
}
