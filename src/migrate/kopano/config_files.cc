// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/config_files.h"

#include <fmt/format.h>

#include "migrate/files/message_file.h"

namespace kontor::migrate::kopano {

std::string beside(const std::string& file, const std::string& path) {
  const std::size_t slash = file.rfind('/');
  return path.empty() || path.starts_with('/') || slash == std::string::npos ? path : file.substr(0, slash + 1) + path;
}

Result<std::string> read_whole(const std::string& file) {
  constexpr std::size_t kLargestConfig = 16 << 20;
  auto text = read_small_file(file, kLargestConfig);
  if (!text) return fail(text.error().code, fmt::format("cannot read {}: {}", file, text.error().text));
  return text;
}

Result<std::string> read_secret(const std::string& file) {
  TRY(std::string text, read_whole(file));
  text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  return text;
}

}  // namespace kontor::migrate::kopano
