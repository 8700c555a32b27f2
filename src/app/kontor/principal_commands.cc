// SPDX-License-Identifier: AGPL-3.0-or-later
#include <fmt/format.h>

#include <cstdio>

#include "directory/contact.h"
#include "kontor/commands.h"
#include "kontor/exit_code.h"
#include "kontor/print.h"

namespace kontor::app {
namespace {

Printer told(std::string what, std::string key) {
  return [what = std::move(what), key = std::move(key)](const json::value& answer) {
    fmt::print("{} {}\n", what, cell(answer.at(key)));
    return kOk;
  };
}

Printer principal_details() {
  return [](const json::value& answer) {
    print_details(answer, {"quota", "own_quota", "used"});
    return kOk;
  };
}

Printer principal_table(bool has_members) {
  std::vector<Column> columns = {{"ADDRESS", "address"}, {"NAME", "name"}, {"TENANT", "tenant"}, {"STATUS", "status"}};
  if (has_members)
    columns.push_back({"MEMBERS", "members"});
  else
    columns.push_back({"QUOTA", "quota", true});
  return [columns](const json::value& answer) {
    print_table(answer, columns);
    return kOk;
  };
}

struct Family {
  std::string word;  // "user"
  std::string about;
  std::string one;  // "a user"
  bool has_account = true;
  bool has_members = false;
};

void add_contact(VerbCommand& command, bool is_new) {
  command.text("--title", "title", "TEXT", "What they are: shown in the list of people, as what follows");
  command.text("--department", "department", "TEXT", "Where in the company");
  command.text("--company", "company", "TEXT", "Of which company");
  command.text("--location", "location", "TEXT", "Where to be found");
  command.list("--phone", "phones", "KIND:NUMBER",
               "All phones: work (where no kind is named), mobile, home, fax, pager, other; or none");
  command.binary_file("--photo", "photo", directory::kMaxPhoto, "A JPEG or PNG file of at most 256 KiB");
  if (is_new) {
    command.flag("--hidden", "hidden", true, "Not in the list of people");
    return;
  }
  command.flag("--no-photo", "photo", nullptr, "Take the photo away");
  command.on_off("--hidden", "hidden", "Whether it is left out of the list of people");
}

void add_booking(VerbCommand& command, bool is_new) {
  command.text("--booking", "booking", "HOW",
               "Who answers: automatic (the rules below), approval (the same, but an approver says yes) or manual");
  command.text("--series", "series", "YES|NO", "Whether it can be booked again and again");
  command.number("--conflicts", "conflicts", "How many times of a series may be taken already; these it declines");
  command.number("--window", "window_days", "How many days ahead it can be booked; 0: any time");
  command.number("--longest", "longest_minutes", "How many minutes it can be booked for; 0: as long as wanted");
  command.list("--hours", "hours", "HOURS", "When it can be booked, like \"mon-fri 08:00-18:00\"; or always");
  command.text("--zone", "zone", "NAME", "The time zone of these hours, like Europe/Berlin");
  command.list(is_new ? "--approver" : "--add-approver", "add_approvers", "ADDRESS", "Who is asked and says yes");
  if (!is_new) command.list("--remove-approver", "remove_approvers", "ADDRESS", "Who is not asked any more");
}

void add_changes(VerbCommand& command, const Family& family, bool is_new) {
  command.text("--name", "name", "TEXT", "The name that people see");
  if (!is_new)
    command.text("--status", "status", "STATUS",
                 "active, inactive (no login, mail is taken) or suspended (mail is deferred)");
  if (is_new) command.flag("--inactive", "status", "inactive", "No login yet: an account that is being moved in");
  if (family.has_account) {
    command.size("--quota", "quota", "Like 5G; unlimited; or default: the tenant's", "default");
    command.number("--quota-messages", "quota_messages", "How many messages it may hold; 0: no such limit");
  }
  command.list(is_new ? "--alias" : "--add-alias", "add_addresses", "ADDRESS", "A further address");
  if (!is_new) {
    command.list("--remove-alias", "remove_addresses", "ADDRESS", "Take an address away");
    command.text("--primary", "primary", "ADDRESS", "Which of its addresses is the first: shown, and the login name");
  }
  if (family.has_members) {
    command.list(is_new ? "--member" : "--add-member", "add_members", "ADDRESS", "Someone who belongs to it");
    if (!is_new) command.list("--remove-member", "remove_members", "ADDRESS", "Someone who does not any more");
  }
  if (family.word == "shared") {
    command.list(is_new ? "--reader" : "--add-reader", "add_readers", "ADDRESS", "A member who only reads");
    command.list(is_new ? "--manager" : "--add-manager", "add_managers", "ADDRESS",
                 "A member who gives rights to others, too");
  }
  command.list(is_new ? "--send-as" : "--add-send-as", "add_send_as", "ADDRESS", "Who may send under its addresses");
  command.list(is_new ? "--send-on-behalf" : "--add-send-on-behalf", "add_send_on_behalf", "ADDRESS",
               "Who may send for it, both being named");
  if (!is_new) {
    command.list("--remove-send-as", "remove_send_as", "ADDRESS", "Who may not any more");
    command.list("--remove-send-on-behalf", "remove_send_on_behalf", "ADDRESS", "Who may not any more");
  }
  add_contact(command, is_new);
  if (family.word == "resource") add_booking(command, is_new);
  if (family.word != "user") return;
  command.list("--protocols", "protocols", "NAMES", "What it may log in with: imap, pop3, ..., all or none");
  command.list("--roles", "roles", "NAMES", "tenant_admin, helpdesk, auditor, server_admin or none");
}

void add_family(CommandLine& line, const Family& family) {
  const std::string& word = family.word;
  line.group(word, family.about);
  VerbCommand& add = line.verb(word + " add", word + ".add", "Adds " + family.one, told("Added " + word, "address"),
                               {.may_open = true, .may_make = true});
  add.required("address", "ADDRESS", "Its address, in a domain that is here");
  if (word == "resource") add.text("--kind", "kind", "KIND", "room (the default) or equipment");
  add_changes(add, family, true);
  if (word == "user") {
    add.secret(false);
    add.example("kontor user add ada@example.org --name \"Ada Example\" --password-stdin < secret.txt");
    add.example("kontor user add ada@example.org --inactive --quota 5G --password-hash-stdin");
  }
  if (word == "shared")
    add.example("kontor shared add desk@example.org --member ada@example.org --reader team@example.org");
  if (word == "group") add.example("kontor group add team@example.org --member ada@example.org,bob@example.org");
  line.verb(word + " show", word + ".show", "Shows " + family.one, principal_details())
      .required("address", "ADDRESS", "Any of its addresses");
  line.verb(word + " list", word + ".list", "Lists them", principal_table(family.has_members))
      .text("--tenant", "tenant", "NAME", "Only of this tenant")
      .text("--domain", "domain", "DOMAIN", "Only with a primary address in this domain");
  VerbCommand& set =
      line.verb(word + " set", word + ".set", "Changes " + family.one, told("Changed " + word, "address"));
  set.required("address", "ADDRESS", "Any of its addresses");
  add_changes(set, family, false);
  set.example("kontor " + word + " set " + word + "@example.org --status suspended");
  line.verb(word + " remove", word + ".remove",
            "Removes " + family.one + (family.has_account ? " and all its items, for good" : ""),
            told("Removed " + word, "removed"))
      .required("address", "ADDRESS", "Any of its addresses")
      .confirms(family.has_account ? "Remove it and all its items, for good?" : "Remove it?");
}

int print_new_app_password(const json::value& answer) {
  fmt::print("{}\n", cell(answer.at("secret")));
  fmt::print(stderr, "App password {} was made; it is shown only now.\n", cell(answer.at("id")));
  return kOk;
}

int print_app_passwords(const json::value& answer) {
  print_table(answer, {{"ID", "id"}, {"LABEL", "label"}, {"CREATED", "created"}, {"PROTOCOLS", "protocols"}});
  return kOk;
}

void add_passwords(CommandLine& line) {
  line.verb("user passwd", "user.passwd", "Sets a user's password", told("Changed the password of", "changed"))
      .required("address", "ADDRESS", "The user")
      .secret(true)
      .example("kontor user passwd ada@example.org")
      .example("echo '{SSHA}...' | kontor user passwd ada@example.org --password-hash-stdin");
  line.group("user app-password", "Passwords for single programs, which can be taken back one by one");
  line.verb("user app-password add", "user.app-password.add", "Makes one and prints it, once", print_new_app_password)
      .required("address", "ADDRESS", "The user")
      .text("--label", "label", "TEXT", "What it is for", true)
      .list("--protocols", "protocols", "NAMES", "What it may be used with (all by default)")
      .example("kontor user app-password add ada@example.org --label phone --protocols imap");
  line.verb("user app-password list", "user.app-password.list", "Lists them, without the secrets", print_app_passwords)
      .required("address", "ADDRESS", "The user");
  line.verb("user app-password remove", "user.app-password.remove", "Takes one back",
            told("Removed app password", "removed"))
      .required("address", "ADDRESS", "The user")
      .number("ID", "id", "Its number in the list");
}

int print_folders(const json::value& answer) {
  print_table(answer, {{"FOLDER", "path"},
                       {"ROLE", "role"},
                       {"MESSAGES", "messages"},
                       {"UNSEEN", "unseen"},
                       {"SIZE", "bytes", true},
                       {"UIDVALIDITY", "uid_validity"},
                       {"UIDNEXT", "next_uid"}});
  return kOk;
}

int print_rights(const json::value& answer) {
  print_table(
      answer,
      {{"FOLDER", "folder"}, {"WHO", "who"}, {"RIGHTS", "rights"}, {"FREE/BUSY", "free_busy"}, {"PRIVATE", "private"}});
  return kOk;
}

void add_rights(CommandLine& line) {
  line.group("folder rights", "Who may do what in folders of others");
  line.verb("folder rights show", "folder.rights.show", "Shows what was given", print_rights)
      .required("address", "ADDRESS", "Whose folders")
      .text("--folder", "folder", "PATH", "Only this one")
      .example("kontor folder rights show ada@example.org");
  line.verb("folder rights set", "folder.rights.set", "Gives somebody these rights and no others", print_rights)
      .required("address", "ADDRESS", "Whose folder")
      .required("folder", "PATH", "Its path, like INBOX or Projects/2024")
      .required("who", "ADDRESS", "A person or a group; or everyone: all of the tenant")
      .list("--rights", "rights", "RIGHTS",
            "reader, contributor, editor, manager, private, free-busy, free-busy-details, none, or letters of "
            "lrswipkxtea")
      .flag("--with-inner", "with_inner", true, "In all folders below it, too")
      .example("kontor folder rights set ada@example.org Projects team@example.org --rights editor --with-inner")
      .example("kontor folder rights set news@example.org INBOX everyone --rights reader");
  line.verb("folder rights remove", "folder.rights.remove", "Takes somebody's rights away", print_rights)
      .required("address", "ADDRESS", "Whose folder")
      .required("folder", "PATH", "Its path")
      .required("who", "ADDRESS", "A person or a group, or everyone")
      .flag("--with-inner", "with_inner", true, "In all folders below it, too");
}

int print_recoverable(const json::value& answer) {
  print_table(answer.at("items"), {{"ITEM", "id"},
                                   {"REMOVED", "removed"},
                                   {"BY", "by"},
                                   {"FOLDER", "folder"},
                                   {"FROM", "from"},
                                   {"SUBJECT OR NAME", "subject"},
                                   {"SIZE", "bytes", true}});
  fmt::print("{} items, {}\n", cell(answer.at("total")), human_size(answer.at("bytes").to_number<std::uint64_t>()));
  return kOk;
}

int print_recovered(const json::value& answer) {
  fmt::print("Restored {} of {} items; {} of them into Recovered, because their folder is gone\n",
             cell(answer.at("restored")), cell(answer.at("found")), cell(answer.at("elsewhere")));
  return kOk;
}

VerbCommand& add_removed_filter(VerbCommand& command) {
  return command.required("address", "ADDRESS", "Whose items")
      .text("--folder", "folder", "PATH", "Those that were in this folder")
      .flag("--from-removed-folders", "from_removed_folders", true, "Those whose folder is gone")
      .text("--since", "since", "TIME", "Removed then or later: 2026-11-20, 2026-11-20T08:00:00Z, or ago: 3h, 2d")
      .text("--until", "until", "TIME", "Removed before")
      .text("--subject", "subject", "TEXT", "With this in the subject, or in the name of a file")
      .text("--from", "from", "TEXT", "With this in the sender's name or address")
      .flag("--versions", "versions", true, "Also what files and other items were before they were overwritten")
      .list("--item", "items", "NUMBERS", "These, by their numbers in the list");
}

void add_recovery(CommandLine& line) {
  line.group("folder recover", "Removed items, while they are kept (tenant set --recoverable-days)");
  add_removed_filter(line.verb("folder recover list", "folder.recover.list", "Lists them", print_recoverable))
      .number("--limit", "limit", "At most so many (1000)")
      .example("kontor folder recover list ada@example.org --since 2d --subject invoice");
  add_removed_filter(line.verb("folder recover restore", "folder.recover.restore",
                               "Brings them back into their folders, with flags and date", print_recovered))
      .flag("--all", "all", true, "All there are")
      .text("--into", "into", "PATH", "Into this folder instead")
      .example("kontor folder recover restore ada@example.org --folder Projects --since 3h");
  add_removed_filter(line.verb("folder recover purge", "folder.recover.purge",
                               "Lets them go for good, before their time", told("Items gone for good:", "purged")))
      .flag("--all", "all", true, "All there are")
      .confirms("Remove them for good?");
}

}  // namespace

void add_principal_commands(CommandLine& line) {
  add_family(line, {"user", "People", "a user"});
  add_passwords(line);
  add_family(line, {"shared", "Shared mailboxes: several people, one account", "a shared mailbox", true, true});
  add_family(line, {"group", "Distribution lists", "a group", false, true});
  add_family(line, {"resource", "Rooms and equipment", "a resource"});
  line.group("folder", "Folders of accounts");
  line.verb("folder list", "folder.list", "Lists the folders of an account", print_folders)
      .required("address", "ADDRESS", "Whose")
      .example("kontor folder list ada@example.org --json");
  add_rights(line);
  add_recovery(line);
}

}  // namespace kontor::app
