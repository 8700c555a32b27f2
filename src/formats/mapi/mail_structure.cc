// SPDX-License-Identifier: AGPL-3.0-or-later
// Which parts a message has, and how they lie in each other.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/lines/writer.h"
#include "formats/mapi/contact.h"
#include "formats/mapi/distribution_list.h"
#include "formats/mapi/kept.h"
#include "formats/mapi/line_text.h"
#include "formats/mapi/mail_builder.h"
#include "formats/mapi/mail_field.h"
#include "formats/mapi/mail_tags.h"
#include "formats/mapi/tnef.h"

namespace kontor::mapi {
namespace {

// PidTagAttachMethod ([MS-OXCMSG] section 2.2.2.9).
enum class Method : std::uint8_t {
  none = 0,
  by_value = 1,
  by_reference = 2,
  resolved = 3,
  only = 4,
  embedded = 5,
  ole = 6,
  web = 7
};
constexpr std::int64_t kRenderedInBody = 4;

constexpr std::size_t kLargestTnef = std::size_t{32} << 20;
constexpr std::size_t kLargestPhoto = std::size_t{2} << 20;
constexpr std::size_t kLongestPlace = 500;  // of an attachment in HTML, as long as its part says it
constexpr std::size_t kMostPlaces = 100;    // that are looked for

constexpr std::size_t kPartHead = 8 << 10;  // where a part with a header of its own has it
constexpr std::string_view kPkcs7 = "application/pkcs7-mime";
constexpr std::string_view kPgpEncrypted = "application/pgp-encrypted";

Method method_of(const Attachment& attachment) {
  const std::int64_t method = attachment.properties.integer(tag::kAttachMethod).value_or(1);
  return method >= 0 && method <= 7 ? static_cast<Method>(method) : Method::by_value;
}

// Of what has nothing to say beside its text.
bool is_mail_class(std::string_view lower) {
  return lower.empty() || lower == "ipm" || lower.starts_with("ipm.note") || lower.starts_with("report.");
}

bool is_pkcs7(std::string_view type) { return type == kPkcs7 || type == "application/x-pkcs7-mime"; }

// What a CMS message is, by the object identifier that it begins with (RFC 5652, RFC 8551 section 3.2.2).
std::string_view smime_type(std::string_view der) {
  constexpr std::string_view kContentTypes = "\x2A\x86\x48\x86\xF7\x0D\x01\x07";
  const std::size_t at = der.find(kContentTypes);
  if (at == std::string_view::npos || at + kContentTypes.size() >= der.size()) return {};
  const char kind = der[at + kContentTypes.size()];
  return kind == 2 ? "signed-data" : kind == 3 ? "enveloped-data" : "";
}

void append(std::vector<std::string>& to, std::vector<std::string> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

std::string MailBuilder::kept_type() const {
  std::string type = to_lower(header_.content_type.substr(0, header_.content_type.find(';')));
  std::erase_if(type, [](char c) { return c == ' ' || c == '\t'; });
  return type;
}

// NOLINTNEXTLINE(misc-no-recursion): kMostMailDepth, as all below
Result<MailPart> MailBuilder::content() {
  taken_.resize(attachments_.size());
  TRY(auto signed_or_encrypted, smime());
  // What lies beside it is no part of what was signed.
  if (signed_or_encrypted) return with_attachments(*std::move(signed_or_encrypted));
  body_ = mail_body(message_.properties, losses_);
  TRY_VOID(open_tnef());
  taken_.resize(attachments_.size());
  TRY(auto made_report, report());
  if (made_report) return *std::move(made_report);
  if (kept_type() == "multipart/signed")
    losses_.emplace_back("The signature cannot be verified any more: the source has not kept what was signed.");
  TRY(MailPart made, text());
  return with_attachments(std::move(made));
}

Result<void> MailBuilder::open_tnef() {
  std::vector<const Attachment*> found;
  for (const Attachment* attachment : attachments_) {
    const std::string type = content_type_of(*attachment);
    const bool is_named_so = iequals(file_name_of(*attachment), "winmail.dat");
    std::unique_ptr<const Message> inside;
    if (is_named_so || type == "application/ms-tnef" || type == "application/vnd.ms-tnef") {
      TRY(const std::string bytes, first_bytes(*attachment, context_, kLargestTnef));
      auto read = bytes.size() < kLargestTnef ? read_tnef(bytes) : fail(Errc::too_large, "It is too large.");
      // What is not sound stays as it is: others may read more of it.
      if (read && read->damages.empty()) inside = std::make_unique<const Message>(std::move(read->message));
    }
    if (!inside) {
      found.push_back(attachment);
      continue;
    }
    MailBody body = mail_body(inside->properties, losses_);
    if (!body_.plain || body_.plain->empty()) body_.plain = std::move(body.plain);
    if (!body_.html) body_.html = std::move(body.html);
    if (!body_.html && !body_.rtf) body_.rtf = std::move(body.rtf);
    for (const Attachment& one : inside->attachments) found.push_back(&one);
    opened_.push_back(std::move(inside));
  }
  attachments_ = std::move(found);
  return {};
}

// Programs write other types, or none: of a signed message the name may be that of an encrypted one.
Result<MailBuilder::Secured> MailBuilder::secured_kind(const Attachment& attachment) const {
  const std::string type = content_type_of(attachment);
  const bool is_named_so = to_lower(file_name_of(attachment)).ends_with(".p7m");
  if (!is_named_so && !is_pkcs7(type) && type != "multipart/signed") return Secured::no;
  TRY(const std::string head, first_bytes(attachment, context_, kPartHead));
  if (begins_as_part(head)) return Secured::clear;
  return type == "multipart/signed" ? Secured::no : Secured::opaque;
}

// NOLINTNEXTLINE(misc-no-recursion)
Result<std::optional<MailPart>> MailBuilder::smime() {
  if (!is_of_class("ipm.note.smime")) return std::nullopt;
  for (std::size_t i = 0; i < attachments_.size(); ++i) {
    TRY(const Secured kind, secured_kind(*attachments_[i]));
    if (kind == Secured::no) continue;
    taken_[i] = true;
    if (kind == Secured::opaque) {
      TRY(MailPart part, opaque_smime(*attachments_[i]));
      return std::optional(std::move(part));
    }
    TRY(MailPart part, data_part(*attachments_[i], Disposition::shown, context_, "multipart/signed"));
    return std::optional(std::move(part));
  }
  return std::nullopt;
}

Result<MailPart> MailBuilder::opaque_smime(const Attachment& attachment) {
  TRY(MailPart part, data_part(attachment, Disposition::attached, context_, kPkcs7));
  std::string type = content_type_of(attachment);
  if (!is_pkcs7(type)) type = kPkcs7;
  if (is_pkcs7(kept_type())) {
    type = header_.content_type;
  } else {
    TRY(const std::string head, first_bytes(attachment, context_, 64));
    if (const std::string_view kind = smime_type(head); !kind.empty()) type += parameter("smime-type", kind);
    type += parameter("name", "smime.p7m");
  }
  part.header = (is_pkcs7(kept_type()) ? plain_field("Content-Type", type) : "Content-Type: " + type + "\r\n") +
                "Content-Disposition: attachment; filename=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n";
  return part;
}

// NOLINTNEXTLINE(misc-no-recursion)
Result<MailPart> MailBuilder::text() {
  std::vector<MailPart> forms;
  std::string type = "text/plain";
  // RFC 3676: blanks before line ends say where paragraphs go on.
  if (!body_.html && kept_type() == "text/plain") {
    const std::string kept = to_lower(header_.content_type);
    if (kept.contains("format=flowed")) type += "; format=flowed";
    if (kept.contains("delsp=yes")) type += "; delsp=yes";
  }
  if (body_.plain && (!body_.plain->empty() || !body_.html)) forms.push_back(text_part(type, *body_.plain));
  if (body_.html) {
    TRY(MailPart part, html_part(*body_.html));
    forms.push_back(std::move(part));
  }
  if (body_.rtf) forms.push_back(bytes_part("Content-Type: text/rtf\r\n", *body_.rtf));
  if (auto calendar = calendar_part()) forms.push_back(*std::move(calendar));
  if (forms.empty()) return MailPart();
  if (forms.size() == 1) return std::move(forms.front());
  return multipart("multipart/alternative", std::move(forms));
}

// NOLINTNEXTLINE(misc-no-recursion)
Result<MailPart> MailBuilder::html_part(const std::string& html) {
  MailPart text = text_part("text/html", html);
  const std::set<std::string> shown = shown_content_ids(html);
  std::vector<MailPart> related;
  std::size_t places = 0;
  for (std::size_t i = 0; i < attachments_.size(); ++i) {
    const Attachment& attachment = *attachments_[i];
    const std::string id = to_lower(content_id_of(attachment));
    const bool is_rendered = (attachment.properties.integer(tag::kAttachFlags).value_or(0) & kRenderedInBody) != 0;
    const std::string_view location = attachment.properties.text_or_empty(tag::kAttachContentLocation);
    const bool is_place = location.size() > 4 && location.size() <= kLongestPlace && ++places <= kMostPlaces;
    const bool has_place = is_place && html.contains(location);
    if (!has_place && (id.empty() || (!shown.contains(id) && !is_rendered))) continue;
    TRY(auto part, part_of(attachment, Disposition::shown));
    taken_[i] = true;
    if (part) related.push_back(*std::move(part));
  }
  if (related.empty()) return text;
  related.insert(related.begin(), std::move(text));
  return multipart("multipart/related; type=\"text/html\"", std::move(related));
}

std::optional<MailPart> MailBuilder::calendar_part() {
  if (!source_.calendar || is_mail_class(class_)) return std::nullopt;
  auto made = source_.calendar(message_);
  if (!made) return std::nullopt;
  if (!*made) {
    losses_.push_back("What it says to calendars cannot be said: " + made->error().text);
    return std::nullopt;
  }
  append(losses_, std::move((*made)->losses));
  const std::string method = (*made)->method.empty() ? "" : "; method=" + (*made)->method;
  return text_part("text/calendar" + method, (*made)->text);
}

// NOLINTNEXTLINE(misc-no-recursion)
Result<MailPart> MailBuilder::with_attachments(MailPart text) {
  std::vector<MailPart> parts;
  std::vector<std::string> types;
  for (std::size_t i = 0; i < attachments_.size(); ++i) {
    if (taken_[i]) continue;
    TRY(auto part, part_of(*attachments_[i], Disposition::attached));
    if (!part) continue;
    types.push_back(content_type_of(*attachments_[i]));
    parts.push_back(*std::move(part));
  }
  const bool has_text = text.write || !text.multipart.empty();
  // RFC 3156 section 4: what decrypts it need not be told twice.
  if (!has_text && types.size() == 2 && types[0] == kPgpEncrypted)
    return multipart(fmt::format("multipart/encrypted;\r\n protocol=\"{}\"", kPgpEncrypted), std::move(parts));
  if (parts.empty()) return has_text ? std::move(text) : text_part("text/plain", "");
  if (has_text) parts.insert(parts.begin(), std::move(text));
  return multipart("multipart/mixed", std::move(parts));
}

// NOLINTNEXTLINE(misc-no-recursion)
Result<std::optional<MailPart>> MailBuilder::part_of(const Attachment& attachment, Disposition disposition) {
  const Method method = method_of(attachment);
  if (!attachment.embedded.empty() && context_.depth >= kMostMailDepth) {
    losses_.emplace_back("A message that lies too deep in others is left out.");
    return std::nullopt;
  }
  if (!attachment.embedded.empty()) {
    TRY(MailPart part, embedded_part(attachment, attachment.embedded.front()));
    return std::optional(std::move(part));
  }
  const bool has_data = attachment.properties.has(tag::kAttachDataBinary);
  const bool is_reference =
      method == Method::by_reference || method == Method::resolved || method == Method::only || method == Method::web;
  if (is_reference && !has_data) return std::optional(link_part(attachment, context_));
  if (method == Method::embedded || (method == Method::none && !has_data)) {
    losses_.push_back(fmt::format("The attachment \"{}\" holds nothing.", file_name_of(attachment)));
    return std::nullopt;
  }
  TRY(MailPart part, data_part(attachment, disposition, context_));
  return std::optional(std::move(part));
}

// NOLINTNEXTLINE(misc-no-recursion)
Result<MailPart> MailBuilder::embedded_part(const Attachment& attachment, const Message& embedded) {
  if (auto item = item_part(embedded)) return *std::move(item);
  auto inner = std::make_shared<MailBuilder>(embedded, source_, losses_, context_.depth + 1);
  TRY_VOID(inner->build());
  MailPart part;
  part.header = part_header("message/rfc822", attachment, Disposition::shown);
  part.write = [inner](const TakePiece& take) { return inner->write(take); };
  return part;
}

Message MailBuilder::with_photo(const Message& contact) const {
  Message made = contact;
  for (Attachment& one : made.attachments) {
    if (!one.properties.boolean(tag::kAttachmentContactPhoto) || one.properties.has(tag::kAttachDataBinary)) continue;
    auto bytes = first_bytes(one, context_, kLargestPhoto);
    if (bytes && bytes->size() < kLargestPhoto)
      one.properties.set(tag::kAttachDataBinary, Value::of_bytes(*std::move(bytes)));
  }
  return made;
}

std::optional<MailPart> MailBuilder::item_part(const Message& embedded) {
  const std::string kind = to_lower(embedded.properties.text_or_empty(tag::kMessageClass));
  const auto attached = [&](MailPart part, std::string_view ending) {
    std::string name = one_line(embedded.properties.first_text({tag::kSubject, tag::kDisplayName}), 200);
    if (name.empty()) name = "item";
    part.header += "Content-Disposition: attachment" + parameter("filename", name + std::string(ending)) + "\r\n";
    return part;
  };
  const std::string uid = to_hex(sha256(keep(embedded.properties))).substr(0, 32);
  if (kind.starts_with("ipm.contact") || kind.starts_with("ipm.distlist")) {
    const AddressOf address_of = [&](const EntryId& id) {
      const auto known = source_.resolve ? source_.resolve(print(id)) : std::nullopt;
      return known ? known->address : std::string();
    };
    MadeCard made = kind.starts_with("ipm.contact") ? card_of(with_photo(embedded), uid, source_.resolve)
                                                    : group_card_of(embedded, uid, address_of);
    append(losses_, std::move(made.losses));
    return attached(text_part("text/vcard", lines::write(made.card)), ".vcf");
  }
  if (is_mail_class(kind) || kind.starts_with("ipm.schedule.") || !source_.calendar) return std::nullopt;
  auto made = source_.calendar(embedded);
  // As a message it has them as parts.
  if (!made || !*made || (*made)->lacks_attachments) return std::nullopt;
  append(losses_, std::move((*made)->losses));
  return attached(text_part("text/calendar", (*made)->text), ".ics");
}

}  // namespace kontor::mapi
