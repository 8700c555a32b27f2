// SPDX-License-Identifier: AGPL-3.0-or-later
// What a message costs on one processor: signing, verifying, running a Sieve script. Prints a line for each: what, and
// microseconds.
#include <fmt/core.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "formats/mime/parser.h"
#include "formats/sieve/compile.h"
#include "formats/sieve/run.h"
#include "store/memory.h"
#include "transport/auth/dkim.h"
#include "transport/auth/zone_resolver.h"
#include "transport/sending/domain_keys.h"

namespace {

using namespace kontor;

constexpr int kRuns = 2000;

constexpr const char* kScript = R"(require ["fileinto", "imap4flags", "mailbox", "variables"];
if header :contains "list-id" ["announce.example.com", "dev.example.com"] { fileinto :create "Lists"; stop; }
if anyof (header :contains "subject" ["invoice", "order"], address :domain "from" "billing.example.com") {
  addflag "\\Flagged";
}
if allof (header :is "x-spam-flag" "YES", not address :localpart "from" "boss") { fileinto :create "Junk"; stop; }
if header :matches "subject" "[*] *" { set "list" "${1}"; }
keep;
)";

std::string message() {
  std::string out =
      "Received: from a.example.com by mx.example.org with ESMTPS id 1;\r\n\tSun, 22 Nov 2026 09:00:00 +0000\r\n"
      "From: Ada <ada@example.org>\r\nTo: Bob <bob@example.net>\r\nSubject: [dev] The meeting is moved\r\n"
      "Date: Sun, 22 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n\r\n";
  while (out.size() < 4000) out += "The meeting of next week is moved to Friday; please confirm with Peter.\r\n";
  return out;
}

void measure(const char* what, const std::function<void()>& work) {
  work();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kRuns; ++i) work();
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
  fmt::print("{} {:.1f}\n", what, took.count() / kRuns);
}

void measure_signatures(const std::string& letter) {
  const auto engine = store::open_memory();
  FakeClock clock{Instant(std::chrono::seconds(1'700'000'000))};
  const auto keys = transport::DomainKeys::open(*engine, clock).value();
  for (const auto& [domain, kind] : {std::pair("rsa.example", transport::DomainKeyKind::rsa),
                                     std::pair("ed25519.example", transport::DomainKeyKind::ed25519)})
    for (const auto& key : keys->add(domain, std::chrono::seconds(0)).value())
      if (key.kind != kind) keys->remove(domain, key.selector).value();
  transport::ZoneResolver zone;
  for (const auto& key : keys->list("")) zone.add_txt(key.record_name, key.record);
  for (const auto& [domain, name] :
       {std::pair("rsa.example", "RSA of 2048 bits"), std::pair("ed25519.example", "Ed25519")}) {
    std::string fields;
    measure(fmt::format("signing 4 kB by {}", name).c_str(), [&] {
      auto signing = keys->sign(domain);
      signing.feed(letter);
      fields = signing.finish().value();
    });
    const std::string is_signed = fields + letter;
    measure(fmt::format("verifying 4 kB by {}", name).c_str(), [&] {
      transport::DkimVerifier verifier(clock.now().time_since_epoch().count());
      verifier.feed(is_signed);
      if (verifier.finish(zone).at(0).result != transport::DkimResult::pass) throw std::runtime_error("not verified");
    });
  }
}

void measure_script(const std::string& letter) {
  const sieve::Compiled compiled = sieve::compile(kScript);
  if (!compiled.program) throw std::runtime_error("the script does not compile");
  measure("compiling a script", [] { (void)sieve::compile(kScript); });
  measure("running a script, with the message's structure", [&] {
    const auto structure = mime::parse(letter);
    const sieve::Outcome outcome = sieve::run(*compiled.program, sieve::message_of(structure, letter), {});
    if (outcome.fault) throw std::runtime_error(outcome.fault->text);
  });
}

}  // namespace

int main() {
  try {
    const std::string letter = message();
    measure_signatures(letter);
    measure_script(letter);
  } catch (const std::exception& fault) {
    fmt::print(stderr, "bench_cost: {}\n", fault.what());
    return 1;
  }
  return 0;
}
