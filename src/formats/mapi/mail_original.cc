// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/mail_original.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "formats/mapi/mail_body.h"
#include "formats/mapi/mail_tags.h"
#include "formats/mapi/same_text.h"
#include "formats/mime/decode.h"
#include "formats/mime/header.h"
#include "formats/mime/html_text.h"
#include "formats/mime/parser.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kMostCompared = 64 << 10;
constexpr std::size_t kMostAddresses = 10'000;
constexpr std::int64_t kUnsentFlag = 0x8;
constexpr auto kWithinDelivery = std::chrono::seconds(1);
constexpr Tag kStubbed{.set = set::kKopanoArchive, .name = "stubbed"};

// By the clock alone: the server itself counts as the last who changed it where an administrator's tool did. What an
// archive has taken away is only in the original.
bool needs_no_look(const Properties& message) {
  if (message.boolean(kStubbed)) return true;
  const auto changed = message.time(tag::kLastModificationTime);
  if (!changed) return false;
  auto came = message.time(tag::kCreationTime);
  if (const auto delivered = message.time(tag::kMessageDeliveryTime); delivered && (!came || *came < *delivered))
    came = delivered;
  return came && *changed <= *came + kWithinDelivery;
}

// Texts and files of the original, as far as it was read.
struct Contents {
  std::string plain, html;
  bool is_comparable = true;  // nothing is damaged, nor beyond what was read
  bool has_html = false;
  std::size_t files = 0;     // that are named, and attached
  std::size_t leaves = 0;    // but for the texts
  bool is_expanded = false;  // a TNEF among them: of one part came many
};

class OriginalReader {
 public:
  explicit OriginalReader(std::string_view head) : head_(head) {}

  // The parser bounds the depth.
  void read(const mime::Entity& part) {  // NOLINT(misc-no-recursion)
    if (!part.parts.empty()) {
      for (const mime::Entity& inner : part.parts) read(inner);
      return;
    }
    const std::string type = to_lower(part.type + "/" + part.subtype);
    const bool is_attached = iequals(part.disposition, "attachment");
    const bool is_named = mime::filename(part).has_value();
    if ((type == "text/plain" || type == "text/html") && !is_attached && !is_named)
      read_text(part, type == "text/html");
    else
      ++found_.leaves;
    if (is_attached && is_named) ++found_.files;
    if (type == "application/ms-tnef" || type == "application/vnd.ms-tnef") found_.is_expanded = true;
  }

  Contents take() { return std::move(found_); }

 private:
  void read_text(const mime::Entity& part, bool is_html) {
    found_.has_html = found_.has_html || is_html;
    if (part.body_offset + part.body_size > head_.size()) {
      found_.is_comparable = false;
      return;
    }
    std::string bytes;
    mime::BodyDecoder decoder(mime::parse_transfer_encoding(part.encoding));
    decoder.feed(head_.substr(part.body_offset, part.body_size), bytes);
    decoder.finish(bytes);
    const mime::Decoded decoded = mime::to_utf8(bytes, mime::param(part.params, "charset").value_or("us-ascii"));
    // What one reader guesses another guesses otherwise; and what the server cannot read becomes an attachment.
    if (!decoded.charset_known || decoded.text.contains("\xEF\xBF\xBD")) {
      found_.is_comparable = false;
      ++found_.leaves;
    }
    (is_html ? found_.html : found_.plain) += decoded.text + "\n";
  }

  std::string_view head_;
  Contents found_;
};

class Comparison {
 public:
  Comparison(const Message& message, const ResolveEntry& resolve, std::string head, bool is_whole)
      : message_(message), now_(message.properties), resolve_(resolve), head_(std::move(head)), is_whole_(is_whole) {}

