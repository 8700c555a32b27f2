// SPDX-License-Identifier: AGPL-3.0-or-later
#include "transport/smtp/block_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "directory/address.h"
#include "transport/receiving/parallel.h"

namespace kontor::transport {
namespace {

std::string_view take_list_word(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

Error bad_list(std::string_view text, std::string_view why) {
  return {Errc::invalid, fmt::format("\"{}\" is no block list: {}", text, why)};
}

// The labels of the address: section 2.1 and 2.4.
std::string list_name(const net::IpAddress& address, const std::string& zone) {
  const std::string reverse = net::reverse_name(address);
  const std::string_view suffix = address.is_v4() ? "in-addr.arpa" : "ip6.arpa";
  return reverse.substr(0, reverse.size() - suffix.size()) + zone;
}

}  // namespace

// Without codes of its own: 127.0.0.0/8, but for what lists say about the question instead (refused, too many, a zone
// that is gone and answers to everything): 127.0.0.1 and 127.255.255.0/24.
bool BlockList::counts(const net::IpAddress& code) const {
  if (!code.is_v4()) return false;
  if (!codes.empty())
    return std::ranges::any_of(codes, [&](const auto& range) { return range.first <= code && code <= range.second; });
  const auto& b = code.bytes;
  if (b[12] != 127) return false;
  const bool is_one = b[13] == 0 && b[14] == 0 && b[15] == 1;
  const bool is_fault = b[13] == 255 && b[14] == 255;
  return !is_one && !is_fault;
}

Result<BlockList> parse_block_list(std::string_view text) {
  std::string_view rest = text;
  BlockList list;
  const auto zone = directory::parse_domain(take_list_word(rest));
  if (!zone) return std::unexpected(bad_list(text, "it begins with no name of a zone"));
  list.zone = *zone;
  const std::string_view action = take_list_word(rest);
  if (action != "reject" && action != "mark")
    return std::unexpected(bad_list(text, "behind the zone, say reject or mark"));
  list.action = action == "reject" ? BlockAction::reject : BlockAction::mark;
  std::string_view codes = take_list_word(rest);
  if (!take_list_word(rest).empty()) return std::unexpected(bad_list(text, "there are too many words"));
  while (!codes.empty()) {
    const std::string_view range = codes.substr(0, codes.find(','));
    codes.remove_prefix(std::min(codes.size(), range.size() + 1));
    const auto dash = range.find('-');
    const auto from = net::parse_ip(range.substr(0, dash));
    const auto to = dash == std::string_view::npos ? from : net::parse_ip(range.substr(dash + 1));
    if (!from || !to || !from->is_v4() || !to->is_v4() || *to < *from)
      return std::unexpected(bad_list(text, "codes are IPv4 addresses, or FROM-TO, with commas between them"));
    list.codes.emplace_back(*from, *to);
  }
  return list;
}

std::vector<Listing> find_listings(const std::vector<BlockList>& lists, const net::IpAddress& address,
                                   Resolver& resolver, Workers& workers) {
  std::vector<std::optional<Listing>> found(lists.size());
  parallel_each(workers, lists.size(), [&](std::size_t i) {
    const auto answer = resolver.a(list_name(address, lists[i].zone));
    if (answer.status != DnsStatus::found) return;
    for (const net::IpAddress& code : answer.records) {
      if (!lists[i].counts(code)) continue;
      found[i] = Listing{lists[i].zone, lists[i].action, code};
      return;
    }
  });
  std::vector<Listing> out;
  for (auto& one : found)
    if (one) out.push_back(*std::move(one));
  return out;
}

std::string listing_fields(const std::vector<Listing>& listings) {
  std::string out;
  for (const Listing& one : listings)
    out += fmt::format("X-Blocked-By: {} ({})\r\n", one.zone, net::to_string(one.code));
  return out;
}

}  // namespace kontor::transport
