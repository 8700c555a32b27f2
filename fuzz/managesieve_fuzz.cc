// SPDX-License-Identifier: AGPL-3.0-or-later
// links: wire formats base
// Requests read at once and byte by byte are the same; what was read is printed and read back as the same; strings stay
// within their limits; every request makes progress.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/managesieve/command.h"
#include "wire/managesieve/request.h"
#include "wire/managesieve/response.h"

namespace {

using kontor::wire::managesieve::Argument;
using kontor::wire::managesieve::Request;
using kontor::wire::managesieve::RequestLimits;
using kontor::wire::managesieve::RequestReader;

void require(bool holds) {
  if (!holds) std::abort();
}

RequestLimits fuzz_limits() {
  RequestLimits limits;
  limits.literal = 64;
  limits.dropped = 256;
  limits.line = 512;
  return limits;
}

// The bytes of one request, of which `whole` is how it ended when read at once.
void compare_slowly(std::string_view bytes, const RequestReader& whole) {
  RequestReader slow(fuzz_limits());
  for (const char c : bytes) require(slow.feed(std::string_view(&c, 1)) == 1 || slow.is_lost());
  require(slow.is_complete() == whole.is_complete() && slow.is_lost() == whole.is_lost());
  require(slow.problem().has_value() == whole.problem().has_value());
  if (slow.problem()) require(slow.problem()->text == whole.problem()->text);
}

void compare_printed(const Request& request) {
  const std::string printed = print(request);
  RequestReader reader(fuzz_limits());
  require(reader.feed(printed) == printed.size() || reader.is_lost());
  if (reader.is_lost()) return;  // quotes take more of the line than a literal did
  require(reader.is_complete() && !reader.problem());
  require(reader.take() == request);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  while (!bytes.empty()) {
    RequestReader reader(fuzz_limits());
    const std::size_t taken = reader.feed(bytes);
    require(taken <= bytes.size() && (taken > 0 || reader.is_lost()));
    compare_slowly(bytes.substr(0, taken), reader);
    if (!reader.is_complete()) break;
    bytes.remove_prefix(taken);
    if (reader.problem()) continue;
    const Request request = reader.take();
    require(request.arguments.size() <= fuzz_limits().arguments);
    for (const Argument& argument : request.arguments) require(argument.text.size() <= fuzz_limits().line);
    compare_printed(request);
    if (const auto command = parse_command(request); command && !command->new_name.empty())
      require(kontor::wire::managesieve::is_script_name(command->new_name));
  }
  return 0;
}
