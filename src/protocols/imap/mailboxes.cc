// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/imap/mailboxes.h"

#include <optional>

#include "base/log.h"

namespace kontor::imap {
namespace {

using directory::PrincipalKind;

constexpr std::size_t kMostOthers = 1000;
constexpr std::uint32_t kMailKind = 1 << static_cast<unsigned>(groupware::Kind::mail);

struct Elsewhere {
  bool is_shared;
  std::string_view segment;  // the address as it stands in the name
  std::string_view prefix;   // up to and with the delimiter behind it, if there is one
  std::string_view path;
};

std::optional<Elsewhere> parse_elsewhere(std::string_view name) {
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto root = name.substr(0, slash);
  if (root != kOtherUsers && root != kSharedFolders) return std::nullopt;
  const auto end = name.find('/', slash + 1);
  Elsewhere found;
  found.is_shared = root == kSharedFolders;
  found.segment = name.substr(slash + 1, end == std::string_view::npos ? end : end - slash - 1);
  if (!found.segment.contains('@')) return std::nullopt;
  found.prefix = name.substr(0, end == std::string_view::npos ? end : end + 1);
  if (end != std::string_view::npos) found.path = name.substr(end + 1);
  return found;
}

std::unexpected<Error> no_such_folder() { return fail(Errc::not_found, "there is no such folder"); }

}  // namespace

std::string segment_of_address(std::string_view address) {
  std::string out;
  for (const char c : address) {
    if (c == '%') {
      out += "%25";
    } else if (c == '/') {
      out += "%2F";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string address_of_segment(std::string_view segment) {
  std::string out;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const auto code = segment.substr(i, 3);
    if (code == "%25" || code == "%2F" || code == "%2f") {
      out.push_back(code == "%25" ? '%' : '/');
      i += 2;
    } else {
      out.push_back(segment[i]);
    }
  }
  return out;
}

bool is_reserved(std::string_view path) {
  const auto root = path.substr(0, path.find('/'));
  return root == kOtherUsers || root == kSharedFolders;
}

Mailboxes::Mailboxes(groupware::Accounts& accounts, directory::Directory& directory, groupware::Caller caller,
                     std::shared_ptr<groupware::Account> own)
    : accounts_(accounts), directory_(directory), caller_(caller), own_(std::move(own)) {}

bool Mailboxes::is_at_hand(std::string_view path) const { return !parse_elsewhere(path); }

Result<Mailbox> Mailboxes::at(std::string_view path) const {
  const auto elsewhere = parse_elsewhere(path);
  if (!elsewhere) return Mailbox{own_, {}, std::string(path)};
  const auto owner = directory_.by_address(address_of_segment(elsewhere->segment));
  if (!owner || (owner->kind == PrincipalKind::shared) != elsewhere->is_shared) return no_such_folder();
  std::string prefix(elsewhere->prefix);
  if (!prefix.ends_with('/')) prefix.push_back('/');
  TRY(Mailbox mailbox, open(*owner, std::move(prefix)));
  mailbox.path = elsewhere->path;
  return mailbox;
}

// Whom an account shows nothing is told the same as if there were none.
Result<Mailbox> Mailboxes::open(const directory::Principal& owner, std::string prefix) const {
  if (!owner.account() || !directory_.shows_to(owner.account(), caller_.principal, kMailKind)) return no_such_folder();
  TRY(auto account, accounts_.open(owner.account()));
  if (const auto reader = account->read(caller_); !reader) {
    if (reader.error().code == Errc::denied) return no_such_folder();
    return std::unexpected(reader.error());
  }
  const bool is_member = directory_.member_role(owner.id, caller_.principal).has_value();
  return Mailbox{std::move(account), std::move(prefix), {}, is_member};
}

Result<std::vector<Mailbox>> Mailboxes::roots(const Matters& matters) const {
  std::vector<Mailbox> found = {{own_, {}, {}}};
  for (const PrincipalId id : directory_.sharing_with(caller_.principal, kMailKind)) {
    const auto owner = directory_.principal(id);
    if (!owner) continue;
    std::string prefix(owner->kind == PrincipalKind::shared ? kSharedFolders : kOtherUsers);
    prefix += "/" + segment_of_address(owner->primary_address()) + "/";
    if (!matters(prefix)) continue;
    auto mailbox = open(*owner, std::move(prefix));
    if (mailbox) {
      found.push_back(*std::move(mailbox));
    } else if (mailbox.error().code != Errc::not_found) {
      // One damaged account of somebody else must not hide all folders.
      log::error("imap.account_not_listed", {{"account", id.value}, {"error", mailbox.error().text}});
    }
    if (found.size() > kMostOthers) break;
  }
  return found;
}

}  // namespace kontor::imap
