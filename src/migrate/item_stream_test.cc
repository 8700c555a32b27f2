// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/item_stream.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/digest.h"

namespace kontor::migrate {
namespace {

std::string streamed_content(const SourceItem& item) {
  const auto number = std::stoul(item.key);
  return item.key + std::string(number % 7 == 0 ? 900'000 : number % 50, 'x');
}

// What belongs to every tenth item besides: the first of them twice.
std::vector<std::string> streamed_files(const SourceItem& item) {
  const auto number = std::stoul(item.key);
  if (number % 10 != 0) return {};
  return {"file of " + item.key + std::string(number % 70 == 0 ? 700'000 : 5, 'f'), "", "third of " + item.key};
}

// What all readers of a made-up session do, and have done.
struct Reading {
  std::atomic<int> readers = 0, fetches = 0;
  std::atomic<int> breaks_after = -1;  // fetches by helpers
  bool gives_helpers = true;
};

class NumbersReader : public ItemReader {
 public:
  NumbersReader(Reading& reading, bool is_helper) : reading_(reading), is_helper_(is_helper) { ++reading_.readers; }
  Result<void> fetch(const SourceFolder&, const SourceItem&, const TakePiece&) override {
    return fail(Errc::invalid, "its files go with it");
  }
  Result<void> fetch_with_files(const SourceFolder&, const SourceItem& item, const TakePiece& take,
                                const TakeFile& file) override {
    ++reading_.fetches;
    if (is_helper_ && reading_.breaks_after >= 0 && reading_.breaks_after-- == 0)
      return fail(Errc::unavailable, "the line broke");
    last_ = item.key;
    const std::string content = streamed_content(item);
    if (item.key.ends_with("13")) {
      TRY_VOID(take("half of it"));
      return fail(Errc::invalid, "nobody can read " + item.key);
    }
    for (const bool is_again : {false, true})
      for (const std::string& bytes : streamed_files(item)) {
        const auto taken = file([&](const TakePiece& piece) -> Result<void> {
          for (std::size_t at = 0; at < bytes.size(); at += 60'000)
            TRY_VOID(piece(std::string_view(bytes).substr(at, 60'000)));
          return {};
        });
        EXPECT_EQ(taken->uri, archive::attachment_uri(sha256(bytes)));
        EXPECT_EQ(taken->size, bytes.size());
        const auto broken = file([&](const TakePiece& piece) -> Result<void> {
          TRY_VOID(piece("the beginning of it"));
          return fail(Errc::not_found, "the rest is lost");
        });
        EXPECT_EQ(broken.error().code, Errc::not_found);
        if (is_again) break;
      }
    for (std::size_t at = 0; at < content.size(); at += 60'000)
      TRY_VOID(take(std::string_view(content).substr(at, 60'000)));
    return {};
  }
  std::vector<std::string> losses() override { return {last_}; }
  std::map<std::string, std::string> kept() override { return {{"key", last_}}; }
  void announce(const SourceFolder&, const std::vector<SourceItem>&) override {}

 private:
  Reading& reading_;
  const bool is_helper_;
  std::string last_;
};

class NumbersSession : public SourceSession {
 public:
  explicit NumbersSession(Reading& reading) : reading_(reading), own_(reading, false) {}
  Result<std::vector<SourceFolder>> folders() override { return std::vector<SourceFolder>(); }
  Result<FolderPass> list(const SourceFolder&, const FolderState&,
                          const std::function<Result<void>(const SourceItem&)>&) override {
    return FolderPass();
  }
  Result<void> fetch(const SourceFolder& folder, const SourceItem& item, const TakePiece& take) override {
    return own_.fetch(folder, item, take);
  }
  Result<void> fetch_with_files(const SourceFolder& folder, const SourceItem& item, const TakePiece& take,
                                const TakeFile& file) override {
    return own_.fetch_with_files(folder, item, take, file);
  }
  std::vector<std::string> losses() override { return own_.losses(); }
  std::map<std::string, std::string> kept() override { return own_.kept(); }
  void announce(const SourceFolder&, const std::vector<SourceItem>&) override {}
  Result<std::unique_ptr<ItemReader>> helper() override {
    if (!reading_.gives_helpers) return nullptr;
    return std::make_unique<NumbersReader>(reading_, true);
  }

 private:
  Reading& reading_;
  NumbersReader own_;
};

void expect_files(const SourceItem& item, const Fetched& fetched) {
  const auto files = streamed_files(item);
  ASSERT_EQ(fetched.attachments.size(), files.size()) << "each once, and none that broke off";
  std::uint64_t bytes = fetched.size;
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(fetched.attachments[i], (archive::ItemAttachment{sha256(files[i]), files[i].size()}));
    bytes += files[i].size();
    if (fetched.attached != nullptr) {
      EXPECT_EQ(*fetched.attached->read_at(fetched.attached_at.at(i), files[i].size()), files[i]);
    }
  }
  EXPECT_EQ(fetched.all_bytes(), bytes);
}

// What came of `count` items in two folders, checked one by one; and the first error.
std::pair<std::size_t, Result<void>> stream_all(Reading& reading, Connections& connections, std::size_t count,
                                                ItemStream::Wanted wanted) {
  NumbersSession session(reading);
  const SourceFolder folders[2];
  std::size_t taken = 0;
  ItemStream stream(session, connections, wanted,
                    [&](std::size_t tag, const SourceItem& item, Fetched& fetched) -> Result<void> {
                      EXPECT_EQ(item.key, std::to_string(taken)) << "in order";
                      EXPECT_EQ(tag, taken % 1000 < 500 ? 0u : 1u);
                      if (!fetched.done && fetched.done.error().code == Errc::unavailable) return fetched.done;
                      ++taken;
                      EXPECT_EQ(fetched.done.has_value(), !item.key.ends_with("13"));
                      if (!fetched.done) return {};
                      const std::string content = streamed_content(item);
                      EXPECT_EQ(fetched.size, content.size());
                      EXPECT_EQ(fetched.sha256, sha256(content));
                      EXPECT_EQ(fetched.losses, std::vector<std::string>{item.key});
                      EXPECT_EQ(fetched.kept.at("key"), item.key);
                      EXPECT_EQ(fetched.content != nullptr, wanted == ItemStream::Wanted::content);
                      expect_files(item, fetched);
                      if (fetched.content != nullptr) {
                        EXPECT_EQ(fetched.content->size(), content.size());
                        EXPECT_EQ(*fetched.content->read_at(0, 100), content.substr(0, 100));
                      }
                      return {};
                    });
  for (std::size_t i = 0; i < count; ++i) {
    SourceItem item;
    item.key = std::to_string(i);
    const std::size_t tag = i % 1000 < 500 ? 0 : 1;
    if (auto added = stream.add(folders[tag], tag, item); !added) return {taken, added};
  }
  auto drained = stream.drain();
  return {taken, std::move(drained)};
}

TEST(ItemStream, hands_over_in_order_whoever_fetched) {
  for (const auto wanted : {ItemStream::Wanted::content, ItemStream::Wanted::digests})
    for (const std::size_t most : {std::size_t{1}, std::size_t{2}, std::size_t{4}}) {
      Reading reading;
      Connections connections(most, 1, 1);
      const auto [taken, done] = stream_all(reading, connections, 3000, wanted);
      EXPECT_TRUE(done);
      EXPECT_EQ(taken, 3000u);
      EXPECT_EQ(reading.fetches, 3000) << "each once";
      EXPECT_EQ(reading.readers, static_cast<int>(most)) << "its own, and those that are free";
      EXPECT_EQ(connections.take(0), most > 1) << "all were given back";
    }
}

TEST(ItemStream, needs_no_help_for_a_few_nor_where_there_is_none) {
  Reading reading;
  Connections connections(4, 1, 1);
  EXPECT_EQ(stream_all(reading, connections, 150, ItemStream::Wanted::content).first, 150u);
  EXPECT_EQ(reading.readers, 1);
  reading.gives_helpers = false;
  EXPECT_EQ(stream_all(reading, connections, 3000, ItemStream::Wanted::content).first, 3000u);
  EXPECT_EQ(reading.readers, 2) << "one of each session";
  EXPECT_TRUE(connections.take(0));
}

TEST(ItemStream, ends_where_a_connection_breaks) {
  for (const int after : {0, 199, 200, 455}) {
    Reading reading;
    reading.breaks_after = after;
    Connections connections(3, 1, 1);
    const auto [taken, done] = stream_all(reading, connections, 5000, ItemStream::Wanted::content);
    ASSERT_FALSE(done) << after;
    EXPECT_EQ(done.error().code, Errc::unavailable);
    EXPECT_LT(taken, 5000u);
  }
}

TEST(Connections, are_for_accounts_first_and_shared_evenly) {
  Connections connections(6, 3, 4);
  EXPECT_TRUE(connections.take(0));
  EXPECT_FALSE(connections.take(1)) << "another account may want the others";
  EXPECT_TRUE(connections.take(0));
  EXPECT_TRUE(connections.take(0));
  EXPECT_FALSE(connections.take(0));
  connections.account_ended();
  EXPECT_FALSE(connections.take(0)) << "the next account has it";
  connections.account_ended();
  EXPECT_TRUE(connections.take(1)) << "two are left, and four to spare";
  EXPECT_FALSE(connections.take(0));
  connections.account_ended();
  EXPECT_TRUE(connections.take(2));
  connections.give_back();
  EXPECT_TRUE(connections.take(0));
  EXPECT_FALSE(connections.take(0));
  Connections few(1, 1, 2);
  EXPECT_FALSE(few.take(0));
}

}  // namespace
}  // namespace kontor::migrate
