// SPDX-License-Identifier: AGPL-3.0-or-later
// What mail asks of DNS.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"

namespace kontor::transport {

enum class DnsStatus : std::uint8_t {
  found,
  empty,   // no such name, or none of this type there
  failed,  // no answer for now: a timeout, a broken server, aliases without end, forged data (DNSSEC: bogus)
};

template <class Record>
struct DnsAnswer {
  DnsStatus status = DnsStatus::empty;
  bool is_secure = false;       // DNSSEC proved it, also that there is nothing
  std::vector<Record> records;  // not empty if found
  std::string name;             // where aliases led, lower case, without a dot at its end; empty if unknown
  std::uint32_t ttl = 0;        // seconds for which others may still keep it
  std::string problem;          // for failed: a sentence for the log; may be empty
};

struct MxRecord {
  std::uint16_t preference = 0;
  std::string host;
};

// RFC 6698 section 2.1.
struct TlsaRecord {
  std::uint8_t usage = 0;
  std::uint8_t selector = 0;
  std::uint8_t matching = 0;
  std::string data;  // bytes
};

// RFC 2782.
struct SrvRecord {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string host;  // empty: the service is not to be had
};

// Names are ASCII, with or without a dot at their end; aliases (CNAME) are followed. Blocks within a time limit: one
// that is made for one message answers `failed` once the message's time is over. Thread-safe.
class Resolver {
 public:
  virtual ~Resolver() = default;

  virtual DnsAnswer<net::IpAddress> a(std::string_view name) = 0;
  virtual DnsAnswer<net::IpAddress> aaaa(std::string_view name) = 0;
  virtual DnsAnswer<MxRecord> mx(std::string_view name) = 0;
  // The strings of each record joined.
  virtual DnsAnswer<std::string> txt(std::string_view name) = 0;
  // `name` is "_25._tcp.mx.example.org".
  virtual DnsAnswer<TlsaRecord> tlsa(std::string_view name) = 0;
  // `name` is "_imaps._tcp.example.org".
  virtual DnsAnswer<SrvRecord> srv(std::string_view name) = 0;
  // The names of an address.
  virtual DnsAnswer<std::string> ptr(const net::IpAddress& address) = 0;
};

}  // namespace kontor::transport
