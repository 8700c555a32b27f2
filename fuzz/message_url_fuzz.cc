// SPDX-License-Identifier: AGPL-3.0-or-later
// links: wire formats base
// A URL that is taken names one message; no text makes the parser stumble.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "wire/imap/message_url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto url = kontor::wire::imap::parse_message_url(text);
  if (!url) return 0;
  const bool is_sound = url->uid != 0 && url->uid_validity != 0U && (!url->mailbox || !url->mailbox->empty()) &&
                        url->length != 0U && (!url->length || url->offset);
  if (!is_sound) std::abort();
  return 0;
}
