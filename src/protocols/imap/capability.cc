// SPDX-License-Identifier: AGPL-3.0-or-later
// What is advertised, and nothing that is not whole.
#include "protocols/imap/commands.h"
#include "protocols/imap/message_limit.h"
#include "protocols/imap/session.h"

namespace kontor::imap {

bool Session::may_send_password() const {
  return login::may_send_secret(const_cast<net::Buffered&>(io_).stream(), options().plain_login);
}

// LITERAL+ and LITERAL- must not stand together (RFC 7888 section 5): before login only small literals are taken.
std::string Session::capabilities() {
  std::string out = "IMAP4rev1 IMAP4rev2 SASL-IR ID ENABLE";
  if (!account_) {
    out += " LITERAL-";
    if (stream().can_start_tls()) out += " STARTTLS";
    if (!may_send_password()) return out + " LOGINDISABLED";
    for (const auto name : login::mechanisms(login_services(services()), stream())) (out += " AUTH=").append(name);
    return out;
  }
  out +=
      " LITERAL+ NAMESPACE ACL RIGHTS=texk IDLE UIDPLUS MOVE UNSELECT CHILDREN LIST-EXTENDED LIST-STATUS LIST-MYRIGHTS "
      "LIST-METADATA";
  out +=
      " SPECIAL-USE CREATE-SPECIAL-USE STATUS=SIZE CONDSTORE QRESYNC QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE "
      "QUOTASET METADATA NOTIFY";
  out += " UTF8=ACCEPT";
  out += " INPROGRESS UIDONLY PREVIEW BINARY MULTIAPPEND CATENATE URL-PARTIAL REPLACE APPENDLIMIT=" +
         std::to_string(append_limit());
  // Both end with the compression's last byte, which nothing marks: whoever compresses stays who he is (RFC 8437
  // section 4.1 would have them ended by UNAUTHENTICATE).
  if (!is_compressed_) out += options().unauthenticate ? " COMPRESS=DEFLATE UNAUTHENTICATE" : " COMPRESS=DEFLATE";
  out += " ESEARCH SEARCHRES WITHIN SORT SORT=DISPLAY ESORT CONTEXT=SEARCH CONTEXT=SORT MULTISEARCH PARTIAL";
  out += " SEARCH=FUZZY THREAD=ORDEREDSUBJECT THREAD=REFERENCES THREAD=REFS I18NLEVEL=2 OBJECTID SAVEDATE FILTERS";
  out += limit_capability(options());
  return out;
}

}  // namespace kontor::imap
