// SPDX-License-Identifier: AGPL-3.0-or-later
// `kontor sender`: whose mail a tenant or a user wants, or does not.
#include <fmt/format.h>

#include "kontor/commands.h"
#include "kontor/exit_code.h"
#include "kontor/print.h"

namespace kontor::app {
namespace {

int print_senders(const json::value& answer) {
  json::array rows;
  for (const char* list : {"allowed", "blocked", "refused"})
    if (const json::value* entries = answer.as_object().if_contains(list))
      for (const json::value& one : entries->as_array()) rows.push_back(json::object{{"sender", one}, {"list", list}});
  print_table(rows, {{"SENDER", "sender"}, {"LIST", "list"}});
  return kOk;
}

void add_sender_change(CommandLine& line, const std::string& word, const std::string& about) {
  line.verb("sender " + word, "sender." + word, about, print_senders)
      .required("sender", "SENDER", "An address, or a domain as @example.com")
      .text("--tenant", "tenant", "NAME", "For all of this tenant")
      .text("--user", "user", "ADDRESS", "For this user")
      .example("kontor sender " + word + " @example.com --tenant acme");
}

}  // namespace

void add_sender_commands(CommandLine& line) {
  line.group("sender", "Senders whose mail is wanted, or not");
  line.verb("sender list", "sender.list", "Lists them", print_senders)
      .text("--tenant", "tenant", "NAME", "Those of this tenant")
      .text("--user", "user", "ADDRESS", "Those of this user");
  add_sender_change(line, "allow", "Its mail is no junk, where SPF, DKIM or DMARC prove that it sent it");
  add_sender_change(line, "block", "Its mail goes into the folders for junk");
  add_sender_change(line, "refuse", "Its mail is refused (tenants only)");
  add_sender_change(line, "forget", "Takes it off all lists");
}

}  // namespace kontor::app
