// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/dav/context.h"

#include "base/bytes.h"

namespace kontor::dav {

wire::dav::Preferences Context::preferences() const {
  wire::dav::Preferences wishes = wire::dav::parse_prefer(header("prefer"));
  if (iequals(header("brief"), "t")) wishes.is_minimal = true;
  return wishes;
}

std::string Context::origin() const {
  return (request.is_encrypted ? "https://" : "http://") + std::string(header("host"));
}

Outcome<std::shared_ptr<groupware::Account>> Context::account(const directory::Principal& owner) {
  if (!owner.account()) return deny(404, "a group has no account");
  auto& account = accounts_[owner.account()];
  if (!account) {
    TRY(account, services.accounts.open(owner.account()));
  }
  return account;
}

Outcome<std::shared_ptr<groupware::Reader>> Context::reader(groupware::Account& account) {
  auto& reader = readers_[account.id()];
  if (!reader) {
    TRY(reader, account.read(caller));
  }
  return reader;
}

Outcome<Modseq> Context::update(groupware::Account& account,
                                const std::function<Outcome<void>(groupware::Transaction&)>& change) {
  std::optional<Problem> problem;
  const auto done = account.update(caller, [&](groupware::Transaction& transaction) -> Result<void> {
    problem.reset();
    if (auto changed = change(transaction); !changed) {
      problem = std::move(changed).error();
      return fail(Errc::invalid, problem->why);
    }
    return {};
  });
  readers_.erase(account.id());
  if (problem) return std::unexpected(std::move(*problem));
  TRY(const Modseq modseq, done);
  return modseq;
}

}  // namespace kontor::dav
