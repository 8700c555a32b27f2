// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "kontor/commands.h"
#include "kontor/exit_code.h"

int main(int argc, char** argv) {
  try {
    kontor::app::CommandLine line;
    kontor::app::add_serve_commands(line);
    kontor::app::add_tenant_commands(line);
    kontor::app::add_principal_commands(line);
    kontor::app::add_import_commands(line);
    kontor::app::add_archive_commands(line);
    kontor::app::add_queue_commands(line);
    kontor::app::add_quarantine_commands(line);
    kontor::app::add_domain_mail_commands(line);
    kontor::app::add_domain_dns_commands(line);
    kontor::app::add_sieve_commands(line);
    kontor::app::add_rule_commands(line);
    kontor::app::add_preference_commands(line);
    kontor::app::add_hold_commands(line);
    kontor::app::add_sender_commands(line);
    kontor::app::add_calendar_commands(line);
    return line.run(argc, argv);
  } catch (const std::exception& fault) {
    fmt::print(stderr, "kontor: {}\n", fault.what());
    return kontor::app::kFailed;
  }
}
