// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/matcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <numeric>
#include <random>

#include "groupware/accounts_fixture.h"
#include "groupware/search/order.h"

namespace kontor::groupware {
namespace {

using Op = Query::Op;

Query text_query(Op op, std::string text) {
  Query query;
  query.op = op;
  query.text = std::move(text);
  return query;
}

Query combine(Op op, std::vector<Query> children) {
  Query query;
  query.op = op;
  query.children = std::move(children);
  return query;
}

class MatcherTest : public AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    account_ = open(ada);
    for (int i = 1; i <= 9; ++i) {
      const std::string n = std::to_string(i);
      add(*account_, inbox(*account_), "Subject: n" + n + "\r\nX-N: " + n + "\r\n\r\nbody " + n + "\r\n");
    }
  }

  std::string matches(const Query& query) {
    const auto reader = must(account_->read(as(ada)));
    const auto view = must(reader->view(inbox(*account_)));
    const auto matcher = must(Matcher::prepare(query, *reader->keywords()));
    std::vector<std::uint32_t> found, among, all;
    for (std::uint32_t position = 0; position < view->size();) must(matcher.run(*reader, *view, position, found));
    for (std::uint32_t at = 0; at < view->size(); ++at) all.push_back(at);
    for (std::size_t next = 0; next < all.size();) must(matcher.run_among(*reader, *view, all, next, among));
    EXPECT_EQ(found, among);
    std::string out;
    for (const auto at : found) out += std::to_string(at + 1);
    return out;
  }

  std::shared_ptr<Account> account_;
};

// Most are known from the summaries; where the header has more than that, it is read.
TEST_F(MatcherTest, FindsMessageIds) {
  for (const char* id : {"Message-ID: <ten@x>\r\n", "Message-ID: <a@x>\r\nMessage-Id: <Eleven@x>\r\n",
                         "Message-ID: =?utf-8?q?=3Ctwelve=40x=3E?=\r\n"})
    add(*account_, inbox(*account_), std::string(id) + "\r\nbody\r\n");
  struct Case {
    const char* text;
    std::string expected;
  };
  const Case cases[] = {{"<TEN@X>", "10"}, {"eleven", "11"}, {"twelve@x", "12"}, {"<a@", "11"},
                        {"@x", "101112"},  {"", "101112"},   {"nobody", ""}};
  for (const Case& test : cases) {
    Query query = text_query(Op::header, test.text);
    query.name = "MESSAGE-id";
    EXPECT_EQ(matches(query), test.expected) << test.text;
    EXPECT_EQ(matches(combine(Op::both, {text_query(Op::body, "body"), query})), test.expected) << test.text;
  }
}

// What the view leaves open is decided by summaries, what they leave open by contents; all agree.
TEST_F(MatcherTest, CombinesDepths) {
  const Query subject = text_query(Op::subject, "N3"), body = text_query(Op::body, "BODY 4");
  Query uids;
  uids.op = Op::uids;
  uids.uids = {{Uid(2), Uid(4)}, {Uid(9), Uid(20)}};
  Query header = text_query(Op::header, "5");
  header.name = "x-n";
  Query judged;
  judged.op = Op::judged;
  judged.judge = [](const Item& item) { return item.id.value % 2 == 0 && item.size > 0; };
  struct Case {
    Query query;
    std::string expected;
    const char* why;
  };
  const Case cases[] = {
      {Query(), "123456789", "all"},
      {uids, "2349", "UIDs"},
      {combine(Op::both, {body, subject}), "", "a summary says no"},
      {combine(Op::either, {body, subject, uids}), "2349", "any of three depths"},
      {combine(Op::either, {header, combine(Op::both, {uids, body})}), "45", "header and body"},
      {combine(Op::inverse, {combine(Op::either, {uids, header})}), "1678", "not"},
      {combine(Op::both, {uids, combine(Op::inverse, {body})}), "239", "not, in the content"},
      {combine(Op::both, {judged, combine(Op::inverse, {judged})}), "", "what is judged"},
      {combine(Op::either, {judged, combine(Op::inverse, {judged})}), "123456789", "what is judged"},
      {text_query(Op::anywhere, "x-n: 7"), "7", "a header line"},
      {text_query(Op::keyword, "none"), "", "a keyword that nobody has"},
  };
  for (const auto& c : cases) EXPECT_EQ(matches(c.query), c.expected) << c.why;
}

