// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/fuzzy.h"

#include <gtest/gtest.h>

#include "groupware/accounts_fixture.h"
#include "groupware/search/fold.h"
#include "groupware/search/matcher.h"
#include "groupware/search/relevancy.h"

namespace kontor::groupware {
namespace {

using Op = Query::Op;

TEST(FuzzyWord, MatchesFormsAndSlips) {
  struct Case {
    const char* needle;
    const char* word;
    WordMatch expected;
    const char* why;
  };
  const Case cases[] = {
      {"meeting", "Meeting", WordMatch::exact, "case"},
      {"resume", "r\u00e9sum\u00e9", WordMatch::exact, "accents"},
      {"\u00fcber", "uber", WordMatch::exact, "accents of the needle"},
      {"meeting", "meet", WordMatch::stem, "English"},
      {"invoice", "invoices", WordMatch::stem, "English"},
      {"h\u00e4user", "Haus", WordMatch::stem, "German"},
      {"Rechnung", "Rechnungen", WordMatch::stem, "German"},
      {"facture", "factures", WordMatch::stem, "French"},
      {"\u043a\u043d\u0438\u0433\u0430", "\u043a\u043d\u0438\u0433\u0438", WordMatch::stem, "Russian"},
      {"\u0440\u0443\u0441\u0441\u043a\u0438\u0439", "\u0440\u0443\u0441\u0441\u043a\u043e\u0433\u043e",
       WordMatch::stem, "Russian, with a letter that folding takes apart"},
      {"kontor", "kontro", WordMatch::slip, "two characters changed places"},
      {"kontor", "komtor", WordMatch::slip, "another character"},
      {"kontor", "konstor", WordMatch::slip, "one more"},
      {"kontor", "kntor", WordMatch::slip, "one less"},
      {"kontor", "lontor", WordMatch::none, "the first one has to be right"},
      {"kontor", "kntro", WordMatch::none, "two slips"},
      {"hello", "hallo", WordMatch::none, "too short for slips"},
      {"123456", "123457", WordMatch::none, "numbers are exact"},
      {"order12", "order13", WordMatch::none, "and what has digits"},
      {"meet", "metre", WordMatch::none, "two characters in common"},
      {"it", "its", WordMatch::none, "too short for stems"},
      {"\u65e5", "\u65e5\u672c", WordMatch::exact, "a character in a pair"},
      {"\u65e5\u672c", "\u65e5\u8a9e", WordMatch::none, "another pair"},
  };
  for (const auto& c : cases) {
    const FuzzyWord word(fold_text(c.needle));
    EXPECT_EQ(word.match(fold_text(c.word)), c.expected) << c.needle << " in " << c.word << ": " << c.why;
  }
}

TEST(FuzzyNeedle, WantsAllWordsInAnyOrder) {
  const FuzzyNeedle needle(fold_text("IMAP break"));
  EXPECT_EQ(needle.words().size(), 2U);
  EXPECT_EQ(needle.quality_in(fold_text("IMAP break")), 100U);
  EXPECT_EQ(needle.quality_in(fold_text("the breaks of imap")), 90U) << "one is another form";
  EXPECT_EQ(needle.quality_in(fold_text("imap only")), 0U);
  EXPECT_TRUE(FuzzyNeedle("?! ...").empty());
  EXPECT_EQ(FuzzyNeedle(fold_text("again AGAIN")).words().size(), 1U);
  std::string many;
  for (char c = 'a'; c <= 'z'; ++c) many += std::string(3, c) + " ";
  EXPECT_EQ(FuzzyNeedle(fold_text(many)).words().size(), FuzzyNeedle::kMost);
}

class RelevancyTest : public AccountsTest {
 protected:
  static Query fuzzy(Op op, std::string text) {
    Query query;
    query.op = op;
    query.text = std::move(text);
    query.is_fuzzy = true;
    return query;
  }
  static Query combine(Op op, std::vector<Query> children) {
    Query query;
    query.op = op;
    query.children = std::move(children);
    return query;
  }
};

TEST_F(RelevancyTest, RanksFormsBelowWordsAndSubjectsAboveBodies) {
  const auto account = open(ada);
  for (const char* mail :
       {"Subject: invoice\r\nX-N: printer\r\n\r\nthe invoice\r\n",
        "Subject: other\r\nX-N: printers\r\n\r\nthe invoice\r\n", "Subject: other\r\n\r\nmany invoices\r\n",
        "Subject: other\r\n\r\nnothing\r\n", "Subject: Invoices\r\n\r\nan invocie\r\n"})
    add(*account, inbox(*account), mail);
  Query header = fuzzy(Op::header, "printer");
  header.name = "x-n";
  Query first;
  first.op = Op::uids;
  first.uids = {{Uid(4), Uid(4)}};
  struct Case {
    Query query;
    std::string expected;  // UID=score
    const char* why;
  };
  const Case cases[] = {
      {fuzzy(Op::anywhere, "invoice"), "1=100 2=60 3=48 5=80", "the subject is part of the headers"},
      {fuzzy(Op::body, "invoice"), "1=100 2=60 3=48 5=68", "a slip in the body"},
      {fuzzy(Op::subject, "invoice"), "1=100 5=80", "one field"},
      {header, "1=100 2=80", "any field"},
      {combine(Op::both, {fuzzy(Op::subject, "invoice"), fuzzy(Op::body, "the")}), "1=80", "the mean of both"},
      {combine(Op::both, {fuzzy(Op::subject, "invoice"), header}), "1=100", "keys of two depths"},
      {combine(Op::either, {fuzzy(Op::subject, "invoices"), header}), "1=100 2=80 5=100", "the better one"},
      {combine(Op::either, {fuzzy(Op::subject, "invoice"), first}), "1=100 4=100 5=80", "what matched exactly"},
      {combine(Op::inverse, {fuzzy(Op::body, "invoice")}), "4=100", "negated"},
      {fuzzy(Op::subject, "..."), "", "no words: exact"},
      {first, "4=100", "not fuzzy"},
  };
  for (const auto& c : cases) {
    const auto reader = must(account->read(as(ada)));
    const auto view = must(reader->view(inbox(*account)));
    const auto matcher = must(Matcher::prepare(c.query, *reader->keywords()));
    std::vector<std::uint32_t> found;
    for (std::uint32_t position = 0; position < view->size();) must(matcher.run(*reader, *view, position, found));
    std::vector<std::uint8_t> scores;
    for (std::size_t next = 0; next < found.size();)
      must(Relevancy(c.query).gather(*reader, *view, found, next, scores));
    ASSERT_EQ(scores.size(), found.size());
    std::string out;
    for (std::size_t i = 0; i < found.size(); ++i)
      out += (out.empty() ? "" : " ") + std::to_string(view->at(found[i]).uid.value) + "=" + std::to_string(scores[i]);
    EXPECT_EQ(out, c.expected) << c.why;
  }
}

}  // namespace
}  // namespace kontor::groupware
