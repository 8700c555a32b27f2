// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/rules/sender_lists.h"

#include <algorithm>

#include "base/bytes.h"
#include "formats/mime/summary_generated.h"
#include "groupware/rules/rule_list.h"

namespace kontor::groupware {
namespace {

std::vector<std::string> authors_of(const StagedContent& content) {
  std::vector<std::string> out;
  if (!content.mail || !mime::is_sound_summary(content.mail->summary)) return out;
  const auto* top = flatbuffers::GetRoot<mime::fb::Summary>(content.mail->summary.data())->top();
  const auto* envelope = top ? top->envelope() : nullptr;
  if (!envelope || !envelope->from()) return out;
  for (const auto* one : *envelope->from())
    if (one->mailbox() && one->host()) out.push_back(to_lower(one->mailbox()->str() + "@" + one->host()->str()));
  return out;
}

// What its owner never wants among junk.
bool is_wanted_by_owner(Account& account, const std::vector<std::string>& authors) {
  const auto reader = account.read(Caller::system());
  if (!reader) return false;
  auto rules = account_rules(**reader);
  if (!rules) return false;
  for (const sieve::Rule& rule : rules->rules) {
    const auto* junk = std::get_if<sieve::JunkRule>(&rule.what);
    if (junk && rule.is_enabled && is_listed(junk->never, authors)) return true;
  }
  return false;
}

}  // namespace

bool is_listed(const std::vector<std::string>& list, const std::vector<std::string>& senders) {
  return std::ranges::any_of(list, [&](const std::string& entry) {
    return std::ranges::any_of(senders, [&](const std::string& sender) {
      if (!entry.starts_with('@')) return sender == entry;
      const auto at = sender.rfind('@');
      return at != std::string::npos && std::string_view(sender).substr(at) == entry;
    });
  });
}

SenderMark mark_sender(const directory::Directory& directory, Account& account, const Incoming& incoming) {
  const auto tenant = directory.tenant(account.tenant());
  if (!tenant) return SenderMark::none;
  const bool may_be_allowed = incoming.is_junk && incoming.is_author_proven;
  if (!may_be_allowed && tenant->blocked_senders.empty() && tenant->refused_senders.empty()) return SenderMark::none;
  const std::vector<std::string> authors = authors_of(incoming.content);
  std::vector<std::string> all = authors;
  if (!incoming.sender.empty()) all.push_back(to_lower(incoming.sender));
  if (is_listed(tenant->refused_senders, all)) return SenderMark::refused;
  if (is_listed(tenant->blocked_senders, all)) return SenderMark::blocked;
  if (!may_be_allowed) return SenderMark::none;
  const bool is_allowed = is_listed(tenant->allowed_senders, authors) || is_wanted_by_owner(account, authors);
  return is_allowed ? SenderMark::allowed : SenderMark::none;
}

}  // namespace kontor::groupware
