// SPDX-License-Identifier: AGPL-3.0-or-later
// The extensions, with the RFCs' own examples where they have them.
#include <gtest/gtest.h>

#include "formats/sieve/header_text.h"
#include "formats/sieve/testing.h"

namespace kontor::sieve {
namespace {

constexpr const char* kSimple =
    "From: Jane <jane@example.com>\nTo: me@example.org\nSubject: [acme-users] [fwd]: version 1.0 is out\n"
    "List: x\nMessage-ID: <1@example.com>\nDate: Sat, 08 Nov 2008 16:37:15 -0500\n\nHello\n";

struct Example {
  const char* script;
  const char* outcome;
};

void expect_outcomes(std::initializer_list<Example> examples, const char* message = kSimple,
                     const Environment& environment = test_environment()) {
  for (const Example& e : examples) EXPECT_EQ(outcome_of(e.script, message, environment), e.outcome) << e.script;
}

TEST(SieveVariables, ExamplesOfRfc5229) {
  const auto files = [](std::string_view commands, const char* mailbox) {
    const std::string script = "require [\"variables\",\"fileinto\",\"regex\",\"enotify\"];" + std::string(commands);
    EXPECT_EQ(outcome_of(script, kSimple), "fileinto \"" + std::string(mailbox) + "\"\n") << commands;
  };
  // Section 3: references.
  files("set \"company\" \"ACME\"; fileinto \"&%${}!\";", "&%${}!");
  files("set \"company\" \"ACME\"; fileinto \"${doh!}\";", "${doh!}");
  files("set \"company\" \"ACME\"; fileinto \"the company is ${company}\";", "the company is ACME");
  files("set \"company\" \"ACME\"; fileinto \"${President, ${Company} Inc.}\";", "${President, ACME Inc.}");
  files("set \"a\" \"x\"; fileinto \"${A}${unset}.\";", "x.");
  files("set \"a\" \"${b}\"; set \"b\" \"2\"; fileinto \"-${a}${b}\";", "-2");
  // Section 3.2: matches.
  files("if header :matches \"List\" \"*\" { fileinto \"lists.${1}\"; }", "lists.x");
  files("if header :matches \"Subject\" \"[*] *\" { fileinto \"${1} | ${2} | ${0}\"; }",
        "acme-users | [fwd]: version 1.0 is out | [acme-users] [fwd]: version 1.0 is out");
  files("if allof (header :matches \"List\" \"?\", not header :matches \"List\" \"?a\") { fileinto \"${1}${2}.\"; }",
        "x.");
  files("if header :regex \"Subject\" \"version ([0-9]+)\\\\.([0-9]+)\" { fileinto \"${0}/${1}/${2}\"; }",
        "version 1.0/1/0");
  files("if header :regex \"subject\" [\"nothing\", \"IS (out|OUT)$\"] { fileinto \"${1}\"; }", "out");
  // Section 4.1: modifiers.
  files("set \"a\" \"juMBlEd lETteRS\"; set :length \"b\" \"${a}\"; fileinto \"${b}\";", "15");
  files("set \"a\" \"juMBlEd lETteRS\"; set :lower \"b\" \"${a}\"; fileinto \"${b}\";", "jumbled letters");
  files("set \"a\" \"juMBlEd lETteRS\"; set :upperfirst \"b\" \"${a}\"; fileinto \"${b}\";", "JuMBlEd lETteRS");
  files("set \"a\" \"juMBlEd lETteRS\"; set :upperfirst :lower \"b\" \"${a}\"; fileinto \"${b}\";", "Jumbled letters");
  files("set \"a\" \"Rock*\"; set :quotewildcard \"b\" \"${a}\"; fileinto \"${b}\";", "Rock\\\\*");
  files("set :quoteregex \"b\" \"1.0*\"; fileinto \"${b}\";", "1\\\\.0\\\\*");
  files("set :encodeurl \"b\" \"a b/\xC3\xA4\"; fileinto \"${b}\";", "a%20b%2F%C3%A4");
  files("set :length \"b\" \"\xC3\xA4\xC3\xB6\"; fileinto \"${b}\";", "2");
  files("set \"state\" \"${state} pending\"; if string :matches \" ${state} \" \"* pending *\" { fileinto \"yes\"; }",
        "yes");
}

TEST(SieveFlags, ExamplesOfRfc5232) {
  expect_outcomes({
      {"require \"imap4flags\"; setflag \"\\\\Deleted\"; addflag [\"\\\\answered\",\"\\\\Deleted $Todo\"];",
       "keep (implicit) flags=(\\Deleted \\Answered $Todo)\n"},
      {"require [\"imap4flags\",\"fileinto\"]; setflag \"a\"; fileinto \"x\"; setflag \"b\"; fileinto :flags \"c\" "
       "\"y\"; keep;",
       "fileinto \"x\" flags=(a)\nfileinto \"y\" flags=(c)\nkeep flags=(b)\n"},
      {"require \"imap4flags\"; setflag [\"flag1\", \"flag2\"]; addflag \"flag3\"; removeflag \"FLAG1\"; keep;",
       "keep flags=(flag2 flag3)\n"},
      {"require [\"imap4flags\",\"variables\"]; setflag \"myflags\" [\"A\",\"b\"]; addflag \"myflags\" \"c a\";"
       "if hasflag :count \"ge\" \"myflags\" \"3\" { keep :flags \"${myflags}\"; }",
       "line 1, column 101: ':count' needs require \"relational\"; at the script's beginning.\n"},
      {"require [\"imap4flags\",\"variables\",\"relational\"]; setflag \"myflags\" [\"A\",\"b\"]; addflag \"myflags\" "
       "\"c a\";"
       "if hasflag :count \"ge\" \"myflags\" \"3\" { keep :flags \"${myflags}\"; }",
       "keep flags=(A b c)\n"},
      {"require \"imap4flags\"; setflag \"\\\\Seen\"; if hasflag :contains \"see\" { discard; }", "discard\n"},
      {"require \"imap4flags\"; setflag \"b\"; if hasflag \"a b\" { discard; }", "discard\n"},
      {"require \"imap4flags\"; addflag [\"\\\\Recent\",\"\\\\Bogus\",\"a(b\",\"ok\"];",
       "keep (implicit) flags=(ok)\n"},
      {"require \"imap4flags\"; setflag \"a\"; keep :flags \"\";", "keep\n"},
  });
}

TEST(SieveDate, ExamplesOfRfc5260) {
  constexpr const char* kMail =
      "Date: Mon, 1 Jul 2024 23:30:05 -0700\nReceived: from a; by b;\n Tue, 2 Jul 2024 06:31:00 +0000\nX-Bad: "
      "never\n\n";
  const auto holds = [&](const char* test) {
    return outcome_of("require [\"date\",\"relational\",\"index\",\"comparator-i;ascii-numeric\"]; if " +
                          std::string(test) + " { discard; }",
                      kMail) == "discard\n";
  };
  EXPECT_TRUE(holds("date :originalzone \"date\" \"date\" \"2024-07-01\""));
  EXPECT_TRUE(holds("date :zone \"+0000\" \"date\" \"iso8601\" \"2024-07-02T06:30:05Z\""));
  EXPECT_TRUE(holds("date \"date\" \"hour\" \"07\""));  // the server's zone
  EXPECT_TRUE(holds("date :originalzone \"date\" \"std11\" \"Mon, 01 Jul 2024 23:30:05 -0700\""));
  EXPECT_TRUE(holds("date :originalzone \"date\" \"zone\" \"-0700\""));
  EXPECT_TRUE(holds("date :originalzone \"date\" \"weekday\" \"1\""));
  EXPECT_TRUE(holds("date :originalzone :value \"ge\" \"date\" \"hour\" \"17\""));
  EXPECT_TRUE(holds("date :zone \"+0000\" \"received\" \"time\" \"06:31:00\""));
  EXPECT_TRUE(holds("date :zone \"+0000\" \"date\" \"julian\" \"60493\""));
  EXPECT_FALSE(holds("date :contains \"x-bad\" \"year\" \"\""));
  EXPECT_FALSE(holds("date :contains \"x-none\" \"year\" \"\""));
  EXPECT_TRUE(holds("currentdate :zone \"+0000\" \"iso8601\" \"2023-11-14T22:13:20Z\""));
  EXPECT_TRUE(holds("currentdate :zone \"-0330\" \"zone\" \"-0330\""));
  EXPECT_TRUE(holds("anyof (currentdate :is \"weekday\" \"0\", currentdate :value \"lt\" \"hour\" \"24\")"));
}

TEST(SieveBody, ExamplesOfRfc5173) {
  constexpr const char* kMail =
      "Subject: x\nContent-Type: multipart/mixed; boundary=outer\n\nprologue text\n"
      "--outer\nContent-Type: multipart/alternative; boundary=inner\n\n"
      "--inner\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\ngr=FC=DFe "
      "missile co=\nordinates\n"
      "--inner\nContent-Type: text/html\n\n<p>Hello <b>bold</b> &amp; brave</p><style>hidden</style>\n"
      "--inner--\n"
      "--outer\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\nc2VjcmV0IGJ5dGVz\n"
      "--outer\nContent-Type: message/rfc822\n\nFrom: nested@example.org\nSubject: inside\n\nnested words\n"
      "--outer--\nepilogue text\n";
  const auto holds = [&](const char* test) {
    return outcome_of("require [\"body\",\"relational\",\"comparator-i;ascii-numeric\"]; if body " + std::string(test) +
                          " { discard; }",
                      kMail) == "discard\n";
  };
  EXPECT_TRUE(holds(":contains \"missile coordinates\""));
  EXPECT_TRUE(
      holds(":contains \"gr\xC3\xBC\xC3\x9F"
            "e\""));
  EXPECT_TRUE(holds(":text :contains \"bold & brave\""));
  EXPECT_FALSE(holds(":text :contains \"hidden\""));
  EXPECT_FALSE(holds(":text :contains \"secret bytes\""));
  EXPECT_TRUE(holds(":text :contains \"nested words\""));
  EXPECT_FALSE(holds(":raw :contains \"missile coordinates\""));
  EXPECT_TRUE(holds(":raw :contains \"c2VjcmV0\""));
  EXPECT_FALSE(holds(":raw :contains \"Subject: x\""));
  EXPECT_TRUE(holds(":content \"application\" :contains \"secret bytes\""));
  EXPECT_TRUE(holds(":content \"\" :contains \"secret bytes\""));
  EXPECT_TRUE(holds(":content \"text/html\" :contains \"<b>bold</b>\""));
  EXPECT_FALSE(holds(":content \"text/html\" :contains \"missile\""));
  EXPECT_TRUE(holds(":content \"message/rfc822\" :contains \"From: nested\""));
  EXPECT_FALSE(holds(":content \"message/rfc822\" :contains \"nested words\""));
  EXPECT_TRUE(holds(":content \"multipart\" :contains \"prologue\""));
  EXPECT_TRUE(holds(":content \"multipart/mixed\" :contains \"epilogue\""));
  EXPECT_FALSE(holds(":content [\"text/\", \"/plain\", \"text/plain/x\"] :contains \"\""));
}

TEST(SieveVacation, AnswersPersonsOnly) {
  const auto away = [](const std::string& header, const char* tags = "",
                       const Environment& environment = test_environment()) {
    return outcome_of("require [\"vacation\",\"vacation-seconds\"]; vacation " + std::string(tags) + " \"away\";",
                      header + "Subject: hi\n\n", environment);
  };
  const std::string answered = "vacation to=\"sender@example.net\" seconds=604800 \"away\"\nkeep (implicit)\n";
  const std::string kept = "keep (implicit)\n";
  EXPECT_EQ(away("To: me@example.org\n"), answered);
  EXPECT_EQ(away("Cc: Me <ME+work@example.org>\n"), answered);
  EXPECT_EQ(away("Resent-To: me@example.org\n"), answered);
  EXPECT_EQ(away("To: other@example.org\n"), kept);
  EXPECT_EQ(away("To: other@example.org\n", ":addresses [\"x@y.example\", \"Other@example.org\"]"), answered);
  EXPECT_EQ(away("To: me@example.org\nAuto-Submitted: auto-replied\n"), kept);
  EXPECT_EQ(away("To: me@example.org\nAuto-Submitted: no\n"), answered);
  EXPECT_EQ(away("To: me@example.org\nList-Id: <x>\n"), kept);
  EXPECT_EQ(away("To: me@example.org\nPrecedence: bulk\n"), kept);
  EXPECT_EQ(away("To: me@example.org\nX-Auto-Response-Suppress: OOF, AutoReply\n"), kept);
  EXPECT_EQ(away("To: me@example.org\n", ":days 3 :subject \"S\" :from \"boss@example.org\" :mime"),
            "vacation to=\"sender@example.net\" from=\"boss@example.org\" subject=\"S\" seconds=259200 mime "
            "\"away\"\nkeep (implicit)\n");
  EXPECT_EQ(away("To: me@example.org\n", ":days 0"),
            "vacation to=\"sender@example.net\" seconds=86400 \"away\"\nkeep (implicit)\n");
  EXPECT_EQ(away("To: me@example.org\n", ":seconds 1800"),
            "vacation to=\"sender@example.net\" seconds=1800 \"away\"\nkeep (implicit)\n");
  Environment environment = test_environment();
  for (const char* sender :
       {"", "owner-list@example.net", "list-request@example.net", "MAILER-DAEMON@example.net", "me@example.org"}) {
    environment.envelope.from = sender;
    EXPECT_EQ(away("To: me@example.org\n", "", environment), kept) << sender;
  }
  environment = test_environment();
  std::vector<std::string> handles;
  environment.is_due = [&](const VacationQuestion& question) {
    handles.push_back(question.handle);
    return false;
  };
  EXPECT_EQ(away("To: me@example.org\n", "", environment), kept);
  away("To: me@example.org\n", ":subject \"other\"", environment);
  away("To: me@example.org\n", ":handle \"h\"", environment);
  away("To: me@example.org\n", ":handle \"h\" :subject \"other\"", environment);
  ASSERT_EQ(handles.size(), 4U);
  EXPECT_NE(handles[0], handles[1]);
  EXPECT_EQ(handles[2], handles[3]);
  EXPECT_EQ(outcome_of("require \"vacation\"; vacation \"a\"; vacation \"b\";", "To: me@example.org\n\n"),
            "error line 1, column 35: A message can be answered by 'vacation' only once.\nkeep (implicit)\n");
  EXPECT_EQ(outcome_of("require [\"vacation\",\"environment\"]; vacation \"a\"; if not environment :is "
                       "\"vnd.kontor.answered\" \"yes\" { vacation \"b\"; }",
                       "To: me@example.org\n\n"),
            "vacation to=\"sender@example.net\" seconds=604800 \"a\"\nkeep (implicit)\n")
      << "whether there is an answer already can be asked";
  EXPECT_EQ(outcome_of("require [\"vacation\",\"environment\"]; if environment :is \"vnd.kontor.answered\" \"no\" { "
                       "vacation \"b\"; }",
                       "To: me@example.org\n\n"),
            "vacation to=\"sender@example.net\" seconds=604800 \"b\"\nkeep (implicit)\n");
  EXPECT_EQ(outcome_of("require [\"vacation\",\"reject\"]; vacation \"a\"; reject \"b\";", "To: me@example.org\n\n"),
            "error line 1, column 46: A message cannot be rejected and also kept, filed, forwarded or answered.\nkeep "
            "(implicit)\n");
}

TEST(SieveEditheader, ChangesWhatLaterActionsTake) {
  constexpr const char* kMail = "Received: one\nX-Hello: a\nX-Hello: b\nSubject: s\nX-Hello: c\n\nbody\n";
  expect_outcomes(
      {
          {"require \"editheader\"; addheader \"X-New\" \"v\"; if exists \"x-new\" { deleteheader \"x-hello\"; }",
           "keep (implicit) edition=1\nedition 1 \"X-New: v\\nReceived: one\\nSubject: s\\n\\n\"\n"},
          {"require \"editheader\"; keep; addheader :last \"X-New\" \"v\"; keep;", "keep\n"},
          {"require [\"editheader\",\"fileinto\",\"copy\"]; fileinto :copy \"a\"; addheader :last \"X-New\" \"v\";",
           "fileinto \"a\"\nkeep (implicit) edition=1\nedition 1 \"Received: one\\nX-Hello: a\\nX-Hello: b\\nSubject: "
           "s\\n"
           "X-Hello: c\\nX-New: v\\n\\n\"\n"},
          {"require \"editheader\"; deleteheader :index 1 :last \"X-Hello\"; deleteheader :index 1 :contains "
           "\"X-Hello\" \"zz\";",
           "keep (implicit) edition=1\nedition 1 \"Received: one\\nX-Hello: a\\nX-Hello: b\\nSubject: s\\n\\n\"\n"},
          {"require \"editheader\"; deleteheader :matches \"X-Hello\" [\"b*\",\"?c\"]; deleteheader \"received\";",
           "keep (implicit) edition=1\nedition 1 \"Received: one\\nX-Hello: a\\nSubject: s\\nX-Hello: c\\n\\n\"\n"},
          {"require \"editheader\"; addheader \"X Y\" \"v\";",
           "line 1, column 23: 'X Y' cannot be the name of a header field.\n"},
      },
      kMail);
  EXPECT_EQ(header_line("Subject", "a\r\nBcc: evil"), "Subject: a Bcc: evil\r\n");
  EXPECT_EQ(header_line("Subject",
                        "Gr\xC3\xBC\xC3\x9F"
                        "e"),
            "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n");
  const std::string folded = header_line("X", std::string(60, 'a') + " " + std::string(60, 'b') + " c");
  EXPECT_EQ(folded, "X: " + std::string(60, 'a') + "\r\n " + std::string(60, 'b') + " c\r\n");
}

TEST(SieveWorld, AsksTheEnvironment) {
  Environment environment = test_environment();
  environment.mailbox_exists = [](std::string_view name) { return name == "A"; };
  environment.mailbox_id_exists = [](std::string_view id) { return id == "F1"; };
  environment.has_use = [](const std::optional<std::string>& mailbox, std::string_view use) {
    return use == "\\Junk" && mailbox.value_or("Spam") == "Spam";
  };
  environment.metadata = [](const std::optional<std::string>& mailbox,
                            std::string_view name) -> std::optional<std::string> {
    if (name != "/private/vendor/x") return std::nullopt;
    return mailbox.value_or("server");
  };
  environment.has_list = [](std::string_view list) { return list == ":addrbook:default"; };
  environment.list_holds = [](std::string_view, std::string_view value) { return value == "jane@example.com"; };
  environment.item = [](std::string_view item) -> std::optional<std::string> {
    if (item == "phase") return "during";
    return std::nullopt;
  };
  const auto holds = [&](const char* test) {
    const std::string outcome = outcome_of(
        "require [\"mailbox\",\"mailboxid\",\"special-use\",\"mboxmetadata\",\"servermetadata\",\"extlists\","
        "\"environment\",\"enotify\",\"ihave\",\"relational\"];"
        "if " +
            std::string(test) + " { discard; }",
        kSimple, environment);
    EXPECT_TRUE(outcome == "discard\n" || outcome == "keep (implicit)\n") << outcome;
    return outcome == "discard\n";
  };
  EXPECT_TRUE(holds("mailboxexists \"A\""));
  EXPECT_FALSE(holds("mailboxexists [\"A\",\"B\"]"));
  EXPECT_TRUE(holds("mailboxidexists \"F1\""));
  EXPECT_TRUE(holds("specialuse_exists \"\\\\Junk\""));
  EXPECT_TRUE(holds("specialuse_exists \"Spam\" [\"\\\\Junk\"]"));
  EXPECT_FALSE(holds("specialuse_exists \"Ham\" [\"\\\\Junk\"]"));
  EXPECT_TRUE(holds("metadata :is \"INBOX\" \"/private/vendor/x\" \"inbox\""));
  EXPECT_FALSE(holds("metadata :contains \"INBOX\" \"/private/vendor/y\" \"\""));
  EXPECT_TRUE(holds("metadataexists \"INBOX\" \"/private/vendor/x\""));
  EXPECT_TRUE(holds("servermetadata :matches \"/private/vendor/x\" \"s*\""));
  EXPECT_FALSE(holds("servermetadataexists [\"/private/vendor/x\",\"/private/vendor/y\"]"));
  EXPECT_TRUE(holds("valid_ext_list \":addrbook:default\""));
  EXPECT_TRUE(holds("address :list \"from\" \":addrbook:default\""));
  EXPECT_FALSE(holds("header :list \"subject\" \":addrbook:default\""));
  EXPECT_TRUE(holds("environment :is \"Phase\" \"during\""));
  EXPECT_FALSE(holds("environment :contains \"remote-ip\" \"\""));
  EXPECT_TRUE(holds("valid_notify_method [\"mailto:a@example.org\",\"mailto:?to=a%40example.org\"]"));
  EXPECT_FALSE(holds("valid_notify_method [\"mailto:a@example.org\",\"xmpp:a@example.org\"]"));
  EXPECT_TRUE(holds("notify_method_capability \"mailto:a@example.org\" \"Online\" [\"yes\",\"maybe\"]"));
  EXPECT_TRUE(holds("ihave [\"copy\",\"comparator-i;ascii-numeric\"]"));
  EXPECT_FALSE(holds("ihave \"vnd.nothing\""));
  EXPECT_EQ(outcome_of("require [\"extlists\",\"redirect\"];", kSimple),
            "line 1, column 21: The extension 'redirect' is not available here.\n");
  EXPECT_EQ(outcome_of("require \"extlists\"; redirect :list \":addrbook:default\";", kSimple, environment),
            "redirect list \":addrbook:default\"\n");
  EXPECT_EQ(outcome_of("require \"extlists\"; redirect :list \":none\";", kSimple, environment),
            "error line 1, column 21: There is no list ':none'.\nkeep (implicit)\n");
}

TEST(SieveIhave, DefersWhatItDoesNotKnow) {
  expect_outcomes({
      {"require \"ihave\"; if ihave \"vnd.x\" { vnd_x :foo \"a\" { b; } } else { discard; }", "discard\n"},
      {"require \"ihave\"; if ihave \"fileinto\" { fileinto \"x\"; }", "fileinto \"x\"\n"},
      {"require \"ihave\"; vnd_x;", "error line 1, column 18: There is no command 'vnd_x'.\nkeep (implicit)\n"},
      {"require \"ihave\"; if allof (false, vnd_test \"x\") { stop; } discard;", "discard\n"},
      {"require \"ihave\"; if header :vnd \"a\" \"b\" { stop; }",
       "error line 1, column 21: 'header' takes no ':vnd'.\nkeep (implicit)\n"},
      {"require \"ihave\"; error \"not here\";", "error line 1, column 18: not here\nkeep (implicit)\n"},
  });
}

TEST(SieveDuplicate, NotesWhatItSaw) {
  Environment environment = test_environment();
  std::vector<SeenQuestion> asked;
  bool was_seen = false;
  environment.was_seen = [&](const SeenQuestion& question) {
    asked.push_back(question);
    return was_seen;
  };
  const auto run_it = [&](const char* test, const char* message = kSimple) {
    const Compiled compiled = compile("require \"duplicate\"; if duplicate " + std::string(test) + " { discard; }");
    EXPECT_TRUE(compiled.program) << test;
    const std::string bytes = with_crlf(message);
    const mime::Entity structure = mime::parse(bytes);
    return run(*compiled.program, message_of(structure, bytes), environment);
  };
  const Outcome first = run_it("");
  EXPECT_EQ(first.actions.size(), 1U);
  ASSERT_EQ(first.noted.size(), 1U);
  EXPECT_EQ(first.noted[0].period, std::chrono::days(7));
  was_seen = true;
  EXPECT_TRUE(run_it("").actions.empty());
  EXPECT_EQ(asked[0].id, asked[1].id);
  run_it(":header \"message-id\"");
  EXPECT_NE(asked[0].id, asked[2].id);
  run_it(":uniqueid \"x\" :handle \"h\" :seconds 1800 :last");
  EXPECT_NE(asked[3].handle, asked[0].handle);
  EXPECT_EQ(run_it("", "Subject: no id\n\n").noted.size(), 0U);
}

TEST(SieveInclude, RunsOtherScripts) {
  std::map<std::string, std::string> scripts{
      {"sets", "require [\"include\",\"variables\"]; global \"g\"; set \"local\" \"x\"; set \"g\" \"from include\";"},
      {"returns", "require \"include\"; return; discard;"},
      {"stops", "stop;"},
      {"self", "require \"include\"; include \"self\";"},
      {"broken", "fileinto;"},
      {"files", "require [\"fileinto\",\"imap4flags\"]; addflag \"a\"; fileinto \"inc\";"},
      {"fails", "\n require \"ihave\"; error \"bad day\";"},
  };
  Environment environment = test_environment();
  environment.script = [&](ScriptPlace place, std::string_view name) -> Result<std::shared_ptr<const Program>> {
    const auto found = scripts.find(std::string(name));
    if (found == scripts.end() || place == ScriptPlace::global) return nullptr;
    Compiled compiled = compile(found->second);
    if (!compiled.program) return fail(Errc::invalid, "It does not compile.");
    return compiled.program;
  };
  expect_outcomes(
      {
          {"require [\"include\",\"variables\",\"fileinto\"]; global \"g\"; include \"sets\"; fileinto "
           "\"${g}/${local}/${global.g}\";",
           "fileinto \"from include//from include\"\n"},
          {"require \"include\"; include \"returns\"; discard;", "discard\n"},
          {"require \"include\"; include \"stops\"; discard;", "keep (implicit)\n"},
          {"require \"include\"; include \"files\"; include :once \"files\"; include :personal \"returns\";",
           "fileinto \"inc\" flags=(a)\n"},
          {"require \"include\"; include \"self\";",
           "error in \"self\" line 1, column 20: The script 'self' includes itself.\nkeep (implicit)\n"},
          {"require \"include\"; include \"nothing\";",
           "error line 1, column 20: There is no script 'nothing' to include.\nkeep (implicit)\n"},
          {"require \"include\"; include :optional \"nothing\"; discard;", "discard\n"},
          {"require \"include\"; include :global \"files\";",
           "error line 1, column 20: There is no script 'files' to include.\nkeep (implicit)\n"},
          {"require \"include\"; include \"broken\";",
           "error line 1, column 20: It does not compile.\nkeep (implicit)\n"},
          {"require \"include\"; include \"fails\";",
           "error in \"fails\" line 2, column 19: bad day\nkeep (implicit)\n"},
          {"require [\"include\",\"variables\"]; set \"a\" \"1\"; global \"a\";",
           "line 1, column 47: 'a' was used before it became global: move 'global' to the script's beginning.\n"},
      },
      kSimple, environment);
}

TEST(SieveNotify, ByMail) {
  expect_outcomes({
      {"require \"enotify\"; notify \"mailto:a@example.org\";",
       "notify \"mailto:a@example.org\" importance=2 subject=\"[acme-users] [fwd]: version 1.0 is out\"\nkeep "
       "(implicit)\n"},
      {"require \"enotify\"; notify :importance \"1\" :from \"b@example.org\" :message \"M\" :options [\"o=1\"]"
       " \"mailto:a@example.org?subject=S%20T&body=B\";",
       "notify \"mailto:a@example.org?subject=S%20T&body=B\" importance=1 from=\"b@example.org\" option=\"o=1\" "
       "subject=\"M\" \"B\"\n"
       "keep (implicit)\n"},
      {"require [\"enotify\",\"variables\"]; set \"m\" \"tel:1\"; notify \"${m}\";",
       "error line 1, column 51: 'tel:1' is no way to notify: it must be like mailto:me@example.org.\nkeep "
       "(implicit)\n"},
      {"require [\"enotify\",\"reject\"]; notify \"mailto:a@example.org?subject=S\"; reject \"no\";",
       "notify \"mailto:a@example.org?subject=S\" importance=2 subject=\"S\"\nreject \"no\"\n"},
  });
}

TEST(SieveMime, PartsOfRfc5703) {
  constexpr const char* kMail =
      "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n"
      "--b\nContent-Type: text/plain\n\nfirst text\n"
      "--b\nContent-Type: application/exe; name=\"bad.exe\"\nContent-Disposition: attachment; "
      "filename*=utf-8''b%C3%A4d.exe\n\nxx\n"
      "--b\nContent-Type: message/rfc822\n\nFrom: in@example.org\nContent-Type: text/html\n\n<i>inner</i>\n--b--\n";
  const auto run_it = [&](const std::string& commands) {
    return outcome_of(
        "require [\"foreverypart\",\"mime\",\"extracttext\",\"variables\",\"fileinto\",\"relational\"];" + commands,
        kMail);
  };
  EXPECT_EQ(run_it("if header :mime :anychild :contenttype \"content-type\" \"application/exe\" { discard; }"),
            "discard\n");
  EXPECT_EQ(run_it("if header :mime :contenttype \"content-type\" \"application/exe\" { discard; }"),
            "keep (implicit)\n");
  EXPECT_EQ(run_it("if header :mime :type \"content-type\" \"multipart\" { discard; }"), "discard\n");
  EXPECT_EQ(run_it("if header :mime :anychild :param \"filename\" \"content-disposition\" \"b\xC3\xA4"
                   "d.exe\" { discard; }"),
            "discard\n");
  EXPECT_EQ(run_it("if header :mime :anychild :count \"eq\" \"content-type\" \"5\" { discard; }"), "discard\n");
  EXPECT_EQ(run_it("if address :mime :anychild \"from\" \"in@example.org\" { discard; }"), "discard\n");
  EXPECT_EQ(run_it("if exists :mime :anychild [\"content-disposition\",\"subject\"] { discard; }"), "discard\n");
  EXPECT_EQ(run_it("foreverypart { if header :mime :matches :param [\"name\",\"filename\"] \"content-type\" \"*.exe\" "
                   "{ fileinto \"V/${1}\"; break; } }"),
            "fileinto \"V/bad\"\n");
  EXPECT_EQ(run_it("foreverypart { if header :mime :matches :contenttype \"content-type\" \"*\" { set \"all\" \"${all} "
                   "${1}\"; } }"
                   " fileinto \"${all}\";"),
            "fileinto \" multipart/mixed text/plain application/exe message/rfc822 text/html\"\n");
  EXPECT_EQ(run_it("foreverypart { if header :mime :is :subtype \"content-type\" [\"plain\",\"html\"] { extracttext "
                   ":upper :first 5 \"t\";"
                   " set \"all\" \"${all}-${t}\"; } } fileinto \"${all}\";"),
            "fileinto \"-FIRST-INNER\"\n");
  EXPECT_EQ(run_it("foreverypart :name \"outer\" { foreverypart { set \"n\" \"${n}x\"; break :name \"outer\"; } set "
                   "\"n\" \"bad\"; } fileinto \"${n}\";"),
            "fileinto \"x\"\n");
  EXPECT_EQ(run_it("extracttext \"x\";"), "line 1, column 83: 'extracttext' may stand only within 'foreverypart'.\n");
}

// The message as its edition has it.
std::string edited(const std::string& script, std::string_view message, std::string* actions = nullptr) {
  const Compiled compiled = compile(script);
  if (!compiled.program) return faults_of(script);
  const std::string bytes = with_crlf(message);
  const mime::Entity structure = mime::parse(bytes);
  const Outcome outcome = run(*compiled.program, message_of(structure, bytes), test_environment());
  if (actions != nullptr) *actions = text_of(outcome);
  if (outcome.editions.empty()) return text_of(outcome);
  std::string out;
  for (const EditionPiece& piece : outcome.editions.back())
    out += piece.text.empty() ? bytes.substr(piece.offset, piece.size) : piece.text;
  std::erase(out, '\r');
  return out;
}

constexpr const char* kReplaced =
    "From: a@example.org\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n"
    "--b\nContent-Type: text/plain\n\nfirst text\n"
    "--b\nContent-Type: multipart/related; boundary=c\n\n--c\nContent-Type: audio/mp3\n\none\n--c\n"
    "Content-Type: image/png\n\ntwo\n--c--\n"
    "--b\nContent-Type: audio/mp3\n\nthree\n--b--\n";

TEST(SieveReplace, PartsOfRfc5703Section5) {
  const std::string needs =
      "require [\"foreverypart\",\"mime\",\"replace\",\"variables\",\"fileinto\",\"editheader\"]; ";
  EXPECT_EQ(edited(needs + "foreverypart { if header :mime :contenttype \"content-type\" \"audio/mp3\" { replace "
                           "\"Gone\"; } } addheader \"X-A\" \"1\";",
                   kReplaced),
            "X-A: 1\nFrom: a@example.org\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n"
            "--b\nContent-Type: text/plain\n\nfirst text\n"
            "--b\nContent-Type: multipart/related; boundary=c\n\n"
            "--c\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 7bit\n\nGone\n"
            "--c\nContent-Type: image/png\n\ntwo\n--c--\n"
            "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 7bit\n\nGone\n--b--\n");
  EXPECT_EQ(edited(needs + "foreverypart { if header :mime :contenttype \"content-type\" \"audio/mp3\" { replace "
                           "\"Gone\"; } } foreverypart { if header :mime :contenttype \"content-type\" \"image/png\" "
                           "{ replace \"No\"; } }",
                   kReplaced),
            "From: a@example.org\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n"
            "--b\nContent-Type: text/plain\n\nfirst text\n"
            "--b\nContent-Type: multipart/related; boundary=c\n\n"
            "--c\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 7bit\n\nGone\n"
            "--c\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 7bit\n\nNo\n--c--\n"
            "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 7bit\n\nGone\n--b--\n");
  std::string actions;
  EXPECT_EQ(edited(needs + "foreverypart { if header :mime :subtype \"content-type\" \"related\" { replace :mime "
                           "\"Content-Type: text/html\n\n<b>x</b>\"; } set \"n\" \"${n}x\"; } "
                           "if header :mime :anychild :contenttype \"content-type\" \"text/html\" { set \"n\" "
                           "\"${n}html\"; } fileinto \"${n}\";",
                   kReplaced, &actions),
            "From: a@example.org\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n"
            "--b\nContent-Type: text/plain\n\nfirst text\n"
            "--b\nContent-Type: text/html\n\n<b>x</b>\n"
            "--b\nContent-Type: audio/mp3\n\nthree\n--b--\n");
  EXPECT_TRUE(actions.starts_with("fileinto \"xxxxhtml\" edition=1\n")) << actions;
  EXPECT_EQ(edited(needs + "replace :subject \"Gr\xC3\xBC\xC3\x9F"
                           "e\" :from \"me@example.org\" \"H\xC3\xA4\"; addheader \"X-A\" \"1\";",
                   kReplaced),
            "X-A: 1\nOriginal-From: a@example.org\nOriginal-Subject: x\nSubject: =?utf-8?B?R3LDvMOfZQ==?=\n"
            "From: me@example.org\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
            "Content-Transfer-Encoding: 8bit\n\nH\xC3\xA4");
  EXPECT_EQ(edited(needs + "replace :mime \"Subject: no\nContent-Type: text/html\n\n<p>\"; if header "
                           ":mime :subtype \"content-type\" \"html\" { fileinto \"html\"; }",
                   kReplaced, &actions),
            "From: a@example.org\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/html\n\n<p>");
  EXPECT_TRUE(actions.starts_with("fileinto \"html\"")) << actions;
  EXPECT_EQ(edited(needs + "replace :from \"nobody\" \"x\";", kReplaced).substr(0, 5), "error");
}

TEST(SieveEnclose, PartsOfRfc5703Section6) {
  constexpr const char* kMail = "Received: x\nFrom: a@example.org\nDate: long ago\nSubject: s\n\nbody\n";
  const std::string needs =
      "require [\"enclose\",\"fileinto\",\"copy\",\"mime\",\"body\",\"editheader\",\"replace\"]; ";
  std::string actions;
  const std::string bytes =
      edited(needs + "enclose :subject \"Warning\" :headers [\"date\", \"content-type\"] \"Care!\";", kMail, &actions);
  EXPECT_TRUE(actions.starts_with("keep (implicit) edition=1\n")) << actions;
  const auto line = bytes.find("boundary=\"") + 10;
  const std::string boundary = bytes.substr(line, bytes.find('"', line) - line);
  EXPECT_EQ(bytes,
            "Date: long ago\nFrom: me@example.org\nSubject: Warning\nMIME-Version: 1.0\n"
            "Content-Type: multipart/mixed; boundary=\"" +
                boundary + "\"\nContent-Transfer-Encoding: 8bit\n\n--" + boundary +
                "\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 7bit\n\nCare!\n--" + boundary +
                "\nContent-Type: message/rfc822\nContent-Disposition: attachment\n"
                "Content-Transfer-Encoding: 8bit\n\n" +
                kMail + "\n--" + boundary + "--\n");
  const std::string dated = edited(needs + "enclose \"Care!\";", kMail);
  EXPECT_TRUE(dated.starts_with("Date: Tue, 14 Nov 2023 23:13:20 +0100\nFrom: me@example.org\nSubject: s\nMIME-V"))
      << dated;
  edited(needs +
             "enclose \"Care!\"; redirect :copy \"b@example.net\"; if allof(header :mime :subtype \"content-type\" "
             "\"mixed\", body :content \"text\" :contains \"Care\") { fileinto \"new\"; }",
         kMail, &actions);
  EXPECT_TRUE(actions.starts_with("redirect \"b@example.net\"\nfileinto \"new\" edition=1\n"))
      << "what is forwarded is not enclosed: " << actions;
  edited(needs + "addheader \"X-A\" \"1\"; enclose \"Care!\"; keep; redirect :copy \"b@example.net\";", kMail,
         &actions);
  EXPECT_TRUE(actions.starts_with("keep edition=1\nredirect \"b@example.net\" edition=2\n")) << actions;
  const std::string twice = edited(needs + "enclose \"one\"; enclose \"two\";", kMail);
  EXPECT_LT(twice.find("two"), twice.find("one"));
  EXPECT_NE(twice.find(kMail), std::string::npos);
  EXPECT_EQ(
      edited(needs +
                 "replace \"1\"; replace \"2\"; replace \"3\"; replace \"4\"; replace \"5\"; replace \"6\"; replace "
                 "\"7\"; replace \"8\"; replace \"9\"; replace \"0\"; replace \"1\"; replace \"2\"; replace \"3\"; "
                 "replace \"4\"; replace \"5\"; replace \"6\";",
             kMail)
          .substr(0, 5),
      "error");
}

}  // namespace
}  // namespace kontor::sieve
