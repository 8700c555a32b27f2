// SPDX-License-Identifier: AGPL-3.0-or-later
// RFC 5228 and what changes where a message goes; the RFCs' own examples where they have them.
#include "formats/sieve/run.h"

#include <gtest/gtest.h>

#include "formats/sieve/testing.h"

namespace kontor::sieve {
namespace {

constexpr const char* kCoyote =
    "Date: Tue, 1 Apr 1997 09:06:31 -0800 (PST)\n"
    "From: coyote@desert.example.org\n"
    "To: roadrunner@acme.example.com\n"
    "Subject: I have a present for you\n"
    "X-Caffeine: C8H10N4O2\n"
    "\n"
    "Look, I'm sorry about the whole anvil thing, and I really\n"
    "didn't mean to try and drop it on you from the top of the\n"
    "cliff.  I want to try to make it up to you.\n";

constexpr const char* kKeep = "keep (implicit)\n";

struct RunCase {
  const char* script;
  const char* message;
  const char* outcome;
};

void expect_all(std::initializer_list<RunCase> cases) {
  for (const RunCase& c : cases) EXPECT_EQ(outcome_of(c.script, c.message), c.outcome) << c.script;
}

// `test` in an if, with these extensions.
bool holds(std::string_view test, std::string_view message, std::string_view extensions = "\"fileinto\"",
           const Environment& environment = test_environment()) {
  const std::string script = "require [" + std::string(extensions) + "];\nif " + std::string(test) + " { discard; }";
  const std::string outcome = outcome_of(script, message, environment);
  EXPECT_TRUE(outcome == "discard\n" || outcome == kKeep) << script << "\n" << outcome;
  return outcome == "discard\n";
}

TEST(SieveRun, ActionsAndTheImplicitKeep) {
  expect_all({
      {"", kCoyote, kKeep},
      {"keep;", kCoyote, "keep\n"},
      {"keep; keep;", kCoyote, "keep\n"},
      {"discard;", kCoyote, "discard\n"},
      {"discard; keep;", kCoyote, "keep\n"},
      {"stop; discard;", kCoyote, kKeep},
      {"redirect \"bart@example.com\";", kCoyote, "redirect \"bart@example.com\"\n"},
      {"redirect \"Bart <bart@example.com>\"; redirect \"BART@example.com\";", kCoyote,
       "redirect \"bart@example.com\"\n"},
      {"require \"fileinto\"; fileinto \"INBOX.a\"; fileinto \"INBOX.a\"; keep;", kCoyote,
       "fileinto \"INBOX.a\"\nkeep\n"},
      {"require [\"fileinto\",\"copy\"]; fileinto :copy \"a\"; redirect :copy \"b@example.com\";", kCoyote,
       "fileinto \"a\"\nredirect \"b@example.com\"\nkeep (implicit)\n"},
      {"require [\"fileinto\",\"mailbox\",\"special-use\",\"mailboxid\"];"
       "fileinto :create :specialuse \"\\\\Junk\" :mailboxid \"F1\" \"Spam\";",
       kCoyote, "fileinto \"Spam\" id=\"F1\" use=\"\\\\Junk\" create\n"},
      {"require \"reject\"; reject text:\nNo\n..thanks\n.\n;", kCoyote, "reject \"No\\n.thanks\\n\"\n"},
      {"require \"ereject\"; ereject \"no\"; stop;", kCoyote, "ereject \"no\"\n"},
      {"require \"ereject\"; keep; ereject \"no\";", kCoyote,
       "error line 1, column 26: A message cannot be rejected and also kept, filed, forwarded or answered.\nkeep "
       "(implicit)\n"},
      {"require \"reject\"; reject \"no\"; redirect \"a@example.org\";", kCoyote,
       "error line 1, column 32: A message cannot be rejected and also kept, filed, forwarded or answered.\nkeep "
       "(implicit)\n"},
  });
}

TEST(SieveRun, ControlStructures) {
  expect_all({
      {"if true { discard; } else { redirect \"a@example.org\"; }", kCoyote, "discard\n"},
      {"if false { discard; } elsif true { redirect \"a@example.org\"; } else { stop; }", kCoyote,
       "redirect \"a@example.org\"\n"},
      {"if false { discard; } elsif false { discard; } else { redirect \"a@example.org\"; }", kCoyote,
       "redirect \"a@example.org\"\n"},
      {"if true { } elsif true { discard; } else { discard; }", kCoyote, kKeep},
      {"if true { if false { discard; } stop; } discard;", kCoyote, kKeep},
      {"if not anyof (false, not true) { discard; }", kCoyote, "discard\n"},
      {"if allof (true, true, false) { discard; }", kCoyote, kKeep},
  });
}

TEST(SieveRun, Headers) {
  constexpr const char* kMessage =
      "Subject:   =?utf-8?q?Gr=C3=BC=C3=9Fe?= aus\n Wien  \n"
      "X-Empty:\n"
      "Received: one\nReceived: two\nReceived: three\n"
      "From: \"Fried Chicken\" <Tim+News@Example.COM>, bad address\n"
      "To: Group: a@example.org, b@example.org;, c@example.net\n"
      "\nbody\n";
  EXPECT_TRUE(holds("header :is \"X-Caffeine\" [\"C8H10N4O2\"]", kCoyote));
  EXPECT_TRUE(holds("header :contains \"X-Caffeine\" [\"\"]", kCoyote));
  EXPECT_FALSE(holds("header :is \"X-Caffeine\" [\"\"]", kCoyote));
  EXPECT_FALSE(holds("header :contains \"X-Nothing\" [\"\"]", kCoyote));
  EXPECT_TRUE(
      holds("header \"subject\" \"gr\xC3\xBC\xC3\x9F"
            "e aus wien\"",
            kMessage));
  EXPECT_FALSE(
      holds("header :comparator \"i;octet\" \"subject\" \"gr\xC3\xBC\xC3\x9F"
            "e aus wien\"",
            kMessage));
  EXPECT_TRUE(holds("header :matches \"subject\" \"*\xC3\xBC?e*Wien\"", kMessage));
  EXPECT_TRUE(holds("header :is \"x-empty\" \"\"", kMessage));
  EXPECT_TRUE(holds("exists [\"From\",\"x-empty\"]", kMessage));
  EXPECT_FALSE(holds("exists [\"From\",\"Cc\"]", kMessage));
  EXPECT_TRUE(holds("header :index 2 :is \"received\" \"two\"", kMessage, "\"index\""));
  EXPECT_TRUE(holds("header :index 1 :last :is \"received\" \"three\"", kMessage, "\"index\""));
  EXPECT_FALSE(holds("header :index 4 :contains \"received\" \"\"", kMessage, "\"index\""));
  EXPECT_TRUE(holds("header :count \"eq\" [\"received\",\"subject\"] \"4\"", kMessage, "\"relational\""));
  EXPECT_TRUE(holds("header :value \"gt\" \"subject\" \"a\"", kMessage, "\"relational\""));
  EXPECT_TRUE(
      holds("header :comparator \"i;unicode-casemap\" \"subject\" \"GR\xC3\x9C\xC3\x9F"
            "E AUS WIEN\"",
            kMessage, "\"comparator-i;unicode-casemap\""));
}

TEST(SieveRun, Addresses) {
  constexpr const char* kMessage =
      "From: \"Fried, Chicken\" <Tim+News@Example.COM>, no address\n"
      "To: Group: a@example.org, b@example.org;, c@example.net\n\n";
  EXPECT_TRUE(holds("address :is :all \"from\" \"tim+news@example.com\"", kMessage));
  EXPECT_TRUE(holds("address :domain \"from\" \"example.com\"", kMessage));
  EXPECT_TRUE(holds("address :localpart \"from\" \"TIM+news\"", kMessage));
  EXPECT_FALSE(holds("address :contains :all \"from\" \"fried\"", kMessage));
  EXPECT_TRUE(holds("address :user \"from\" \"tim\"", kMessage, "\"subaddress\""));
  EXPECT_TRUE(holds("address :detail \"from\" \"news\"", kMessage, "\"subaddress\""));
  EXPECT_FALSE(holds("address :contains :detail \"to\" \"\"", kMessage, "\"subaddress\""));
  EXPECT_TRUE(holds("address :is \"to\" \"b@example.org\"", kMessage));
  EXPECT_TRUE(holds("address :count \"eq\" \"to\" \"3\"", kMessage, "\"relational\""));
  EXPECT_FALSE(holds("address :contains :domain \"from\" \"address\"", kMessage));
  EXPECT_TRUE(holds("envelope :is \"from\" \"SENDER@example.net\"", kMessage, "\"envelope\""));
  EXPECT_TRUE(holds("envelope :detail \"to\" \"work\"", kMessage, "\"envelope\",\"subaddress\""));
  EXPECT_FALSE(holds("envelope :contains \"auth\" \"\"", kMessage, "\"envelope\""));
  Environment bounce = test_environment();
  bounce.envelope.from = "";
  EXPECT_TRUE(holds("envelope :is :domain \"from\" \"\"", kMessage, "\"envelope\"", bounce));
}

TEST(SieveRun, SizeIsStrict) {
  const std::string message = "Subject: x\n\n" + std::string(1024 - 14 - 2, 'a') + "\n";
  ASSERT_EQ(with_crlf(message).size(), 1024U);
  EXPECT_FALSE(holds("size :over 1K", message));
  EXPECT_FALSE(holds("size :under 1K", message));
  EXPECT_TRUE(holds("size :over 1023", message));
  EXPECT_TRUE(holds("size :under 1025", message));
}

// RFC 5228 section 9 and 2.4.2.4.
TEST(SieveRun, ExamplesOfTheRfc) {
  constexpr const char* kExtended = R"(
# Example Sieve Filter
require ["fileinto"];
if header :is "Sender" "owner-ietf-mta-filters@imc.org" {
  fileinto "filter";
}
elsif address :DOMAIN :is ["From", "To"] "example.com" { keep; }
elsif anyof (NOT address :all :contains ["To", "Cc", "Bcc"] "me@example.com",
             header :matches "subject" ["*make*money*fast*", "*university*dipl*mas*"]) {
  fileinto "spam";
} else {
  fileinto "personal";
})";
  EXPECT_EQ(outcome_of(kExtended, "Sender: owner-ietf-mta-filters@imc.org\n\n"), "fileinto \"filter\"\n");
  EXPECT_EQ(outcome_of(kExtended, "From: a@example.com\n\n"), "keep\n");
  EXPECT_EQ(outcome_of(kExtended, "To: me@example.com.invalid\nSubject: MAKE money FAST!\n\n"), "fileinto \"spam\"\n");
  EXPECT_EQ(outcome_of(kExtended, "Cc: me@example.com.invalid\nSubject: Hi\n\n"), "fileinto \"personal\"\n");

