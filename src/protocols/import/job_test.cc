// SPDX-License-Identifier: AGPL-3.0-or-later
#include "protocols/import/job.h"

#include <malloc.h>

#include <thread>

#include "protocols/import/test_site.h"

namespace kontor::importing {
namespace {

std::vector<archive::Answer> parsed(const archive::Spool& lines) {
  std::string text;
  EXPECT_TRUE(lines.read([&](std::string_view piece) -> Result<void> {
    text += piece;
    return {};
  }));
  std::vector<archive::Answer> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    const auto line = text.substr(at, end - at);
    EXPECT_LT(line.size(), archive::kMaxAnswerLine / 2);
    auto answer = archive::parse_answer(line);
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().text);
    if (answer) out.push_back(std::move(*answer));
    at = end + 1;
  }
  return out;
}

TEST(AnswerLines, sum_up_by_folder) {
  AnswerLines lines("ada@example.org");
  archive::Answer answer;
  answer.account = "ada@example.org";
  for (int i = 0; i < 5; ++i) {
    answer.folder = i % 2 == 0 ? "A" : "B";
    answer.counts.copied = 10;
    ASSERT_TRUE(lines.note(answer));
  }
  ASSERT_TRUE(lines.finish(nullptr));
  const auto got = parsed(lines.lines());
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0].counts.copied, 30u);
  EXPECT_EQ(got[1].counts.copied, 20u);
  EXPECT_TRUE(got[2].done);
  EXPECT_EQ(lines.total().copied, 50u);
}

// Bytes in use on the heap.
std::size_t heap() { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; }

TEST(AnswerLines, hold_little_however_much_there_is_to_tell) {
  const auto before = heap();
  AnswerLines lines("");
  for (int i = 0; i < 600; ++i) {
    archive::Answer answer;
    answer.account = "ada@example.org";
    answer.folder = "F" + std::to_string(i % 1100);
    answer.counts.copied = 1;
    answer.needed = {std::string(4000, 'n')};
    answer.quarantined = {{std::string(4000, '\xff'), "why not"}};
    ASSERT_TRUE(lines.note(answer));
    if (i % 100 == 0) ASSERT_LT(heap(), before + (2u << 20));
  }
  const Error error(Errc::unavailable, "broke off");
  ASSERT_TRUE(lines.finish(&error));
  const auto got = parsed(lines.lines());
  std::uint64_t copied = 0, needed = 0, quarantined = 0;
  for (const auto& answer : got) {
    copied += answer.counts.copied;
    needed += answer.needed.size();
    quarantined += answer.quarantined.size();
  }
  EXPECT_EQ(copied, 600u);
  EXPECT_EQ(needed, 600u);
  EXPECT_EQ(quarantined, 600u);
  EXPECT_EQ(got.back().error->text, "broke off");
}

// Items with large properties, none of which may be held for long.
TEST(Job, imports_in_bounded_memory) {
  TestSite site;
  ImportOptions options;
  options.only_address = "ada@example.org";
  options.batch.bytes = 1 << 20;
  Job job(*site.accounts, *site.directory, options);
  bool is_free = false;
  std::thread importer([&] { job.run([&] { is_free = true; }); });
  std::size_t most = 0, pieces = 0;
  archive::Writer writer([&](std::string_view bytes) -> Result<void> {
    job.pipe().push(std::string(bytes));
    if (++pieces % 16 == 0) most = std::max(most, heap());
    return {};
  });
  ASSERT_TRUE(writer.account({"ada@example.org", "test:old"}));
  auto folder = made_folder({"INBOX"}, 1);
  folder.number = 1;
  ASSERT_TRUE(writer.folder(folder));
  const auto before = heap();
  for (int i = 0; i < 700; ++i) {
    archive::Item item;
    item.folder = 1;
    item.key = std::to_string(i);
    item.content = archive::Item::Content::none;
    for (int p = 0; p < 4; ++p) item.properties["p" + std::to_string(p)] = std::string(10'000, 'x');
    ASSERT_TRUE(writer.item(item, nullptr));
  }
  ASSERT_TRUE(writer.end_account({false}));
  ASSERT_TRUE(writer.finish());
  job.pipe().close();
  EXPECT_TRUE(job.wait(std::chrono::minutes(2)));
  importer.join();
  EXPECT_TRUE(is_free);
  EXPECT_LT(most, before + (12u << 20)) << "28 MB of properties went through";
  std::size_t needed = 0;
  for (const auto& answer : parsed(job.answer())) needed += answer.needed.size();
  EXPECT_EQ(needed, 700u);
}

}  // namespace
}  // namespace kontor::importing
