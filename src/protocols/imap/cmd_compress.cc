// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 4978: COMPRESS=DEFLATE.
#include "protocols/imap/commands.h"
#include "protocols/imap/session.h"

namespace kontor::imap {

Task<void> Session::compress() {
  is_compressed_ = true;
  co_await io_.deflate();
}

Task<Result<Reply>> cmd_compress(Session& session, Command& command) {
  wire::imap::Cursor in(command.args());
  in.space();
  const bool is_known = in.take_word("DEFLATE");
  if (!is_known && !in.failed()) in.fail("there is no such compression");
  if (!in.finish()) co_return Reply::bad(in);
  if (session.is_compressed()) co_return Reply::no("compression is on already", "COMPRESSIONACTIVE");
  // Nothing tells whether what follows already was meant to be compressed.
  if (session.io().has_input()) co_return Reply::bad("wait for the answer to COMPRESS");
  const std::string line = command.tag + " OK compression begins\r\n";
  co_await session.write(line);
  co_await session.compress();
  co_return Reply{Reply::Kind::none, {}, {}};
}

}  // namespace kontor::imap
