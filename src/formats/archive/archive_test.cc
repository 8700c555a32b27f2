// SPDX-License-Identifier: AGPL-3.0-or-later
#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "base/digest.h"
#include "formats/archive/reader.h"
#include "formats/archive/writer.h"

namespace kontor::archive {
namespace {

const std::vector<Script> kSampleScripts = {{"main", "keep;\r\n", true},
                                            {"Gr\xc3\xbc\xc3\x9f"
                                             "e",
                                             "bad\xff", false}};

Item sample_item(std::uint32_t folder, std::string key) {
  Item item;
  item.folder = folder;
  item.key = std::move(key);
  item.uid = 17;
  item.flags = 5;
  item.keywords = {"$Forwarded", "caf\xc3\xa9", "raw\xff"};
  item.date = InternalDate(Instant(std::chrono::seconds(836732665)), -420);
  item.properties = {{"pop3.uidl", "abc"}};
  return item;
}

// An archive with every kind of record, of one account.
std::string sample_archive(std::size_t large) {
  std::string out;
  Writer writer([&](std::string_view bytes) -> Result<void> {
    out += bytes;
    return {};
  });
  EXPECT_TRUE(writer.account({"ada@example.org", "imap:old"}));
  EXPECT_TRUE(writer.folder({3, "INBOX.Gel\xf6scht", {"Gelöscht"}, "trash", false, false, false, 7, 9, true}));
  EXPECT_TRUE(writer.listing(3, Listing::Kind::present, {"7:1", "7:2"}, true));
  Spool spool(1000);
  EXPECT_TRUE(spool.write(std::string(large, 'x')));
  EXPECT_TRUE(writer.item(sample_item(3, "7:1"), &spool));
  auto refused = sample_item(3, "7:2");
  refused.content = Item::Content::refused;
  refused.reason = "the source gave nothing";
  EXPECT_TRUE(writer.item(refused, nullptr));
  EXPECT_TRUE(writer.pass({3, std::string("\0state", 6), 2}));
  EXPECT_TRUE(writer.end_account({true, {{"Team", "Plans"}, {"bad\xff"}}, kSampleScripts}));
  EXPECT_TRUE(writer.finish());
  return out;
}

Reader::Pull in_pieces(const std::string& bytes, std::size_t piece) {
  return [&bytes, piece, at = std::size_t{0}]() mutable -> Result<std::string> {
    auto out = bytes.substr(std::min(at, bytes.size()), piece);
    at += out.size();
    return out;
  };
}

// Reads all; the error's text, or empty.
std::string read_to_end(const std::string& bytes, std::size_t piece, std::vector<Record>* records = nullptr) {
  Reader reader(in_pieces(bytes, piece));
  for (;;) {
    auto record = reader.next();
    if (!record) return record.error().text;
    if (records != nullptr) records->push_back(*record);
    if (std::holds_alternative<ArchiveEnd>(*record)) return "";
  }
}

TEST(Archive, comes_back_as_it_was_written) {
  for (const std::size_t large : {0u, 10u, 5'000'000u}) {
    const auto bytes = sample_archive(large);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{777}, bytes.size()}) {
      if (piece == 1 && large > 100) continue;
      std::vector<Record> records;
      ASSERT_EQ(read_to_end(bytes, piece, &records), "") << large << " " << piece;
      ASSERT_EQ(records.size(), 8u);
      EXPECT_EQ(std::get<Account>(records[0]), (Account{"ada@example.org", "imap:old"}));
      EXPECT_EQ(std::get<Folder>(records[1]),
                (Folder{3, "INBOX.Gel\xf6scht", {"Gelöscht"}, "trash", false, false, false, 7, 9, true}));
      EXPECT_EQ(std::get<Listing>(records[2]), (Listing{3, Listing::Kind::present, true, {"7:1", "7:2"}}));
      auto expected = sample_item(3, "7:1");
      expected.size = large;
      expected.sha256 = sha256(std::string(large, 'x'));
      EXPECT_EQ(std::get<Item>(records[3]), expected);
      EXPECT_EQ(std::get<Item>(records[3]).date.zone_minutes, -420);
      EXPECT_EQ(std::get<Item>(records[4]).reason, "the source gave nothing");
      EXPECT_EQ(std::get<Pass>(records[5]), (Pass{3, std::string("\0state", 6), 2}));
      EXPECT_EQ(std::get<AccountEnd>(records[6]), (AccountEnd{true, {{"Team", "Plans"}, {"bad\xff"}}, kSampleScripts}));
      EXPECT_EQ(std::get<ArchiveEnd>(records[7]), (ArchiveEnd{1}));
    }
  }
}

