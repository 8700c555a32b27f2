// SPDX-License-Identifier: AGPL-3.0-or-later
// All that can be configured: every room's options, filled from one file.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/log.h"
#include "base/result.h"
#include "directory/directory.h"
#include "groupware/accounts.h"
#include "groupware/rules/filter.h"
#include "groupware/search/extract/options.h"
#include "login/tokens.h"
#include "net/address.h"
#include "net/limits.h"
#include "net/tls.h"
#include "protocols/dav/services.h"
#include "protocols/imap/server.h"
#include "protocols/managesieve/server.h"
#include "protocols/pop3/server.h"
#include "store/rocksdb/rocksdb.h"
#include "transport/calls/feed_client.h"
#include "transport/dns/options.h"
#include "transport/filtering/filter_options.h"
#include "transport/lmtp/options.h"
#include "transport/push/push_options.h"
#include "transport/reports/options.h"
#include "transport/sending/options.h"
#include "transport/smtp/options.h"
#include "transport/submission/options.h"

namespace kontor::app {

struct LogOptions {
  log::Level level = log::Level::info;
  log::Form format = log::Form::text;
  std::string file;
};

struct ServerOptions {
  std::uint32_t network_threads = 0;
  std::uint32_t workers = 16;
  std::chrono::seconds shutdown_grace{10};
  std::chrono::seconds sweep_every{3600};
  std::vector<std::string> proxy_from;
};

struct TlsOptions {
  std::vector<std::string> certificates;
  std::vector<std::string> keys;
  std::string client_authorities;
};

struct ListenOptions {
  std::vector<std::string> imaps = {"*:993"};
  std::vector<std::string> imap;
  std::vector<std::string> pop3s;
  std::vector<std::string> pop3;
  std::vector<std::string> managesieve_tls;
  std::vector<std::string> managesieve;
  std::vector<std::string> submissions, submission;
  std::vector<std::string> lmtp = {"unix:lmtp.sock"};
  std::vector<std::string> smtp;
  std::vector<std::string> https = {"*:8443"};
  std::vector<std::string> dav;
  std::vector<std::string> metrics = {"127.0.0.1:8093"};
};

// Not copyable: the schema points into it.
struct Settings {
  Settings();
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;

  std::string data = "/var/lib/kontor";
  std::string hostname;  // empty in the file; filled with the machine's by load_settings
  LogOptions log;
  ServerOptions server;
  TlsOptions tls;
  ListenOptions listen;
  store::RocksdbOptions rocksdb;
  groupware::Options groupware;
  bool has_index = true;
  std::string search_folder;
  groupware::ExtractOptions extract;
  net::LimitOptions limits;
  directory::HashCost hash_cost;
  login::OauthOptions oauth;
  imap::Options imap;
  pop3::Options pop3;
  managesieve::Options managesieve;
  dav::Options dav;
  transport::FeedClientOptions feeds;
  std::string dav_url;
  login::PlainLogin dav_plain_login = login::PlainLogin::local;
  transport::LmtpOptions lmtp;
  transport::SmtpOptions smtp;
  transport::SendingOptions sending;
  transport::PushOptions push;
  transport::ReportOptions reports;
  transport::SubmissionOptions submission;
  transport::DnsOptions dns;
  groupware::FilterOptions filter;
  transport::FilterOptions filters;
  std::vector<std::string> import_allow = {"127.0.0.0/8", "::1"};
  std::uint32_t import_parallel = 32;

  config::Schema schema;
  std::string file;  // that was read; empty if none was
};

// Reads `file`, or, where that is empty, /etc/kontor/kontor.toml if it is there. Errors: not_found (no such file),
// invalid (one line per problem: "kontor.toml:12: ...").
Result<void> load_settings(Settings& settings, const std::string& file);

// Endpoints as configured, relative Unix paths taken from the data directory. Errors: invalid (such a path is too
// long).
Result<std::vector<net::Endpoint>> endpoints(const Settings& settings, const std::vector<std::string>& texts);
// How clients call the server by HTTP: "https://mail.example.org". Sound after load_settings.
std::string web_origin(const Settings& settings);
// Sound after load_settings.
std::vector<net::Network> networks(const std::vector<std::string>& texts);
std::string store_folder(const Settings& settings);
// With the folder of the search index, where there shall be one.
groupware::Options groupware_options(const Settings& settings);
std::string admin_socket(const Settings& settings);
std::string token_file(const Settings& settings);

}  // namespace kontor::app
