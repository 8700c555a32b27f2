// SPDX-License-Identifier: AGPL-3.0-or-later
#include "wire/imap/response.h"

#include <gtest/gtest.h>

namespace kontor::wire::imap::client {
namespace {

using Step = ResponseParser::Step;

// Everything the parser gives, as it comes: responses, and contents put together again.
struct Heard {
  std::vector<Response> responses;
  std::vector<std::string> bodies;
  std::vector<ResponseParser::Body> starts;
  std::string error;
};

Heard hear(std::string_view bytes, std::size_t chunk, ResponseLimits limits = {}) {
  Heard heard;
  ResponseParser parser(limits);
  while (!bytes.empty()) {
    auto piece = bytes.substr(0, chunk);
    bytes.remove_prefix(piece.size());
    for (auto step = parser.next(piece); step != Step::need_more; step = parser.next(piece)) {
      if (step == Step::response) heard.responses.push_back(parser.take_response());
      if (step == Step::body_start) heard.starts.push_back(parser.body()), heard.bodies.emplace_back();
      if (step == Step::body_piece) heard.bodies.back().append(parser.piece());
      if (step == Step::broken) {
        heard.error = parser.error();
        return heard;
      }
    }
  }
  return heard;
}

Response one(std::string_view bytes) {
  auto heard = hear(bytes, 7);
  EXPECT_EQ(heard.responses.size(), 1u) << bytes;
  return heard.responses.empty() ? Response{} : std::move(heard.responses.front());
}

template <class T>
T data(std::string_view bytes) {
  const auto response = one(bytes);
  const auto* found = std::get_if<T>(&response.data);
  EXPECT_NE(found, nullptr) << bytes;
  return found ? *found : T{};
}

TEST(Response, ReadsStatusResponses) {
  const auto response = one("a1 NO [AUTHENTICATIONFAILED] Wrong {password}\r\n");
  EXPECT_EQ(response.tag, "a1");
  const auto status = std::get<Status>(response.data);
  EXPECT_EQ(status.condition, Condition::no);
  EXPECT_EQ(status.code, "AUTHENTICATIONFAILED");
  EXPECT_EQ(status.text, "Wrong {password}");
  EXPECT_EQ(data<Status>("* OK [UIDVALIDITY 12] x {3}\n").arguments, "12");  // no literal in a text
  EXPECT_EQ(data<Status>("* BYE\r\n").condition, Condition::bye);
  EXPECT_EQ(data<Continuation>("+ PDE=\r\n").text, "PDE=");
  EXPECT_EQ(data<Continuation>("+\r\n").text, "");
}

TEST(Response, ReadsFetchAttributesInAnyOrder) {
  for (const char* text : {
           "* 3 FETCH (UID 9 FLAGS (\\Seen $Forwarded) RFC822.SIZE 77 MODSEQ (5) INTERNALDATE \" 7-Jul-1996 02:44:25 "
           "-0700\")\r\n",
           "* 3 fetch (modseq (5) internaldate {26}\r\n 7-Jul-1996 02:44:25 -0700 rfc822.size 77 flags (\\Seen "
           "$Forwarded) uid 9)\r\n",
           "* 3 FETCH(RFC822.SIZE 77 FLAGS (\\Seen $Forwarded ) MODSEQ (5) INTERNALDATE \" 7-Jul-1996 02:44:25 -0700\" "
           "UID 9 )\r\n",
       }) {
    const auto fetch = data<Fetch>(text);
    EXPECT_EQ(fetch.sequence, 3u) << text;
    EXPECT_EQ(fetch.uid, 9u) << text;
    EXPECT_EQ(fetch.modseq, 5u) << text;
    EXPECT_EQ(fetch.size, 77u) << text;
    EXPECT_EQ(fetch.internal_date, " 7-Jul-1996 02:44:25 -0700") << text;
    EXPECT_EQ(fetch.flags, (std::vector<std::string>{"\\Seen", "$Forwarded"})) << text;
    EXPECT_FALSE(fetch.is_malformed) << text;
  }
  const auto gmail = data<Fetch>(
      "* 1 FETCH (X-GM-MSGID 1278455344230334865 X-GM-LABELS (\\Inbox \"two words\" {4}\r\na\"\\b) EMAILID (M6d99) "
      "INTERNALDATE NIL UID 1)\r\n");
  EXPECT_EQ(gmail.others.at("X-GM-MSGID"), "1278455344230334865");
  EXPECT_EQ(gmail.others.at("EMAILID"), "M6d99");
  EXPECT_EQ(gmail.labels, (std::vector<std::string>{"\\Inbox", "two words", "a\"\\b"}));
  EXPECT_FALSE(gmail.internal_date);
  EXPECT_EQ(gmail.uid, 1u);
}

TEST(Response, HandsContentOnInPieces) {
  const std::string text =
      "* 1 FETCH (UID 4 BODY[] {12}\r\nA: b\r\n\r\n) {3} FLAGS ())\r\n"
      "* 2 FETCH (BODY[HEADER.FIELDS (DATE RECEIVED)] {5}\r\nD: x\n BODY[] {0}\r\n UID 5)\r\n"
      "* 3 FETCH (UID 6 BODY[] \"quo\\\"ted\")\r\n* 4 FETCH (BODY[] NIL UID 7)\r\n";
  using namespace std::string_literals;
  const std::string whole =
      text + "* 5 FETCH (UID 8 BINARY[] ~{2}\r\n\0\r)\r\n* 6 FETCH (UID 9 BODY[]<0> {3+}\r\na\0b)\r\n"s;
  for (std::size_t chunk : {1u, 2u, 5u, 4096u}) {
    const auto heard = hear(whole, chunk);
    ASSERT_EQ(heard.error, "");
    ASSERT_EQ(heard.responses.size(), 6u) << chunk;
    ASSERT_EQ(heard.bodies.size(), 4u);
    EXPECT_EQ(heard.bodies[0], "A: b\r\n\r\n) {3");
    EXPECT_EQ(heard.bodies[2], "\0\r"s);
    EXPECT_EQ(heard.bodies[3], "a\0b"s);
    EXPECT_EQ(heard.starts[0].uid, 4u);
    EXPECT_EQ(heard.starts[1].uid, 0u) << "the UID comes behind";
    const auto second = std::get<Fetch>(heard.responses[1].data);
    EXPECT_EQ(second.uid, 5u);
    EXPECT_EQ(second.header, "D: x\n");
    EXPECT_TRUE(second.body_was_streamed);
    const auto third = std::get<Fetch>(heard.responses[2].data);
    EXPECT_EQ(third.body, "quo\"ted");
    EXPECT_FALSE(third.body_was_streamed);
    EXPECT_TRUE(std::get<Fetch>(heard.responses[3].data).body_is_nil);
  }
}

TEST(Response, KeepsNoContentHoweverLong) {
  ResponseParser parser(ResponseLimits{.line = 1000, .literal = 100});
  std::string_view head = "* 1 FETCH (UID 1 BODY[] {4294967296}\r\n";
  EXPECT_EQ(parser.next(head), Step::body_start);
  EXPECT_EQ(parser.body().size, 4294967296u);
  const std::string megabyte(1 << 20, 'x');
  for (int i = 0; i < 4096; ++i) {
    std::string_view piece = megabyte;
    ASSERT_EQ(parser.next(piece), Step::body_piece);
    ASSERT_EQ(parser.piece().data(), megabyte.data()) << "not copied";
  }
  std::string_view tail = ")\r\n";
  EXPECT_EQ(parser.next(tail), Step::body_end);
  EXPECT_EQ(parser.next(tail), Step::response);
}

TEST(Response, RefusesWhatIsTooLong) {
  const ResponseLimits limits{.line = 100, .literal = 10, .depth = 8};
  EXPECT_NE(hear("* LIST () \"/\" {11}\r\n", 64, limits).error, "");
  EXPECT_NE(
      hear("* LIST () \"/\" {99999999999999999999}\r\n* LIST () \"/\" " + std::string(200, 'x'), 64, limits).error, "");
  EXPECT_NE(hear("* OK " + std::string(200, 'x'), 64, limits).error, "");
  std::string many = "* 1 FETCH (";
  for (int i = 0; i < 20; ++i) many += "BODY[] {0}\r\n ";
  EXPECT_NE(hear(many, 64).error, "");
  const auto deep = hear("* 1 FETCH (X " + std::string(10'000, '(') + ")\r\n", 999);
  ASSERT_EQ(deep.responses.size(), 1u);
  EXPECT_TRUE(std::get<Fetch>(deep.responses[0].data).is_malformed);
}

TEST(Response, ReadsFolderLists) {
  struct Case {
    const char* text;
    const char* delimiter;
    const char* name;
  };
  for (const auto& c : {
           Case{"* LIST (\\HasNoChildren) \".\" INBOX.Sent\r\n", ".", "INBOX.Sent"},
           Case{"* LIST () \"/\" \"a \\\"b\\\" \\\\c\"\r\n", "/", "a \"b\" \\c"},
           Case{"* LIST () NIL {6}\r\na\"\xc3\xa4\x80)\r\n", "", "a\"\xc3\xa4\x80)"},
           Case{"* LIST () \"\\\\\" \"x\"\r\n", "\\", "x"},
           Case{"* LIST () \"\\\" \"x\\y\"\r\n", "\\", "x\\y"},
           Case{"* LIST () \"/\" Sent Items\r\n", "/", "Sent Items"},
           Case{"* LIST () \"/\" \"say \"hi\" now\"\r\n", "/", "say \"hi\" now"},
           Case{"* LIST () \"/\" \"a\" (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n", "/", "a"},
           Case{"* LIST () \"/\" NIL\r\n", "/", "NIL"},
           Case{"* LIST () \"/\" \"\xe4\"\r\n", "/", "\xe4"},
           Case{"* LIST () \"/\" \"\"\r\n", "/", ""},
       }) {
    const auto listing = data<Listing>(c.text);
    EXPECT_EQ(listing.delimiter, c.delimiter) << c.text;
    EXPECT_EQ(listing.name, c.name) << c.text;
  }
  EXPECT_TRUE(data<Listing>("* LIST (\\NoSelect \\Sent) \"/\" x\r\n").has_attribute("\\Noselect"));
  EXPECT_TRUE(data<Listing>("* LSUB () \"/\" x\r\n").is_lsub);
}

TEST(Response, ReadsTheOthers) {
  const auto status =
      data<MailboxStatus>("* STATUS \"a b\" (MESSAGES 3 UIDNEXT 9 HIGHESTMODSEQ 715194045007 MAILBOXID (F2))\r\n");
  EXPECT_EQ(status.name, "a b");
  EXPECT_EQ(status.numbers.at("HIGHESTMODSEQ"), 715194045007u);
  EXPECT_EQ(status.mailbox_id, "F2");
  EXPECT_EQ(data<MailboxStatus>("* STATUS a b (MESSAGES 3)\r\n").name, "a b");
  EXPECT_EQ(data<Search>("* SEARCH 2 5 6 (MODSEQ 917162500)\r\n").numbers, (std::vector<std::uint32_t>{2, 5, 6}));
  EXPECT_EQ(data<Search>("* SEARCH\r\n").numbers.size(), 0u);
  const auto search = data<ExtendedSearch>("* ESEARCH (TAG \"A3\") UID COUNT 5 ALL 4:19,21,28\r\n");
  EXPECT_TRUE(search.by_uid);
  EXPECT_EQ(search.tag, "A3");
  EXPECT_EQ(search.all, (Ranges{{4, 19}, {21, 21}, {28, 28}}));
  const auto vanished = data<Vanished>("* VANISHED (EARLIER) 41,43:116\r\n");
  EXPECT_TRUE(vanished.earlier);
  EXPECT_EQ(vanished.uids, (Ranges{{41, 41}, {43, 116}}));
  EXPECT_EQ(data<Vanished>("* VANISHED 5\r\n").uids, (Ranges{{5, 5}}));
  const auto spaces = data<Namespaces>("* NAMESPACE ((\"INBOX.\" \".\")) ((\"user.\" \".\")(\"~\" \"/\")) NIL\r\n");
  ASSERT_EQ(spaces.personal.size(), 1u);
  EXPECT_EQ(spaces.personal[0].prefix, "INBOX.");
  EXPECT_EQ(spaces.others.size(), 2u);
  EXPECT_EQ(spaces.shared.size(), 0u);
  EXPECT_EQ(data<Capability>("* CAPABILITY IMAP4rev1 auth=plain\r\n").names,
            (std::vector<std::string>{"IMAP4REV1", "AUTH=PLAIN"}));
  EXPECT_EQ(data<Flags>("* FLAGS (\\Answered x)\r\n").names, (std::vector<std::string>{"\\Answered", "x"}));
  EXPECT_EQ(data<Exists>("* 23 EXISTS\r\n").count, 23u);
  EXPECT_EQ(data<Expunge>("* 4 EXPUNGE\r\n").sequence, 4u);
  EXPECT_EQ(data<Other>("* ID (\"name\" \"x\")\r\n").word, "ID");
  EXPECT_EQ(parse_ranges("9:7,x,*,0,4294967296,3:*"), (Ranges{{7, 9}, {UINT32_MAX, UINT32_MAX}, {3, UINT32_MAX}}));
}

}  // namespace
}  // namespace kontor::wire::imap::client
