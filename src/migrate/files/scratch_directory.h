// SPDX-License-Identifier: AGPL-3.0-or-later
// For tests: a directory that goes when the test does.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace kontor::migrate {

class ScratchDirectory {
 public:
  ScratchDirectory() : root_(std::filesystem::temp_directory_path() / "kontor-source-XXXXXX") {
    if (!::mkdtemp(root_.data())) std::abort();
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  std::string path(const std::string& below = {}) const { return below.empty() ? root_ : root_ + "/" + below; }
  // With a modification time in seconds since the epoch, if not 0.
  void write(const std::string& name, std::string_view content, long modified = 0) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << content;
    if (modified != 0)
      std::filesystem::last_write_time(
          path(name), std::chrono::file_clock::from_sys(std::chrono::sys_seconds(std::chrono::seconds(modified))));
  }

 private:
  std::string root_;
};

}  // namespace kontor::migrate
