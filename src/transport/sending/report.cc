// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/sending/report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "transport/sending/smtp_client.h"

namespace kontor::transport {
namespace {

// In a field of a report: one line, and not without end.
std::string one_line(std::string_view text) {
  std::string out(text.substr(0, 900));
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return out;
}

std::string date_text(Instant at) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000", fmt::gmtime(at.time_since_epoch().count()));
}

std::string_view word(DsnAction action) {
  switch (action) {
    case DsnAction::failed:
      return "failed";
    case DsnAction::delayed:
      return "delayed";
    case DsnAction::delivered:
      return "delivered";
    case DsnAction::relayed:
      return "relayed";
    case DsnAction::expanded:
      return "expanded";
  }
  return "failed";
}

std::string_view subject(DsnAction action) {
  switch (action) {
    case DsnAction::failed:
      return "Undelivered mail";
    case DsnAction::delayed:
      return "Delayed mail";
    case DsnAction::delivered:
    case DsnAction::relayed:
    case DsnAction::expanded:
      break;
  }
  return "Delivered mail";
}

std::string_view opening(DsnAction action) {
  switch (action) {
    case DsnAction::failed:
      return "Your message could not be delivered to everyone. These did not get it, and no further attempt is "
             "made:\r\n";
    case DsnAction::delayed:
      return "Your message has not been delivered yet. You need not send it again: it is still being tried for:\r\n";
    case DsnAction::delivered:
    case DsnAction::relayed:
    case DsnAction::expanded:
      break;
  }
  return "Your message was delivered, or handed on to where no further news comes from, for:\r\n";
}

// With the status that fits the news where none was given (RFC 3463).
std::string status_of(const DsnEntry& entry) {
  if (!entry.what.enhanced.empty()) return entry.what.enhanced;
  switch (entry.action) {
    case DsnAction::failed:
      return "5.0.0";
    case DsnAction::delayed:
      return "4.0.0";
    case DsnAction::delivered:
    case DsnAction::relayed:
    case DsnAction::expanded:
      break;
  }
  return "2.0.0";
}

std::string said(const Attempted& what) {
  std::string text = one_line(what.text);
  if (what.code == 0) return text;
  return fmt::format("{}{}{} {}", what.code, what.enhanced.empty() ? "" : " ", what.enhanced, text);
}

std::string for_people(const ReportRequest& request) {
  std::string out =
      fmt::format("This is {}, a mail server.\r\n\r\n{}", request.hostname, opening(request.entries.front().action));
  for (const DsnEntry& entry : request.entries) {
    out += fmt::format("\r\n  <{}>\r\n", one_line(entry.recipient->address));
    if (!entry.what.host.empty())
      out += fmt::format("    {} said: ", one_line(entry.what.host));
    else
      out += "    ";
    out += said(entry.what) + "\r\n";
  }
  if (request.entries.front().action == DsnAction::delayed)
    out += fmt::format("\r\nIt is given up at {}.\r\n", date_text(request.message.expires));
  return out;
}

std::string for_programs(const ReportRequest& request, bool is_utf8) {
  std::string out;
  if (!request.message.envelope_id.empty())
    out += fmt::format("Original-Envelope-Id: {}\r\n", to_xtext(request.message.envelope_id));
  out += fmt::format("Reporting-MTA: dns; {}\r\nArrival-Date: {}\r\n", request.hostname,
                     date_text(request.message.arrived));
  for (const DsnEntry& entry : request.entries) {
    out += "\r\n";
    if (const auto at = entry.recipient->original.find(';'); at != std::string::npos)
      out += fmt::format("Original-Recipient: {}; {}\r\n", entry.recipient->original.substr(0, at),
                         one_line(entry.recipient->original.substr(at + 1)));
    out += fmt::format("Final-Recipient: {}; {}\r\nAction: {}\r\nStatus: {}\r\n",
                       is_utf8 && !is_ascii(entry.recipient->address) ? "utf-8" : "rfc822",
                       one_line(entry.recipient->address), word(entry.action), status_of(entry));
    if (!entry.what.host.empty()) out += fmt::format("Remote-MTA: dns; {}\r\n", one_line(entry.what.host));
    if (entry.what.code != 0) out += fmt::format("Diagnostic-Code: smtp; {}\r\n", said(entry.what));
    if (entry.action == DsnAction::delayed)
      out += fmt::format("Will-Retry-Until: {}\r\n", date_text(request.message.expires));
  }
  return out;
}

// Up to and with the blank line; all of it if there is none.
std::string_view header_of(std::string_view message) {
  const auto end = message.find("\r\n\r\n");
  return end == std::string_view::npos ? message : message.substr(0, end + 2);
}

}  // namespace

Report make_report(const ReportRequest& request) {
  Report report;
  // What is binary would make the report binary as well, and it might come back for the reason for which the message
  // did.
  const bool with_body = request.is_whole && request.message.dsn_return == DsnReturn::full &&
                         !request.message.needs.binary && request.entries.front().action == DsnAction::failed;
  const std::string_view original = with_body ? request.original : header_of(request.original);
  const std::string people = for_people(request);
  std::string programs = for_programs(request, true);
  report.is_utf8 = request.message.needs.utf8 || !is_ascii(request.message.sender);
  if (!report.is_utf8) programs = for_programs(request, false);
  const bool original_is_utf8 = !is_ascii(header_of(request.original));
  report.is_eight_bit = !is_ascii(people) || !is_ascii(programs) || !is_ascii(original);

  const std::string boundary = fmt::format("=_{}_", request.id);
  auto encoding = [](std::string_view text) { return !is_ascii(text) ? "8bit" : "7bit"; };
  const std::string_view action = subject(request.entries.front().action);
  std::string& out = report.bytes;
  out = fmt::format(
      "From: Mail Delivery System <MAILER-DAEMON@{0}>\r\nTo: <{1}>\r\nSubject: {2}\r\nDate: {3}\r\n"
      "Message-ID: <{4}@{0}>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
      "Content-Type: multipart/report; report-type=\"{5}delivery-status\";\r\n\tboundary=\"{6}\"\r\n"
      "Content-Transfer-Encoding: {7}\r\n\r\n",
      request.hostname, request.message.sender, action, date_text(request.now), request.id,
      report.is_utf8 ? "global-" : "", boundary, report.is_eight_bit ? "8bit" : "7bit");
  out += fmt::format("--{}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {}\r\n\r\n{}\r\n",
                     boundary, encoding(people), people);
  out += fmt::format("--{}\r\nContent-Type: message/{}delivery-status\r\nContent-Transfer-Encoding: {}\r\n\r\n{}\r\n",
                     boundary, report.is_utf8 ? "global-" : "", encoding(programs), programs);
  const std::string_view type = with_body ? (original_is_utf8 ? "message/global" : "message/rfc822")
                                          : (original_is_utf8 ? "message/global-headers" : "text/rfc822-headers");
  out += fmt::format("--{}\r\nContent-Type: {}\r\nContent-Transfer-Encoding: {}\r\n\r\n", boundary, type,
                     encoding(original));
  out += original;
  out += fmt::format("\r\n--{}--\r\n", boundary);
  return report;
}

}  // namespace kontor::transport