TEST(Archive, gives_content_in_pieces) {
  const auto bytes = sample_archive(300'000);
  Reader reader(in_pieces(bytes, 4096));
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(reader.next());
  std::string content;
  for (;;) {
    auto piece = reader.content();
    ASSERT_TRUE(piece);
    if (piece->empty()) break;
    EXPECT_LE(piece->size(), 64u << 10);
    content += *piece;
  }
  EXPECT_EQ(content, std::string(300'000, 'x'));
  EXPECT_TRUE(std::holds_alternative<Item>(*reader.next()));
}

// Of one event with three attachments, of which the importer is said to have the second.
std::string attached_archive(const std::vector<std::string>& files) {
  std::string out;
  Writer writer([&](std::string_view bytes) -> Result<void> {
    out += bytes;
    return {};
  });
  EXPECT_TRUE(writer.account({"ada@example.org", "kopano:old"}));
  Folder folder{1, "cal", {"Calendar"}, ""};
  folder.kind = "calendar";
  EXPECT_TRUE(writer.folder(folder));
  Spool content, spool(100);
  EXPECT_TRUE(content.write("BEGIN:VCALENDAR"));
  Item item = sample_item(1, "a");
  AttachedBytes attached{spool, {}};
  for (const std::string& file : files) {
    EXPECT_TRUE(spool.write("between them"));
    item.attachments.push_back({sha256(file), file.size(), item.attachments.size() == 1});
    attached.starts.push_back(spool.size());
    EXPECT_TRUE(spool.write(file));
  }
  EXPECT_TRUE(writer.item(item, &content, &attached));
  EXPECT_TRUE(writer.end_account({true}));
  EXPECT_TRUE(writer.finish());
  return out;
}

TEST(Archive, carries_attachments_of_items_behind_their_content) {
  const std::vector<std::string> files = {std::string(300'000, 'a'), "b", ""};
  const auto bytes = attached_archive(files);
  for (const bool reads : {true, false}) {
    Reader reader(in_pieces(bytes, 4096));
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(reader.next());
    const auto record = reader.next();
    ASSERT_TRUE(record);
    const auto& item = std::get<Item>(*record);
    ASSERT_EQ(item.attachments.size(), 3u);
    EXPECT_EQ(item.attached_bytes(), 300'001u);
    std::vector<std::size_t> seen;
    while (reads) {
      const auto index = reader.next_attachment();
      ASSERT_TRUE(index) << index.error().text;
      if (!*index) break;
      seen.push_back(**index);
      std::string content;
      for (auto piece = reader.content(); piece && !piece->empty(); piece = reader.content()) content += *piece;
      EXPECT_EQ(content, files[**index]);
    }
    EXPECT_EQ(seen, reads ? (std::vector<std::size_t>{0, 2}) : std::vector<std::size_t>());
    ASSERT_TRUE(std::holds_alternative<AccountEnd>(*reader.next())) << "what is not read is passed over";
    ASSERT_TRUE(reader.next());
  }
}

TEST(Archive, tells_that_attachments_are_missing_or_others) {
  const auto bytes = attached_archive({"first", "second", "third"});
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) EXPECT_NE(read_to_end(bytes.substr(0, cut), 64), "") << cut;
  std::string plain(1 << 20, '\0');
  plain.resize(ZSTD_decompress(plain.data(), plain.size(), bytes.data(), bytes.size()));
  const auto packed_again = [](const std::string& text) {
    std::string packed(ZSTD_compressBound(text.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 1));
    return packed;
  };
  ASSERT_EQ(read_to_end(packed_again(plain), 512), "");
  auto other = plain;
  other.replace(other.find("third"), 5, "THIRD");
  EXPECT_NE(read_to_end(packed_again(other), 512).find("hash"), std::string::npos);
}

TEST(Archive, names_attachments_by_their_hash) {
  const std::string hash = sha256("Hello World!");  // RFC 6920 section 8.1
  EXPECT_EQ(attachment_uri(hash), "ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk");
  EXPECT_EQ(hash_of_attachment_uri(attachment_uri(hash)), hash);
  for (const std::string bad : {"", "ni:///sha-256;", "ni:///sha-256;f4Ox", "ni:///sha-256-120;f4OxZX_x_FO5LcGBSKHW",
                                "ni:///sha-256;f4OxZX/x/FO5LcGBSKHWXfwtSx+j1ncoSt3SABJtkGk",
                                "ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGl",
                                "https://example.org/f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk"})
    EXPECT_FALSE(hash_of_attachment_uri(bad)) << bad;
}

TEST(Archive, refuses_attachments_without_a_content) {
  Item item = sample_item(1, "a");
  item.content = Item::Content::none;
  item.attachments = {{sha256("x"), 1}};
  EXPECT_NE(parse_item(to_json(item)).error().text.find("attachments"), std::string::npos);
  item.content = Item::Content::bytes;
  item.sha256 = sha256("content");
  EXPECT_EQ(*parse_item(to_json(item)), item);
  item.attachments[0].sha256 = "short";
  EXPECT_FALSE(parse_item(to_json(item)));
  item.attachments.assign(kMaxAttachments + 1, {sha256("x"), 1});
  EXPECT_FALSE(parse_item(to_json(item)));
}

TEST(Archive, tells_wherever_it_was_broken_off) {
  const auto bytes = sample_archive(2000);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_NE(read_to_end(bytes.substr(0, cut), 64), "") << cut;
  }
}

TEST(Archive, never_takes_a_flipped_byte_for_content) {
  const auto bytes = sample_archive(2000);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto bad = bytes;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    std::vector<Record> records;
    if (read_to_end(bad, 500, &records) == "") {
      // What the checksum does not cover (the frame's header) may change only how, not what.
      ASSERT_EQ(records.size(), 8u) << at;
      EXPECT_EQ(std::get<Item>(records[3]).sha256, sha256(std::string(2000, 'x'))) << at;
    }
  }
}

// Makes an archive of hand-made members.
struct Member {
  std::string name, content;
  unsigned type = AE_IFREG;
};
std::string pack(const std::vector<Member>& members) {
  std::string plain(1 << 20, '\0');
  std::size_t used = 0;
  auto* tar = ::archive_write_new();
  ::archive_write_set_format_pax(tar);
  ::archive_write_open_memory(tar, plain.data(), plain.size(), &used);
  for (const auto& member : members) {
    auto* entry = ::archive_entry_new();
    ::archive_entry_set_pathname(entry, member.name.c_str());
    ::archive_entry_set_filetype(entry, member.type);
    ::archive_entry_set_perm(entry, 0600);
    if (member.type == AE_IFLNK) ::archive_entry_set_symlink(entry, "/etc/passwd");
    ::archive_entry_set_size(entry, static_cast<la_int64_t>(member.content.size()));
    EXPECT_EQ(::archive_write_header(tar, entry), ARCHIVE_OK);
    ::archive_write_data(tar, member.content.data(), member.content.size());
    ::archive_entry_free(entry);
  }
  ::archive_write_free(tar);
  std::string out(ZSTD_compressBound(used), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), plain.data(), used, 1));
  return out;
}

TEST(Archive, refuses_what_breaks_its_rules) {
  const Member account{"a@b/account.json", to_json(Account{"a@b", "s"})};
  const Member folder{"a@b/folders/1.json", to_json(Folder{1, "k", {"k"}, "", true, false, false, 0, 0, false})};
  const Member account_end{"a@b/end.json", to_json(AccountEnd{true})};
  const Member end{"end.json", to_json(ArchiveEnd{1})};
  auto item = sample_item(1, "x");
  item.size = 3;
  item.sha256 = sha256("abc");
  const Member record{"a@b/items/1/1.json", to_json(item)};
  const Member content{"a@b/items/1/1.eml", "abc"};
  struct Case {
    std::vector<Member> members;
    std::string says;  // empty = it is right
  };
  const Case cases[] = {
      {{account, folder, record, content, account_end, end}, ""},
      {{account, {"a@b", "", AE_IFDIR}, folder, account_end, end}, ""},
      {{}, "end record is missing"},
      {{account, folder}, "end record is missing"},
      {{account, folder, end}, "an account breaks off"},
      {{account, account_end, {"end.json", to_json(ArchiveEnd{2})}}, "other accounts"},
      {{folder}, "must begin with account.json"},
      {{account, {"c@d/folders/1.json", folder.content}}, "of another account"},
      {{account, record, content}, "was not described"},
      {{account, folder, record, account_end}, "must follow its record"},
      {{account, folder, content}, "without its record"},
      {{account, folder, record, {"a@b/items/1/1.eml", "abcd"}}, "another size"},
      {{account, folder, record, {"a@b/items/1/1.eml", "abd"}, account_end, end}, "hash"},
      {{account, {"a@b/other.json", "{}"}}, "does not belong"},
      {{{"../account.json", "[]"}}, "no JSON object"},
      {{account, {"a@b/folders/1.json", R"({"number":1,"path":["x"],"surprise":1})"}}, "unknown member \"surprise\""},
      {{account, {"a@b/folders/1.json", R"({"number":-1,"path":["x"]})"}}, "\"number\""},
      {{account, {"a@b/folders/1.json", R"({"number":1,"path":"x"})"}}, "\"path\""},
      {{account, {"a@b/folders/1.json", std::string(100, '[')}}, "no sound JSON"},
      {{account, {"a@b/folders/1.json", std::string(3000, ' ')}}, "no sound JSON"},
      {{account, {"a@b/link", "", AE_IFLNK}}, "no plain file"},
      {{{"a@b/account.json", R"({"version":2,"address":"a","source":"b"})"}}, "newer form"},
      {{account, account_end, end, folder}, "follows the end record"},
  };
  int index = 0;
  for (const auto& c : cases) {
    const auto got = read_to_end(pack(c.members), 1 << 16);
    if (c.says.empty()) {
      EXPECT_EQ(got, "") << index;
    } else {
      EXPECT_NE(got.find(c.says), std::string::npos) << index << ": " << got;
    }
    ++index;
  }
}

TEST(Archive, refuses_a_stream_that_wants_much_memory) {
  // A zstd frame header that asks for a window of 128 MiB.
  const std::string bytes("\x28\xb5\x2f\xfd\x00\x88\x01\x00\x00", 9);
  EXPECT_NE(read_to_end(bytes, 100).find("memory"), std::string::npos) << read_to_end(bytes, 100);
  EXPECT_NE(read_to_end("From: me", 100).find("no zstd"), std::string::npos);
}

TEST(Archive, says_what_failed_below_it) {
  Reader reader([]() -> Result<std::string> { return fail(Errc::unavailable, "the line is dead"); });
  auto record = reader.next();
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, Errc::unavailable);
  Writer writer([](std::string_view) -> Result<void> { return fail(Errc::unavailable, "the pipe is full"); });
  ASSERT_TRUE(writer.account({"a@b", "s"}));
  auto done = writer.finish();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().text, "the pipe is full");
}