  OriginalState run() {
    mime::Parser parser;
    parser.feed(head_);
    const mime::Entity entity = parser.finish();
    header_ = parser.top_header();
    const std::string kind = to_lower(now_.text_or_empty(tag::kMessageClass));
    // Of these the server itself makes something else than what came.
    const bool is_remade = kind.starts_with("ipm.schedule.") || kind.starts_with("report.") || kind.contains(".smime");
    if (!kind.starts_with("ipm.schedule.") && is_subject_changed())
      return stale("Its subject was changed since it came.");
    if (is_remade) return {};
    if (is_draft() && are_recipients_changed()) return stale("Its recipients were changed since it was saved.");
    OriginalReader reader(head_);
    reader.read(entity);
    contents_ = reader.take();
    if (is_text_changed()) return stale("Its text was changed since it came.");
    if (are_files_changed()) return stale("Attachments were removed or added since it came.");
    return {};
  }

 private:
  static OriginalState stale(std::string why) { return {.is_stale = true, .why = std::move(why)}; }

  bool is_draft() const { return (now_.integer(tag::kMessageFlags).value_or(0) & kUnsentFlag) != 0; }

  bool is_subject_changed() const {
    const std::string* subject = now_.text(tag::kSubject);
    if (subject == nullptr || subject->empty()) return false;
    bool is_found = false;
    // Of several one or the other was taken.
    mime::each_field(header_, [&](const mime::Field& field) {
      if (!iequals(field.name, "Subject")) return true;
      const std::string came = mime::decode_header(mime::unfold(field.value));
      const bool is_raw = !is_ascii(field.value);
      is_found = is_same_text(*subject, came, kMostCompared) ||
                 (is_raw && ascii_words(*subject, kMostCompared) == ascii_words(came, kMostCompared));
      return !is_found;
    });
    return !is_found;
  }

  bool are_recipients_changed() const {
    std::set<std::string> before, after;
    for (const std::string_view name : {"To", "Cc", "Bcc"})
      mime::each_field(header_, [&](const mime::Field& field) {
        if (iequals(field.name, name))
          for (const mime::Address& one : mime::parse_addresses(field.value, kMostAddresses))
            if (!one.host.empty()) before.insert(to_lower(one.mailbox + "@" + one.host));
        return true;
      });
    for (const Properties& recipient : message_.recipients) {
      const Mailbox person = recipient_of(recipient, resolve_);
      if (!person.address.empty()) after.insert(to_lower(person.address));
    }
    return before != after;
  }

  bool is_text_changed() const {
    if (!contents_.is_comparable) return false;
    std::vector<std::string> ignored;
    const MailBody body = mail_body(now_, ignored);
    if (!contents_.has_html)
      return !body.html && !is_same_text(body.plain.value_or(""), contents_.plain, kMostCompared);
    // The server makes the text of the HTML, so that it tells nothing where there is HTML still.
    const std::string came = mime::html_text(contents_.html, kMostCompared);
    if (body.html) return !is_same_text(mime::html_text(*body.html, kMostCompared), came, kMostCompared);
    return ascii_words(body.plain.value_or(""), kMostCompared) != ascii_words(came, kMostCompared);
  }

  bool are_files_changed() const {
    if (!is_whole_ || contents_.is_expanded) return false;
    const std::size_t now = message_.attachments.size();
    return now < contents_.files || now > contents_.leaves;
  }

  const Message& message_;
  const Properties& now_;
  const ResolveEntry& resolve_;
  std::string head_, header_;
  bool is_whole_;
  Contents contents_;
};

}  // namespace

OriginalState judge_original(const Message& message, const ResolveEntry& resolve, std::string_view head,
                             bool is_whole) {
  if (needs_no_look(message.properties)) return {};
  return Comparison(message, resolve, std::string(head), is_whole).run();
}

Result<OriginalState> check_original(const Message& message, const ResolveEntry& resolve,
                                     const ReadOriginal& original) {
  if (needs_no_look(message.properties)) return OriginalState();
  std::string head;
  bool is_whole = true;
  auto read = original([&](std::string_view piece) -> Result<void> {
    head += piece.substr(0, kMostJudged - head.size());
    if (head.size() < kMostJudged) return {};
    is_whole = false;
    return fail(Errc::too_large, "That is enough.");
  });
  if (!read && is_whole) return std::unexpected(std::move(read).error());
  return Comparison(message, resolve, std::move(head), is_whole).run();
}

}  // namespace kontor::mapi
