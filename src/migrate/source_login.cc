// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/source_login.h"

#include <fmt/format.h>

#include <algorithm>

#include "migrate/files/message_file.h"
#include "migrate/files/places.h"

namespace kontor::migrate {
namespace {

constexpr std::size_t kLargestToken = 64 << 10;

}  // namespace

std::vector<SourceAccount> named_accounts(const SourceOptions& options) {
  std::vector<SourceAccount> out;
  for (const auto& user : options.users) out.push_back({user.login, target_address(user, options)});
  return out;
}

Result<SourceUser> source_login(const SourceOptions& options, std::string_view login) {
  const auto found = std::ranges::find(options.users, login, &SourceUser::login);
  if (found == options.users.end()) return fail(Errc::not_found, fmt::format("no login is known for {}", login));
  SourceUser user = *found;
  const bool needs_token = options.master_user.empty() && user.password.empty() && user.token.empty();
  if (options.token_file.empty() || !needs_token) return user;
  const auto text = read_small_file(options.token_file, kLargestToken);
  if (!text) return fail(Errc::denied, fmt::format("the access token cannot be read from {}", options.token_file));
  user.token = text->substr(0, text->find_first_of("\r\n"));
  return user;
}

}  // namespace kontor::migrate
