// SPDX-License-Identifier: AGPL-3.0-or-later
// What a run is given: the message, its envelope, and answers to the questions that a script may ask about the world.
// A question that nobody answers (an empty function) has the answer that the comment names.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "formats/mime/entity.h"
#include "formats/sieve/program.h"

namespace kontor::sieve {

struct Message {
  const mime::Entity* structure = nullptr;  // outlives the run
  std::uint64_t size = 0;
  // Bytes of it; asked for only when a script looks at them. An error ends the run.
  std::function<Result<std::string>(std::uint64_t offset, std::uint64_t size)> read;
};

// A message that lies in memory; both must outlive it.
Message message_of(const mime::Entity& structure, std::string_view bytes);

struct Envelope {
  std::string from;  // empty: the null sender
  std::string to;    // the recipient for whom the script runs
  std::optional<std::string> auth;
};

enum class ScriptPlace : std::uint8_t { personal, global };

struct SeenQuestion {
  std::string handle;
  std::string id;  // says what the script means by a duplicate: opaque, at most 100 bytes
};

struct VacationQuestion {
  std::string handle;  // opaque, at most 100 bytes
  std::string to;
  std::chrono::seconds period{};
};

struct Environment {
  Envelope envelope;
  std::vector<std::string> addresses;  // all that are the user's, for vacation
  Instant now{};
  std::function<int(Instant)> zone;  // minutes east of UTC at that instant; else 0
  char delimiter = '+';              // between user and detail (RFC 5233)

  std::function<bool(std::string_view mailbox)> mailbox_exists;                                  // no
  std::function<bool(std::string_view id)> mailbox_id_exists;                                    // no
  std::function<bool(const std::optional<std::string>& mailbox, std::string_view use)> has_use;  // no
  // A mailbox's annotation, or the server's if there is no mailbox.
  std::function<std::optional<std::string>(const std::optional<std::string>& mailbox, std::string_view name)> metadata;
  std::function<bool(const SeenQuestion&)> was_seen;                              // no
  std::function<bool(const VacationQuestion&)> is_due;                            // yes
  std::function<bool(std::string_view list)> has_list;                            // no
  std::function<bool(std::string_view list, std::string_view value)> list_holds;  // no
  // RFC 5183 section 4, by lower-case name ("domain", "host", "location", ...).
  std::function<std::optional<std::string>(std::string_view item)> item;
  // Null: there is none. An error (it does not compile) ends the run.
  std::function<Result<std::shared_ptr<const Program>>(ScriptPlace, std::string_view name)> script;
};

}  // namespace kontor::sieve
