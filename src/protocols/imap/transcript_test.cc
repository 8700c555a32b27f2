// SPDX-License-Identifier: AGPL-3.0-or-later
// Runs tests/transcripts/imap/*.txt against a server in this process: real sockets, the real core, the memory engine.
//
// A transcript is lines; each begins with the connection's number (none = 1) and a word:
//   1C: text     sends the line             1C{}: text   sends the text without a line end (for literals and pieces)
//   1S: text     the next line must match: `*` stands for any text without a line end, `$name` for a word that is
//                remembered, or must be the same as the last time
//   1S?: text    one of the next lines up to a tagged line or "+" must match; lines in between may come in any order
//   1!: text     no line that was received so far and not yet matched may match
//   1X           the connection must be closed by the server
//   # comment
// Escapes in texts: \r \n \0 \\ and \xHH; `\*N{text}` repeats. A connection opens when it is first named; the greeting
// is read then. `= name` in a line of its own begins a new test with a fresh account of two messages.
#include <gtest/gtest.h>
