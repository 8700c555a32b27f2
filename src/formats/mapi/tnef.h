// SPDX-License-Identifier: AGPL-3.0-or-later
// TNEF, the winmail.dat of Outlook ([MS-OXTNEF]), into the property model.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/mapi/property.h"

namespace kontor::mapi {

struct TnefLimits {
  std::size_t depth = 8;             // of messages in messages
  std::size_t properties = 200'000;  // of all objects together
  std::size_t values = 1'000'000;    // of all properties together
  std::size_t recipients = 20'000;   // of one message
  std::size_t attachments = 10'000;
};

struct ReadTnef {
  Message message;
  std::vector<std::string> damages;  // what could not be read or was wrong; the first kMostDamages
};
constexpr std::size_t kMostDamages = 20;

bool is_tnef(std::string_view bytes);
// What the attributes of old versions say (subject, body, dates, sender, file names, contents) is put into the
// properties that mean the same, where those are not there. 8-bit text is decoded by the stream's code page. What
// breaks off or has a wrong check sum is named, and what came before it kept. Attachments keep their content in
// PidTagAttachDataBinary, or are messages. Memory is in proportion to `bytes`. Errors: invalid (no TNEF at all),
// too_large (a limit).
Result<ReadTnef> read_tnef(std::string_view bytes, const TnefLimits& limits = {});

}  // namespace kontor::mapi
