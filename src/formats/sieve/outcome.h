// SPDX-License-Identifier: AGPL-3.0-or-later
// What a run asks delivery to do. Nothing has happened yet.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "formats/sieve/environment.h"
#include "formats/sieve/fault.h"

namespace kontor::sieve {

// The message as an action takes it: 0 as it was received, n as Outcome::editions[n - 1] has it.
using EditionIndex = std::size_t;

struct Keep {
  std::vector<std::string> flags;
  EditionIndex edition = 0;
  bool is_implicit = false;
};

// Where it goes if nothing more exact says otherwise or if that is not there: `mailbox`.
struct FileInto {
  std::string mailbox;                     // UTF-8
  std::optional<std::string> mailbox_id;   // RFC 9042
  std::optional<std::string> special_use;  // RFC 8579: "\\Junk"
  bool create = false;                     // RFC 5490
  std::vector<std::string> flags;
  EditionIndex edition = 0;
};

struct Redirect {
  std::string address;
  bool is_list = false;  // `address` names an external list (RFC 6134)
  EditionIndex edition = 0;
};

struct Reject {
  std::string text;
  bool is_ereject = false;
};

struct VacationReply {
  std::string to;
  std::string from;                    // empty: the recipient's address
  std::optional<std::string> subject;  // the script's; else "Auto: " and the message's
  std::string text;
  bool is_mime = false;  // `text` has a header of its own (Content-Type ...)
  VacationQuestion asked;
  // Of the message that is answered: decoded; as they came.
  std::string original_subject;
  std::string original_id;
  std::string original_references;
};

struct Notify {
  std::string method;  // a "mailto:" URI
  std::vector<std::string> recipients;
  std::string from;  // empty: the recipient's address
  int importance = 2;
  std::vector<std::string> options;
  std::string subject;
  std::string text;
};

using Action = std::variant<Keep, FileInto, Redirect, Reject, VacationReply, Notify>;

// A message is put together from pieces: text, or a range of the message as it was received.
struct EditionPiece {
  std::string text;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};
using Edition = std::vector<EditionPiece>;

// RFC 7352 section 3: noted once everything else was done.
struct Noted {
  SeenQuestion seen;
  std::chrono::seconds period{};
  bool from_last = false;  // the period begins again if it was seen before
};

struct Outcome {
  std::vector<Action> actions;  // none: the message is discarded
  std::vector<Edition> editions;
  std::vector<Noted> noted;
  std::optional<Fault> fault;  // the run failed: `actions` is the implicit keep alone, with no flags and no edits
  std::string script;          // the included script where it failed; empty: the main one
  std::uint64_t work = 0;      // what the run cost, in the units of RunLimits::work
};

std::string text_of(const Outcome& outcome);  // for people and tests: one line for each action

}  // namespace kontor::sieve
