// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/command.h"
#include "wire/imap/print.h"

namespace kontor::imap {
namespace {

std::string_view response_code(Errc code) {
  switch (code) {
    case Errc::not_found:
      return "NONEXISTENT";
    case Errc::exists:
      return "ALREADYEXISTS";
    case Errc::denied:
      return "NOPERM";
    case Errc::over_quota:
      return "OVERQUOTA";
    case Errc::too_large:
      return "LIMIT";
    case Errc::invalid:
      return "CANNOT";
    case Errc::conflict:
      return "INUSE";
    case Errc::unavailable:
      return "UNAVAILABLE";
    case Errc::corrupt:
      return "CORRUPTION";
  }
  return "SERVERBUG";
}

}  // namespace

Reply reply_to(const Error& error) { return Reply::no(error.text, std::string(response_code(error.code))); }

std::string print(const Reply& reply) {
  static constexpr std::string_view kWords[] = {"OK ", "NO ", "BAD "};
  std::string out(kWords[static_cast<std::size_t>(reply.kind)]);
  if (!reply.code.empty()) out += "[" + reply.code + "] ";
  out += reply.text.empty() ? "." : wire::imap::one_line(reply.text);
  return out;
}

}  // namespace kontor::imap
