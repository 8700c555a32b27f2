// SPDX-License-Identifier: AGPL-3.0-or-later
// `kontor serve`: the life of the server's process.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>

#include "base/log.h"
#include "kontor/exit_code.h"
#include "kontor/process.h"
#include "kontor/server.h"

namespace kontor::app {
namespace {

void apply(const LogOptions& options) { log::configure(options.level, options.format, options.file); }

std::string endpoints_file(const Settings& settings) { return settings.data + "/endpoints.json"; }

// Where everything listens, for programs that look for it (any free port may have been asked for).
Result<void> publish(const Settings& settings, const Server& server) {
  boost::json::object names;
  for (const auto& [name, endpoint] : server.endpoints()) names[name] = endpoint;
  return replace_file(endpoints_file(settings), boost::json::serialize(names) + "\n");
}

std::string listed(const Server& server) {
  std::string out;
  for (const auto& [name, endpoint] : server.endpoints())
    out += fmt::format("{}{}={}", out.empty() ? "" : " ", name, endpoint);
  return out;
}

// SIGHUP: the file is read anew; what cannot change while running waits for a restart, and is named.
void reload(const Settings& settings, Server& server) {
  notify_manager("RELOADING=1");
  Settings fresh;
  if (auto loaded = load_settings(fresh, settings.file); !loaded) {
    log::error("reload.failed", {{"why", loaded.error().text}});
  } else {
    apply(fresh.log);
    auto done = server.reload_certificates(fresh);
    if (!done) log::error("reload.failed", {{"why", done.error().text}});
    for (std::size_t i = 0; i < fresh.schema.entries().size(); ++i) {
      const config::Entry& entry = fresh.schema.entries()[i];
      if (!entry.about.reloads && entry.show() != settings.schema.entries()[i].show())
        log::warn("reload.needs_restart", {{"key", entry.key}});
    }
    if (done) log::info("reloaded");
  }
  notify_manager("READY=1");
}

int failed(const Settings& settings, const Error& error) {
  log::error("start.failed", {{"why", error.text}});
  if (!settings.log.file.empty()) fmt::print(stderr, "kontor: {}\n", error.text);
  return exit_code(error.code, true);
}

}  // namespace

int serve(Settings& settings) {
  block_signals();
  raise_file_limit();
  apply(settings.log);
  log::info("starting",
            {{"version", KONTOR_VERSION}, {"pid", ::getpid()}, {"data", settings.data}, {"config", settings.file}});
  auto house = House::open(settings);
  if (!house) return failed(settings, house.error());
  ::unlink(endpoints_file(settings).c_str());  // of a process that was killed
  {
    Server server(settings, **house);
    if (auto started = server.start(); !started) return failed(settings, started.error());
    if (auto published = publish(settings, server); !published) return failed(settings, published.error());
    log::info("ready", {{"endpoints", listed(server)}});
    notify_manager("READY=1");
    for (int number = wait_for_signal(); number == SIGHUP; number = wait_for_signal()) reload(settings, server);
    log::info("stopping");
    notify_manager("STOPPING=1");
    ::unlink(endpoints_file(settings).c_str());
    server.stop();
  }
  house->reset();
  log::info("stopped");
  return kOk;
}

}  // namespace kontor::app
