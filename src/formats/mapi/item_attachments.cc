// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/core.h>

#include <algorithm>

#include "base/bytes.h"
#include "formats/mapi/attachment_names.h"
#include "formats/mapi/item_parts.h"
#include "formats/mapi/line_text.h"
#include "formats/mapi/mail.h"

namespace kontor::mapi {
namespace {

constexpr std::int64_t kExceptionFlag = 2;  // PidTagAttachmentFlags: afException
constexpr std::size_t kLongestName = 250;

bool is_media_type(std::string_view text) {
  const auto is_token = [](std::string_view part) {
    return !part.empty() && part.size() < 128 &&
           std::ranges::all_of(
               part,
               [](char c) {
                 return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                        std::string_view("!#$&-^_.+").contains(c);
               });
  };
  const std::size_t slash = text.find('/');
  return slash != std::string_view::npos && is_token(text.substr(0, slash)) && is_token(text.substr(slash + 1));
}

lines::Property attach_of(const Attachment& attachment, const std::string& name) {
  lines::Property attach;
  attach.name = "ATTACH";
  attach.set("FMTTYPE", attachment_type(attachment));
  if (!name.empty()) attach.set("FILENAME", name);  // RFC 8607 section 4.2
  return attach;
}

}  // namespace

std::string attachment_name(const Attachment& attachment) {
  std::string name =
      one_line(attachment.properties.first_text({tag::kAttachLongFilename, tag::kAttachFilename, tag::kDisplayName}),
               kLongestName);
  if (attachment.embedded.empty()) return name;
  if (name.empty()) name = one_line(attachment.embedded.front().properties.text_or_empty(tag::kSubject), kLongestName);
  return (name.empty() ? "message" : name) + ".eml";
}

std::string attachment_type(const Attachment& attachment) {
  if (!attachment.embedded.empty()) return "message/rfc822";
  const std::string_view type = attachment.properties.text_or_empty(tag::kAttachMimeTag);
  return std::string(is_media_type(type) ? type : "application/octet-stream");
}

std::string attachment_uri(const Attachment& attachment) {
  const std::string path = one_line(attachment.properties.first_text({tag::kAttachPathname, tag::kAttachLongPathname}));
  const bool is_uri = path.contains("://") && path.find_first_of(" \t\"<>") == std::string::npos;
  return is_uri ? path : std::string();
}

bool is_exception(const Attachment& attachment) {
  if (attachment.embedded.empty()) return false;
  const Properties& inner = attachment.embedded.front().properties;
  return (attachment.properties.integer(tag::kAttachmentFlags).value_or(0) & kExceptionFlag) != 0 ||
         to_upper(inner.text_or_empty(tag::kMessageClass)).starts_with("IPM.OLE.CLASS.{00061055");
}

Result<void> ItemParts::read_attachment(const Attachment& attachment, const TakePiece& take) const {
  if (attachment.embedded.empty()) return read_data(attachment, context_.read, take);
  // No calendar in it: items that hold each other would go round.
  const MailSource source{.resolve = context_.resolve, .read = context_.read, .calendar = {}};
  TRY(WrittenMail mail, write_mail(attachment.embedded.front(), source, take));
  for (std::string& sentence : mail.losses) lost(std::move(sentence));
  return {};
}

Result<void> ItemParts::read_into(const Attachment& attachment, lines::Property& attach, std::string& data,
                                  std::size_t most) const {
  if (context_.keep) {
    TRY(KeptContent kept, context_.keep([&](const TakePiece& take) { return read_attachment(attachment, take); }));
    attach.set("SIZE", std::to_string(kept.size));
    attach.value = std::move(kept.uri);
    return {};
  }
  TRY_VOID(read_attachment(attachment, [&](std::string_view piece) -> Result<void> {
    if (data.size() + piece.size() > most) return fail(Errc::too_large, "It is too large.");
    data += piece;
    return {};
  }));
  attach.set("ENCODING", "BASE64");
  attach.set("VALUE", "BINARY");
  attach.value = to_base64(data);
  return {};
}

Result<std::size_t> ItemParts::add_attachment(const Attachment& attachment, std::size_t most) const {
  const std::string name = attachment_name(attachment);
  lines::Property attach = attach_of(attachment, name);
  std::string data;
  if (std::string uri = attachment_uri(attachment); !uri.empty()) {
    attach.value = std::move(uri);
  } else if (const auto read = read_into(attachment, attach, data, most); !read) {
    const Errc code = read.error().code;
    if (code == Errc::too_large && !context_.keep)
      made_.left_out.push_back(name);
    else if (code == Errc::too_large)
      lost(fmt::format("The attachment \"{}\" is left out of an item of a calendar: {}", name, read.error().text));
    else if (code == Errc::not_found || code == Errc::corrupt || code == Errc::invalid)
      lost(fmt::format("The attachment \"{}\" cannot be read, and is left out: {}", name, read.error().text));
    else
      return std::unexpected(read.error());
    return 0;
  }
  into_.properties.push_back(std::move(attach));
  return data.size();
}

Result<std::size_t> ItemParts::add_attachments(std::size_t most) const {
  std::size_t added = 0;
  for (const Attachment& attachment : message_.attachments) {
    if (is_exception(attachment)) continue;
    TRY(const std::size_t bytes, add_attachment(attachment, most - added));
    added += bytes;
  }
  return added;
}

}  // namespace kontor::mapi
