// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/mail_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/bytes.h"
#include "formats/mapi/mail_field.h"
#include "formats/mapi/mail_tags.h"
#include "formats/mapi/same_text.h"
#include "formats/mime/decode.h"
#include "formats/mime/header.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kMostHeader = 512 << 10;
constexpr std::size_t kMostIds = 200;
constexpr std::size_t kMostPeople = 10'000;
constexpr std::size_t kLongestHeaderLine = 990;
constexpr std::size_t kLongestFieldName = 100;
constexpr std::size_t kLongestMessageId = 900;
constexpr std::size_t kMostSubject = 2000;
constexpr std::int64_t kNeverSent = 0x8;  // of PidTagMessageFlags

constexpr auto kPeopleFields = std::to_array<std::string_view>(
    {"from", "sender", "reply-to", "to", "cc", "bcc", "resent-from", "resent-sender", "resent-to", "resent-cc",
     "resent-bcc", "disposition-notification-to", "return-receipt-to"});
// Of words and ids only: what is not ASCII in them is damage.
constexpr auto kPlainFields = std::to_array<std::string_view>(
    {"received", "return-path", "message-id", "in-reply-to", "references", "date", "resent-date", "resent-message-id"});
// Of what stored the message, and of MIME.
constexpr auto kDroppedFields =
    std::to_array<std::string_view>({"mime-version", "status", "x-status", "x-uid", "lines"});

bool is_one_of(std::string_view name, const auto& names) { return std::ranges::find(names, name) != names.end(); }

// As it came, with CRLF before each fold and without controls or lines that are blank.
std::string sound_value(std::string_view raw) {
  std::string out;
  while (!raw.empty()) {
    const std::size_t end = std::min(raw.find('\n'), raw.size());
    std::string line;
    for (const char c : raw.substr(0, end))
      if (static_cast<unsigned char>(c) >= 0x20 || c == '\t') line += c;
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    if (!out.empty()) out += "\r\n";
    // What is not the first line began with a blank, or it would be another field.
    if (!out.empty() && line.front() != ' ' && line.front() != '\t') out += ' ';
    out += line;
  }
  return out;
}

// `used` characters stand in the first one already.
bool has_long_line(std::string_view text, std::size_t used) {
  while (used + text.size() > kLongestHeaderLine) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (used + end > kLongestHeaderLine) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
    used = 0;
  }
  return false;
}

std::vector<Mailbox> people_in(std::string_view raw) {
  std::vector<Mailbox> found;
  for (const mime::Address& one : mime::parse_addresses(raw, kMostPeople)) {
    if (one.is_group_start || one.is_group_end) continue;
    const std::string address = one.host.empty() ? std::string() : one.mailbox + "@" + one.host;
    Mailbox person{.name = mime::decode_header(one.name.empty() && one.host.empty() ? one.mailbox : one.name),
                   .address = is_address(address) ? address : std::string()};
    if (person.address.empty() && person.name.empty()) person.name = mime::decode_header(address);
    if (!person.empty()) found.push_back(std::move(person));
  }
  return found;
}

std::string printed_field(const mime::Field& field, std::string_view lower) {
  const std::string value = sound_value(field.value);
  if (is_ascii(value) && !has_long_line(value, field.name.size() + 2))
    return fmt::format("{}:{}{}\r\n", field.name, value.starts_with(' ') || value.starts_with('\t') ? "" : " ", value);
  if (is_one_of(lower, kPeopleFields)) return people_field(field.name, people_in(value));
  if (is_one_of(lower, kPlainFields)) return plain_field(field.name, mime::unfold(value));
  return text_field(field.name, mime::decode_header(mime::unfold(value)));
}

// Whether a block is the header of a message at all, not of a report's part.
bool is_of_mail(std::string_view block) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"from", "to", "cc", "subject", "date", "message-id", "received", "return-path", "mime-version"});
  bool found = false;
  mime::each_field(block, [&](const mime::Field& field) {
    found = is_one_of(to_lower(field.name), kNames);
    return !found;
  });
  return found;
}

class HeaderMaker {
 public:
  HeaderMaker(const Message& message, const ResolveEntry& resolve, std::vector<std::string>& losses)
      : message_(message), from_(message.properties), resolve_(resolve), losses_(losses) {}

  MailHeader make() {
    const std::string_view kept = from_.text_or_empty(tag::kTransportMessageHeaders);
    has_kept_ = is_of_mail(kept);
    if (has_kept_) keep(kept);
    add_dates_and_people();
    add_ids();
    if (!has_kept_) add_words();
    return std::move(made_);
  }

