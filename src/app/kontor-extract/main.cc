// SPDX-License-Identifier: AGPL-3.0-or-later
// kontor-extract: the server starts it to have documents read. It takes documents from standard input and gives text on
// standard output, locked in so that a document that takes it over has won nothing.
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <clocale>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

#include "extract/pdf.h"
#include "extract/sandbox.h"
#include "extract/serve.h"
#include "formats/document/frame.h"

namespace kontor::app {
namespace {

std::optional<std::uint64_t> number(const char* text) {
  std::uint64_t value = 0;
  const char* end = text + std::strlen(text);
  const auto [at, error] = std::from_chars(text, end, value);
  if (error != std::errc() || at != end || value == 0 || value > UINT32_MAX * std::uint64_t{1024}) return std::nullopt;
  return value;
}

int run(int argc, char** argv) {
  const auto memory = argc == 4 ? number(argv[1]) : std::nullopt;
  const auto seconds = argc == 4 ? number(argv[2]) : std::nullopt;
  const auto largest = argc == 4 ? number(argv[3]) : std::nullopt;
  if (!memory || !seconds || !largest || ::isatty(STDIN_FILENO) == 1) {
    std::fputs("kontor-extract is started by kontor: MEMORY SECONDS LARGEST, documents on standard input\n", stderr);
    return 64;
  }
  // Names in ZIP files are UTF-8; this locale is part of the C library.
  if (std::setlocale(LC_ALL, "C.UTF-8") == nullptr) return 71;
  extract::prepare_pdf();

  extract::ServeLimits limits;
  limits.largest = *largest;
  limits.processor_time = std::chrono::seconds(*seconds);
  limits.time = 3 * limits.processor_time;
  extract::SandboxLimits sandbox;
  sandbox.memory = *memory;
  // More than all its documents may take; a bound for what has taken the process over.
  sandbox.processor_time = document::kDocumentsPerLife * limits.processor_time;
  if (const auto locked = extract::enter_sandbox(sandbox); !locked) {
    extract::refuse(STDOUT_FILENO, locked.error().text);
    return 71;
  }
  return extract::serve(STDIN_FILENO, STDOUT_FILENO, limits) ? 0 : 65;
}

}  // namespace
}  // namespace kontor::app

int main(int argc, char** argv) {
  // Without the ends of static objects: they may need what the sandbox does not give.
  ::_exit(kontor::app::run(argc, argv));
}
