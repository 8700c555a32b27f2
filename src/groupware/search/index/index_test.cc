// SPDX-License-Identifier: AGPL-3.0-or-later
// The index must not change any answer: with none, half of one and a whole one they are the same.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "formats/mime/charset.h"
#include "groupware/accounts_fixture.h"
#include "groupware/search/fold.h"
#include "groupware/search/matcher.h"
#include "groupware/search/relevancy.h"
#include "groupware/search/text_index.h"

namespace kontor::groupware {
namespace {

using Op = Query::Op;

class CountingExtractor final : public Extractor {
 public:
  bool takes(std::string_view type, std::string_view file_name) const override {
    return type == "application/x-doc" || file_name.ends_with(".doc");
  }
  Result<std::string> text(std::string_view, std::string_view, std::string_view document) override {
    ++asked;
    if (is_away) return fail(Errc::unavailable, "for now");
    if (document.starts_with("broken")) return fail(Errc::invalid, "no such document");
    return "extracted " + std::string(document);
  }
  std::atomic<int> asked = 0;
  std::atomic<bool> is_away = false;
};

class TextIndexTest : public AccountsTest {
 protected:
  void SetUp() override {
    std::string made = (std::filesystem::temp_directory_path() / "kontor-index-XXXXXX").string();
    ASSERT_NE(mkdtemp(made.data()), nullptr);
    folder_ = made;
    options.search.folder = folder_;
    options.search.settle = std::chrono::milliseconds(0);
    AccountsTest::SetUp();
    account_ = open(ada);
  }
  void TearDown() override {
    account_.reset();
    accounts.reset();
    std::filesystem::remove_all(folder_);
  }

  void restart(Extractor* extractor = nullptr) {
    account_.reset();
    accounts.reset();
    accounts = Accounts::make(*engine, *directory, clock, options, extractor);
    account_ = open(ada);
  }
  AccountId id() const { return account_->id(); }
  TextIndex& index() { return *accounts->text_index(); }
  IndexStatus status() { return must(index().status(id())); }

  std::vector<std::uint32_t> matches(Account& account, const Query& query) {
    const auto reader = must(account.read(as(ada)));
    const auto view = must(reader->view(inbox(account)));
    const auto matcher = must(Matcher::prepare(query, *reader->keywords()));
    std::vector<std::uint32_t> found;
    for (std::uint32_t position = 0; position < view->size();) must(matcher.run(*reader, *view, position, found));
    for (auto& at : found) at = view->at(at).uid.value;
    return found;
  }
  // "UID=relevancy ..." of a fuzzy search.
  std::string scored(Account& account, Op op, const std::string& text) {
    Query query = text_of(op, text);
    query.is_fuzzy = true;
    const auto found = matches(account, query);
    const auto reader = must(account.read(as(ada)));
    const auto view = must(reader->view(inbox(account)));
    std::vector<std::uint32_t> positions;
    for (const auto uid : found) positions.push_back(view->lower_bound(Uid(uid)));
    std::vector<std::uint8_t> scores;
    for (std::size_t next = 0; next < positions.size();)
      must(Relevancy(query).gather(*reader, *view, positions, next, scores));
    std::string out;
    for (std::size_t i = 0; i < found.size(); ++i)
      out += std::to_string(found[i]) + "=" + std::to_string(scores.at(i)) + " ";
    return out;
  }
  static Query text_of(Op op, std::string text) {
    Query query;
    query.op = op;
    query.text = std::move(text);
    return query;
  }
  std::vector<std::uint32_t> with_index(Op op, const std::string& text) {
    return matches(*account_, text_of(op, text));
  }
  // What another process would say that has no index.
  std::vector<std::uint32_t> without(Op op, const std::string& text, Extractor* extractor = nullptr) {
    Options plain = options;
    plain.search.folder.clear();
    const auto others = Accounts::make(*engine, *directory, clock, plain, extractor);
    return matches(*must(others->open(AccountId(ada.value))), text_of(op, text));
  }
  void remove_first(std::size_t count) {
    const auto rows = view(*account_, inbox(*account_));
    must(account_->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      for (std::size_t i = 0; i < count; ++i)
        TRY_VOID(transaction.remove(inbox(*account_), rows->at(static_cast<std::uint32_t>(3 * i)).uid));
      return {};
    }));
  }

  std::string folder_;
  std::shared_ptr<Account> account_;
};

