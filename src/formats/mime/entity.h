// SPDX-License-Identifier: AGPL-3.0-or-later
// A message's structure: what IMAP's ENVELOPE and BODYSTRUCTURE show and where each part's bytes lie. Nothing is
// decoded here: strings are the message's raw bytes, unfolded, without comments where the grammar has them. They may
// hold any byte, NUL and lone CR too.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace kontor::mime {

struct Param {
  std::string name;   // lower case
  std::string value;  // unquoted; RFC 2231 continuations stay apart ("filename*0*")
};

// RFC 9051 section 7.5.2. A text that is no address has its words as `name` (or one word as `mailbox`) and no host;
// what is missing is empty. A group's start has a mailbox (its name) and no host; its end has neither.
struct Address {
  std::string name;
  std::string route;
  std::string mailbox;
  std::string host;
  bool is_group_start = false;
  bool is_group_end = false;

  bool operator==(const Address&) const = default;
};

struct Envelope {
  std::string date;
  std::string subject;
  std::vector<Address> from, sender, reply_to, to, cc, bcc;  // sender and reply_to are from's if they have none
  std::string in_reply_to;
  std::string message_id;
  // Which fields there were at all (NIL against ""). Of fields that are there twice the last counts; addresses are
  // joined.
  bool has_date = false, has_subject = false, has_in_reply_to = false, has_message_id = false;
};

// One part (RFC 2045). Offsets count from the start of the whole message.
struct Entity {
  std::uint64_t header_offset = 0;
  std::uint64_t header_size = 0;  // with the empty line, if there is one
  std::uint64_t body_offset = 0;
  std::uint64_t body_size = 0;   // without the line end before the next boundary
  std::uint32_t body_lines = 0;  // line ends in the body

  std::string type;                                      // as written, default "text"
  std::string subtype;                                   // default "plain"
  std::vector<Param> params;                             // as written: no charset is added where a text has none
  std::string id, description, encoding, md5, location;  // raw; empty if absent
  std::string disposition;
  std::vector<Param> disposition_params;
  std::vector<std::string> languages;

  std::vector<Entity> parts;        // of a multipart; empty if it has no boundary or is beyond a limit: a leaf then
  std::unique_ptr<Entity> message;  // of a message/rfc822 (or message/global): the message inside. Null, and so a leaf,
                                    // if it is base64 or quoted-printable, or beyond a limit
  std::unique_ptr<Envelope> envelope;  // of a message's top entity

  bool is_multipart() const;  // by its (case-insensitive) type, and with at least one part
};

}  // namespace kontor::mime
