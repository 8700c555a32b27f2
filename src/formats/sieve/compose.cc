// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/sieve/compose.h"

#include <fmt/format.h>

#include <algorithm>

#include "formats/mime/decode.h"
#include "formats/mime/header.h"
#include "formats/sieve/date_part.h"
#include "formats/sieve/header_text.h"

namespace kontor::sieve {
namespace {

constexpr std::size_t kMaxReferences = 20;
constexpr std::size_t kQuotedLine = 76;  // RFC 2045 section 6.7

// RFC 2045 section 6.7, for text: lines of any kind end with CRLF.
std::string quoted_printable(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  const auto put = [&](std::string_view piece) {
    if (column + piece.size() >= kQuotedLine) {
      out += "=\r\n";
      column = 0;
    }
    out += piece;
    column += piece.size();
  };
  for (std::size_t i = 0; i < text.size(); i++) {
    const char c = text[i];
    const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
    if (c == '\n') {
      out += "\r\n";
      column = 0;
    } else if (c == '\r') {
      continue;
    } else if ((c > 32 && c < 127 && c != '=') || (c == ' ' && !ends_line)) {
      put(std::string_view(&c, 1));
    } else {
      put(fmt::format("={:02X}", static_cast<unsigned char>(c)));
    }
  }
  if (column > 0) out += "\r\n";
  return out;
}

std::string with_line_ends(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\r') continue;
    if (c == '\n') out.push_back('\r');
    out.push_back(c);
  }
  return out.ends_with("\r\n") ? out : out + "\r\n";
}

// Only sound ids go into a header again; the oldest and the latest of many.
std::string references(const VacationReply& reply) {
  auto ids = mime::parse_message_ids(reply.original_references, 1000);
  for (std::string& id : mime::parse_message_ids(reply.original_id, 1)) ids.push_back(std::move(id));
  if (ids.size() > kMaxReferences) ids.erase(ids.begin() + 1, ids.end() - (kMaxReferences - 1));
  std::string text;
  for (const std::string& id : ids) text += (text.empty() ? "" : " ") + id;
  return text;
}

std::string text_part(std::string_view text) {
  return "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
         "quoted-printable\r\n\r\n" +
         quoted_printable(text);
}

// Only a name may be encoded, never an address.
std::string from_line(const std::string& from) {
  const auto addresses = mime::parse_addresses(from, 1);
  if (addresses.empty() || addresses.front().name.empty()) return header_line("From", from);
  const mime::Address& address = addresses.front();
  std::string line = header_line("From", address.name);
  line.resize(line.size() - 2);
  return line + " <" + address.mailbox + "@" + address.host + ">\r\n";
}

std::string common_header(const std::string& from, const std::string& subject, const ComposeContext& context) {
  return from_line(from.empty() ? context.address : from) + header_line("Subject", subject) +
         header_line("Date", date_part(context.date.at, context.date.zone_minutes, "std11")) +
         header_line("Message-ID", context.message_id);
}

}  // namespace

std::string compose(const VacationReply& reply, const ComposeContext& context) {
  std::string out = common_header(reply.from, reply.subject.value_or("Auto: " + reply.original_subject), context);
  out += header_line("To", reply.to);
  if (const auto id = mime::parse_message_ids(reply.original_id, 1); !id.empty())
    out += header_line("In-Reply-To", id.front());
  if (const std::string ids = references(reply); !ids.empty()) out += header_line("References", ids);
  out += "Auto-Submitted: auto-replied (vacation)\r\nX-Auto-Response-Suppress: All\r\n";
  if (!reply.is_mime) return out + text_part(reply.text);
  return out + "MIME-Version: 1.0\r\n" + with_line_ends(reply.text);
}

std::string compose(const Notify& notify, const ComposeContext& context) {
  std::string out = common_header(notify.from, notify.subject, context);
  std::string to;
  for (const std::string& recipient : notify.recipients) to += (to.empty() ? "" : ", ") + recipient;
  out += header_line("To", to);
  out += header_line("Auto-Submitted", fmt::format("auto-notified; owner-email=\"{}\"", context.address));
  out += "X-Auto-Response-Suppress: All\r\n";
  if (notify.importance != 2) out += fmt::format("Importance: {}\r\n", notify.importance == 1 ? "High" : "Low");
  return out + text_part(notify.text.empty() ? notify.subject : notify.text);
}

}  // namespace kontor::sieve