// Words that share beginnings, ends and middles; long ones; scripts without blanks; marks; punctuation.
class RandomMail {
 public:
  explicit RandomMail(unsigned seed) : random_(seed) {}

  std::string message() {
    std::string out = "From: " + word() + "@example.org\r\nSubject: " + words(3) + "\r\nX-Odd: " + word() + "\r\n";
    if (pick(3) == 0)
      return out + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + words(pick(30)) + "\r\n" + words(5) + "\r\n";
    out += "Content-Type: multipart/mixed; boundary=cut\r\n\r\n--cut\r\nContent-Type: text/" +
           std::string(pick(2) == 0 ? "plain" : "html") + "; charset=utf-8; name=" + plain_word() + "\r\n\r\n" +
           words(pick(20)) + "\r\n--cut\r\n";
    if (pick(2) == 0) out += "Content-Type: message/delivery-status\r\n\r\nAction: " + words(4) + "\r\n--cut\r\n";
    if (pick(3) == 0)
      out += "Content-Type: application/x-doc; name=" + plain_word() + "\r\n\r\n" + words(4) + "\r\n--cut\r\n";
    return out + "Content-Type: message/rfc822\r\n\r\nSubject: " + words(2) +
           "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + words(6) + "\r\n--cut--\r\n";
  }

  // A part of the text, cut anywhere between characters, now and then with a change.
  std::string needle(const std::string& from) {
    std::size_t begin = pick(from.size()), end = std::min(from.size(), begin + 1 + pick(pick(8) == 0 ? 90 : 9));
    while (begin > 0 && is_inside(from, begin)) --begin;
    while (end < from.size() && is_inside(from, end)) ++end;
    std::string out = from.substr(begin, end - begin);
    if (pick(6) == 0) out += plain_word();
    if (pick(9) == 0) std::reverse(out.begin(), out.end());
    return out;
  }

  std::size_t pick(std::size_t below) { return below == 0 ? 0 : random_() % below; }

 private:
  static bool is_inside(const std::string& text, std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80;
  }
  std::string plain_word() {
    std::string out;
    for (std::size_t i = 1 + pick(4); i > 0; --i) out += static_cast<char>('a' + pick(4));
    return out;
  }
  std::string word() {
    static const char* const kOdd[] = {"\u65e5\u672c\u8a9e",
                                       "\u672c\u65e5",
                                       "\u304c\u304b",
                                       "stra\u00dfe",
                                       "\u00dcber",
                                       "u\u0308ber",
                                       "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
                                       "\u0416\u0435\u043d\u0430",
                                       "\ufb01n",
                                       "a\u65e5b",
                                       "\xff",
                                       "<b>",
                                       "e-mail",
                                       "a_b",
                                       "3.14",
                                       "\u0130stanbul"};
    if (pick(4) == 0) return kOdd[pick(std::size(kOdd))];
    if (pick(40) != 0) return plain_word();
    std::string out;
    while (out.size() < 50 + pick(200)) out += plain_word();
    return out;
  }
  std::string words(std::size_t count) {
    static const char* const kBetween[] = {" ", " ", " ", ", ", "\r\n ", "--", ""};
    std::string out = word();
    for (std::size_t i = 1; i < count; ++i) out += kBetween[pick(std::size(kBetween))] + word();
    return out;
  }

  std::mt19937 random_;
};

