// SPDX-License-Identifier: AGPL-3.0-or-later
// What an IMAP server says, for clients: RFC 9051 section 7 and its relatives, read as tolerantly as real servers need.
//
// ResponseParser is fed bytes as they arrive and gives one response at a time. The content of messages (BODY[], RFC822,
// BINARY[] sent as a literal) is never collected: it is handed on in the pieces in which it arrives, between
// Step::body_start and Step::body_end; the FETCH response it belongs to follows when it is complete. All else is
// bounded by Limits. After Step::broken the stream is out of step and of no further use.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kontor::wire::imap::client {

// "1:4,7" as ranges in the order given, each with first <= second; "*" is 2^32-1. What is no set is left out.
using Ranges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
Ranges parse_ranges(std::string_view text);

enum class Condition : std::uint8_t { ok, no, bad, preauth, bye };

// Tagged, or untagged: see Response::tag.
struct Status {
  Condition condition = Condition::ok;
  std::string code;       // of "[CODE arguments]", upper case; empty if none
  std::string arguments;  // raw
  std::string text;
};

struct Continuation {
  std::string text;
};

// What of a message was sent: anything from nothing to all; also unasked for.
struct Fetch {
  std::uint32_t sequence = 0;
  std::uint32_t uid = 0;  // 0 = not said
  std::uint64_t modseq = 0;
  std::optional<std::uint64_t> size;
  std::optional<std::vector<std::string>> flags;
  std::optional<std::string> internal_date;  // raw; absent when NIL
  bool has_body = false;                     // BODY[] and the like was there
  bool body_is_nil = false;
  bool body_was_streamed = false;
  std::string body;                           // sent as a quoted string (or a literal that is no body) and not streamed
  std::string header;                         // BODY[HEADER...]
  std::map<std::string, std::string> others;  // EMAILID, THREADID, X-GM-MSGID, ... by upper-case name
  std::vector<std::string> labels;            // X-GM-LABELS
  bool is_malformed = false;                  // the rest could not be read
};

struct Exists {
  std::uint32_t count = 0;
};
struct Expunge {
  std::uint32_t sequence = 0;
};
struct Vanished {
  bool earlier = false;
  Ranges uids;
};
struct Flags {
  std::vector<std::string> names;
};
struct Listing {
  bool is_lsub = false;
  std::vector<std::string> attributes;                   // as sent: "\Noselect"
  std::string delimiter;                                 // empty = NIL: the name is flat
  std::string name;                                      // raw bytes
  bool has_attribute(std::string_view attribute) const;  // any case
};
struct MailboxStatus {
  std::string name;
  std::map<std::string, std::uint64_t> numbers;  // MESSAGES, UIDNEXT, ... by upper-case name
  std::string mailbox_id;
};
struct Search {
  std::vector<std::uint32_t> numbers;
  std::uint64_t modseq = 0;
};
struct ExtendedSearch {
  std::string tag;
  bool by_uid = false;
  Ranges all;
  std::uint64_t count = 0, min = 0, max = 0, modseq = 0;
};
struct Capability {
  std::vector<std::string> names;  // upper case
};
struct Enabled {
  std::vector<std::string> names;  // upper case
};
struct Namespaces {
  struct One {
    std::string prefix;
    std::string delimiter;
  };
  std::vector<One> personal, others, shared;
};
// Anything else: the first word in upper case, the rest raw.
struct Other {
  std::string word;
  std::string text;
};

struct Response {
  std::string tag;  // "*", "+" or the command's
  std::variant<Status, Continuation, Fetch, Exists, Expunge, Vanished, Flags, Listing, MailboxStatus, Search,
               ExtendedSearch, Capability, Enabled, Namespaces, Other>
      data;
};

// "CAPABILITY" as code or response: the words, upper case.
std::vector<std::string> parse_capabilities(std::string_view text);

struct ResponseLimits {
  std::size_t line = 16u << 20;    // one response without the content of messages
  std::size_t literal = 1u << 20;  // one literal that is collected
  std::size_t depth = 32;          // of parentheses
  std::size_t bodies = 8;          // contents of messages in one response
};

class ResponseParser {
 public:
  enum class Step : std::uint8_t {
    need_more,   // all bytes were taken
    response,    // response() is complete
    body_start,  // body() tells what follows
    body_piece,  // piece() lies in the bytes that were given
    body_end,
    broken,  // error() tells why
  };
  struct Body {
    std::uint32_t sequence = 0;
    std::uint32_t uid = 0;  // 0 = comes later, if at all
    std::uint64_t size = 0;
  };

  explicit ResponseParser(ResponseLimits limits = {}) : limits_(limits) {}

  // Takes from the front of `bytes`, up to the next event.
  Step next(std::string_view& bytes);

  const Response& response() const { return response_; }
  Response take_response() { return std::move(response_); }
  const Body& body() const { return body_; }
  std::string_view piece() const { return piece_; }
  const std::string& error() const { return error_; }

 private:
  enum class Mode : std::uint8_t { line, literal, body, broken };
  Step take_line(std::string_view& bytes);
  Step end_of_line();
  Step broken(std::string why);

  ResponseLimits limits_;
  Mode mode_ = Mode::line;
  std::string text_;                   // the response so far, each literal as "{size}" CRLF
  std::vector<std::string> literals_;  // their contents, in order
  std::uint64_t left_ = 0;             // of the literal being read
  std::size_t collected_ = 0;
  std::size_t bodies_ = 0;
  Response response_;
  Body body_;
  std::string_view piece_;
  std::string error_;
};

}  // namespace kontor::wire::imap::client
