// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/mapi/mail_attachment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/mapi/line_text.h"
#include "formats/mapi/mail_field.h"
#include "formats/mapi/mail_tags.h"
#include "formats/mime/encoders.h"

namespace kontor::mapi {
namespace {

constexpr std::size_t kMostName = 255;
constexpr std::size_t kMostId = 500;
constexpr std::size_t kLongestMailLine = 998;  // RFC 5322 section 2.1.1
constexpr std::string_view kUnknown = "application/octet-stream";
// As Kopano calls parts that had no name.
constexpr std::string_view kNameless = "unknown_content_type.bin";

constexpr auto kTypes = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"bmp", "image/bmp"},
    {"csv", "text/csv"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"eml", "message/rfc822"},
    {"gif", "image/gif"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"ics", "text/calendar"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"p7m", "application/pkcs7-mime"},
    {"p7s", "application/pkcs7-signature"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"rtf", "application/rtf"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"txt", "text/plain"},
    {"vcf", "text/vcard"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xml", "text/xml"},
    {"zip", "application/zip"},
});
static_assert(std::ranges::is_sorted(kTypes));

bool is_type(std::string_view text) {
  const auto is_of_token = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || std::string_view("!#$&-^_.+").contains(c);
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size() || text.size() > 127) return false;
  return std::ranges::all_of(text.substr(0, slash), is_of_token) &&
         std::ranges::all_of(text.substr(slash + 1), is_of_token);
}

// What is found when data is read before it is written.
struct Survey {
  std::string digest;
  bool is_ascii = true;
  bool is_text = true;  // no NUL, no line that is too long
};

Result<Survey> survey(const Attachment& attachment, const PartContext& context) {
  Survey found;
  Sha256 digest;
  std::size_t line = 0;
  const TakePiece take = [&](std::string_view piece) -> Result<void> {
    digest.update(piece);
    for (const char c : piece) {
      line = c == '\n' ? 0 : line + 1;
      if (c == '\0' || line > kLongestMailLine) found.is_text = false;
      if (static_cast<unsigned char>(c) >= 0x80) found.is_ascii = false;
    }
    return {};
  };
  if (auto read = read_data(attachment, context.source.read, take); !read && read.error().code != Errc::not_found)
    return std::unexpected(std::move(read).error());
  found.digest = digest.finish();
  return found;
}

bool begins_as_message(std::string_view bytes) {
  const std::string_view line = bytes.substr(0, bytes.find('\n'));
  const std::size_t colon = line.find(':');
  return colon != std::string_view::npos && colon > 0 && line.find(' ') > colon;
}

// The types of RFC 2045 section 6.4 that stand as they are, because no encoding is allowed.
bool is_never_encoded(std::string_view type) {
  constexpr auto kOwn =
      std::to_array<std::string_view>({"message/rfc822", "message/delivery-status", "message/disposition-notification",
                                       "message/feedback-report", "message/external-body"});
  return std::ranges::find(kOwn, type) != kOwn.end();
}

std::function<Result<void>(const TakePiece&)> lines_writer(const Attachment& attachment, PartContext& context) {
  return [&attachment, &context](const TakePiece& take) -> Result<void> {
    CrlfWriter lines(take);
    TRY_VOID(take_data(attachment, context, [&](std::string_view piece) { return lines.feed(piece); }));
    return lines.finish();
  };
}

std::function<Result<void>(const TakePiece&)> base64_writer(const Attachment& attachment, PartContext& context) {
  return [&attachment, &context](const TakePiece& take) -> Result<void> {
    mime::Base64Writer writer;
    std::string out;
    TRY_VOID(take_data(attachment, context, [&](std::string_view piece) -> Result<void> {
      writer.feed(piece, out);
      TRY_VOID(take(out));
      out.clear();
      return {};
    }));
    writer.finish(out);
    return take(out);
  };
}

}  // namespace

std::string content_type_of(const Attachment& attachment) {
  const std::string said = to_lower(attachment.properties.text_or_empty(tag::kAttachMimeTag));
  std::string_view type = std::string_view(said).substr(0, said.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (is_type(type)) return std::string(type);
  std::string name = to_lower(attachment.properties.text_or_empty(tag::kAttachExtension));
  if (name.empty()) name = to_lower(file_name_of(attachment));
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos) return std::string(kUnknown);
  const auto* found = std::ranges::lower_bound(kTypes, std::string_view(name).substr(dot + 1), {},
                                               [](const auto& row) { return row.first; });
  const bool is_known = found != kTypes.end() && found->first == std::string_view(name).substr(dot + 1);
  return std::string(is_known ? found->second : kUnknown);
}

std::string file_name_of(const Attachment& attachment) {
  const std::string_view name =
      attachment.properties.first_text({tag::kAttachLongFilename, tag::kAttachFilename, tag::kAttachTransportName});
  return name == kNameless ? std::string() : one_line(name, kMostName);
}

