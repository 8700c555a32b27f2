// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/reports/dmarc_feedback.h"

#include <fmt/format.h>

namespace kontor::transport {
namespace {

// Names are ASCII, or were made up: nothing is lost that could be used.
std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += byte < 0x20 || byte >= 0x7f ? '?' : c;
  }
  return out;
}

std::string xml_row(const DmarcRow& row, std::uint64_t count) {
  const auto judged = [](bool has_passed) { return has_passed ? "pass" : "fail"; };
  std::string out = fmt::format(
      "  <record>\n    <row>\n      <source_ip>{}</source_ip>\n      <count>{}</count>\n      <policy_evaluated>\n"
      "        <disposition>{}</disposition>\n        <dkim>{}</dkim>\n        <spf>{}</spf>\n",
      xml_text(row.source), count, name(row.disposition), judged(row.has_dkim), judged(row.has_spf));
  if (row.reason != DmarcReason::none) {
    out += fmt::format("        <reason>\n          <type>{}</type>\n",
                       row.reason == DmarcReason::sampled_out ? "sampled_out" : "local_policy");
    if (!row.comment.empty()) out += fmt::format("          <comment>{}</comment>\n", xml_text(row.comment));
    out += "        </reason>\n";
  }
  out += fmt::format(
      "      </policy_evaluated>\n    </row>\n    <identifiers>\n      <envelope_from>{}</envelope_from>\n"
      "      <header_from>{}</header_from>\n    </identifiers>\n    <auth_results>\n",
      xml_text(row.envelope_from), xml_text(row.header_from));
  for (const auto& one : row.signatures)
    out += fmt::format(
        "      <dkim>\n        <domain>{}</domain>\n        <selector>{}</selector>\n        <result>{}</result>\n"
        "      </dkim>\n",
        xml_text(one.domain), xml_text(one.selector), name(one.result));
  out += fmt::format(
      "      <spf>\n        <domain>{}</domain>\n        <scope>{}</scope>\n        <result>{}</result>\n"
      "      </spf>\n    </auth_results>\n  </record>\n",
      xml_text(row.spf_domain), row.is_helo ? "helo" : "mfrom", name(row.spf));
  return out;
}

std::string xml_policy(const std::string& domain, const DmarcRecord& published) {
  return fmt::format(
      "  <policy_published>\n    <domain>{}</domain>\n    <adkim>{}</adkim>\n    <aspf>{}</aspf>\n    <p>{}</p>\n"
      "    <sp>{}</sp>\n    <pct>{}</pct>\n    <fo>0</fo>\n  </policy_published>\n",
      xml_text(domain), published.has_strict_dkim ? 's' : 'r', published.has_strict_spf ? 's' : 'r',
      name(published.policy), name(published.subdomain_policy.value_or(published.policy)), published.percent);
}

}  // namespace

std::string make_dmarc_feedback(const ReportFacts& facts, const std::vector<CountedDmarcRow>& rows,
                                std::size_t largest) {
  const std::string policy = xml_policy(facts.domain, rows.front().row.published);
  std::string records;
  std::uint64_t left_out = 0;
  for (const CountedDmarcRow& one : rows) {
    const std::string record = xml_row(one.row, one.count);
    if (records.size() + record.size() + 4096 > largest)
      left_out += one.count;
    else
      records += record;
  }
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feedback>\n  <version>1.0</version>\n  <report_metadata>\n"
      "    <org_name>{}</org_name>\n    <email>{}</email>\n",
      xml_text(facts.organization), xml_text(facts.address));
  if (!facts.contact.empty())
    out += fmt::format("    <extra_contact_info>{}</extra_contact_info>\n", xml_text(facts.contact));
  out += fmt::format(
      "    <report_id>{}</report_id>\n    <date_range>\n      <begin>{}</begin>\n      <end>{}</end>\n"
      "    </date_range>\n",
      xml_text(facts.id), facts.begin.time_since_epoch().count(), facts.end.time_since_epoch().count() - 1);
  if (left_out > 0) out += fmt::format("    <error>{} messages are left out: too many sources</error>\n", left_out);
  return out + "  </report_metadata>\n" + policy + records + "</feedback>\n";
}

}  // namespace kontor::transport