TEST(Archive, splits_long_listings) {
  std::string out;
  Writer writer([&](std::string_view bytes) -> Result<void> {
    out += bytes;
    return {};
  });
  std::vector<std::string> keys;
  for (int i = 0; i < 4500; ++i) keys.push_back(std::to_string(i));
  ASSERT_TRUE(writer.account({"a@b", "s"}));
  ASSERT_TRUE(writer.folder({1, "k", {"k"}, "", true, false, false, 0, 0, false}));
  ASSERT_TRUE(writer.listing(1, Listing::Kind::vanished, keys, true));
  ASSERT_TRUE(writer.listing(1, Listing::Kind::present, {}, true));
  ASSERT_TRUE(writer.end_account({false}));
  ASSERT_TRUE(writer.finish());
  std::vector<Record> records;
  ASSERT_EQ(read_to_end(out, 1000, &records), "");
  std::vector<std::string> got;
  for (std::size_t i = 2; i < 5; ++i) {
    const auto& part = std::get<Listing>(records[i]);
    EXPECT_EQ(part.last, i == 4);
    got.insert(got.end(), part.keys.begin(), part.keys.end());
  }
  EXPECT_EQ(got, keys);
  EXPECT_TRUE(std::get<Listing>(records[5]).keys.empty());
}

