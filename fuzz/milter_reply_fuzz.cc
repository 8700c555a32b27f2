// SPDX-License-Identifier: AGPL-3.0-or-later
// links: transport
// What milters answer, rspamd's verdicts, and what plug-ins want; and what that makes of a header.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "transport/filtering/filter_json.h"
#include "transport/filtering/milter.h"
#include "transport/filtering/milter_packets.h"
#include "transport/filtering/rspamd.h"

using namespace kontor::transport;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// A change never makes more of a header than one field, and never ends it early.
void check_change(const HeaderChange& change) {
  const std::string head = "A: 1\r\nB: 2\r\n 3\r\n\r\n";
  const std::string after = with_header_change(head, change);
  require(after.ends_with("\r\n"));
  require(after.find("\r\n\r\n") == after.size() - 4 || after == "\r\n");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size >= 4)
    if (const auto length = milter::packet_size(bytes.substr(0, 4)))
      require(*length > 0 && *length <= milter::kLargestPacket);
  if (const auto reply = milter::parse_reply(bytes)) {
    require(reply->name.size() + reply->value.size() <= size);
    check_change(
        {HeaderChange::What::change, reply->name, reply->value, static_cast<std::int32_t>(reply->index & 0xff)});
    const auto words = refusal_of_words(reply->value);
    require(words.code == 0 || (words.code >= 400 && words.code < 600));
    require(words.lines.size() <= 20);
  }
  for (const auto& answer :
       {read_rspamd_answer(bytes, FilterStage::received, bytes), read_filter_answer(bytes, "/tmp", 1 << 20)})
    if (answer)
      for (const HeaderChange& change : answer->headers) check_change(change);
  return 0;
}
