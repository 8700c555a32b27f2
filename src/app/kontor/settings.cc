// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor/settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace kontor::app {
namespace {

using namespace std::chrono_literals;

constexpr const char* kUsualFile = "/etc/kontor/kontor.toml";

std::string resolve_endpoint(const std::string& data, const std::string& text) {
  if (text.starts_with("unix:") && !text.starts_with("unix:/")) return "unix:" + data + "/" + text.substr(5);
  return text;
}

Result<void> check_endpoint(std::string_view text) {
  TRY_VOID(net::parse_endpoint(resolve_endpoint("/", std::string(text))));
  return {};
}

Result<void> check_network(std::string_view text) {
  TRY_VOID(net::parse_network(text));
  return {};
}

Result<void> check_folder(std::string_view text) {
  if (!text.starts_with('/') || text == "/") return fail(Errc::invalid, "must be the absolute path of a folder");
  return {};
}

Result<void> check_origin(std::string_view text) {
  const auto host = text.find("://");
  const bool is_origin = (text.starts_with("https://") || text.starts_with("http://")) && text.size() > host + 3 &&
                         text.find_first_of("/?# ", host + 3) == std::string_view::npos;
  if (text.empty() || is_origin) return {};
  return fail(Errc::invalid, "must be https:// and a host, with a port or without, and nothing behind it");
}

void declare_server(config::Schema& schema, Settings& s) {
  schema.text(
      "server.data", s.data,
      {"The folder that holds everything: the store, the local sockets, the certificate made at the first start. "
       "Made with mode 0700 where it is absent. One process at a time uses it."},
      check_folder);
  schema.text(
      "server.hostname", s.hostname,
      {"The name by which clients know this server: in greetings, in Received lines and in the certificate made "
       "at the first start. Empty: the machine's own name."});
  schema.number("server.network_threads", s.server.network_threads, {0, 256},
                {"Threads that move bytes between connections. 0: one per processor."});
  schema.number(
      "server.workers", s.server.workers, {2, 1024},
      {"Threads for what blocks: commits, password hashes, large searches. Commits that wait together share one "
       "sync to disk, so that more workers than processors make sense."});
  schema.duration("server.shutdown_grace", s.server.shutdown_grace, {0s, 10min},
                  {"How long connections may take to say goodbye when the server stops."});
  schema.duration("server.sweep_every", s.server.sweep_every, {1min, 168h},
                  {"How often removed items past their period, and content that nobody refers to, are looked for and "
                   "removed for good."});
  schema.list(
      "server.proxy_from", s.server.proxy_from, "network",
      {"Networks of load balancers, like \"10.0.0.0/8\". Connections from there to IMAP, POP3, SMTP and HTTPS must "
       "start with a PROXY protocol v2 header, which tells the client's address."},
      check_network);
  schema.choice("log.level", s.log.level,
                {{"debug", log::Level::debug},
                 {"info", log::Level::info},
                 {"warn", log::Level::warn},
                 {"error", log::Level::error},
                 {"off", log::Level::off}},
                {"The least important events that are logged.", true});
  schema.choice("log.format", s.log.format, {{"text", log::Form::text}, {"json", log::Form::json}},
                {"One line per event: `text` for people, `json` for collectors.", true});
  schema.text("log.file", s.log.file,
              {"Where the log goes; empty: standard error, which systemd keeps. After a rotation "
               "send SIGHUP.",
               true});
  schema.list(
      "tls.certificates", s.tls.certificates, "file",
      {"Certificate chains in PEM, leaf first. The client's SNI picks one; the first serves everyone else. None: a "
       "self-signed one is made in the data folder at the first start.",
       true});
  schema.list(
      "tls.keys", s.tls.keys, "file",
      {"Private keys in PEM, in the order of `tls.certificates`. None: each is beside the chain in its file.", true});
  schema.text("tls.client_authorities", s.tls.client_authorities,
              {"A PEM file of authorities that vouch for clients' certificates. With it, IMAP and POP3 ask clients for "
               "one (none is needed), and offer EXTERNAL to those that show one: its mail addresses (rfc822Name) say "
               "who logs in.",
               true});
}

void declare_store(config::Schema& schema, Settings& s) {
  schema.size("store.cache", s.rocksdb.cache_bytes, {8 << 20, 1ULL << 40}, {"Memory for blocks read from disk."});
  schema.size("store.write_buffer", s.rocksdb.memtable_bytes, {8 << 20, 1ULL << 36},
              {"Memory for what was written last. It is on disk as well; larger means less work in the background."});
  schema.size("store.inline_limit", s.groupware.inline_limit, {0, 1 << 20},
              {"Content up to this size lies with its item: one sync for both. Larger content is kept once per tenant, "
               "whoever has it."});
  schema.size("store.largest_item", s.groupware.largest_item, {1 << 20, 1ULL << 40},
              {"The largest single item, whatever "
               "brings it."});
  schema.number("store.folders_per_account", s.groupware.folders_per_account, {10, 1'000'000},
                {"How many folders an account may have."});
  schema.number("store.folder_depth", s.groupware.folder_depth, {5, 200},
                {"How many levels of folders within folders there may be. Deeper ones that are there already stay."});
  schema.size("store.view_cache", s.groupware.view_cache_bytes, {1 << 20, 1ULL << 40},
              {"Memory for lists of messages that are kept ready. About 56 bytes a message."});
  schema.number(
      "store.log_commits", s.groupware.log_commits, {100, 10'000'000},
      {"How many changes back a client may be and still get the difference; beyond, it reads the folder anew."});
  schema.duration("store.sweep_grace", s.groupware.sweep_grace, {1min, 720h},
                  {"How long content that nobody refers to is kept, so that whoever reads it can finish."});
}

void declare_search(config::Schema& schema, Settings& s) {
  schema.flag("search.index", s.has_index,
              {"Whether an index of words is kept, in the background. It makes searches in texts fast; answers are the "
               "same without it. It may be deleted at any time and is made anew."});
  schema.text("search.folder", s.search_folder,
              {"Where the index lies. Empty: `search` in the data folder. Its size depends on the mail: up to three "
               "tenths of short messages, far less where attachments make up the most."},
              [](std::string_view path) { return path.empty() ? Result<void>() : check_folder(path); });
  schema.size("search.cache", s.groupware.search.cache_bytes, {1 << 20, 1ULL << 40},
              {"Memory for the words of the accounts that were searched last: some megabytes for a large account."});
  schema.duration("search.settle", s.groupware.search.settle, {0ms, 1h},
                  {"How long new mail waits for the index, so that more of it is taken in one go. Searches find it "
                   "meanwhile by reading it."});
  groupware::declare(schema, s.extract);
}

void declare_access(config::Schema& schema, Settings& s) {
  schema.number("limits.connections", s.limits.connections, {1, 1'000'000}, {"Connections of the whole server."});
  schema.number("limits.connections_per_address", s.limits.connections_per_address, {1, 1'000'000},
                {"Connections from one address (IPv6: one /64). The machine itself is not counted."});
  schema.number("limits.connections_per_user", s.limits.connections_per_user, {1, 100'000},
                {"Logged-in connections of one user."});
  schema.number("limits.failures_before_delay", s.limits.failures_before_delay, {1, 1000},
                {"Failed logins before answers are held back; each further one doubles the delay."});
  schema.duration("limits.longest_delay", s.limits.longest_delay, {1s, 5min}, {"The longest such delay."});
  schema.number("limits.failures_before_refusal", s.limits.failures_before_refusal, {1, 100'000},
                {"Failed logins from one address before it is not even heard."});
  schema.duration("limits.failure_memory", s.limits.failure_memory, {1s, 168h}, {"How long a failed login counts."});
  schema.number("passwords.memory_kib", s.hash_cost.memory_kib, {1024, 1 << 20},
                {"Memory of one Argon2id hash, in KiB. More makes stolen hashes harder to break and logins dearer."});
  schema.number("passwords.passes", s.hash_cost.passes, {1, 64}, {"Passes of one Argon2id hash over its memory."});
  using directory::ScramUse;
  schema.choice(
      "passwords.scram", s.hash_cost.scram,
      {{"auto", ScramUse::automatic}, {"always", ScramUse::always}, {"never", ScramUse::never}},
      {"SCRAM logs in without sending the password, by keys that are made when a password is set or first "
       "used. Clients choose it wherever it is announced, and many do not fall back: `auto` announces it once "
       "every password here has its keys (those that were moved in get them at their first login), `always` "
       "at once, `never` makes no keys and removes them with the next change of a password. The keys are "
       "easier to break than Argon2id, if they are stolen."});
  schema.number("passwords.scram_rounds", s.hash_cost.scram_rounds, {4096, 1'000'000},
                {"Rounds of PBKDF2 in SCRAM's keys. More makes stolen keys harder to break; the client pays them at "
                 "each login, also a phone."});
  login::declare(schema, s.oauth);
}

void declare_imap(config::Schema& schema, Settings& s) {
  schema.list(
      "imap.listen_tls", s.listen.imaps, "endpoint",
      {"Where IMAP is served with TLS from the first byte (\"imaps\"): \"192.0.2.1:993\", \"[::]:993\", or \"*:993\" "
       "for every address of both families. Port 0: any free one."},
      check_endpoint);
  schema.list("imap.listen", s.listen.imap, "endpoint",
              {"Where IMAP is served in the clear with STARTTLS. A password is taken after STARTTLS only, unless "
               "`imap.plain_login` says otherwise."},
              check_endpoint);
  schema.choice(
      "imap.plain_login", s.imap.plain_login,
      {{"never", imap::PlainLogin::never}, {"local", imap::PlainLogin::local}, {"always", imap::PlainLogin::always}},
      {"Who may send a password without TLS: nobody, programs on this machine, or everyone (for tests only)."});
  schema.duration("imap.login_timeout", s.imap.login_timeout, {1s, 10min}, {"How long a client may take to log in."});
  schema.duration("imap.idle_timeout", s.imap.idle_timeout, {1s, 168h},
                  {"How long a client may be silent. The standard asks for 30 minutes at least."});
  schema.duration("imap.write_timeout", s.imap.write_timeout, {1s, 1h},
                  {"How long a client may take to read what was sent to it."});
  schema.number("imap.bad_commands", s.imap.bad_commands, {1, 10'000},
                {"After so many commands in a row that make no sense the connection is closed."});
  schema.flag("imap.unauthenticate", s.imap.unauthenticate,
              {"Whether a client may log out and in again on the same connection (RFC 8437)."});
  schema.number("imap.commands_per_second", s.imap.commands_per_second, {0, 1'000'000},
                {"How many commands of one user are executed per second, over all of the user's connections; two "
                 "seconds' worth may come at once. What is above it waits its turn. 0: as many as come."});
  schema.size(
      "imap.append_limit", s.imap.append_limit, {0, 1ULL << 40},
      {"The largest message that a client may add, told as APPENDLIMIT. 0: as `store.largest_item`, which bounds "
       "it as well."});
  schema.number("imap.search_texts", s.imap.search_texts, {1, 1'000},
                {"How many texts one SEARCH, SORT or THREAD may look for; a search for more is refused."});
  schema.number("imap.search_keys", s.imap.search_keys, {1, 2'000},
                {"How many keys one SEARCH, SORT or THREAD may have; a search with more is refused."});
  schema.number(
      "imap.message_limit", s.imap.message_limit, {0, 1'000'000'000},
      {"How many messages one command may be about, told as MESSAGELIMIT (RFC 9738). FETCH, STORE, SEARCH, MOVE "
       "and UID EXPUNGE do the newest and say so, COPY, APPEND, SORT and THREAD of more are refused. Clients "
       "that do not know it may miss messages: only for servers that need it, and not below 1000. 0: as many "
       "as there are."});
  schema.number(
      "imap.save_limit", s.imap.save_limit, {0, 1'000'000'000},
      {"How many messages one COPY or APPEND may be about, told as SAVELIMIT (RFC 9738); more are refused. Only "
       "without `imap.message_limit`. 0: as many as there are, or 1000 new ones in one APPEND."});
  schema.size("imap.line_limit", s.imap.line_limit, {8 << 10, 16 << 20},
              {"The longest line that a client may send once it is logged in; before that it is 8 KiB."});
  schema.size(
      "imap.command_limit", s.imap.command_limit, {8 << 10, 64 << 20},
      {"The most bytes of a command with all its literals, but for messages, which `imap.append_limit` bounds."});
  schema.size("imap.sort_cache", s.imap.sort_cache, {1 << 20, 1ULL << 40},
              {"Memory for subjects that are kept from one SORT to the next. About 60 bytes a message."});
}

void declare_pop3(config::Schema& schema, Settings& s) {
  schema.list("pop3.listen_tls", s.listen.pop3s, "endpoint",
              {"Where POP3 is served with TLS from the first byte (\"pop3s\"): \"*:995\" for every address of both "
               "families. Empty, as is the next: there is no POP3."},
              check_endpoint);
  schema.list("pop3.listen", s.listen.pop3, "endpoint",
              {"Where POP3 is served in the clear with STLS, usually \"*:110\". A password is taken after STLS only, "
               "unless `pop3.plain_login` says otherwise."},
              check_endpoint);
  schema.choice(
      "pop3.plain_login", s.pop3.plain_login,
      {{"never", pop3::PlainLogin::never}, {"local", pop3::PlainLogin::local}, {"always", pop3::PlainLogin::always}},
      {"Who may send a password without TLS: nobody, programs on this machine, or everyone (for tests only)."});
  schema.duration("pop3.login_timeout", s.pop3.login_timeout, {1s, 10min}, {"How long a client may take to log in."});
  schema.duration("pop3.idle_timeout", s.pop3.idle_timeout, {1s, 168h},
                  {"How long a client may be silent. The standard asks for 10 minutes at least."});
  schema.duration("pop3.write_timeout", s.pop3.write_timeout, {1s, 1h},
                  {"How long a client may take to read what was sent to it."});
  schema.duration("pop3.login_delay", s.pop3.login_delay, {0s, 24h},
                  {"How long after a login the same user must wait for the next one; announced as LOGIN-DELAY."});
  schema.flag("pop3.marks_seen", s.pop3.marks_seen,
              {"Whether messages that were retrieved become \\Seen at QUIT, so that other clients show them as read."});
  schema.flag(
      "pop3.refuses_utf8", s.pop3.refuses_utf8,
      {"Whether a client that did not say UTF8 (RFC 6856) is refused messages that have UTF-8 in their header, with "
       "the code [UTF8]. Such headers are common, and old programs cope with them: by default they are sent as "
       "they are, also to keep signatures and sizes."});
  schema.number("pop3.bad_commands", s.pop3.bad_commands, {1, 10'000},
                {"After so many commands in a row that make no sense the connection is closed."});
}

void declare_dav(config::Schema& schema, Settings& s) {
  using login::PlainLogin;
  schema.list("dav.listen", s.listen.dav, "endpoint",
              {"Where DAV is served by plain HTTP, for a proxy on this machine that does TLS; HTTPS is `https.listen`. "
               "Empty: nowhere."},
              check_endpoint);
  schema.text(
      "dav.url", s.dav_url,
      {"How clients call this server, \"https://mail.example.org\": for what stays in stored items, the addresses "
       "of attachments that a migration brought. Empty: `server.hostname` by HTTPS, at the port of "
       "`https.listen`, or at the usual one where `dav.listen` has a proxy in front of it."},
      check_origin);
  schema.choice("dav.plain_login", s.dav_plain_login,
                {{"never", PlainLogin::never}, {"local", PlainLogin::local}, {"always", PlainLogin::always}},
                {"From where a password is taken without TLS: `local` is from this machine alone."});
  dav::declare(schema, s.dav);
  transport::declare(schema, s.push);
  transport::declare(schema, s.feeds);
}

void declare_others(config::Schema& schema, Settings& s) {
  schema.list(
      "lmtp.listen", s.listen.lmtp, "endpoint",
      {"Where mail is taken by LMTP: \"unix:/run/kontor/lmtp.sock\" or \"127.0.0.1:24\". A Unix path that is not "
       "absolute is in the data folder. LMTP has no login: whoever can connect can deliver. TLS by STARTTLS."},
      check_endpoint);
  transport::declare(schema, s.lmtp);
  schema.list(
      "smtp.listen", s.listen.smtp, "endpoint",
      {"Where mail from other servers is taken by SMTP, usually \"*:25\"; TLS by STARTTLS. Mail for other domains "
       "than the own is refused. Empty: no mail comes by SMTP."},
      check_endpoint);
  transport::declare(schema, s.smtp);
  schema.list(
      "submission.listen_tls", s.listen.submissions, "endpoint",
      {"Where users' programs bring mail, with TLS from the first byte, usually \"*:465\". A login is needed, and the "
       "sender must be an address of the user's, or granted. Empty, as is the next: users cannot send."},
      check_endpoint);
  schema.list("submission.listen", s.listen.submission, "endpoint",
              {"The same with STARTTLS, usually \"*:587\". A password is taken after STARTTLS only."}, check_endpoint);
  transport::declare(schema, s.submission);
  transport::declare(schema, s.sending);
  transport::declare(schema, s.reports);
  transport::declare(schema, s.dns);
  transport::declare(schema, s.filters);
  schema.list("https.listen", s.listen.https, "endpoint",
              {"Where HTTPS is served: calendars, contacts and files by DAV (docs/dav.md), and the endpoint that "
               "`kontor-migrate` imports through. An empty list turns it off."},
              check_endpoint);
  declare_dav(schema, s);
  schema.list(
      "import.allow", s.import_allow, "network",
      {"From where mail may be moved in through HTTPS, like \"192.0.2.10\" or \"10.0.0.0/8\"; a token is needed as "
       "well (`kontor import-token add`). An empty list lets every address with a token in."},
      check_network);
  schema.number("import.parallel", s.import_parallel, {1, 1024},
                {"How many archives are taken at once; further ones are told to come later."});
  schema.list("metrics.listen", s.listen.metrics, "endpoint",
              {"Where /metrics (Prometheus), /health and /ready are served, by plain HTTP and without a login: keep it "
               "local."},
              check_endpoint);
}

void declare_sieve(config::Schema& schema, Settings& s) {
  using managesieve::PlainLogin;
  schema.list(
      "managesieve.listen", s.listen.managesieve, "endpoint",
      {"Where filter scripts are managed by ManageSieve, with STARTTLS: usually \"*:4190\". A password is taken "
       "after STARTTLS only, unless `managesieve.plain_login` says otherwise. Empty, as is the next: there is no "
       "ManageSieve."},
      check_endpoint);
  schema.list("managesieve.listen_tls", s.listen.managesieve_tls, "endpoint",
              {"The same with TLS from the first byte, which few clients know."}, check_endpoint);
  schema.choice(
      "managesieve.plain_login", s.managesieve.plain_login,
      {{"never", PlainLogin::never}, {"local", PlainLogin::local}, {"always", PlainLogin::always}},
      {"Who may send a password without TLS: nobody, programs on this machine, or everyone (for tests only)."});
  schema.duration("managesieve.login_timeout", s.managesieve.login_timeout, {1s, 10min},
                  {"How long a client may take to log in."});
  schema.duration("managesieve.idle_timeout", s.managesieve.idle_timeout, {1s, 168h},
                  {"How long a client may be silent. The standard asks for 30 minutes at least."});
  schema.number("managesieve.bad_commands", s.managesieve.bad_commands, {1, 10'000},
                {"After so many commands in a row that make no sense the connection is closed."});
  schema.number("sieve.scripts", s.groupware.scripts_per_account, {1, 10'000},
                {"How many scripts an account may have; one of them is active."});
  schema.size("sieve.script_size", s.groupware.largest_script, {1 << 10, 1 << 20}, {"The largest script."});
  schema.number("sieve.forwards", s.filter.sent, {0, 16},
                {"To how many addresses a script may send one message on; as many notifications. 0: to none."});
  schema.text(
      "sieve.global_scripts", s.filter.global_scripts,
      {"A folder with scripts of the server, NAME.sieve, which every script can use by `include :global`. Empty: "
       "there are none."},
      [](std::string_view path) { return path.empty() ? Result<void>() : check_folder(path); });
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Errc::not_found, fmt::format("Cannot read the configuration file {}", path));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string machine_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

}  // namespace

Settings::Settings() {
  declare_server(schema, *this);
  declare_imap(schema, *this);
  declare_pop3(schema, *this);
  declare_others(schema, *this);
  declare_sieve(schema, *this);
  declare_store(schema, *this);
  declare_search(schema, *this);
  declare_access(schema, *this);
}

Result<void> load_settings(Settings& settings, const std::string& file) {
  std::error_code ignored;
  settings.file = file;
  if (file.empty() && std::filesystem::exists(kUsualFile, ignored)) settings.file = kUsualFile;
  std::string problems;
  if (!settings.file.empty()) {
    TRY(std::string text, read_file(settings.file));
    for (const config::Problem& problem : settings.schema.load(text, settings.file))
      problems += fmt::format("{}{}:{}: {}", problems.empty() ? "" : "\n", settings.file, problem.line, problem.text);
  }
  if (!settings.tls.keys.empty() && settings.tls.keys.size() != settings.tls.certificates.size())
    problems +=
        fmt::format("{}tls.keys must name one key for each of tls.certificates, or none", problems.empty() ? "" : "\n");
  if (!problems.empty()) return fail(Errc::invalid, problems);
  while (settings.data.size() > 1 && settings.data.ends_with('/')) settings.data.pop_back();
  if (settings.hostname.empty()) settings.hostname = machine_name();
  settings.lmtp.hostname = settings.hostname;
  settings.smtp.hostname = settings.hostname;
  settings.smtp.spool_folder = settings.data + "/spool";
  settings.sending.hostname = settings.hostname;
  settings.smtp.address_literals = settings.sending.address_literals;
  settings.reports.hostname = settings.hostname;
  settings.filters.hostname = settings.hostname;
  settings.filters.spool_folder = settings.smtp.spool_folder;
  return {};
}

Result<std::vector<net::Endpoint>> endpoints(const Settings& settings, const std::vector<std::string>& texts) {
  std::vector<net::Endpoint> out;
  for (const std::string& text : texts) {
    // Only now is the whole path of a Unix socket known, and it may be too long.
    TRY(net::Endpoint endpoint, net::parse_endpoint(resolve_endpoint(settings.data, text)));
    out.push_back(std::move(endpoint));
  }
  return out;
}

std::string web_origin(const Settings& settings) {
  if (!settings.dav_url.empty()) return settings.dav_url;
  constexpr std::uint16_t kUsualPort = 443;
  std::uint16_t port = 0;
  for (const std::string& text : settings.listen.https) {
    const auto endpoint = net::parse_endpoint(text);
    if (endpoint && (port == 0 || endpoint->port == kUsualPort)) port = endpoint->port;
  }
  const bool is_usual = port == 0 || port == kUsualPort || !settings.listen.dav.empty();
  return "https://" + settings.hostname + (is_usual ? std::string() : fmt::format(":{}", port));
}

std::vector<net::Network> networks(const std::vector<std::string>& texts) {
  std::vector<net::Network> out;
  for (const std::string& text : texts) out.push_back(net::parse_network(text).value());
  return out;
}

std::string store_folder(const Settings& settings) { return settings.data + "/store"; }
groupware::Options groupware_options(const Settings& settings) {
  groupware::Options options = settings.groupware;
  options.notes_lessons = !settings.filters.train.empty();
  if (settings.has_index)
    options.search.folder = settings.search_folder.empty() ? settings.data + "/search" : settings.search_folder;
  return options;
}

std::string admin_socket(const Settings& settings) { return settings.data + "/kontor.sock"; }
std::string token_file(const Settings& settings) { return settings.data + "/import-tokens.json"; }

}  // namespace kontor::app
