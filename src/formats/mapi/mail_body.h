// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: the body of a message in the forms that mail has it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "formats/mapi/property.h"

namespace kontor::mapi {

struct MailBody {
  std::optional<std::string> plain;  // UTF-8
  std::optional<std::string> html;   // UTF-8, and says so where it names a charset
  std::optional<std::string> rtf;    // where neither was in it: what the text looks like
};

// The HTML that is there or was wrapped in the RTF ([MS-OXRTFEX]), the text that is there or in the RTF.
MailBody mail_body(const Properties& message, std::vector<std::string>& losses);

// What an HTML text shows of other parts: the ids behind "cid:", decoded, in lower case.
std::set<std::string> shown_content_ids(std::string_view html);

}  // namespace kontor::mapi
