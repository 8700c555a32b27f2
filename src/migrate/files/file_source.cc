// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/files/file_source.h"

#include <fmt/format.h>

#include "migrate/files/message_file.h"
#include "migrate/files/places.h"

namespace kontor::migrate {
namespace {

class FileSource : public Source {
 public:
  FileSource(std::string scheme, const SourceOptions& options, OpenPlace open)
      : scheme_(std::move(scheme)), options_(options), open_(std::move(open)) {}

  std::string name() const override { return scheme_ + ":" + options_.path; }

  bool has_logins() const override { return is_pattern(options_.path); }

  Result<std::vector<SourceAccount>> accounts() override { return accounts_at(options_); }

  Result<std::unique_ptr<SourceSession>> open(const SourceAccount& account) override {
    const auto root = fill_pattern(options_.path, account.key);
    TRY_VOID(file_facts(root));
    return open_(root, account);
  }

 private:
  const std::string scheme_;
  const SourceOptions options_;
  const OpenPlace open_;
};

}  // namespace

std::unique_ptr<Source> make_file_source(std::string scheme, const SourceOptions& options, OpenPlace open) {
  return std::make_unique<FileSource>(std::move(scheme), options, std::move(open));
}

Result<void> check_directory(const std::string& path) {
  TRY(const auto facts, file_facts(path));
  if (!facts.is_directory) return fail(Errc::not_found, fmt::format("{} is no directory", path));
  return {};
}

}  // namespace kontor::migrate