 private:
  void keep(std::string_view block) {
    const bool is_draft = (from_.integer(tag::kMessageFlags).value_or(0) & kNeverSent) != 0;
    const bool has_recipients = !message_.recipients.empty();
    mime::each_field(block, [&](const mime::Field& field) {
      if (made_.text.size() > kMostHeader) {
        losses_.emplace_back("The header is longer than half a megabyte, its end is left out.");
        return false;
      }
      const std::string lower = to_lower(field.name);
      if (lower.empty() || lower.size() > kLongestFieldName) return true;
      if (lower == "content-type" && made_.content_type.empty()) made_.content_type = mime::unfold(field.value);
      if (lower.starts_with("content-") || is_one_of(lower, kDroppedFields)) return true;
      if (is_draft && has_recipients && (lower == "to" || lower == "cc" || lower == "bcc")) return true;
      if (lower == "subject" && !is_subject_kept(field.value)) return true;
      if (lower == "date" && !mime::parse_date(field.value)) return true;
      made_.text += printed_field(field, lower);
      seen_.insert(lower);
      return true;
    });
  }

  // Clients may have changed it since.
  bool is_subject_kept(std::string_view raw) const {
    const std::string* now = from_.text(tag::kSubject);
    if (now == nullptr || now->empty()) return true;
    // Kopano replaces the subject of mail about meetings by that of the meeting.
    if (to_lower(from_.text_or_empty(tag::kMessageClass)).starts_with("ipm.schedule.")) return true;
    const std::string sent = mime::decode_header(mime::unfold(raw));
    // What the source dropped from the block without a trace it marked in the property.
    if (now->contains("\xEF\xBF\xBD") && is_ascii(sent)) return false;
    return is_same_text(*now, sent, kMostSubject);
  }

  bool has(std::string_view name) const { return seen_.contains(name); }
  void add(const std::string& fields) {
    mime::each_field(fields, [&](const mime::Field& field) {
      seen_.insert(to_lower(field.name));
      return true;
    });
    made_.text += fields;
  }

  void add_dates_and_people() {
    if (!has("date"))
      for (const Tag& tag :
           {tag::kClientSubmitTime, tag::kMessageDeliveryTime, tag::kCreationTime, tag::kLastModificationTime})
        if (const auto at = from_.time(tag)) {
          add(date_field("Date", *at));
          break;
        }
    const auto author = from_of(from_, resolve_);
    const auto sender = sender_of(from_, resolve_);
    if (!has("from")) {
      if (author || sender) add(people_field("From", {author ? *author : *sender}));
      if (author && sender && !sender->address.empty() && !iequals(author->address, sender->address) && !has("sender"))
        add(people_field("Sender", {*sender}));
      if (!has("reply-to")) add_reply_to(author ? author : sender);
    }
    if (!has("to") && !has("cc") && !has("bcc")) add_recipients();
    if (!has("subject"))
      if (const std::string* subject = from_.text(tag::kSubject)) add(text_field("Subject", *subject));
    if (from_.boolean(tag::kReadReceiptRequested) && !has_kept_) add_receipt(author ? author : sender);
  }

  void add_reply_to(const std::optional<Mailbox>& author) {
    const auto people = reply_to_of(from_, resolve_);
    const bool is_author = people.size() == 1 && author && iequals(people[0].address, author->address);
    if (!is_author) add(people_field("Reply-To", people));
  }

  void add_receipt(const std::optional<Mailbox>& author) {
    Mailbox to;
    if (const std::string* entry = from_.bytes(tag::kReadReceiptEntryId)) {
      Properties described;
      described.set(tag::kEntryId, Value::of_bytes(*entry));
      to = recipient_of(described, resolve_);
    }
    if (to.address.empty() && author) to = *author;
    if (!to.address.empty()) add(people_field("Disposition-Notification-To", {to}));
  }

  void add_recipients() {
    std::vector<Mailbox> to, cc, bcc;
    for (const Properties& recipient : message_.recipients) {
      const RecipientKind kind = recipient_kind(recipient);
      if (kind == RecipientKind::originator) continue;
      Mailbox person = recipient_of(recipient, resolve_);
      if (person.empty()) continue;
      if (person.address.empty()) losses_.push_back(fmt::format("The recipient \"{}\" has no address.", person.name));
      (kind == RecipientKind::to ? to : kind == RecipientKind::cc ? cc : bcc).push_back(std::move(person));
    }
    add(people_field("To", to));
    add(people_field("Cc", cc));
    add(people_field("Bcc", bcc));
  }

