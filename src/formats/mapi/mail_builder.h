// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: one message, its header and parts, before it is written.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "formats/mapi/mail.h"
#include "formats/mapi/mail_attachment.h"
#include "formats/mapi/mail_body.h"
#include "formats/mapi/mail_header.h"
#include "formats/mapi/mail_part.h"

namespace kontor::mapi {

constexpr int kMostMailDepth = 20;

class MailBuilder {
 public:
  // All of them outlive it.
  MailBuilder(const Message& message, const MailSource& source, std::vector<std::string>& losses, int depth);

  // Before write(), once.
  Result<void> build();
  Result<void> write(const TakePiece& take);

 private:
  Result<MailPart> content();
  // Puts what is in a winmail.dat in its place.
  Result<void> open_tnef();
  enum class Secured : std::uint8_t { no, clear, opaque };
  Result<Secured> secured_kind(const Attachment& attachment) const;
  Result<std::optional<MailPart>> smime();
  Result<MailPart> opaque_smime(const Attachment& attachment);
  // Text, HTML with what it shows, RTF, calendar; marks the attachments that it took.
  Result<MailPart> text();
  Result<MailPart> html_part(const std::string& html);
  std::optional<MailPart> calendar_part();
  Result<MailPart> with_attachments(MailPart text);
  // An attachment of any kind. Nothing for what holds nothing.
  Result<std::optional<MailPart>> part_of(const Attachment& attachment, Disposition disposition);
  Result<MailPart> embedded_part(const Attachment& attachment, const Message& embedded);
  std::optional<MailPart> item_part(const Message& embedded);
  Message with_photo(const Message& contact) const;

  Result<std::optional<MailPart>> report();
  Result<std::optional<MailPart>> delivery_status();
  std::optional<MailPart> made_delivery_status() const;
  Result<std::optional<MailPart>> receipt();

  bool is_of_class(std::string_view prefix) const { return class_.starts_with(prefix); }
  // Of the header that was kept: "multipart/report", in lower case.
  std::string kept_type() const;

  const Message& message_;
  const MailSource& source_;
  std::vector<std::string>& losses_;
  PartContext context_;
  std::string class_;  // in lower case
  MailHeader header_;
  MailBody body_;
  std::vector<std::unique_ptr<const Message>> opened_;
  std::vector<const Attachment*> attachments_;  // the message's, or what was in them
  std::vector<bool> taken_;                     // those that are in a part already
  MailPart content_;
  std::string boundary_;
};

}  // namespace kontor::mapi
