// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats base
// A script, a NUL, a message: the run stays within its limits; a fault means the implicit keep and nothing else; what
// an edition takes of the message lies within it; and a second run ends as the first.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/mime/parser.h"
#include "formats/sieve/compile.h"
#include "formats/sieve/run.h"

namespace {

using namespace kontor;

void require(bool holds) {
  if (!holds) std::abort();
}

std::uint64_t size_of(const sieve::Edition& edition, std::uint64_t message) {
  std::uint64_t size = 0;
  for (const sieve::EditionPiece& piece : edition) {
    require(piece.offset <= message && piece.size <= message - piece.offset);
    size += piece.text.size() + piece.size;
  }
  return size;
}

sieve::Environment fuzz_environment(const std::shared_ptr<const sieve::Program>& program) {
  sieve::Environment environment;
  environment.envelope = {"a@example.net", "b+c@example.org", std::nullopt};
  environment.now = Instant(std::chrono::seconds(1'700'000'000));
  environment.mailbox_exists = [](std::string_view name) { return name.size() % 2 == 0; };
  environment.has_use = [](const std::optional<std::string>&, std::string_view use) { return use == "\\Junk"; };
  environment.metadata = [](const std::optional<std::string>&, std::string_view name) -> std::optional<std::string> {
    return std::string(name);
  };
  environment.has_list = [](std::string_view) { return true; };
  environment.list_holds = [](std::string_view list, std::string_view value) { return list == value; };
  environment.script = [program](sieve::ScriptPlace,
                                 std::string_view) -> Result<std::shared_ptr<const sieve::Program>> {
    return program;  // itself: the guards must end it
  };
  return environment;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto end = input.find('\0');
  if (end == std::string_view::npos) return 0;
  const std::string_view bytes = input.substr(end + 1);
  const auto program = sieve::compile(input.substr(0, end)).program;
  if (!program) return 0;
  const mime::Entity structure = mime::parse(bytes);
  const sieve::Environment environment = fuzz_environment(program);
  sieve::RunLimits limits;
  limits.work = 200'000;
  const auto once = [&] { return sieve::run(*program, sieve::message_of(structure, bytes), environment, limits); };
  const sieve::Outcome outcome = once();
  require(outcome.actions.size() <= limits.actions);
  if (outcome.fault) {
    require(outcome.actions.size() == 1 && std::holds_alternative<sieve::Keep>(outcome.actions[0]));
    require(outcome.editions.empty() && outcome.noted.empty());
  }
  for (const sieve::Edition& edition : outcome.editions)
    require(size_of(edition, bytes.size()) <= bytes.size() + limits.header_bytes + 2);
  require(text_of(outcome) == text_of(once()));
  return 0;
}
