// SPDX-License-Identifier: AGPL-3.0-or-later
// The body in an RTF: the HTML or text that Outlook wrapped in it ([MS-OXRTFEX]), else the RTF's own text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kontor::mapi {

struct RtfBody {
  enum class Kind : std::uint8_t {
    html,  // as it was before it was wrapped; a charset that it names counts no more
    text,  // plain text that was wrapped
    rtf,   // the text of an RTF that holds neither: what it looks like is lost
  };

  Kind kind = Kind::rtf;
  std::string text;         // UTF-8, with CRLF
  bool is_damaged = false;  // it broke off, or nests more than 1000 deep
};

// Never fails; linear in time. Pictures, objects, fields' instructions, styles and tables of fonts are left out.
RtfBody read_rtf_body(std::string_view rtf);

}  // namespace kontor::mapi
