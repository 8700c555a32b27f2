// SPDX-License-Identifier: AGPL-3.0-or-later
// A SASL mechanism on the server's side (RFC 4422 section 3), as a state machine without input and output: it takes
// what the client sent and says what comes next. All bytes are decoded: base64 is the driver's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "directory/directory.h"

namespace kontor::login {

class Mechanism {
 public:
  struct Step {
    enum class Kind : std::uint8_t {
      challenge,  // send `text`, then take() the answer
      verify,     // user() is known: verify() decides
      broken,     // `text` says what makes no sense
      no_right,   // `text` says what is not allowed
    };
    static Step challenge(std::string text) { return {Kind::challenge, std::move(text)}; }
    static Step verify() { return {Kind::verify, {}}; }
    static Step broken(std::string text) { return {Kind::broken, std::move(text)}; }
    static Step no_right() { return {Kind::no_right, "you may not act as somebody else"}; }

    Kind kind;
    std::string text;
  };

  virtual ~Mechanism() = default;

  // The client's next response; first its initial one, or nothing where it sent none. Never blocks.
  virtual Step take(std::optional<std::string_view> response) = 0;

  // After Kind::verify. Whom the client says to be: what limits count by. Not checked yet, may be any bytes.
  virtual const std::string& user() const = 0;
  // Whom it wants to act as (RFC 4422 section 3.4.1); empty: nobody else. Whether it may is not checked by verify().
  virtual const std::string& acts_as() const {
    static const std::string kNobody;
    return kNobody;
  }
  // Blocks: on a worker. Errors: as Directory::authenticate.
  virtual Result<directory::Principal> verify() = 0;

  // What is sent when verify() has decided, before the protocol's own answer; the client's response to it must be
  // empty after a success and is ignored after a failure. Nothing = no such message.
  virtual std::optional<std::string> last_word(bool succeeded) const {
    (void)succeeded;
    return std::nullopt;
  }
};

class Tokens;

// What the connection itself proves.
struct Channel {
  bool is_bound() const { return !exporter.empty() || !end_point.empty(); }

  std::string exporter;                // channel bindings, empty if there is none of that kind: RFC 9266
  std::string end_point;               // RFC 5929 section 4
  std::vector<std::string> addresses;  // of the client's certificate
};

// What a mechanism may need of its surroundings. `tokens` is null where no identity provider is known.
struct Surroundings {
  directory::Directory& directory;
  directory::Protocol protocol;
  const Tokens* tokens = nullptr;
  Channel channel{};
};

// Those that can be used there, as they are announced.
std::vector<std::string_view> mechanism_names(const Surroundings& around);

// Null if there is none of that name (upper case), or it cannot be used here.
std::unique_ptr<Mechanism> make_mechanism(std::string_view name, const Surroundings& around);

}  // namespace kontor::login
