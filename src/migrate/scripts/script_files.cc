// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/scripts/script_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace kontor::migrate {
namespace {

namespace fs = std::filesystem;

constexpr const char* kScriptEnding = ".sieve";
constexpr std::uintmax_t kLargestScriptFile = 1 << 20;

Result<std::string> read_script(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (error) return fail(Errc::unavailable, fmt::format("cannot read {}: {}", file.string(), error.message()));
  if (size > kLargestScriptFile)
    return fail(Errc::unavailable, fmt::format("{} is too large for a script", file.string()));
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (in.bad() || text.size() != size) return fail(Errc::unavailable, fmt::format("cannot read {}", file.string()));
  return text;
}

// not_found is an answer; what cannot be looked at is not taken for missing.
Result<fs::file_type> kind_of_file(const fs::path& file) {
  std::error_code error;
  const fs::file_type kind = fs::status(file, error).type();
  if (kind == fs::file_type::none)
    return fail(Errc::unavailable, fmt::format("cannot read {}: {}", file.string(), error.message()));
  return kind;
}

// ".dovecot.sieve" is called "dovecot".
std::string script_name_of(const fs::path& file) {
  std::string name = file.filename().string();
  if (name.starts_with('.')) name.erase(0, 1);
  if (name.ends_with(kScriptEnding)) name.resize(name.size() - 6);
  return name;
}

// The file behind a link, or the file itself.
fs::path target_of(const fs::path& file) {
  std::error_code error;
  if (!fs::is_symlink(file, error)) return file;
  const fs::path to = fs::read_symlink(file, error);
  if (error) return file;
  return to.is_absolute() ? to : file.parent_path() / to;
}

}  // namespace

Result<std::vector<SourceScript>> read_script_files(const std::string& path) {
  std::vector<SourceScript> out;
  std::error_code error;
  fs::path folder = fs::absolute(path, error).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  // Beside it even where it is not there: whoever has one script may have that alone.
  fs::path active = folder.parent_path() / ".dovecot.sieve";
  TRY(const fs::file_type kind, kind_of_file(folder));
  if (kind == fs::file_type::directory) {
    fs::directory_iterator entry(folder, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      std::error_code ignored;
      if (!name.ends_with(kScriptEnding) || name.starts_with('.') || !entry->is_regular_file(ignored)) continue;
      TRY(std::string text, read_script(entry->path()));
      out.push_back({script_name_of(entry->path()), std::move(text), false});
    }
    if (error) return fail(Errc::unavailable, fmt::format("cannot read {}: {}", folder.string(), error.message()));
  } else if (kind != fs::file_type::not_found || folder.extension() == kScriptEnding) {
    active = folder;
  }
  TRY(const fs::file_type active_kind, kind_of_file(active));
  if (active_kind == fs::file_type::regular) {
    const std::string name = script_name_of(target_of(active));
    auto found = std::ranges::find(out, name, &SourceScript::name);
    if (found == out.end()) {
      TRY(std::string text, read_script(active));
      out.push_back({name, std::move(text), true});
    } else {
      found->is_active = true;
    }
  }
  std::ranges::sort(out, {}, &SourceScript::name);
  return out;
}

}  // namespace kontor::migrate
