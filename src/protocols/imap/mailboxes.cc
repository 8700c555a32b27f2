// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/mailboxes.h"

namespace kontor::imap {

Mailboxes::Mailboxes(std::shared_ptr<groupware::Account> own) : own_(std::move(own)) {}

bool Mailboxes::is_at_hand(std::string_view) const { return true; }

Result<Mailbox> Mailboxes::at(std::string_view path) const { return Mailbox{own_, {}, std::string(path)}; }

Result<std::vector<Mailbox>> Mailboxes::roots() const { return std::vector<Mailbox>{{own_, {}, {}}}; }

}  // namespace kontor::imap