// 1,000,000 rows by flag and date from the view alone.
TEST_F(MatcherTest, AMillionRowsNeedOnlyTheView) {
  FolderView::Builder builder;
  for (std::uint32_t i = 1; i <= 1'000'000; ++i) {
    Row row;
    row.uid = Uid(i);
    row.item = ItemId(i);
    row.flag_bits = i % 3 == 0 ? kSeen : 0;
    row.date = Row::pack(InternalDate(Instant(std::chrono::seconds(i * 60)), 60));
    builder.add(row);
  }
  const auto view = builder.finish(Modseq(1));
  Query seen;
  seen.op = Op::flag;
  seen.number = kSeen;
  Query since;
  since.op = Op::received;
  since.period.is_local = true;
  since.period.from = Instant(std::chrono::days(600));
  const auto matcher = must(Matcher::prepare(combine(Op::both, {combine(Op::inverse, {seen}), since}), KeywordTable()));
  ASSERT_TRUE(matcher.needs_only_view());
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::uint32_t> found;
  const auto reader = must(account_->read(as(ada)));
  for (std::uint32_t position = 0; position < view->size();) must(matcher.run(*reader, *view, position, found));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  EXPECT_EQ(found.size(), 90'707U);
}

TEST_F(MatcherTest, SortsAndKeepsATable) {
  const auto reader = must(account_->read(as(ada)));
  const auto view = must(reader->view(inbox(*account_)));
  Sorter sorter({{SortKey::Field::subject, true}});
  std::size_t next = 0;
  must(sorter.gather(*reader, *view, {0, 1, 2}, next));
  next = 0;
  must(sorter.gather(*reader, *view, {8, 4}, next));
  const auto uids_of = [](const Sorter& table) {
    std::string out;
    for (const auto entry : table.sorted()) out += std::to_string(table.uid(entry).value);
    return out;
  };
  EXPECT_EQ(uids_of(sorter), "95321");
  EXPECT_TRUE(sorter.comes_before(3, 4));
  EXPECT_EQ(uids_of(sorter.with_only({0, 3, 2})), "931");
}

// Sorting looks at eight bytes at a time, comparing at all.
TEST_F(MatcherTest, SortsAsItCompares) {
  std::mt19937 random(7);
  static const char* const kParts[] = {
      "a", "aaaaaaaa", "b", "\u00e4", "Z", "longer than eight", "=?utf-8?q?=00?=", "=?utf-8?q?=FF?="};
  for (int i = 0; i < 300; ++i) {
    std::string subject;
    for (std::size_t n = random() % 5; n > 0; --n)
      subject += kParts[random() % std::size(kParts)] + std::string(n % 2, ' ');
    add(*account_, inbox(*account_), mail(subject, "Cc: " + std::string(1 + random() % 20, 'c') + "@example.org\r\n"));
  }
  const auto reader = must(account_->read(as(ada)));
  const auto view = must(reader->view(inbox(*account_)));
  std::vector<std::uint32_t> all(view->size());
  std::iota(all.begin(), all.end(), 0U);
  using Field = SortKey::Field;
  const std::vector<std::vector<SortKey>> orders = {{{Field::subject, false}},
                                                    {{Field::subject, true}, {Field::cc, false}},
                                                    {{Field::cc, true}, {Field::subject, true}},
                                                    {{Field::size, false}, {Field::subject, false}}};
  for (const Collation collation : {Collation::unicode_casemap, Collation::ascii_casemap, Collation::octet})
    for (const auto& keys : orders) {
      Sorter sorter(keys, collation);
      for (std::size_t next = 0; next < all.size();) must(sorter.gather(*reader, *view, all, next));
      auto expected = all;
      std::sort(expected.begin(), expected.end(), [&](auto a, auto b) { return sorter.comes_before(a, b); });
      EXPECT_EQ(sorter.sorted(), expected);
      // Nothing kept, half of it, all of it.
      for (const std::size_t kept : {std::size_t{0}, all.size() / 2, all.size()}) {
        const auto subjects = std::make_shared<Subjects>(1 << 20);
        for (const std::size_t count : {kept, all.size()}) {
          Sorter again(keys, collation);
          again.use(subjects);
          const std::vector<std::uint32_t> some(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
          for (std::size_t next = 0; next < some.size();) must(again.gather(*reader, *view, some, next));
          if (count == all.size()) EXPECT_EQ(again.sorted(), expected);
        }
      }
    }
}

}  // namespace
}  // namespace kontor::groupware
