// SPDX-License-Identifier: AGPL-3.0-or-later
// The commands of `kontor`, one file for each family.
#pragma once

#include "kontor/command_line.h"

namespace kontor::app {

void add_serve_commands(CommandLine& line);        // serve, status, check, config
void add_tenant_commands(CommandLine& line);       // tenant, domain
void add_principal_commands(CommandLine& line);    // user, shared, group, resource, folder
void add_import_commands(CommandLine& line);       // import-token
void add_archive_commands(CommandLine& line);      // import
void add_queue_commands(CommandLine& line);        // queue
void add_quarantine_commands(CommandLine& line);   // quarantine
void add_domain_mail_commands(CommandLine& line);  // domain dkim, srs
void add_domain_dns_commands(CommandLine& line);   // domain dns, domain check
void add_sieve_commands(CommandLine& line);        // sieve
void add_rule_commands(CommandLine& line);         // rule
void add_preference_commands(CommandLine& line);   // user preferences
void add_hold_commands(CommandLine& line);         // hold
void add_sender_commands(CommandLine& line);       // sender
void add_calendar_commands(CommandLine& line);     // calendar

}  // namespace kontor::app
