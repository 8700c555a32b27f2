// SPDX-License-Identifier: AGPL-3.0-or-later
// For tests: DNS from zones that are data.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "transport/auth/resolver.h"

namespace kontor::transport {

class ZoneResolver : public Resolver {
 public:
  void add_address(std::string_view name, const net::IpAddress& address) {
    (address.is_v4() ? a_ : aaaa_)[key(name)].push_back(address);
  }
  void add_mx(std::string_view name, MxRecord record) { mx_[key(name)].push_back(std::move(record)); }
  void add_txt(std::string_view name, std::string text) { txt_[key(name)].push_back(std::move(text)); }
  void add_tlsa(std::string_view name, TlsaRecord record) { tlsa_[key(name)].push_back(std::move(record)); }
  void add_srv(std::string_view name, SrvRecord record) { srv_[key(name)].push_back(std::move(record)); }
  // `name` is below in-addr.arpa or ip6.arpa.
  void add_ptr(std::string_view name, std::string host) { ptr_[key(name)].push_back(std::move(host)); }
  void add_alias(std::string_view name, std::string target) { aliases_[key(name)] = std::move(target); }
  // Questions of this type ("A"), or of any ("*"), to which there is no record, are not answered.
  void add_failure(std::string_view name, std::string_view type) { failures_.insert({key(name), std::string(type)}); }

  std::size_t questions() const { return questions_; }

  DnsAnswer<net::IpAddress> a(std::string_view name) override { return find(a_, name, "A"); }
  DnsAnswer<net::IpAddress> aaaa(std::string_view name) override { return find(aaaa_, name, "AAAA"); }
  DnsAnswer<MxRecord> mx(std::string_view name) override { return find(mx_, name, "MX"); }
  DnsAnswer<std::string> txt(std::string_view name) override { return find(txt_, name, "TXT"); }
  DnsAnswer<TlsaRecord> tlsa(std::string_view name) override { return find(tlsa_, name, "TLSA"); }
  DnsAnswer<SrvRecord> srv(std::string_view name) override { return find(srv_, name, "SRV"); }
  DnsAnswer<std::string> ptr(const net::IpAddress& address) override {
    return find(ptr_, net::reverse_name(address), "PTR");
  }

  void set_ttl(std::uint32_t seconds) { ttl_ = seconds; }
  // All that is found or not found from now on counts as proved by DNSSEC.
  void set_secure(bool is_secure) { is_secure_ = is_secure; }

 private:
  template <class Record>
  using Zone = std::map<std::string, std::vector<Record>>;

  static std::string key(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    return to_lower(name);
  }

  template <class Record>
  DnsAnswer<Record> find(const Zone<Record>& zone, std::string_view name, const std::string& type) {
    ++questions_;
    std::string at = key(name);
    for (int steps = 0; aliases_.contains(at) && steps < 8; ++steps) at = key(aliases_.at(at));
    DnsAnswer<Record> answer;
    answer.is_secure = is_secure_;
    answer.name = at;
    if (const auto found = zone.find(at); found != zone.end()) {
      answer.status = DnsStatus::found;
      answer.records = found->second;
      answer.ttl = ttl_;
    } else if (failures_.contains({at, type}) || failures_.contains({at, "*"})) {
      answer.status = DnsStatus::failed;
      answer.is_secure = false;
    }
    return answer;
  }

  Zone<net::IpAddress> a_, aaaa_;
  Zone<MxRecord> mx_;
  Zone<TlsaRecord> tlsa_;
  Zone<SrvRecord> srv_;
  Zone<std::string> txt_, ptr_;
  std::map<std::string, std::string> aliases_;
  std::set<std::pair<std::string, std::string>> failures_;
  std::size_t questions_ = 0;
  std::uint32_t ttl_ = 0;
  bool is_secure_ = false;
};

}  // namespace kontor::transport
