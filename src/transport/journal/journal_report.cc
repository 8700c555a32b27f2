// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/journal/journal_report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/digest.h"
#include "formats/mime/decode.h"
#include "formats/mime/header.h"

namespace kontor::transport {
namespace {

constexpr std::size_t kMostNamed = 10'000;  // addresses that To and Cc are asked for
constexpr std::size_t kLongestSubject = 900;

std::string plain_line(std::string_view text) {
  std::string out(text.substr(0, kLongestSubject));
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return out;
}

std::string field_of(std::string_view head, std::string_view name) {
  const auto found = mime::find_field(head, name);
  return found ? mime::unfold(*found) : std::string();
}

std::set<std::string> named_in(std::string_view head, std::string_view name) {
  std::set<std::string> out;
  mime::each_field(head, [&](const mime::Field& field) {
    if (!iequals(field.name, name)) return true;
    for (const mime::Address& one : mime::parse_addresses(field.value, kMostNamed))
      if (!one.is_group_start && !one.is_group_end) out.insert(to_lower(one.mailbox + "@" + one.host));
    return true;
  });
  return out;
}

std::string journal_text(const JournalReport& report) {
  const std::string& head = report.head;
  std::string out = fmt::format("Sender: {}\r\n", report.sender.empty() ? "<>" : report.sender);
  if (const std::set<std::string> authors = named_in(head, "From");
      report.is_sent_here && !authors.empty() && !authors.contains(to_lower(report.sender)))
    out += fmt::format("On-Behalf-Of: {}\r\n", plain_line(*authors.begin()));
  out += fmt::format("Subject: {}\r\nMessage-Id: {}\r\n", plain_line(mime::decode_header(field_of(head, "Subject"))),
                     plain_line(field_of(head, "Message-ID")));
  const std::set<std::string> to = named_in(head, "To"), cc = named_in(head, "Cc");
  for (const JournalRecipient& one : report.recipients) {
    const std::string named = to_lower(one.group.empty() ? one.address : one.group);
    const std::string_view how = to.contains(named)    ? "To"
                                 : cc.contains(named)  ? "Cc"
                                 : report.is_sent_here ? "Bcc"
                                                       : "Recipient";
    out += fmt::format("{}: {}", how, one.address);
    if (!one.group.empty()) out += fmt::format(", Expanded: {}", one.group);
    out += "\r\n";
  }
  return out;
}

// As it stands in the original, where that can be sent anywhere.
std::string subject_field(std::string_view head) {
  const std::string subject = field_of(head, "Subject");
  const bool is_plain = !subject.empty() && subject.size() <= kLongestSubject && is_ascii(subject);
  return is_plain ? plain_line(subject) : "Journal report";
}

}  // namespace

JournalFrame journal_frame(const JournalReport& report) {
  JournalFrame frame;
  const std::string text = journal_text(report);
  const bool is_text_high = !is_ascii(text);
  frame.is_eight_bit = is_text_high || report.is_eight_bit;
  auto encoding = [](bool is_high) { return is_high ? "8bit" : "7bit"; };
  auto encoding_around = [&](bool is_high) { return report.is_binary ? "binary" : encoding(is_high); };
  frame.before = fmt::format(
      "From: Journal <{0}>\r\nTo: <{1}>\r\nSubject: {2}\r\nDate: {3:%a, %d %b %Y %H:%M:%S} +0000\r\n"
      "Message-ID: {4}\r\nAuto-Submitted: auto-generated\r\nX-MS-Journal-Report:\r\n{5}: {6}\r\nMIME-Version: 1.0\r\n"
      "Content-Type: multipart/mixed; boundary=\"{7}\"\r\nContent-Transfer-Encoding: {8}\r\n\r\n"
      "--{7}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {9}\r\n\r\n{10}\r\n"
      "--{7}\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment\r\n"
      "Content-Transfer-Encoding: {11}\r\n\r\n",
      report.from, report.archive, subject_field(report.head), fmt::gmtime(report.now.time_since_epoch().count()),
      report.message_id, kJournalProof, report.proof, report.boundary, encoding_around(frame.is_eight_bit),
      encoding(is_text_high), text, encoding_around(report.is_eight_bit));
  frame.behind = fmt::format("\r\n--{}--\r\n", report.boundary);
  return frame;
}

std::string journal_proof(std::string_view secret, std::string_view message_id) {
  return to_hex(hmac_sha256(secret, message_id));
}

bool is_journal_report(std::string_view head, std::string_view secret) {
  const auto proof = mime::find_field(head, kJournalProof);
  if (!proof || secret.empty()) return false;
  const auto id = mime::find_field(head, "Message-ID");
  const std::string said = mime::unfold(*proof), due = journal_proof(secret, id ? mime::unfold(*id) : "");
  return said.size() == due.size() && CRYPTO_memcmp(said.data(), due.data(), due.size()) == 0;
}

}  // namespace kontor::transport
