// SPDX-License-Identifier: AGPL-3.0-or-later
// With the real kontor-extract, built beside this test, and with programs that behave badly in its place.
#include "groupware/search/extract/extractor_pool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

namespace kontor::groupware {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::string real_program() { return program_beside_this("kontor-extract"); }

std::string sample_document(const std::string& name) {
  std::ifstream in(std::string(KONTOR_SOURCE_DIR) + "/tests/data/documents/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Extraction : public testing::Test {
 protected:
  Extraction() {
    std::string pattern = (fs::temp_directory_path() / "kontor-extract-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Extraction() override { fs::remove_all(folder_); }

  // A program in kontor-extract's place that notes each of its starts.
  std::string script(const std::string& body) {
    const fs::path path = folder_ / "program";
    std::ofstream(path) << "#!/bin/sh\necho start >>" << (folder_ / "starts").string() << "\n" << body << "\n";
    ::chmod(path.c_str(), 0700);
    return path.string();
  }
  int starts() const {
    std::ifstream in(folder_ / "starts");
    int count = 0;
    for (std::string line; std::getline(in, line);) ++count;
    return count;
  }

  fs::path folder_;
};

constexpr const char* kReady = "printf 'R\\000\\000\\000\\000'";

TEST_F(Extraction, TakesDocumentsOnlyAndOnlyIfItCan) {
  const ExtractorPool pool(real_program(), {});
  EXPECT_TRUE(pool.takes("application/pdf", ""));
  EXPECT_FALSE(pool.takes("text/plain", "x.pdf"));
  ExtractOptions off;
  off.is_on = false;
  EXPECT_FALSE(ExtractorPool(real_program(), off).takes("application/pdf", ""));
  ExtractorPool none((folder_ / "absent").string(), {});
  EXPECT_FALSE(none.takes("application/pdf", ""));
  EXPECT_EQ(none.text("application/pdf", "", "%PDF-").error().code, Errc::unavailable);
}

TEST_F(Extraction, GivesTextFromManyThreads) {
  ExtractorPool pool(real_program(), {});
  const std::string pdf = sample_document("letter.pdf"), docx = sample_document("letter.docx");
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&, i] {
      for (int k = 0; k < 20; ++k) {
        const bool is_pdf = (i + k) % 2 == 0;
        const auto text = pool.text("", "", is_pdf ? pdf : docx);
        if (!text || !text->contains(is_pdf ? "Luftpost" : "Luftschiff")) ++wrong;
      }
    });
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

TEST_F(Extraction, TakesAnotherProcessAfterManyDocuments) {
  ExtractOptions one;
  one.processes = 1;
  ExtractorPool pool(script("exec " + real_program() + " \"$@\""), one);
  const std::string rtf = "{\\rtf1 words}";
  for (std::uint32_t i = 0; i <= document::kDocumentsPerLife; ++i)
    ASSERT_EQ(pool.text("", "", rtf).value_or("?"), "words");
  EXPECT_EQ(starts(), 2);
}

TEST_F(Extraction, SaysWhyThereIsNoText) {
  ExtractOptions options;
  options.largest = 1 << 20;
  ExtractorPool pool(real_program(), options);
  EXPECT_EQ(pool.text("", "", "no document").error().code, Errc::invalid);
  EXPECT_EQ(pool.text("", "", std::string((1 << 20) + 1, 'x')).error().code, Errc::too_large);
}

TEST_F(Extraction, EndsWhatTakesTooLong) {
  ExtractOptions options;
  options.time = 1s;
  options.largest = 256 << 20;
  options.memory = 2ULL << 30;
  ExtractorPool pool(script("exec " + real_program() + " \"$@\""), options);
  std::string slow = "{\\rtf1 ";
  while (slow.size() < (240 << 20)) slow += "{\\f1{\\f2\\plain}{\\b}}";  // without a text that could be long enough
  const auto first = pool.text("", "", slow);
  ASSERT_FALSE(first) << "read within a second";
  EXPECT_EQ(first.error().code, Errc::too_large) << first.error().text;
  const auto second = pool.text("", "", slow);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::too_large) << second.error().text;
  EXPECT_EQ(starts(), 1) << "not tried again";
  EXPECT_EQ(pool.text("", "", "{\\rtf1 fine}").value_or("?"), "fine");
}

TEST_F(Extraction, StopsAProgramThatNeverAnswers) {
  ExtractOptions options;
  options.time = 1s;
  ExtractorPool pool(script(std::string(kReady) + "; sleep 60"), options);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(pool.text("", "", "%PDF-").error().code, Errc::too_large);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s);
}

TEST_F(Extraction, TriesTwiceAndNeverAgainWhatKillsItsReader) {
  ExtractorPool pool(script(std::string(kReady) + "; head -c 10 >/dev/null; kill -SEGV $$"), {});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pool.text("", "", "%PDF-").error().code, Errc::invalid);
  EXPECT_EQ(starts(), 2);
  EXPECT_EQ(pool.text("", "", "%PDF-another").error().code, Errc::invalid);
  EXPECT_EQ(starts(), 4);
}

TEST_F(Extraction, BlamesNoDocumentForADeathBeforeIt) {
  // Answers one document, and dies a moment later.
  ExtractorPool pool(
      script(std::string(kReady) + "; head -c 10 >/dev/null; printf 'T\\000\\000\\000\\001x'; sleep 0.1"), {});
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(pool.text("", "", "%PDF-").value_or("?"), "x");
    EXPECT_EQ(starts(), i);
    std::this_thread::sleep_for(1s);
  }
}

TEST_F(Extraction, TakesNonsenseForACrash) {
  for (const char* answer : {"printf 'X\\000\\000\\000\\000'", "printf 'T\\377\\377\\377\\377'", "yes",
                             "printf 'T\\000\\000\\000\\001ab'", "printf 'R\\000\\000\\000\\000'"}) {
    ExtractorPool pool(script(std::string(kReady) + "; head -c 10 >/dev/null; " + answer), {});
    EXPECT_EQ(pool.text("", "", "%PDF-").error().code, Errc::invalid) << answer;
  }
}

TEST_F(Extraction, LeavesAProgramThatDoesNotStartInPeace) {
  for (const char* body : {"exit 1", "printf 'I\\000\\000\\000\\003why'"}) {
    fs::remove(folder_ / "starts");
    ExtractorPool pool(script(body), {});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(pool.text("", "", "%PDF-").error().code, Errc::unavailable);
    EXPECT_EQ(starts(), 1) << "no start in vain after another";
  }
}

TEST_F(Extraction, GivesNothingOfOursToTheProgram) {
  ::setenv("KONTOR_SECRET", "x", 1);
  const int leaked = ::open("/etc/passwd", O_RDONLY);
  const std::string seen = (folder_ / "seen").string();
  ExtractorPool pool(script("echo \"$KONTOR_SECRET\" >" + seen + "; ls /proc/$$/fd >>" + seen + "; " + kReady), {});
  EXPECT_FALSE(pool.text("", "", "%PDF-"));
  ::close(leaked);
  std::ifstream in(seen);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_TRUE(text.starts_with("\n0\n1\n")) << text;
  EXPECT_FALSE(text.contains('x')) << text;
  EXPECT_FALSE(text.contains(std::to_string(leaked) + "\n")) << text;
}

}  // namespace
}  // namespace kontor::groupware
