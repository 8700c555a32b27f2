// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/scripts/script_files.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace kontor::migrate {
namespace {

class ScriptFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/script-files-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    home_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(home_); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(home_ / name) << text; }
  // Each as "name" or "*name" (the active one), with its text.
  std::string found(const std::string& path) const {
    const auto scripts = read_script_files((home_ / path).string());
    if (!scripts) return "error";
    std::string out;
    for (const SourceScript& one : *scripts) out += (one.is_active ? "*" : "") + one.name + "=" + one.text + " ";
    return out;
  }
  std::filesystem::path home_;
};

TEST_F(ScriptFilesTest, AreFoundWhereDovecotKeepsThem) {
  EXPECT_EQ(found("sieve"), "") << "nothing at all";
  write(".dovecot.sieve", "keep;");
  EXPECT_EQ(found("sieve"), "*dovecot=keep; ") << "the only script, without a folder";
  EXPECT_EQ(found("sieve/"), "*dovecot=keep; ");
  EXPECT_EQ(found(".dovecot.sieve"), "*dovecot=keep; ");
  EXPECT_EQ(found("other.sieve"), "") << "another script than the one that was asked for";
  std::filesystem::create_directory(home_ / "sieve");
  write("sieve/main.sieve", "stop;");
  write("sieve/main.svbin", "compiled");
  EXPECT_EQ(found("sieve"), "*dovecot=keep; main=stop; ");
  std::filesystem::remove(home_ / ".dovecot.sieve");
  EXPECT_EQ(found("sieve"), "main=stop; ");
  std::filesystem::create_symlink("sieve/main.sieve", home_ / ".dovecot.sieve");
  EXPECT_EQ(found("sieve"), "*main=stop; ");
  EXPECT_EQ(found("sieve/"), "*main=stop; ");
}

TEST_F(ScriptFilesTest, WhatCannotBeLookedAtIsNotMissing) {
  std::filesystem::create_symlink("loop", home_ / "loop");
  EXPECT_EQ(found("loop"), "error");
}

}  // namespace
}  // namespace kontor::migrate