  void add_ids() {
    const auto add_list = [&](std::string_view name, std::string_view lower, const Tag& tag, std::size_t most) {
      if (has(lower)) return;
      std::string ids;
      std::string text(from_.text_or_empty(tag));
      // Some programs leave out the brackets.
      if (is_address(text) && !text.contains('<')) text = "<" + text + ">";
      for (const std::string& id : mime::parse_message_ids(text, most))
        if (is_ascii(id) && id.size() < kLongestMessageId) ids += (ids.empty() ? "" : " ") + id;
      if (!ids.empty()) add(plain_field(name, ids));
    };
    add_list("Message-ID", "message-id", tag::kInternetMessageId, 1);
    add_list("In-Reply-To", "in-reply-to", tag::kInReplyToId, kMostIds);
    add_list("References", "references", tag::kInternetReferences, kMostIds);
  }

  // What Outlook and others say in fields of their own ([MS-OXCMAIL] section 2.1.3.2).
  void add_words() {
    const std::int64_t importance = from_.integer(tag::kImportance).value_or(1);
    if (importance == 2) add("Importance: high\r\nX-Priority: 1\r\n");
    if (importance == 0) add("Importance: low\r\nX-Priority: 5\r\n");
    const std::int64_t priority = from_.integer(tag::kPriority).value_or(0);
    if (priority == 1) add("Priority: urgent\r\n");
    if (priority == -1) add("Priority: non-urgent\r\n");
    constexpr auto kWords = std::to_array<std::string_view>({"", "Personal", "Private", "Company-Confidential"});
    const std::int64_t sensitivity = from_.integer(tag::kSensitivity).value_or(0);
    if (sensitivity > 0 && sensitivity < 4)
      add(plain_field("Sensitivity", kWords[static_cast<std::size_t>(sensitivity)]));
    if (const auto at = from_.time(tag::kReplyTime)) add(date_field("Reply-By", *at));
    if (const auto at = from_.time(tag::kExpiryTime)) add(date_field("Expires", *at));
    add_text("Thread-Topic", tag::kConversationTopic);
    if (const std::string* index = from_.bytes(tag::kConversationIndex); index != nullptr && index->size() >= 22)
      add(plain_field("Thread-Index", to_base64(index->substr(0, 500))));
    add_text("List-Help", tag::kListHelp);
    add_text("List-Subscribe", tag::kListSubscribe);
    add_text("List-Unsubscribe", tag::kListUnsubscribe);
    add_named();
  }

  void add_text(std::string_view name, const Tag& tag) {
    if (const std::string_view text = from_.text_or_empty(tag); !text.empty()) add(text_field(name, text));
  }

  // PS_INTERNET_HEADERS: fields by their names.
  void add_named() {
    for (const auto& [key, value] : from_.all()) {
      if (key.set != set::kInternetHeaders || key.name.empty() || key.name.size() > 70) continue;
      const std::string* text = from_.text(key);
      const auto is_name = [](char c) { return c > ' ' && c < 0x7F && c != ':'; };
      if (text == nullptr || !std::ranges::all_of(key.name, is_name)) continue;
      const std::string lower = to_lower(key.name);
      const bool is_own = is_one_of(lower, kPeopleFields) || is_one_of(lower, kPlainFields) || lower == "subject";
      if (is_own || has(lower) || lower.starts_with("content-") || is_one_of(lower, kDroppedFields)) continue;
      add(text_field(key.name, *text));
    }
  }

  const Message& message_;
  const Properties& from_;
  const ResolveEntry& resolve_;
  std::vector<std::string>& losses_;
  MailHeader made_;
  bool has_kept_ = false;
  std::set<std::string, std::less<>> seen_;  // names of the fields so far, in lower case
};

}  // namespace

MailHeader mail_header(const Message& message, const ResolveEntry& resolve, std::vector<std::string>& losses) {
  return HeaderMaker(message, resolve, losses).make();
}

std::string kept_fields(const Properties& message) {
  std::string out;
  mime::each_field(message.text_or_empty(tag::kTransportMessageHeaders), [&](const mime::Field& field) {
    if (!field.name.empty() && field.name.size() <= kLongestFieldName)
      out += printed_field(field, to_lower(field.name));
    return out.size() <= kMostHeader;
  });
  return out;
}

}  // namespace kontor::mapi
