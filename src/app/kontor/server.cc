// SPDX-License-Identifier: AGPL-3.0-or-later
#include "kontor/server.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <iterator>

#include "base/log.h"
#include "base/metrics.h"
#include "groupware/search/text_index.h"
#include "kontor/domain_dns.h"
#include "kontor/domain_mail.h"
#include "kontor/import_tokens.h"
#include "kontor/quarantine_verbs.h"
#include "kontor/queue_verbs.h"
#include "protocols/dav/server.h"
#include "protocols/imap/server.h"
#include "protocols/import/server.h"
#include "protocols/managesieve/server.h"
#include "protocols/pop3/server.h"
#include "protocols/push/server.h"
#include "protocols/tzdist/server.h"

namespace kontor::app {
namespace {

namespace json = boost::json;

imap::Options imap_options(const Settings& settings) {
  imap::Options options = settings.imap;
  options.version = KONTOR_VERSION;
  return options;
}

pop3::Options pop3_options(const Settings& settings) {
  pop3::Options options = settings.pop3;
  options.version = KONTOR_VERSION;
  return options;
}

managesieve::Options managesieve_options(const Settings& settings) {
  managesieve::Options options = settings.managesieve;
  options.version = KONTOR_VERSION;
  options.forwards = settings.filter.sent;
  return options;
}

groupware::FilterOptions filter_options(const Settings& settings) {
  groupware::FilterOptions options = settings.filter;
  options.hostname = settings.hostname;
  options.version = KONTOR_VERSION;
  return options;
}

transport::ForwardSenders forward_senders(const Settings& settings, const House& house) {
  return {.srs = settings.sending.uses_srs ? house.srs.get() : nullptr,
          .clock = &system_clock(),
          .domain = settings.sending.srs_domain};
}

bool is_mail_access(std::string_view name) {
  return name == "imap" || name == "imaps" || name == "pop3" || name == "pop3s" || name == "managesieve" ||
         name == "managesieves";
}

Result<std::vector<net::Certificate>> certificates(const Settings& settings) {
  std::vector<net::Certificate> out;
  for (std::size_t i = 0; i < settings.tls.certificates.size(); ++i) {
    const std::string& chain = settings.tls.certificates[i];
    out.push_back({chain, settings.tls.keys.empty() ? chain : settings.tls.keys[i]});
  }
  if (!out.empty()) return out;
  std::string folder = settings.data + "/tls";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  net::Certificate own{folder + "/cert.pem", folder + "/key.pem"};
  TRY_VOID(net::make_self_signed(own, settings.hostname));
  log::warn("tls.self_signed", {{"file", own.certificate_file},
                                {"advice", "clients will not trust it: set tls.certificates and tls.keys"}});
  out.push_back(std::move(own));
  return out;
}

Task<net::HttpResponse> answer_with(std::function<net::HttpResponse()> make) { co_return make(); }

net::HttpRoute plain_route(std::string path, std::function<net::HttpResponse()> make) {
  return {std::move(path), [make = std::move(make)](net::HttpRequest, net::HttpBody&) { return answer_with(make); }};
}

}  // namespace

Server::Server(const Settings& settings, House& house)
    : settings_(settings),
      house_(house),
      limits_(settings.limits),
      runtime_(settings.server.network_threads, tls_, limits_),
      workers_(settings.server.workers),
      admin_(*house.directory, *house.accounts, [this] { return status(); }),
      returns_{*house.srs, *house.directory, *house.queue, system_clock()},
      rule_outbox_(*house.queue, *house.accounts, *house.directory, forward_senders(settings, house)),
      filter_(*house.accounts, *house.directory, system_clock(), filter_options(settings), &rule_outbox_),
      scheduler_({*house.accounts, *house.directory, system_clock(), &rule_outbox_}),
      alarms_({*house.accounts, *house.directory, system_clock(), rule_outbox_}),
      feeds_({*house.accounts, *house.directory, system_clock(),
              [this](const groupware::Feed& feed) {
                return transport::fetch_feed(feed, settings_.feeds, feeds_.is_ending());
              }}),
      gate_(settings.filters, *house.queue, system_clock()),
      plugins_(gate_, *house.accounts, *house.directory, rule_outbox_),
      lmtp_(*house.accounts, *house.directory, deliverers(), system_clock(), settings.lmtp, &filter_,
            &house.queue->journal(), &returns_, &gate_) {
  if (gate_.has(transport::FilterStage::delivery)) filter_.use(plugins_);
  filter_.use(scheduler_);
  add_import_tokens(admin_, token_file(settings));
  add_queue_verbs(admin_, house);
  add_quarantine_verbs(admin_, house);
  add_domain_mail_verbs(admin_, house);
  add_domain_dns_verbs(admin_, house, settings);
}

Server::~Server() { stop(); }

Result<void> Server::reload_certificates(const Settings& settings) {
  TRY(auto files, certificates(settings));
  return tls_.load(files, settings.tls.client_authorities);
}

Result<void> Server::listen(const std::string& name, const std::vector<std::string>& at, net::TlsMode tls,
                            net::Session session, std::string refusal, std::uint32_t unix_mode) {
  if (at.empty()) return {};
  net::ListenerOptions options;
  options.name = name;
  TRY(options.endpoints, app::endpoints(settings_, at));
  options.tls = tls;
  options.unix_mode = unix_mode;
  options.asks_certificate = is_mail_access(name);
  if (is_mail_access(name) || name == "https" || name == "dav" || name == "smtp")
    options.proxy_from = networks(settings_.server.proxy_from);
  TRY(auto real, runtime_.listen(options, std::move(session), std::move(refusal)));
  for (const net::Endpoint& endpoint : real) {
    std::string base = endpoint.is_unix && name != "admin" ? name + "-unix" : name;
    std::string key = base;
    for (int i = 2; endpoints_.contains(key); ++i) key = fmt::format("{}-{}", base, i);
    endpoints_[key] = net::to_string(endpoint);
  }
  return {};
}

Result<void> Server::start() {
  TRY_VOID(reload_certificates(settings_));
  if (settings_.oauth.is_configured()) {
    TRY(tokens_, login::Tokens::make(settings_.oauth, system_clock()));
  }
  TRY(dns_, transport::Dns::make(settings_.dns));
  if (settings_.reports.is_on()) {
    TRY(reporter_, transport::Reporter::open(*house_.engine, *house_.queue, *dns_, system_clock(), settings_.reports));
  }
  // Before anybody opens an account: an open one says no more that it has old lessons.
  if (!settings_.filters.train.empty()) {
    trainer_ =
        std::make_unique<transport::Trainer>(settings_.filters, *house_.accounts, *house_.directory, system_clock());
    trainer_->start();
  }
  imap::Services services{*house_.accounts, *house_.directory, limits_, workers_, tokens_.get()};
  net::Session imap = imap::session(services, imap_options(settings_));
  TRY_VOID(listen("imaps", settings_.listen.imaps, net::TlsMode::implicit, imap, imap::refusal()));
  TRY_VOID(listen("imap", settings_.listen.imap, net::TlsMode::starttls, imap, imap::refusal()));
  net::Session pop3 =
      pop3::session({*house_.accounts, *house_.directory, limits_, workers_, tokens_.get()}, pop3_options(settings_));
  TRY_VOID(listen("pop3s", settings_.listen.pop3s, net::TlsMode::implicit, pop3, pop3::refusal()));
  TRY_VOID(listen("pop3", settings_.listen.pop3, net::TlsMode::starttls, pop3, pop3::refusal()));
  net::Session managesieve = managesieve::session(
      {*house_.accounts, *house_.directory, limits_, workers_, tokens_.get()}, managesieve_options(settings_));
  TRY_VOID(listen("managesieves", settings_.listen.managesieve_tls, net::TlsMode::implicit, managesieve,
                  managesieve::refusal()));
  TRY_VOID(
      listen("managesieve", settings_.listen.managesieve, net::TlsMode::starttls, managesieve, managesieve::refusal()));
  TRY_VOID(listen("lmtp", settings_.listen.lmtp, net::TlsMode::starttls, lmtp_.session(),
                  "421 4.3.2 Too many connections\r\n"));
  TRY_VOID(listen_smtp());
  const login::Services logins{*house_.directory, limits_, workers_, tokens_.get()};
  submission_ = std::make_unique<transport::SubmissionServer>(*house_.directory, *house_.accounts, *house_.queue,
                                                              logins, system_clock(), settings_.smtp,
                                                              settings_.submission, house_.engine.get(), &gate_);
  TRY_VOID(listen("submissions", settings_.listen.submissions, net::TlsMode::implicit, submission_->session(),
                  "421 4.3.2 Too many connections\r\n"));
  TRY_VOID(listen("submission", settings_.listen.submission, net::TlsMode::starttls, submission_->session(),
                  "421 4.3.2 Too many connections\r\n"));
  const std::string contact =
      settings_.push.contact.empty() ? "mailto:postmaster@" + settings_.hostname : settings_.push.contact;
  TRY(vapid_, transport::Vapid::open(*house_.engine, contact));
  TRY_VOID(listen_http());
  runtime_.every(settings_.server.sweep_every, [this] { sweep(); });
  runtime_.every(std::chrono::seconds(30), [this] { workers_.post([this] { scheduler_.try_again(); }); });
  // What a crash has left on its way.
  workers_.post([this] { scheduler_.send_out_all(); });
  if (trainer_) runtime_.every(std::chrono::seconds(5), [this] { trainer_->try_again(); });
  if (auto* index = house_.accounts->text_index()) index->start();
  sts_ = std::make_unique<transport::MtaSts>(*house_.engine, system_clock(), *dns_, settings_.sending.authorities,
                                             settings_.sending.mta_sts_port);
  const transport::SenderServices sending{.queue = *house_.queue,
                                          .resolver = *dns_,
                                          .keys = *house_.domain_keys,
                                          .sts = *sts_,
                                          .accounts = *house_.accounts,
                                          .directory = *house_.directory,
                                          .workers = deliverers(),
                                          .clock = system_clock(),
                                          .over_quota = settings_.lmtp.over_quota,
                                          .filter = &filter_,
                                          .srs = house_.srs.get(),
                                          .reporter = reporter_.get()};
  sender_ = std::make_unique<transport::Sender>(sending, settings_.sending);
  sender_->start();
  if (reporter_) reporter_->start();
  push_ = std::make_unique<transport::PushSender>(
      transport::PushSender::Services{*house_.accounts, *house_.directory, system_clock(), *vapid_}, settings_.push);
  push_->start();
  alarms_.start();
  feeds_.start();
  is_ready_ = true;
  return {};
}

Result<void> Server::listen_smtp() {
  // Submission keeps large messages there as well.
  std::error_code error;
  std::filesystem::create_directories(settings_.smtp.spool_folder, error);
  if (error) return fail(Errc::unavailable, "Cannot make " + settings_.smtp.spool_folder + ": " + error.message());
  if (settings_.listen.smtp.empty()) return {};
  smtp_ = std::make_unique<transport::SmtpServer>(
      *house_.accounts, *house_.directory, deliverers(), system_clock(), settings_.smtp, &filter_, dns_.get(),
      house_.queue.get(), &house_.queue->journal(), &returns_, reporter_.get(), house_.engine.get(), &gate_);
  return listen("smtp", settings_.listen.smtp, net::TlsMode::starttls, smtp_->session(),
                "421 4.3.2 Too many connections\r\n");
}

Result<void> Server::listen_http() {
  constexpr std::uint64_t kSmallBody = 1 << 20;
  std::vector<net::HttpRoute> watching;
  watching.push_back(plain_route("/metrics", [] {
    net::HttpResponse response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = metrics::expose();
    return response;
  }));
  watching.push_back(plain_route("/health", [this] { return health(false); }));
  watching.push_back(plain_route("/ready", [this] { return health(true); }));
  importing::ServerOptions import;
  import.token_file = token_file(settings_);
  import.allowed = networks(settings_.import_allow);
  import.parallel = settings_.import_parallel;
  import.origin = web_origin(settings_);
  auto imports = importing::routes(*house_.accounts, *house_.directory, system_clock(), workers_, import);
  const dav::Services services{*house_.accounts, *house_.directory, limits_,    workers_,
                               system_clock(),   tokens_.get(),     &scheduler_};
  auto dav = dav::routes(services, settings_.dav, settings_.dav_plain_login);
  const login::Services logins{*house_.directory, limits_, workers_, tokens_.get()};
  for (net::HttpRoute& route :
       push::routes({*house_.accounts, logins, vapid_->public_key()}, settings_.dav_plain_login))
    dav.push_back(std::move(route));
  for (net::HttpRoute& route : tzdist::routes(house_.accounts->zones(), workers_, system_clock()))
    dav.push_back(std::move(route));
  TRY_VOID(listen("dav", settings_.listen.dav, net::TlsMode::none, net::http_session(dav, UINT64_MAX), ""));
  std::move(dav.begin(), dav.end(), std::back_inserter(imports.remote));
  TRY_VOID(listen("https", settings_.listen.https, net::TlsMode::implicit,
                  net::http_session(std::move(imports.remote), UINT64_MAX), ""));
  // Verbs bound their own arguments. An archive from a pipe comes as slowly as its source gives it.
  auto local = admin::routes(admin_, workers_);
  std::move(imports.local.begin(), imports.local.end(), std::back_inserter(local));
  net::HttpTimes patient;
  patient.body = std::chrono::hours(24);
  TRY_VOID(listen("admin", {"unix:" + admin_socket(settings_)}, net::TlsMode::none,
                  net::http_session(std::move(local), UINT64_MAX, patient), "", 0600));
  return listen("metrics", settings_.listen.metrics, net::TlsMode::none,
                net::http_session(std::move(watching), kSmallBody), "");
}

net::HttpResponse Server::health(bool must_be_ready) const {
  net::HttpResponse response;
  bool is_fine = is_ready_ || !must_be_ready;
  response.status = is_fine ? 200 : 503;
  response.body = is_fine ? "ok\n" : "not ready\n";
  return response;
}

// One at a time: a sweep that takes longer than its period is not joined by a second.
void Server::sweep() {
  if (is_sweeping_.exchange(true)) return;
  workers_.post([this] {
    auto start = std::chrono::steady_clock::now();
    Result<void> done = house_.accounts->sweep();
    scheduler_.send_out_all();
    if (auto kept = house_.srs->keep(system_clock().now()); !kept)
      log::error("srs.not_renewed", {{"why", kept.error().text}});
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (auto expired = gate_.expire(); !expired) log::error("quarantine.failed", {{"why", expired.error().text}});
    if (done)
      log::info("sweep", {{"seconds", fmt::format("{:.3f}", took.count())}});
    else
      log::error("sweep.failed", {{"why", done.error().text}});
    is_sweeping_ = false;
  });
}

void Server::stop() {
  is_ready_ = false;
  runtime_.stop(settings_.server.shutdown_grace);
  // Before the workers: it uses them.
  if (sender_) sender_->stop(settings_.server.shutdown_grace);
  if (reporter_) reporter_->stop();
  gate_.workers().finish();
  if (trainer_) trainer_->stop();
  alarms_.stop();
  if (push_) push_->stop();
  feeds_.stop();
  workers_.finish();
}

std::string Server::status() const {
  json::object listeners;
  for (const auto& [name, endpoint] : endpoints_) listeners[name] = endpoint;
  auto up = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - started_);
  auto at = std::chrono::time_point_cast<std::chrono::seconds>(started_);
  return json::serialize(
      json::object{{"running", true},
                   {"version", KONTOR_VERSION},
                   {"pid", ::getpid()},
                   {"started", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(at.time_since_epoch().count()))},
                   {"uptime_seconds", up.count()},
                   {"data", settings_.data},
                   {"disk_bytes", house_.engine->disk_bytes()},
                   {"connections", runtime_.sessions()},
                   {"listeners", std::move(listeners)}});
}

}  // namespace kontor::app
