// SPDX-License-Identifier: AGPL-3.0-or-later
// links: wire formats base
// An answer of a DAV server, as a client reads it: the same however it is cut into pieces; every resource has a name;
// one response is no larger than its limit.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/dav/multistatus_reader.h"
#include "wire/dav/names.h"
#include "wire/xml/print.h"

namespace {

using namespace kontor;
using namespace kontor::wire;

constexpr std::size_t kMost = 4096;

std::string told(std::string_view text, std::size_t piece, bool& is_whole) {
  std::string out;
  dav::MultistatusReader reader(
      [&](const dav::ResourceStatus& one) -> Result<void> {
        out += one.href + "|" + std::to_string(one.status) + "|";
        std::size_t bytes = 0;
        for (const auto& property : one.properties) {
          xml::Printer(out, dav::kPrefixes).element(property);
          bytes += dav::whole_text(property).size();
        }
        if (bytes > kMost) std::abort();
        return {};
      },
      kMost);
  Result<void> done;
  for (; done && !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    done = reader.feed(text.substr(0, piece));
  if (done) done = reader.finish();
  is_whole = done.has_value();
  return is_whole ? out + reader.sync_token() : out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  bool is_whole = false, is_whole_too = false;
  const auto one = told(bytes, SIZE_MAX, is_whole);
  const auto other = told(bytes, 1 + size % 17, is_whole_too);
  if (is_whole != is_whole_too || (is_whole && one != other)) std::abort();
  return 0;
}
