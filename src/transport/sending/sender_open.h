// SPDX-License-Identifier: AGPL-3.0-or-later
// A sender's connection while one of its threads uses it. For the sender.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "transport/sending/sender.h"

namespace kontor::transport {

struct Sender::Open {
  explicit Open(Sender& sender_) : sender(sender_) {}
  ~Open();
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;

  void keep(std::unique_ptr<SmtpClient> made, std::string at);
  void close();

  Sender& sender;
  std::unique_ptr<SmtpClient> client;
  std::string where;                // the hop it leads to
  std::optional<SendFailure> dead;  // no host of the destination could be used
};

}  // namespace kontor::transport
