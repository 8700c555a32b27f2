// SPDX-License-Identifier: AGPL-3.0-or-later
// Lists in DNS of addresses that send what nobody wants: RFC 5782.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/workers.h"
#include "net/address.h"
#include "transport/auth/resolver.h"

namespace kontor::transport {

enum class BlockAction : std::uint8_t { reject, mark };

struct BlockList {
  std::string zone;
  BlockAction action = BlockAction::reject;
  std::vector<std::pair<net::IpAddress, net::IpAddress>> codes;  // from, to; empty: those of section 2.1

  bool counts(const net::IpAddress& code) const;
};

// "zen.example.org reject 127.0.0.2-127.0.0.11,127.0.0.20". Errors: invalid.
Result<BlockList> parse_block_list(std::string_view text);

struct Listing {
  std::string zone;
  BlockAction action = BlockAction::reject;
  net::IpAddress code;
};

// Where the address is listed, in the order of the lists, which are asked at once where workers are free. A list that
// does not answer does not list. Blocks as the resolver does.
std::vector<Listing> find_listings(const std::vector<BlockList>& lists, const net::IpAddress& address,
                                   Resolver& resolver, Workers& workers);

// Fields that tell recipients' rules of the listings, each with its CRLF.
std::string listing_fields(const std::vector<Listing>& listings);

}  // namespace kontor::transport
