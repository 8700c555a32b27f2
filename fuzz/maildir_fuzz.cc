// SPDX-License-Identifier: AGPL-3.0-or-later
// links: migrate
// Names and control files of a Maildir: UIDs ascend without doubles below the next one, whatever the file holds.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "migrate/maildir/control_files.h"
#include "migrate/maildir/message_name.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto name = kontor::migrate::parse_message_name(bytes);
  if (name.base.size() + name.letters.size() > size || (size > 0 && name.base.empty())) std::abort();
  for (const auto* header : {"", "3 V5 N2\n", "1 5 2\n"}) {
    const auto list = kontor::migrate::parse_uid_list(header + std::string(bytes));
    std::set<std::uint32_t> uids;
    for (const auto& [base, message] : list.messages)
      if (base.empty() || message.uid == 0 || message.uid >= list.uid_next || !uids.insert(message.uid).second)
        std::abort();
  }
  for (const auto& [index, word] : kontor::migrate::parse_keyword_file(bytes))
    if (index > 25 || word.empty()) std::abort();
  for (const auto& folder : kontor::migrate::parse_subscriptions(bytes))
    if (folder.empty()) std::abort();
  return 0;
}