  const auto same = [](const char* text, const char* meant) {
    return holds("header :is :comparator \"i;octet\" \"x\" \"" + std::string(text) + "\"",
                 "X: " + std::string(meant) + "\n\n", "\"encoded-character\"");
  };
  EXPECT_TRUE(same("$${hex:40}", "$@"));
  EXPECT_TRUE(same("${hex: 40 }", "@"));
  EXPECT_TRUE(same("${HEX: 40}", "@"));
  EXPECT_TRUE(same("${hex:40", "${hex:40"));
  EXPECT_TRUE(same("${hex:400}", "${hex:400}"));
  EXPECT_TRUE(same("${hex:4${hex:30}}", "${hex:40}"));
  EXPECT_TRUE(same("${unicode:40}", "@"));
  EXPECT_TRUE(same("${ unicode:40}", "${ unicode:40}"));
  EXPECT_TRUE(same("${UNICODE:40}", "@"));
  EXPECT_TRUE(same("${UnICoDE:0000040}", "@"));
  EXPECT_TRUE(same("${Unicode:40}", "@"));
  EXPECT_TRUE(same("${unicode:e4 1F600}", "\xC3\xA4\xF0\x9F\x98\x80"));
  EXPECT_TRUE(same("${unicode:Cool}", "${unicode:Cool}"));
}

TEST(SieveRun, IsBounded) {
  std::string loop = "require \"variables\"; set \"a\" \"0123456789012345\";\n";
  for (int i = 0; i < 12; i++) loop += "set \"a\" \"${a}${a}${a}${a}\";\n";
  loop += "if string :count \"gt\" \"${a}${a}\" \"9\" { discard; }";
  loop.insert(8, "[\"relational\",");
  loop.insert(loop.find("\"variables\"") + 11, "]");
  EXPECT_EQ(outcome_of(loop, kCoyote), kKeep);  // cut, not refused

  RunLimits limits;
  limits.work = 50;
  std::string busy;
  for (int i = 0; i < 60; i++) busy += "if true { }\n";
  EXPECT_EQ(outcome_of(busy, kCoyote, test_environment(), limits),
            "error line 51, column 4: The script takes too much time on this message.\nkeep (implicit)\n");

  std::string forwards;
  for (int i = 0; i < 17; i++) forwards += "redirect \"a" + std::to_string(i) + "@example.org\";\n";
  EXPECT_EQ(outcome_of(forwards, kCoyote),
            "error line 17, column 1: The script forwards the message to too many addresses.\nkeep (implicit)\n");
}

}  // namespace
}  // namespace kontor::sieve
