// SPDX-License-Identifier: AGPL-3.0-or-later
// links: transport net formats base
// A message with an attacker's chain of ARC and an attacker's key record (the first line), and an attacker's
// Authentication-Results: the verdict is the same in pieces of any size, no chain passes, limits hold, what is sealed
// is whole fields.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/mime/header.h"
#include "transport/auth/arc.h"
#include "transport/auth/results_reader.h"
#include "transport/auth/zone_resolver.h"

namespace {

using namespace kontor;

// For tests only; Ed25519 because it signs quickly.
constexpr const char* kSealingKey =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIEZFKkhqxI9a+8guZYfYiTil2eD5+89gk4tgV0S2CmPf\n-----END PRIVATE "
    "KEY-----\n";

void must(bool holds) {
  if (!holds) std::abort();
}

std::string judged(std::string_view message, std::string_view record, std::size_t piece) {
  transport::ZoneResolver dns;
  dns.add_txt("s._domainkey.example.org", std::string(record));
  transport::ArcVerifier verifier;
  for (; !message.empty(); message.remove_prefix(std::min(piece, message.size())))
    verifier.feed(message.substr(0, piece));
  const auto verdict = verifier.finish(dns);
  must(verdict.result != transport::ArcResult::pass);  // who could sign here?
  must(verdict.count <= 50 && dns.questions() <= 51);
  return std::string(name(verdict.result)) + verdict.problem;
}

void seal(std::string_view message) {
  static const auto key = transport::DkimKey::parse(kSealingKey).value();
  for (const auto chain : {transport::ArcResult::none, transport::ArcResult::pass, transport::ArcResult::fail}) {
    transport::ArcSealer sealer({.domain = "example.org", .selector = "s", .time = 1}, key);
    sealer.feed(message);
    const auto fields = sealer.finish(chain, "mx.example.org; none");
    std::size_t count = 0;
    mime::each_field(fields.value_or("") + "\r\n", [&](const mime::Field& one) {
      must(one.name.starts_with("ARC-"));
      ++count;
      return true;
    });
    must(count == 0 || count == 3);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (const auto read = transport::read_results(text)) {
    must(read->methods.size() <= 100);
    for (const auto& one : read->methods) must(!one.method.empty() && one.properties.size() <= 20);
  }
  const auto record = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), record.size() + 1));
  must(judged(text, record, std::max<std::size_t>(text.size(), 1)) == judged(text, record, 1U + data[0]));
  seal(text);
  return 0;
}
