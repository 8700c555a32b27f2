// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/reports/report_mail.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <limits>
#include <new>

#include "base/bytes.h"

namespace kontor::transport {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib's way to say gzip
constexpr std::size_t kBase64Line = 76;

std::string base64_lines(std::string_view bytes) {
  const std::string text = to_base64(bytes);
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += kBase64Line) out += text.substr(at, kBase64Line) + "\r\n";
  return out;
}

std::string report_date(Instant at) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000", fmt::gmtime(at.time_since_epoch().count()));
}

// For display names and parameters between quotes.
std::string within_quotes(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\') out += c;
  return out;
}

}  // namespace

std::string gzip(std::string_view content) {
  z_stream z{};
  if (content.size() > std::numeric_limits<uInt>::max() ||
      deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string out(deflateBound(&z, content.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  z.avail_in = static_cast<uInt>(content.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);  // with so much room it ends at once
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string make_report_mail(const ReportMail& mail) {
  const ReportFacts& facts = mail.facts;
  const bool is_tls = mail.kind == ReportKind::tls;
  const std::string boundary = "=_report_" + facts.id + "_";
  const std::string file =
      fmt::format("{}!{}!{}!{}!{}.{}.gz", facts.own_domain(), facts.domain, facts.begin.time_since_epoch().count(),
                  facts.end.time_since_epoch().count() - 1, facts.id, is_tls ? "json" : "xml");
  std::string out = fmt::format(
      "From: \"{}\" <{}>\r\nTo: <{}>\r\nSubject: Report Domain: {}\r\n Submitter: {}\r\n Report-ID: <{}@{}>\r\n"
      "Date: {}\r\nMessage-ID: <{}>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n",
      within_quotes(facts.organization), facts.address, mail.to, facts.domain, facts.own_domain(), facts.id,
      facts.own_domain(), report_date(mail.now), mail.message_id);
  if (is_tls)
    out += fmt::format("TLS-Report-Domain: {}\r\nTLS-Report-Submitter: {}\r\n", facts.domain, facts.own_domain());
  out += fmt::format(
      "Content-Type: {};\r\n\tboundary=\"{}\"\r\n\r\n--{}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
      "{} for {},\r\nfrom {} to {}, by {}.\r\n\r\n--{}\r\n",
      is_tls ? "multipart/report; report-type=\"tlsrpt\"" : "multipart/mixed", boundary, boundary,
      is_tls ? "This is a report on TLS with mail" : "This is an aggregate report of DMARC", facts.domain,
      report_date(facts.begin), report_date(facts.end), within_quotes(facts.organization), boundary);
  out += fmt::format(
      "Content-Type: {};\r\n\tname=\"{}\"\r\nContent-Disposition: attachment;\r\n\tfilename=\"{}\"\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\n",
      is_tls ? "application/tlsrpt+gzip" : "application/gzip", file, file);
  return out + base64_lines(mail.packed) + fmt::format("\r\n--{}--\r\n", boundary);
}

}  // namespace kontor::transport