TEST_F(TextIndexTest, ChangesNoAnswer) {
  const char* given = std::getenv("KONTOR_SEED");
  const unsigned seed =
      given == nullptr ? std::random_device()() : static_cast<unsigned>(std::strtoul(given, nullptr, 10));
  SCOPED_TRACE("KONTOR_SEED=" + std::to_string(seed));
  RandomMail random(seed);
  CountingExtractor extractor;
  restart(&extractor);
  std::vector<std::string> texts;
  const auto fill = [&](int count) {
    for (int i = 0; i < count; ++i) {
      texts.push_back(random.message());
      add(*account_, inbox(*account_), texts.back());
    }
  };
  int found = 0, found_fuzzily = 0;
  const auto compare = [&](const char* state) {
    Options plain = options;
    plain.search.folder.clear();
    const auto others = Accounts::make(*engine, *directory, clock, plain, &extractor);
    const auto other = must(others->open(AccountId(ada.value)));
    for (int i = 0; i < 60; ++i) {
      const std::string needle = random.needle(texts[random.pick(texts.size())]);
      for (const Op op : {Op::body, Op::anywhere}) {
        const auto expected = matches(*other, text_of(op, needle));
        found += expected.empty() ? 0 : 1;
        ASSERT_EQ(matches(*account_, text_of(op, needle)), expected)
            << state << ": " << needle << " of " << fold_text(needle);
        for (const Collation collation : {Collation::ascii_casemap, Collation::octet}) {
          Query query = text_of(op, needle);
          query.collation = collation;
          const auto strictly = matches(*other, query);
          ASSERT_EQ(matches(*account_, query), strictly) << state << ": " << needle;
          // Octets that are no text are found where they are, also across the characters of a text.
          if (mime::is_utf8(needle))
            ASSERT_TRUE(std::includes(expected.begin(), expected.end(), strictly.begin(), strictly.end())) << needle;
        }
        const auto fuzzily = scored(*other, op, needle);
        found_fuzzily += fuzzily.empty() ? 0 : 1;
        ASSERT_EQ(scored(*account_, op, needle), fuzzily) << state << ", fuzzy: " << needle;
      }
    }
  };
  fill(40);
  compare("no index");
  must(index().update(id()));
  EXPECT_EQ(status().documents, 40U);
  compare("a whole index");
  fill(30);
  remove_first(8);
  compare("half an index");
  must(index().update(id()));
  EXPECT_EQ(status().documents, 62U);
  compare("what it was told later");
  restart(&extractor);
  compare("read from disk");
  EXPECT_GT(found, 200) << "needles that are there";
  EXPECT_GT(found_fuzzily, 30) << "words that are there";
}

TEST_F(TextIndexTest, FuzzyWordsAreDecidedWithoutReading) {
  CountingExtractor extractor;
  restart(&extractor);
  for (const char* text : {"meeting", "meetings of Kontor", "metre", "kontro meets"})
    add(*account_, inbox(*account_), mail("n", "Content-Type: application/x-doc\r\n", text));
  must(index().update(id()));
  EXPECT_EQ(extractor.asked, 4);
  EXPECT_EQ(scored(*account_, Op::body, "meet"), "1=48 2=48 4=48 ");
  EXPECT_EQ(scored(*account_, Op::body, "Kontor meet"), "2=54 4=42 ");
  EXPECT_EQ(scored(*account_, Op::anywhere, "nowhere"), "");
  EXPECT_EQ(extractor.asked, 4) << "the index alone says so";
}

TEST_F(TextIndexTest, WholeWordsAndPartsAreDecidedWithoutReading) {
  CountingExtractor extractor;
  restart(&extractor);
  for (int i = 0; i < 5; ++i)
    add(*account_, inbox(*account_),
        mail("n", "Content-Type: application/x-doc\r\n", i == 0 ? "broken" : "word" + std::to_string(i)));
  must(index().update(id()));
  EXPECT_EQ(extractor.asked, 5);
  EXPECT_EQ(with_index(Op::body, "ord3"), (std::vector<std::uint32_t>{4}));
  EXPECT_EQ(with_index(Op::body, "xtracte"), (std::vector<std::uint32_t>{2, 3, 4, 5}));
  EXPECT_EQ(with_index(Op::body, "nowhere"), std::vector<std::uint32_t>());
  EXPECT_EQ(extractor.asked, 5) << "the index alone says so";
  EXPECT_EQ(with_index(Op::body, "ed word2"), (std::vector<std::uint32_t>{3}));
  EXPECT_EQ(extractor.asked, 6) << "one candidate";
}

// It changes places with the old one while searches go on.
TEST_F(TextIndexTest, TakesLessRoomOnceItIsWhole) {
  for (int i = 0; i < 600; ++i)
    add(*account_, inbox(*account_), mail("n", "", "word" + std::to_string(i * 7919) + " all\r\n"));
  EXPECT_EQ(with_index(Op::body, "all").size(), 600U);
  must(index().update(id()));
  const std::string own = folder_ + "/" + std::to_string(id().value);
  EXPECT_FALSE(std::filesystem::exists(own + ".new"));
  EXPECT_EQ(status().documents, 600U);
  EXPECT_EQ(with_index(Op::body, "ord7919"), (std::vector<std::uint32_t>{2, 11, 101}));
  add(*account_, inbox(*account_), mail("n", "", "word all\r\n"));
  remove_first(1);
  must(index().update(id()));
  EXPECT_EQ(status().documents, 600U);
  EXPECT_EQ(with_index(Op::body, "all").size(), 600U);
  std::filesystem::create_directories(own + ".new");
  index().forget_all_but({id()});
  EXPECT_FALSE(std::filesystem::exists(own + ".new"));
  EXPECT_TRUE(std::filesystem::exists(own));
}