std::string content_id_of(const Attachment& attachment) {
  std::string id = one_line(attachment.properties.text_or_empty(tag::kAttachContentId));
  std::erase_if(id, [](char c) { return c == '<' || c == '>' || c == ' '; });
  return is_ascii(id) && id.size() <= kMostId ? id : std::string();
}

std::string part_header(std::string_view type, const Attachment& attachment, Disposition disposition) {
  const std::string name = file_name_of(attachment);
  std::string header = fmt::format("Content-Type: {}", type);
  if (type.starts_with("text/"))
    if (const std::string charset = to_lower(attachment.properties.text_or_empty(tag::kTextAttachmentCharset));
        !charset.empty() && !type.contains(';'))
      header += parameter("charset", charset);
  if (!name.empty()) header += parameter("name", name);
  header += "\r\n";
  if (const std::string id = content_id_of(attachment); !id.empty()) header += fmt::format("Content-ID: <{}>\r\n", id);
  const std::string location = one_line(attachment.properties.text_or_empty(tag::kAttachContentLocation));
  if (!location.empty() && is_ascii(location) && location.size() <= kMostId && !location.contains(' '))
    header += plain_field("Content-Location", location);
  const std::string description = one_line(attachment.properties.text_or_empty(tag::kDisplayName), kMostName);
  if (!description.empty() && description != name && description != kNameless)
    header += text_field("Content-Description", description);
  // A nameless part of a report, or a message, is no file.
  const std::string said = to_lower(attachment.properties.text_or_empty(tag::kAttachDisposition));
  const bool is_inline =
      disposition == Disposition::shown || said == "inline" || (name.empty() && said != "attachment");
  header += fmt::format("Content-Disposition: {}", is_inline ? "inline" : "attachment");
  if (!name.empty()) header += parameter("filename", name);
  return header + "\r\n";
}

Result<void> take_data(const Attachment& attachment, PartContext& context, const TakePiece& take) {
  auto read = read_data(attachment, context.source.read, take);
  if (read || read.error().code != Errc::not_found) return read;
  context.losses.push_back(
      fmt::format("The attachment \"{}\" has no content at the source.", file_name_of(attachment)));
  return {};
}

Result<std::string> first_bytes(const Attachment& attachment, const PartContext& context, std::size_t most) {
  std::string found;
  const TakePiece take = [&](std::string_view piece) -> Result<void> {
    found += piece.substr(0, most - found.size());
    if (found.size() == most) return fail(Errc::conflict, "That is enough.");
    return {};
  };
  auto read = read_data(attachment, context.source.read, take);
  if (!read && found.size() < most && read.error().code != Errc::not_found)
    return std::unexpected(std::move(read).error());
  return found;
}

bool begins_as_part(std::string_view bytes) {
  const std::size_t end = std::min(bytes.find("\n\n"), bytes.find("\r\n\r\n"));
  const std::string head = to_lower(bytes.substr(0, end));
  return head.starts_with("content-type:") || head.contains("\ncontent-type:");
}

Result<MailPart> data_part(const Attachment& attachment, Disposition disposition, PartContext& context,
                           std::string_view known_type) {
  std::string type = known_type.empty() ? content_type_of(attachment) : std::string(known_type);
  MailPart part;
  const bool is_multipart = type.starts_with("multipart/");
  if (is_multipart || type.starts_with("message/")) {
    TRY(const std::string head, first_bytes(attachment, context, 8 << 10));
    TRY(const Survey found, survey(attachment, context));
    context.seed += found.digest;
    part.is_whole = is_multipart && begins_as_part(head);
    if (part.is_whole || (is_never_encoded(type) && found.is_text && begins_as_message(head))) {
      part.header = part_header(type, attachment, disposition);
      if (!found.is_ascii) part.header += "Content-Transfer-Encoding: 8bit\r\n";
      part.write = lines_writer(attachment, context);
      return part;
    }
    type = kUnknown;
  }
  part.header = part_header(type, attachment, disposition) + "Content-Transfer-Encoding: base64\r\n";
  part.write = base64_writer(attachment, context);
  return part;
}

MailPart link_part(const Attachment& attachment, PartContext& context) {
  const Properties& from = attachment.properties;
  // PidTagAttachLongPathname.
  const std::string path =
      one_line(from.first_text({{.id = 0x370D}, tag::kAttachPathname, tag::kAttachContentLocation}));
  std::string name = file_name_of(attachment);
  if (name.empty()) name = one_line(from.text_or_empty(tag::kDisplayName), kMostName);
  context.losses.push_back(
      fmt::format("The attachment \"{}\" is not in the message but at \"{}\".", name, one_line(path, kMostName)));
  MailPart part = text_part("text/plain", path + "\r\n");
  part.header += "Content-Disposition: attachment" +
                 parameter("filename", (name.empty() ? "link" : name) + (name.ends_with(".txt") ? "" : ".txt")) +
                 "\r\n";
  return part;
}

}  // namespace kontor::mapi
