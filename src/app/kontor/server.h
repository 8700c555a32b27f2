// SPDX-License-Identifier: AGPL-3.0-or-later
// The server: all rooms built and wired, from the opened data folder to the listeners.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/workers.h"
#include "groupware/calendar/feed_keeper.h"
#include "groupware/rules/filter.h"
#include "groupware/scheduling/alarm_sender.h"
#include "groupware/scheduling/scheduler.h"
#include "kontor/house.h"
#include "kontor/settings.h"
#include "net/http_server.h"
#include "net/limits.h"
#include "net/runtime.h"
#include "net/tls.h"
#include "protocols/admin/admin.h"
#include "transport/dns/dns.h"
#include "transport/filtering/delivery_plugins.h"
#include "transport/filtering/filter_gate.h"
#include "transport/filtering/trainer.h"
#include "transport/lmtp/server.h"
#include "transport/push/push_sender.h"
#include "transport/queue/rule_outbox.h"
#include "transport/receiving/returns.h"
#include "transport/reports/reporter.h"
#include "transport/sending/sender.h"
#include "transport/smtp/server.h"
#include "transport/submission/server.h"

namespace kontor::app {

class Server {
 public:
  // `settings` and `house` must outlive it.
  Server(const Settings& settings, House& house);
  ~Server();

  // Loads certificates and listens on everything. Errors: unavailable, invalid, each with its sentence.
  Result<void> start();
  // Certificates anew, from other files where `settings` says so. Errors: invalid; then the old ones stay.
  Result<void> reload_certificates(const Settings& settings);
  // Ends all sessions and all work. Not to be started again.
  void stop();

  // Name of a listener ("imaps") to where it listens, with real ports. A Unix socket beside TCP has "-unix" at its
  // name's end; a second endpoint of one kind is "imaps-2".
  const std::map<std::string, std::string>& endpoints() const { return endpoints_; }

 private:
  std::string status() const;
  Result<void> listen(const std::string& name, const std::vector<std::string>& at, net::TlsMode tls,
                      net::Session session, std::string refusal, std::uint32_t unix_mode = 0660);
  Result<void> listen_smtp();
  Result<void> listen_http();
  void sweep();
  net::HttpResponse health(bool must_be_ready) const;

  // Where messages are delivered: apart from all else, if plug-ins may keep them waiting there.
  Workers& deliverers() { return gate_.has(transport::FilterStage::delivery) ? gate_.workers() : workers_; }

  const Settings& settings_;
  House& house_;
  std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
  std::atomic<bool> is_ready_ = false;
  std::atomic<bool> is_sweeping_ = false;
  std::map<std::string, std::string> endpoints_;

  std::unique_ptr<login::Tokens> tokens_;
  std::unique_ptr<transport::Dns> dns_;  // outlives the workers, who ask it

  // stop() ends all sessions. Then the workers go before the runtime: one that has just brought a session back may
  // still be leaving the runtime's loop.
  net::TlsContexts tls_;
  net::Limits limits_;
  net::Runtime runtime_;
  Workers workers_;
  admin::Admin admin_;
  transport::Returns returns_;
  transport::RuleOutbox rule_outbox_;
  groupware::Filter filter_;
  groupware::Scheduler scheduler_;
  groupware::AlarmSender alarms_;
  groupware::FeedKeeper feeds_;
  transport::FilterGate gate_;
  transport::DeliveryPlugins plugins_;
  std::unique_ptr<transport::Trainer> trainer_;  // null: nobody is to be taught
  transport::LmtpServer lmtp_;
  std::unique_ptr<transport::Reporter> reporter_;  // null: no reports
  std::unique_ptr<transport::SmtpServer> smtp_;
  std::unique_ptr<transport::MtaSts> sts_;
  std::unique_ptr<transport::Sender> sender_;
  std::unique_ptr<transport::Vapid> vapid_;
  std::unique_ptr<transport::PushSender> push_;
  std::unique_ptr<transport::SubmissionServer> submission_;
};

// `kontor serve`: returns the process's exit code after a clean stop.
int serve(Settings& settings);

}  // namespace kontor::app
