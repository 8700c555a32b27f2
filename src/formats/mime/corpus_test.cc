// SPDX-License-Identifier: AGPL-3.0-or-later
// Real and broken messages, where a corpus lies beside the project.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "formats/mime/entity_text.h"
#include "formats/mime/parser.h"
#include "formats/mime/summary.h"

namespace kontor::mime {
namespace {

std::vector<std::filesystem::path> corpus_files() {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(KONTOR_SOURCE_DIR "/../shared/corpus/eml", error))
    files.push_back(entry.path());
  return files;
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

// What lies in an entity's body lies in it wholly, in order, and parts do not touch each other.
void expect_inside(const Entity& entity, const std::string& file) {
  EXPECT_EQ(entity.header_offset + entity.header_size, entity.body_offset) << file;
  const std::uint64_t end = entity.body_offset + entity.body_size;
  std::uint64_t from = entity.body_offset;
  for (const Entity& part : entity.parts) {
    EXPECT_GE(part.header_offset, from) << file;
    from = part.body_offset + part.body_size;
    EXPECT_LE(from, end) << file;
    expect_inside(part, file);
  }
  if (!entity.message) return;
  EXPECT_EQ(entity.message->header_offset, entity.body_offset) << file;
  EXPECT_EQ(entity.message->body_offset + entity.message->body_size, end) << file;
  expect_inside(*entity.message, file);
}

TEST(Corpus, EveryMessageParsesTheSameInPiecesOfAnySize) {
  const auto files = corpus_files();
  if (files.empty()) GTEST_SKIP() << "no corpus";
  for (const auto& file : files) {
    const std::string message = bytes_of(file);
    const Entity entity = parse(message);
    EXPECT_EQ(entity.header_size + entity.body_size, message.size()) << file;
    expect_inside(entity, file.filename());
    const std::string expected = text_of(entity);
    for (const std::size_t piece : {1U, 7U, 4096U}) {
      if (piece == 1 && message.size() > 20'000) continue;  // slow without optimisation
      Parser parser;
      for (std::size_t at = 0; at < message.size(); at += piece)
        parser.feed(std::string_view(message).substr(at, piece));
      EXPECT_EQ(text_of(parser.finish()), expected) << file << " in pieces of " << piece;
      EXPECT_EQ(parser.top_header(), message.substr(0, entity.header_size)) << file;
    }
    EXPECT_TRUE(is_sound_summary(summarize(entity, message.substr(0, entity.header_size)).summary)) << file;
  }
}

}  // namespace
}  // namespace kontor::mime
