// SPDX-License-Identifier: AGPL-3.0-or-later
// A journal report: the message that brings a copy of another one to an archive, with its envelope. As Exchange writes
// them ("envelope journaling"), so that archives understand it: fields in a text, then the message as it was.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace kontor::transport {

struct JournalRecipient {
  std::string address;
  std::string group;  // it got the message as a member of this list; empty = under its own address
};

struct JournalReport {
  std::string sender;         // of the envelope, or the user who sent it; empty: the null sender
  std::string head;           // of the original, or its beginning
  bool is_sent_here = false;  // the envelope is known: who stands in no field is Bcc
  std::vector<JournalRecipient> recipients;
  std::string archive, from;  // addresses of the report itself
  std::string message_id;     // of the report, with angle brackets
  std::string proof;          // that it is a report of this server
  std::string boundary;       // occurs nowhere in the original
  Instant now{};
  bool is_eight_bit = false;  // the original
  bool is_binary = false;     // the original: it does not consist of lines
};

// What stands before and behind the original.
struct JournalFrame {
  std::string before, behind;
  bool is_eight_bit = false;
};
JournalFrame journal_frame(const JournalReport& report);

// Under which the proof stands.
constexpr std::string_view kJournalProof = "X-Kontor-Journal";
// Of a message that is a report of ours.
std::string journal_proof(std::string_view secret, std::string_view message_id);
bool is_journal_report(std::string_view head, std::string_view secret);

}  // namespace kontor::transport