// Removed documents are only marked; once they are most, another index without them takes this one's place.
TEST_F(TextIndexTest, ForgetsWhatWasRemovedInTheEnd) {
  const std::string own = folder_ + "/" + std::to_string(id().value);
  const auto remove_all_but = [&](std::uint32_t count) {
    const auto rows = view(*account_, inbox(*account_));
    must(account_->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
      for (std::uint32_t at = 0; at + count < rows->size(); ++at)
        TRY_VOID(transaction.remove(inbox(*account_), rows->at(at).uid));
      return {};
    }));
    must(index().update(id()));
  };
  for (int i = 0; i < 1100; ++i)
    add(*account_, inbox(*account_), mail("n", "", "word" + std::to_string(i * 7919) + " all\r\n"));
  must(index().update(id()));
  const std::uint64_t whole = status().bytes;
  remove_all_but(600);
  EXPECT_EQ(status().documents, 600U);
  EXPECT_EQ(with_index(Op::body, "all").size(), 600U);
  EXPECT_EQ(with_index(Op::body, "word0"), std::vector<std::uint32_t>()) << "it was the first";
  EXPECT_GE(status().bytes, whole / 2);
  remove_all_but(200);
  EXPECT_EQ(status().documents, 200U);
  EXPECT_EQ(with_index(Op::body, "all").size(), 200U);
  EXPECT_LT(status().bytes, whole / 2);
  EXPECT_FALSE(std::filesystem::exists(own + ".next"));
  add(*account_, inbox(*account_), mail("n", "", "another all\r\n"));
  must(index().update(id()));
  EXPECT_EQ(status().documents, 201U);
  EXPECT_EQ(with_index(Op::body, "all").size(), 201U);
  account_.reset();
  restart();
  EXPECT_EQ(with_index(Op::body, "all").size(), 201U) << "read from disk";
}

// An item that comes back has the terms that it had.
TEST_F(TextIndexTest, FindsAgainWhatCameBack) {
  for (const char* word : {"first", "second"}) add(*account_, inbox(*account_), mail(word));
  must(index().update(id()));
  const ItemId item = view(*account_, inbox(*account_))->at(0).item;
  remove_first(1);
  must(index().update(id()));
  EXPECT_EQ(status().documents, 1U);
  EXPECT_EQ(with_index(Op::anywhere, "irst"), std::vector<std::uint32_t>());
  must(account_->update(Caller::system(), [&](Transaction& transaction) -> Result<void> {
    TRY_VOID(transaction.restore(item, inbox(*account_)));
    return {};
  }));
  must(index().update(id()));
  EXPECT_EQ(status().documents, 2U);
  EXPECT_EQ(with_index(Op::anywhere, "irst"), (std::vector<std::uint32_t>{3}));
}

// What cannot be read for now stays a candidate.
TEST_F(TextIndexTest, LooksAgainAtDocumentsThatCouldNotBeRead) {
  CountingExtractor extractor;
  restart(&extractor);
  extractor.is_away = true;
  add(*account_, inbox(*account_), mail("n", "Content-Type: application/x-doc\r\n", "words"));
  must(index().update(id()));
  EXPECT_EQ(with_index(Op::body, "words"), std::vector<std::uint32_t>());
  extractor.is_away = false;
  EXPECT_EQ(with_index(Op::body, "words"), (std::vector<std::uint32_t>{1}));
}