TEST(Record, dates_keep_instant_and_zone) {
  const struct {
    std::int64_t at;
    std::int16_t zone;
    const char* text;
  } cases[] = {
      {0, 0, "1970-01-01T00:00:00+00:00"},
      {836732665, -420, "1996-07-07T02:44:25-07:00"},
      {951782400, 330, "2000-02-29T05:30:00+05:30"},
      {-2208988800, 0, "1900-01-01T00:00:00+00:00"},
  };
  for (const auto& c : cases) {
    const InternalDate date(Instant(std::chrono::seconds(c.at)), c.zone);
    EXPECT_EQ(to_text(date), c.text);
    auto back = parse_date(c.text);
    ASSERT_TRUE(back) << c.text;
    EXPECT_EQ(back->at, date.at);
    EXPECT_EQ(back->zone_minutes, date.zone_minutes);
  }
  for (const char* bad : {"", "1996-07-07", "1996-02-30T02:44:25-07:00", "1996-07-07T24:44:25-07:00",
                          "1996-07-07T02:44:25Z", "1996-07-07T02:44:2x-07:00", "0000-01-01T00:00:00+00:00"}) {
    EXPECT_FALSE(parse_date(bad)) << bad;
  }
}

TEST(Record, state_digest_ignores_order_and_case_only) {
  const auto base = state_digest(1, {"a", "B"}, {});
  EXPECT_EQ(base, state_digest(1, {"b", "A"}, {}));
  EXPECT_NE(base, state_digest(2, {"a", "B"}, {}));
  EXPECT_NE(base, state_digest(1, {"a"}, {}));
  EXPECT_NE(base, state_digest(1, {"a", "B"}, {{"x", "y"}}));
}

TEST(Spool, keeps_bytes_in_memory_and_in_a_file) {
  for (const std::size_t limit : {0u, 10u, 1000u}) {
    Spool spool(limit);
    for (int round = 0; round < 2; ++round) {
      std::string all;
      for (int i = 0; i < 50; ++i) {
        const auto piece = std::to_string(i * 7919);
        all += piece;
        ASSERT_TRUE(spool.write(piece));
      }
      std::string back;
      ASSERT_TRUE(spool.read([&](std::string_view piece) -> Result<void> {
        back += piece;
        return {};
      }));
      EXPECT_EQ(back, all);
      EXPECT_EQ(*spool.read_at(3, 20), all.substr(3, 20));
      EXPECT_EQ(*spool.read_at(all.size() - 2, 20), all.substr(all.size() - 2));
      EXPECT_EQ(*spool.read_at(all.size() + 9, 20), "");
      EXPECT_EQ(spool.size(), all.size());
      EXPECT_EQ(spool.sha256(), sha256(all));
      spool.clear();
    }
  }
}

}  // namespace
}  // namespace kontor::archive
