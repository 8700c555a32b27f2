// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/select_request.h"

namespace kontor::wire::imap {
namespace {

// RFC 7162 section 7: sets without "*".
Ranges known_set(Cursor& in) {
  const auto set = in.sequence_set();
  if (!in.failed() && set.has_star()) in.fail("\"*\" has no place here");
  return set.resolve(0);
}

Resync parse_resync(Cursor& in) {
  Resync resync;
  in.space();
  in.expect('(');
  resync.uid_validity = in.nz_number();
  in.space();
  resync.modseq = in.number64();
  if (in.take(' ') && in.peek() != '(') {
    resync.known_uids = known_set(in);
    in.take(' ');
  }
  if (in.take('(')) {
    resync.numbers = known_set(in);
    in.space();
    resync.uids = known_set(in);
    in.expect(')');
    if (count(resync.numbers) != count(resync.uids)) in.fail("the sets do not match");
  }
  in.expect(')');
  return resync;
}

}  // namespace

SelectRequest parse_select(Cursor& in) {
  SelectRequest request;
  in.space();
  request.name = in.astring();
  if (in.take(' ')) {
    in.expect('(');
    do {
      if (in.take_word("CONDSTORE")) {
        request.condstore = true;
      } else if (in.take_word("QRESYNC")) {
        request.resync = parse_resync(in);
      } else {
        in.fail("there is no such SELECT parameter");
      }
    } while (in.take(' '));
    in.expect(')');
  }
  in.finish();
  return request;
}

}  // namespace kontor::wire::imap
