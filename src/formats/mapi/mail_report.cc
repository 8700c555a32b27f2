// SPDX-License-Identifier: AGPL-3.0-or-later
// Reports of delivery and of reading (RFC 3462, RFC 3464, RFC 8098; [MS-OXOMSG] section 2.2.2, [MS-OXCMAIL] section
// 2.1.3.6) as multipart/report.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/mapi/line_text.h"
#include "formats/mapi/mail_builder.h"
#include "formats/mapi/mail_field.h"
#include "formats/mapi/mail_tags.h"
#include "formats/mime/header.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kMostDiagnostic = 500;
constexpr std::size_t kLongestStatusLine = 900;

MailPart plain_part(std::string header, std::string body) {
  MailPart part;
  part.header = std::move(header);
  part.write = [body = std::move(body)](const TakePiece& take) { return take(body); };
  return part;
}

// Fields, with CRLF: what is too long for a line goes on behind a fold.
std::string with_short_lines(std::string_view fields) {
  std::string out;
  std::size_t column = 0;
  for (const char c : fields) {
    if (column == kLongestStatusLine && c != '\r' && c != '\n') {
      out += "\r\n ";
      column = 1;
    }
    out += c;
    column = c == '\n' ? 0 : column + 1;
  }
  return out;
}

// 100 * class + 10 * subject + detail, of failures.
std::string status_text(std::int64_t code, std::string_view otherwise) {
  if (code < 200 || code > 599) return std::string(otherwise);
  return fmt::format("{}.{}.{}", code / 100, code / 10 % 10, code % 10);
}

std::string recipient_fields(const Properties& recipient, const std::string& address, std::string_view action) {
  const std::string_view otherwise = action == "delivered" ? "2.0.0" : action == "delayed" ? "4.0.0" : "5.0.0";
  const std::int64_t code = recipient.integer(tag::kNonDeliveryReportStatusCode).value_or(0);
  std::string out = plain_field("Final-Recipient", "rfc822; " + address);
  out += plain_field("Action", action);
  out += plain_field("Status", status_text(code, otherwise));
  const std::string diagnostic = one_line(recipient.text_or_empty(tag::kSupplementaryInfo), kMostDiagnostic);
  if (!diagnostic.empty()) out += plain_field("Diagnostic-Code", "smtp; " + diagnostic);
  const std::string host = one_line(recipient.text_or_empty(tag::kRemoteMessageTransferAgent), kMostDiagnostic);
  if (!host.empty()) out += plain_field("Remote-MTA", "dns; " + host);
  return out;
}

}  // namespace

// NOLINTNEXTLINE(misc-no-recursion): kMostMailDepth
Result<std::optional<MailPart>> MailBuilder::report() {
  const std::string kept = to_lower(header_.content_type);
  const bool is_report = kept_type() == "multipart/report";
  const bool is_receipt = (is_report && kept.contains("disposition-notification")) || class_.ends_with(".ipnrn") ||
                          class_.ends_with(".ipnnrn");
  const bool is_delivery = !is_receipt && ((is_report && kept.contains("delivery-status")) || is_of_class("report."));
  if (!is_receipt && !is_delivery) return std::nullopt;
  TRY(auto machine, is_receipt ? receipt() : delivery_status());
  if (!machine) return std::nullopt;
  if (!body_.plain && !body_.html)
    if (const std::string* words = message_.properties.text(tag::kReportText)) body_.plain = *words;
  TRY(MailPart words, text());
  if (!words.write && words.multipart.empty()) words = text_part("text/plain", "");
  std::vector<MailPart> parts;
  parts.push_back(std::move(words));
  parts.push_back(*std::move(machine));
  for (std::size_t i = 0; i < attachments_.size(); ++i) {
    if (taken_[i]) continue;
    TRY(auto part, part_of(*attachments_[i], Disposition::shown));
    if (part) parts.push_back(*std::move(part));
  }
  return std::optional(multipart(
      fmt::format("multipart/report; report-type={}", is_receipt ? "disposition-notification" : "delivery-status"),
      std::move(parts)));
}

Result<std::optional<MailPart>> MailBuilder::delivery_status() {
  for (std::size_t i = 0; i < attachments_.size(); ++i) {
    const Attachment& attachment = *attachments_[i];
    if (content_type_of(attachment) == "message/delivery-status" && attachment.embedded.empty()) {
      taken_[i] = true;
      TRY(MailPart part, data_part(attachment, Disposition::shown, context_));
      return std::optional(std::move(part));
    }
    if (attachment.embedded.empty()) continue;
    // Kopano takes the part for a message, whose header is what it says of the host.
    const Properties& inside = attachment.embedded.front().properties;
    const std::string fields = kept_fields(inside);
    if (!mime::find_field(fields, "Reporting-MTA") && !mime::find_field(fields, "Final-Recipient")) continue;
    taken_[i] = true;
    std::string body = with_crlf_lines(inside.text_or_empty(tag::kBody));
    if (!body.ends_with('\n')) body += "\r\n";
    std::erase_if(body, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    return std::optional(
        plain_part("Content-Type: message/delivery-status\r\n", fields + "\r\n" + with_short_lines(body)));
  }
  return made_delivery_status();
}

std::optional<MailPart> MailBuilder::made_delivery_status() const {
  if (!is_of_class("report.")) return std::nullopt;
  const std::string_view action = class_.ends_with(".dr")        ? "delivered"
                                  : class_.ends_with(".delayed") ? "delayed"
                                                                 : "failed";
  // PidTagReportingMessageTransferAgent.
  std::string host = one_line(message_.properties.text_or_empty({.id = 0x6820}), 255);
  if (host.empty()) host = "unknown.invalid";
  std::string out = plain_field("Reporting-MTA", "dns; " + host);
  bool has_any = false;
  for (const Properties& recipient : message_.recipients) {
    const Mailbox person = recipient_of(recipient, source_.resolve);
    if (person.address.empty() || !is_ascii(person.address)) continue;
    out += "\r\n" + recipient_fields(recipient, person.address, action);
    has_any = true;
  }
  if (!has_any) return std::nullopt;
  return plain_part("Content-Type: message/delivery-status\r\n", out);
}

Result<std::optional<MailPart>> MailBuilder::receipt() {
  for (std::size_t i = 0; i < attachments_.size(); ++i) {
    const Attachment& attachment = *attachments_[i];
    if (content_type_of(attachment) != "message/disposition-notification" || !attachment.embedded.empty()) continue;
    taken_[i] = true;
    TRY(MailPart part, data_part(attachment, Disposition::shown, context_));
    return std::optional(std::move(part));
  }
  const auto author = from_of(message_.properties, source_.resolve);
  const auto reader = author && !author->address.empty() ? author : sender_of(message_.properties, source_.resolve);
  if (!reader || reader->address.empty() || !is_ascii(reader->address)) return std::nullopt;
  std::string out = plain_field("Final-Recipient", "rfc822; " + reader->address);
  for (const Tag& tag : {tag::kOriginalMessageId, tag::kInReplyToId}) {
    const auto ids = mime::parse_message_ids(message_.properties.text_or_empty(tag), 1);
    if (ids.empty() || !is_ascii(ids[0])) continue;
    out += plain_field("Original-Message-ID", ids[0]);
    break;
  }
  out += plain_field("Disposition", class_.ends_with(".ipnnrn") ? "manual-action/MDN-sent-automatically; deleted"
                                                                : "manual-action/MDN-sent-manually; displayed");
  return std::optional(plain_part("Content-Type: message/disposition-notification\r\n", out));
}

}  // namespace kontor::mapi