TEST_F(TextIndexTest, HugeTextsStayCandidates) {
  std::string body;
  for (int i = 0; i < 40'000; ++i) body += std::to_string(i * 7919) + (i % 9 == 0 ? "\r\n" : " ");
  add(*account_, inbox(*account_), mail("n", "", body + "\r\nlast needle\r\n"));
  must(index().update(id()));
  EXPECT_EQ(status().documents, 1U);
  EXPECT_EQ(with_index(Op::body, "last needle"), (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(with_index(Op::body, "7919 15838"), (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(with_index(Op::body, "nothing"), std::vector<std::uint32_t>());
}

TEST_F(TextIndexTest, IsMadeAnewWhateverHappensToIt) {
  for (int i = 0; i < 3; ++i) add(*account_, inbox(*account_), mail("subject" + std::to_string(i)));
  must(index().update(id()));
  const std::string own = folder_ + "/" + std::to_string(id().value);
  const auto spoil = [&](const char* what, const std::function<void()>& how) {
    account_.reset();
    accounts.reset();
    how();
    restart();
    EXPECT_EQ(with_index(Op::anywhere, "bject1"), (std::vector<std::uint32_t>{2})) << what;
    must(index().update(id()));
    const auto after = status();
    EXPECT_TRUE(after.is_sound && after.documents == 3 && after.waiting == 0) << what;
    EXPECT_EQ(with_index(Op::anywhere, "bject1"), (std::vector<std::uint32_t>{2})) << what;
  };
  const auto overwrite = [&](const std::string& file, const std::string& bytes) {
    std::ofstream(own + "/" + file, std::ios::binary | std::ios::trunc) << bytes;
  };
  spoil("deleted", [&] { std::filesystem::remove_all(own); });
  spoil("all of it deleted", [&] { std::filesystem::remove_all(folder_); });
  spoil("no index in it", [&] { std::filesystem::remove(own + "/iamglass"); });
  spoil("not readable", [&] { overwrite("iamglass", "rubbish"); });
  spoil("cut off", [&] { std::filesystem::resize_file(own + "/postlist.glass", 100); });
}

// A store put back from a backup: its items got other numbers than the index remembers.
TEST_F(TextIndexTest, DoesNotTrustAnotherPast) {
  add(*account_, inbox(*account_), mail("first"));
  must(index().update(id()));
  account_.reset();
  accounts.reset();
  clock.advance(std::chrono::hours(1));
  engine = store::open_memory();
  directory = must(directory::Directory::open(*engine, clock, {.memory_kib = 64, .passes = 1}));
  tenant = must(directory->add_tenant("acme")).id;
  must(directory->add_domain(tenant, "example.org"));
  ada = add_user("ada@example.org");
  restart();
  add(*account_, inbox(*account_), mail("second"));
  EXPECT_FALSE(status().is_sound);
  EXPECT_EQ(with_index(Op::anywhere, "second"), (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(with_index(Op::anywhere, "first"), std::vector<std::uint32_t>());
  must(index().update(id()));
  EXPECT_TRUE(status().is_sound);
  EXPECT_EQ(with_index(Op::anywhere, "second"), (std::vector<std::uint32_t>{1}));
}

TEST_F(TextIndexTest, FollowsInTheBackgroundAndForgets) {
  add(*account_, inbox(*account_), mail("before"));
  restart();
  index().start();
  const auto wait_for = [&](std::uint64_t documents) {
    for (int i = 0; i < 1000 && status().documents != documents; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return status().documents;
  };
  EXPECT_EQ(wait_for(1), 1U) << "what was there at the start";
  add(*account_, inbox(*account_), mail("after"));
  EXPECT_EQ(wait_for(2), 2U) << "what it was told of";
  remove_first(1);
  EXPECT_EQ(wait_for(1), 1U) << "what was removed";
  must(index().rebuild(id()));
  EXPECT_EQ(wait_for(1), 1U) << "made anew";
  EXPECT_TRUE(must(accounts->check({})).faults.empty());
  must(accounts->erase(id()));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/" + std::to_string(ada.value)));
  std::filesystem::create_directories(folder_ + "/999");
  std::filesystem::create_directories(folder_ + "/not-ours");
  index().forget_all_but({});
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/999"));
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/not-ours"));
}

// Nothing can be written: searches go on.
TEST_F(TextIndexTest, SearchesGoOnWithoutRoom) {
  account_.reset();
  accounts.reset();
  const std::string file = folder_ + "/file";
  std::ofstream(file) << "in the way";
  options.search.folder = file;
  restart();
  add(*account_, inbox(*account_), mail("subject"));
  EXPECT_EQ(index().update(id()).error().code, Errc::unavailable);
  EXPECT_EQ(with_index(Op::anywhere, "bject"), (std::vector<std::uint32_t>{1}));
  std::filesystem::remove(file);
  must(index().update(id()));
  EXPECT_EQ(status().documents, 1U);
}

}  // namespace
}  // namespace kontor::groupware
