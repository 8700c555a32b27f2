// SPDX-License-Identifier: AGPL-3.0-or-later
// links: formats_mapi formats base
// Any tree of properties becomes mail: lines that end as they should and are not too long, in a structure that reads
// back, the same each time; keywords are keywords; an original of any kind is judged.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "formats/mapi/item_state.h"
#include "formats/mapi/mail.h"
#include "formats/mapi/mail_original.h"
#include "formats/mapi/tags.h"
#include "formats/mime/decode.h"
#include "formats/mime/parser.h"

namespace {

using namespace kontor;
using namespace kontor::mapi;

void require(bool holds) {
  if (!holds) std::abort();
}

enum class Kind : std::uint8_t { text, bytes, number };
struct Known {
  Tag tag;
  Kind kind;
};
constexpr auto kKnown = std::to_array<Known>({
    {tag::kMessageClass, Kind::text},
    {tag::kSubject, Kind::text},
    {tag::kBody, Kind::text},
    {tag::kHtml, Kind::bytes},
    {tag::kRtfCompressed, Kind::bytes},
    {tag::kInternetCodepage, Kind::number},
    {tag::kTransportMessageHeaders, Kind::text},
    {tag::kSentRepresentingName, Kind::text},
    {tag::kSentRepresentingSmtpAddress, Kind::text},
    {tag::kSenderName, Kind::text},
    {tag::kSenderEmailAddress, Kind::text},
    {tag::kReplyRecipientEntries, Kind::bytes},
    {tag::kInternetMessageId, Kind::text},
    {tag::kInternetReferences, Kind::text},
    {tag::kImportance, Kind::number},
    {tag::kMessageFlags, Kind::number},
    {tag::kLastVerbExecuted, Kind::number},
    {tag::kReadReceiptRequested, Kind::number},
    {tag::common(0x8520), Kind::bytes},
    {tag::kRecipientType, Kind::number},
    {tag::kDisplayName, Kind::text},
    {tag::kEmailAddress, Kind::text},
    {tag::kEntryId, Kind::bytes},
    {{.id = 0x0C1B}, Kind::text},
    {{.id = 0x0C20}, Kind::number},
    {tag::kAttachMethod, Kind::number},
    {tag::kAttachLongFilename, Kind::text},
    {tag::kAttachMimeTag, Kind::text},
    {tag::kAttachContentId, Kind::text},
    {tag::kAttachContentLocation, Kind::text},
    {tag::kAttachPathname, Kind::text},
    {tag::kAttachFlags, Kind::number},
    {tag::kAttachDataBinary, Kind::bytes},
    {{.set = set::kInternetHeaders, .name = "X-Field"}, Kind::text},
    {tag::kMessageCodepage, Kind::number},
    {tag::kKeywords, Kind::text},
});

// One byte says what comes: a property of the table (with the size of its value), or another object.
class TreeReader {
 public:
  explicit TreeReader(std::string_view bytes) : in_(bytes) {}

  void read(Message& message, int depth) {
    Properties* properties = &message.properties;
    while (!in_.empty()) {
      const unsigned what = number();
      if (what == 255) return;
      if (what == 254) {
        properties = &message.recipients.emplace_back();
      } else if (what == 253) {
        properties = &message.attachments.emplace_back().properties;
      } else if (what == 252 && depth < 4 && !message.attachments.empty()) {
        if (message.attachments.back().embedded.empty())
          read(message.attachments.back().embedded.emplace_back(), depth + 1);
      } else {
        set(*properties, kKnown[what % kKnown.size()]);
      }
    }
  }

 private:
  unsigned number() {
    if (in_.empty()) return 255;
    const auto byte = static_cast<unsigned char>(in_.front());
    in_.remove_prefix(1);
    return byte;
  }

  void set(Properties& properties, const Known& known) {
    std::size_t size = number();
    if (size >= 128) size = (size - 128) * 256 + number();
    const std::string value(in_.substr(0, size));
    in_.remove_prefix(value.size());
    if (known.kind == Kind::bytes) return properties.set(known.tag, Value::of_bytes(value));
    if (known.kind == Kind::text) return properties.set(known.tag, Value::of_text(mime::to_utf8(value, "utf-8").text));
    std::uint32_t all = 0;
    for (const char c : value) all = all << 8 | static_cast<unsigned char>(c);
    properties.set(known.tag, Value::of(static_cast<std::int32_t>(all)));
  }

  std::string_view in_;
};

std::string mail_of(const Message& message) {
  std::string out;
  const MailSource source = {.resolve = [](std::string_view entry) -> std::optional<Mailbox> {
                               if (entry.size() < 4) return std::nullopt;
                               return Mailbox{.name = {}, .address = "known@example.org"};
                             },
                             .read = {},
                             .calendar = {}};
  const auto written = write_mail(message, source, [&](std::string_view piece) -> Result<void> {
    out += piece;
    return {};
  });
  return written ? out : std::string();
}

// Attached messages and signed parts stand as they came.
bool stands_as_it_is(const Message& message) {
  return std::ranges::any_of(message.attachments, [](const Attachment& one) {
    const std::string type = to_lower(one.properties.text_or_empty(tag::kAttachMimeTag));
    return type.starts_with("multipart/") || type.starts_with("message/") ||
           to_lower(one.properties.text_or_empty(tag::kAttachLongFilename)).ends_with(".eml") ||
           std::ranges::any_of(one.embedded, stands_as_it_is);
  });
}

void check_lines(const std::string& mail, bool has_foreign) {
  std::size_t line = 0;
  for (std::size_t i = 0; i < mail.size(); ++i) {
    line = mail[i] == '\n' ? 0 : line + 1;
    require(has_foreign || line <= 999);
    require(mail[i] != '\n' || (i > 0 && mail[i - 1] == '\r'));
    require(mail[i] != '\r' || (i + 1 < mail.size() && mail[i + 1] == '\n'));
    require(has_foreign || mail[i] != '\0');
  }
  require(mail.ends_with("\r\n"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 64 << 10));
  Message message;
  TreeReader(bytes).read(message, 0);
  const std::string mail = mail_of(message);
  if (!mail.empty()) {
    check_lines(mail, stands_as_it_is(message));
    require(mail == mail_of(message));
    const mime::Entity entity = mime::parse(mail);
    require(entity.body_offset > 0);
    require(mail.starts_with("MIME-Version: 1.0\r\n") || mail.contains("\r\nMIME-Version: 1.0\r\n"));
  }
  for (const std::string& keyword : mail_state(message.properties).keywords)
    require(is_ascii(keyword) && keyword.find_first_of(" (){%*\"\\]") == std::string::npos);
  const auto judged =
      check_original(message, {}, [&](const TakePiece& take) { return take(mail.empty() ? bytes : mail); });
  require(judged && judged->is_stale == !judged->why.empty());
  return 0;
}
