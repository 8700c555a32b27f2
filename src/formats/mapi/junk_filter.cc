// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/junk_filter.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "formats/mapi/mailbox.h"

namespace kontor::mapi {
namespace {

constexpr std::string_view kJunkProvider = "JunkEmailRule";
constexpr Tag kJunkIncludesContacts{.id = 0x6100}, kJunkThreshold{.id = 0x6101}, kJunkRemoves{.id = 0x6102},
    kJunkAddsRecipients{.id = 0x6103};

// Properties by which a message's sender is asked for, and a recipient; and how likely it is junk.
constexpr std::uint32_t kSenderIds[] = {0x0C1F, 0x5D01, 0x0065, 0x5D02};
constexpr std::uint32_t kRecipientIds[] = {0x3003, 0x39FE, 0x0E04, 0x0E03};
constexpr std::uint32_t kJunkRating = 0x4076, kRecipientsOfMessage = 0x0E12;

// Lists stand in any order and depth: what they mean is whether an odd number of "not" stands before them.
class JunkListReader {
 public:
  explicit JunkListReader(JunkFilter& out) : out_(out) {}

  void read(const Restriction& one, bool is_negated, bool is_recipient) {
    using Kind = Restriction::Kind;
    switch (one.kind) {
      case Kind::all:
      case Kind::any:
        for (const Restriction& part : one.parts) read(part, is_negated, is_recipient);
        break;
      case Kind::none:
        for (const Restriction& part : one.parts) read(part, !is_negated, is_recipient);
        break;
      case Kind::sub:
        for (const Restriction& part : one.parts) read(part, is_negated, one.property.id == kRecipientsOfMessage);
        break;
      case Kind::content:
      case Kind::property:
        read_entry(one, is_negated, is_recipient);
        break;
      default:
        out_.asks_more = out_.asks_more || one.property.id != kJunkRating;
    }
  }

 private:
  static bool is_among(std::uint32_t id, std::span<const std::uint32_t> ids) {
    return std::ranges::find(ids, id) != ids.end();
  }

  void read_entry(const Restriction& one, bool is_negated, bool is_recipient) {
    const bool asks_recipient = is_recipient || is_among(one.property.id, kRecipientIds);
    const bool asks_sender = !asks_recipient && is_among(one.property.id, kSenderIds);
    const auto* text = one.value ? std::get_if<std::string>(&one.value->data()) : nullptr;
    const bool is_list = (asks_sender || (asks_recipient && is_negated)) && text != nullptr;
    if (!is_list) {
      out_.asks_more = out_.asks_more || one.property.id != kJunkRating;
      return;
    }
    if (text->empty()) return;
    std::string entry = to_lower(*text);
    if (entry.find('@') == std::string::npos) entry.insert(0, "@");
    // Addresses of Exchange's own have slashes.
    const bool is_sound = is_address(entry.front() == '@' ? "x" + entry : entry) && !entry.contains('/');
    auto& list = !is_sound ? out_.odd : asks_recipient ? out_.safe_recipients : is_negated ? out_.safe : out_.blocked;
    if (seen_[&list].insert(entry).second) list.push_back(std::move(entry));
  }

  JunkFilter& out_;
  std::map<const std::vector<std::string>*, std::set<std::string>> seen_;
};

}  // namespace

bool is_junk_filter(const MailRule& rule) { return iequals(rule.provider, kJunkProvider); }

JunkFilter junk_filter_of(const MailRule& rule, const Properties& message) {
  JunkFilter out;
  out.is_enabled = (rule.state & MailRule::kEnabled) != 0;
  out.problem = rule.problem;
  out.trusts_contacts = message.boolean(kJunkIncludesContacts);
  out.trusts_recipients = message.boolean(kJunkAddsRecipients);
  out.removes = message.boolean(kJunkRemoves);
  if (const auto threshold = message.integer(kJunkThreshold)) out.threshold = static_cast<std::uint32_t>(*threshold);
  if (rule.condition) JunkListReader(out).read(*rule.condition, false, false);
  // Who is in both lists is safe.
  const std::set<std::string_view> safe(out.safe.begin(), out.safe.end());
  std::erase_if(out.blocked, [&](const std::string& entry) { return safe.contains(entry); });
  return out;
}

}  // namespace kontor::mapi
