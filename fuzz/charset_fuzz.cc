// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats base
// Text of any charset and header becomes valid UTF-8; a body in pieces is decoded as it is at once.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/mime/decode.h"

namespace {

using namespace kontor::mime;

void require(bool holds) {
  if (!holds) std::abort();
}

// Another way than the code under test goes: what is valid stays as it is when it is repaired.
void require_utf8(const std::string& text) { require(to_utf8(text, "utf-8").text == text); }

std::string decoded(TransferEncoding encoding, std::string_view bytes, std::size_t piece) {
  BodyDecoder decoder(encoding);
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) decoder.feed(bytes.substr(at, piece), out);
  decoder.finish(out);
  return out;
}

constexpr std::string_view kCharsets[] = {
    "us-ascii",          "utf-8",  "utf-7",  "iso-2022-jp",  "iso-2022-kr",   "hz-gb-2312",
    "gb18030",           "big5",   "cp932",  "euc-jp",       "euc-kr",        "utf-16",
    "utf-16le",          "utf-32", "koi8-r", "windows-1258", "scsu",          "iso-2022-cn",
    "imap-mailbox-name", "bocu-1", "cesu-8", "x-iscii-de",   "compound_text", "lmbcs"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = 1 + data[1] % 64;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);

  require_utf8(to_utf8(bytes, kCharsets[data[0] % std::size(kCharsets)]).text);
  const auto end = bytes.find('\n');
  require_utf8(to_utf8(bytes, bytes.substr(0, end)).text);
  require_utf8(decode_header(bytes));
  require_utf8(param({{"name", std::string(bytes)}}, "name").value());
  const std::string first(bytes.substr(0, bytes.size() / 2)), second(bytes.substr(bytes.size() / 2));
  require_utf8(param({{"name*1*", second}, {"name*0*", first}}, "name").value());

  for (const auto encoding : {TransferEncoding::identity, TransferEncoding::quoted_printable, TransferEncoding::base64,
                              TransferEncoding::uuencode}) {
    const std::string whole = decoded(encoding, bytes, std::max<std::size_t>(bytes.size(), 1));
    require(whole.size() <= bytes.size());
    require(decoded(encoding, bytes, piece) == whole);
  }
  return 0;
}
