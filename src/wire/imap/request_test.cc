// SPDX-License-Identifier: AGPL-3.0-or-later
#include <gtest/gtest.h>

#include "wire/imap/fetch_request.h"
#include "wire/imap/list_pattern.h"
#include "wire/imap/search_command.h"

namespace kontor::wire::imap {
namespace {

TEST(FetchRequest, Labels) {
  struct Case {
    const char* text;
    const char* labels;  // of all items, joined by "|"
    bool sets_seen;
  };
  const Case cases[] = {
      {"ALL", "FLAGS|INTERNALDATE|RFC822.SIZE|ENVELOPE", false},
      {"fast", "FLAGS|INTERNALDATE|RFC822.SIZE", false},
      {"FULL", "FLAGS|INTERNALDATE|RFC822.SIZE|ENVELOPE|BODY", false},
      {"FLAGS", "FLAGS", false},
      {"(flags uid FLAGS)", "FLAGS|UID", false},
      {"BODY", "BODY", false},
      {"(BODY BODYSTRUCTURE)", "BODY|BODYSTRUCTURE", false},
      {"BODY[]", "BODY[]", true},
      {"body.peek[]<0.10>", "BODY[]<0>", false},
      {"BODY[1.2.3]", "BODY[1.2.3]", true},
      {"BODY.PEEK[header]", "BODY[HEADER]", false},
      {"BODY.PEEK[1.MIME]", "BODY[1.MIME]", false},
      {"BODY.PEEK[3.HEADER.FIELDS.NOT (Subject \"a b\")]", "BODY[3.HEADER.FIELDS.NOT (Subject \"a b\")]", false},
      {"(BODY.PEEK[HEADER.FIELDS (FROM TO)] UID)", "BODY[HEADER.FIELDS (FROM TO)]|UID", false},
      {"BODY.PEEK[HEADER.FIELDS ({4}\r\nFrom)]", "BODY[HEADER.FIELDS (From)]", false},
      {"RFC822", "RFC822", true},
      {"(RFC822.HEADER RFC822.SIZE)", "RFC822.HEADER|RFC822.SIZE", false},
      {"RFC822.TEXT", "RFC822.TEXT", true},
      {"(MODSEQ) (CHANGEDSINCE 12)", "MODSEQ", false},
      {"UID (PARTIAL -1:-10 CHANGEDSINCE 12)", "UID", false},
      {"BINARY[1.2]<5.10>", "BINARY[1.2]<5>", true},
      {"(binary.peek[] BINARY.SIZE[3])", "BINARY[]|BINARY.SIZE[3]", false},
      {"(EMAILID THREADID SAVEDATE emailid)", "EMAILID|THREADID|SAVEDATE", false},
      {"(PREVIEW (LAZY) UID)", "PREVIEW|UID", false},
      {"PREVIEW (CHANGEDSINCE 1)", "PREVIEW", false},
  };
  for (const auto& c : cases) {
    Cursor in(c.text);
    const auto request = parse_fetch(in);
    ASSERT_FALSE(in.failed()) << c.text << ": " << in.error();
    std::string labels;
    for (const auto& item : request.items) labels += (labels.empty() ? "" : "|") + item.label;
    EXPECT_EQ(labels, c.labels) << c.text;
    EXPECT_EQ(request.sets_seen(), c.sets_seen) << c.text;
  }
}

TEST(PartialRange, Cuts) {
  struct Case {
    const char* text;
    std::size_t count, from, before;
  };
  const Case cases[] = {{"1:3", 10, 0, 3},     {"3:1", 10, 0, 3},    {"4:4294967295", 10, 3, 10},
                        {"11:20", 10, 10, 10}, {"1:5", 0, 0, 0},     {"-1:-3", 10, 7, 10},
                        {"-3:-1", 10, 7, 10},  {"-8:-20", 10, 0, 3}, {"-11:-12", 10, 0, 0}};
  for (const auto& c : cases) {
    Cursor in(c.text);
    const auto range = parse_partial_range(in);
    ASSERT_FALSE(in.failed()) << c.text;
    EXPECT_EQ(range.cut(c.count), std::pair(c.from, c.before)) << c.text;
  }
}

TEST(FetchRequest, Refuses) {
  for (const char* text : {"",
                           "()",
                           "(FLAGS",
                           "FLAGS)",
                           "FOO",
                           "BODY[",
                           "BODY[]<1>",
                           "BODY[]<1.0>",
                           "BODY[MIME]",
                           "BODY[0]",
                           "BODY[1..2]",
                           "BODY[1.]",
                           "BODY[HEADER.FIELDS]",
                           "BODY[HEADER.FIELDS ()]",
                           "BODY[TEXT.1]",
                           "BODY.PEEK",
                           "BODYX",
                           "FLAGS UID",
                           "ALL FAST",
                           "(ALL)",
                           "FLAGS (CHANGEDSINCE)",
                           "FLAGS (VANISHED)",
                           "(FLAGS  UID)",
                           "BODY[]<-1.5>",
                           "BODY[]<9223372036854775808.1>",
                           "BINARY",
                           "BINARY[1.HEADER]",
                           "BINARY[TEXT]",
                           "BINARY[1.]",
                           "BINARY.SIZE[1]<0.5>",
                           "BODY.SIZE[1]",
                           "PREVIEW (EAGER)",
                           "FLAGS (PARTIAL 0:1)",
                           "FLAGS (PARTIAL -1:2)",
                           "FLAGS (PARTIAL 1)",
                           "FLAGS (PARTIAL 1:2 PARTIAL 1:2)",
                           "RFC822.PEEK"}) {
    Cursor in(text);
    parse_fetch(in);
    EXPECT_TRUE(in.failed()) << text;
  }
  std::string deep = "BODY[1";
  for (int i = 0; i < 1000; ++i) deep += ".1";
  deep += "]";
  Cursor in(deep);
  parse_fetch(in);
  EXPECT_TRUE(in.failed());
}

using Op = SearchKey::Op;

TEST(SearchKey, Parses) {
  struct Case {
    const char* text;
    std::vector<Op> ops;  // of the keys at the top
  };
  const Case cases[] = {
      {"ALL", {Op::all}},
      {"FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"", {Op::flag, Op::internal_since, Op::inverse}},
      {"CHARSET UTF-8 TEXT {6}\r\n\xd0\xb9\xd1\x86\xd1\x83", {Op::anywhere}},
      {"OR SEEN (DRAFT UNDELETED) LARGER 100", {Op::either, Op::larger}},
      {"1:3,5 UID 7:*", {Op::numbers, Op::uids}},
      {"NEW OLD RECENT", {Op::both, Op::old, Op::recent}},
      {"HEADER Message-ID \"\" KEYWORD work UNKEYWORD work", {Op::header, Op::keyword, Op::inverse}},
      {"MODSEQ 620162338", {Op::modseq}},
      {"MODSEQ \"/flags/\\\\draft\" all 620162338", {Op::modseq}},
      {"SENTON \"01-Feb-1994\" BODY x", {Op::sent_on, Op::body}},
      {"*", {Op::numbers}},
      {"$ UID $", {Op::numbers, Op::uids}},
      {"OLDER 1 YOUNGER 259200", {Op::older, Op::younger}},
      {"SAVEDBEFORE 1-Feb-1994 SAVEDON 1-Feb-1994 SAVEDSINCE 1-Feb-1994 SAVEDATESUPPORTED",
       {Op::saved_before, Op::saved_on, Op::saved_since, Op::all}},
      {"EMAILID M6d99 THREADID T1-a", {Op::email_id, Op::thread_id}},
      {"FUZZY SUBJECT work FROM user@example.com", {Op::fuzzy, Op::from}},
      {"FUZZY (SUBJECT \"IMAP break\") NOT FUZZY BODY x", {Op::fuzzy, Op::inverse}},
      {"SUBJECT \"xyz\" FUZZY ANSWERED OR FUZZY TO a FUZZY FUZZY CC b", {Op::subject, Op::fuzzy, Op::either}},
  };
  for (const auto& c : cases) {
    Cursor in(c.text);
    const auto program = parse_search(in);
    ASSERT_FALSE(in.failed()) << c.text << ": " << in.error();
    std::vector<Op> ops;
    for (const auto& key : program.key.children) ops.push_back(key.op);
    EXPECT_EQ(ops, c.ops) << c.text;
  }
}

TEST(SearchKey, Refuses) {
  for (const char* text : {"",
                           "FOO",
                           "FROM",
                           "OR SEEN",
                           "NOT",
                           "(SEEN",
                           "SEEN)",
                           "()",
                           "LARGER x",
                           "LARGER 9223372036854775808",
                           "BEFORE 1994",
                           "UID",
                           "UID x",
                           "KEYWORD \"a\"",
                           "HEADER x",
                           "CHARSET UTF-8",
                           "0",
                           "1:",
                           "SEEN  DRAFT",
                           "MODSEQ 99999999999999999999",
                           "OLDER 0",
                           "YOUNGER -1",
                           "SAVEDON 1994",
                           "EMAILID",
                           "$1",
                           "FUZZY",
                           "FUZZY ",
                           "SUBJECT FUZZY x"}) {
    Cursor in(text);
    parse_search(in);
    EXPECT_TRUE(in.failed()) << text;
  }
  std::string fuzzies, nots, parens, many = "SEEN";
  for (int i = 0; i < 10'000; ++i) fuzzies += "FUZZY ", nots += "NOT ", parens += "(", many += " SEEN";
  for (const auto& text : {fuzzies + "SEEN", nots + "SEEN", parens + "SEEN", many}) {
    Cursor in(text);
    parse_search(in);
    EXPECT_EQ(in.error(), "the search is too complex");
  }
}

// Which accounts of others a LIST looks into.
TEST(ListPattern, MayMatchFrom) {
  constexpr std::string_view kBegin = "Other Users/ben@example.org/";
  for (const auto& [pattern, expected] :
       std::vector<std::pair<std::string, bool>>{{"*", true},
                                                 {"%", true},  // "Other Users" itself
                                                 {"Other Users/%", true},
                                                 {"Other Users/ben@example.org/INBOX", true},
                                                 {"*/INBOX", true},
                                                 {"%/%/%", true},
                                                 {"INBOX", false},
                                                 {"INBOX/*", false},
                                                 {"Projects/%", false},
                                                 {"Other Users/ada@example.org/*", false},
                                                 {"Shared Folders/*", false}}) {
    EXPECT_EQ(ListPattern(pattern).may_match_from(kBegin), expected) << pattern;
  }
}

TEST(ListPattern, Matches) {
  struct Case {
    const char* pattern;
    const char* name;
    bool expected;
  };
  const Case cases[] = {
      {"*", "a/b/c", true},
      {"%", "a", true},
      {"%", "a/b", false},
      {"a/%", "a/b", true},
      {"a/%", "a/b/c", false},
      {"a/*", "a/b/c", true},
      {"a*", "a", true},
      {"%/%", "a/b", true},
      {"*/c", "a/b/c", true},
      {"%/c", "a/b/c", false},
      {"a", "A", false},
      {"inbox", "INBOX", true},
      {"inBox/%", "INBOX/x", true},
      {"inboxes", "inboxes", true},
      {"", "", true},
      {"", "a", false},
      {"%*", "a/b", true},
      {"*%", "a/b", true},
      {"a%b", "axxb", true},
      {"a%b", "ax/b", false},
      {"%b%d*", "abcd/e/f", true},
      {"%%", "a/b", false},
      {"a**b", "a/b", true},
      {"I%X", "INBOX", true},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ListPattern(c.pattern).matches(c.name), c.expected) << c.pattern << " on " << c.name;
  }
  std::string hard;
  for (int i = 0; i < 300; ++i) hard += "%a*";
  hard += "c";
  EXPECT_FALSE(ListPattern(hard).matches(std::string(1000, 'a') + "b"));
}

// RFC 4731, 5182, 5267, 9394: "min max partial" of what was read.
TEST(SearchCommand, ReadsReturnOptions) {
  struct Case {
    const char* text;
    const char* expected;  // null = refused
  };
  const Case cases[] = {
      {"ALL", "-"},
      {"RETURN () ALL", "all"},
      {"return (min Max COUNT) ALL", "min max count"},
      {"RETURN (SAVE) ALL", "save"},
      {"RETURN (UPDATE) ALL", "all update"},
      {"RETURN (CONTEXT COUNT UPDATE) ALL", "count update"},
      {"RETURN (RELEVANCY) FUZZY TEXT a", "all relevancy"},
      {"RETURN (RELEVANCY COUNT) FUZZY TEXT a", "count relevancy"},
      {"RETURN (RELEVANCY PARTIAL 1:2) FUZZY TEXT a", "relevancy 1:2"},
      {"RETURN (PARTIAL 1:500) ALL", "1:500"},
      {"RETURN (PARTIAL 500:1) ALL", "1:500"},
      {"RETURN (PARTIAL -100:-1 SAVE) ALL", "save -1:-100"},
      {"RETURN (PARTIAL 1:-5) ALL", nullptr},
      {"RETURN (PARTIAL 1) ALL", nullptr},
      {"RETURN (PARTIAL 0:1) ALL", nullptr},
      {"RETURN (PARTIAL 1:2 PARTIAL 1:2) ALL", nullptr},
      {"RETURN (ALL PARTIAL 1:2) ALL", nullptr},
      {"RETURN (MIN MAX ALL", nullptr},
      {"RETURN (ALLES) ALL", nullptr},
      {"RETURN () ", nullptr},
      {"RETURN ALL", nullptr},
  };
  for (const auto& c : cases) {
    Cursor in(c.text);
    const auto command = parse_search_command(in);
    EXPECT_EQ(in.failed(), c.expected == nullptr) << c.text;
    if (in.failed() || c.expected == nullptr) continue;
    const auto& options = command.options;
    std::string read = options.is_given ? "" : "-";
    const auto add = [&](bool is_set, const std::string& name) {
      if (is_set) read += (read.empty() ? "" : " ") + name;
    };
    add(options.min, "min"), add(options.max, "max"), add(options.all, "all"), add(options.count, "count");
    add(options.save, "save"), add(options.update, "update"), add(options.relevancy, "relevancy");
    add(options.partial.has_value(), options.partial ? options.partial->print() : "");
    EXPECT_EQ(read, c.expected) << c.text;
  }
}

TEST(SearchCommand, ReadsSortThreadAndFolders) {
  struct Case {
    const char* text;
    bool sort, thread, folders;  // which of them can read it
  };
  const Case cases[] = {
      {"(DATE) UTF-8 ALL", true, false, false},
      {"(REVERSE DISPLAYFROM SUBJECT) US-ASCII NOT SEEN", true, false, false},
      {"RETURN (COUNT) (TO) UTF-8 ALL", true, false, false},
      {"(RELEVANCY REVERSE DATE) UTF-8 FUZZY TEXT a", true, false, false},
      {"() UTF-8 ALL", false, false, false},
      {"(REVERSE) UTF-8 ALL", false, false, false},
      {"REFERENCES UTF-8 ALL", false, true, false},
      {"REFERENCES ALL", false, false, false},
      {"ALL", false, false, true},
      {"IN (inboxes) ALL", false, false, true},
      {"IN (subtree (a \"b c\") mailboxes d selected) RETURN (MIN) SEEN", false, false, true},
      {"IN () ALL", false, false, false},
      {"IN (subtree) ALL", false, false, false},
      {"IN (inboxes (scope)) ALL", false, false, false},
      {"IN (elsewhere) ALL", false, false, false},
  };
  for (const auto& c : cases) {
    Cursor sort(c.text), thread(c.text), folders(c.text);
    parse_sort_command(sort);
    parse_thread_command(thread);
    parse_folders_search(folders);
    EXPECT_EQ(!sort.failed(), c.sort) << c.text;
    EXPECT_EQ(!thread.failed(), c.thread) << c.text;
    EXPECT_EQ(!folders.failed(), c.folders) << c.text;
  }
}

}  // namespace
}  // namespace kontor::wire::imap
