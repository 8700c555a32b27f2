// SPDX-License-Identifier: AGPL-3.0-or-later
// For tests: the contents of attachments and original mail beside a Kopano database, unpacked for as long as it lives.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "formats/mapi/kopano_dump_fixture.h"

namespace kontor::mapi::testing {

// A .tar.gz in a folder of its own; empty() where tar could not read it.
class UnpackedArchive {
 public:
  explicit UnpackedArchive(const std::string& archive) {
    std::string name = (std::filesystem::temp_directory_path() / "kontor-kopano-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) return;
    path_ = name;
    const std::string command = "tar -xzf '" + archive + "' -C '" + path_ + "' 2>/dev/null";
    is_read_ = std::system(command.c_str()) == 0;  // NOLINT(cert-env33-c): of paths that the tests know
  }
  ~UnpackedArchive() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  UnpackedArchive(const UnpackedArchive&) = delete;
  UnpackedArchive& operator=(const UnpackedArchive&) = delete;

  bool empty() const { return !is_read_; }
  // Also of a compressed member; "" if there is none.
  std::string member(const std::string& name) const { return unpacked(path_ + "/" + name); }

 private:
  std::string path_;
  bool is_read_ = false;
};

// With `attachment_storage = files`.
class KopanoFiles {
 public:
  KopanoFiles(const KopanoDump& dump, const std::string& archive) : dump_(dump), files_(archive) {}

  bool empty() const { return files_.empty(); }
  std::optional<std::string> original(std::int64_t id) const { return content(id, 26508); }
  // In pieces, as databases give them.
  ReadAttachment read() const {
    return [this](const Attachment& attachment, const TakePiece& take) -> Result<void> {
      const auto bytes = content(attachment.properties.integer(tag::kAttachNumber).value_or(0), 14081);
      if (!bytes) return fail(Errc::not_found, "There is no content.");
      for (std::size_t at = 0; at < bytes->size(); at += 5000)
        TRY_VOID(take(std::string_view(*bytes).substr(at, 5000)));
      return {};
    };
  }

 private:
  std::optional<std::string> content(std::int64_t id, std::int64_t number) const {
    const auto instance = dump_.instance(id, number);
    if (!instance) return std::nullopt;
    const std::string name =
        std::to_string(*instance % 10) + "/" + std::to_string(*instance / 10 % 20) + "/" + std::to_string(*instance);
    std::string bytes = files_.member(name);
    return bytes.empty() ? files_.member(name + ".gz") : bytes;
  }

  const KopanoDump& dump_;
  UnpackedArchive files_;
};

}  // namespace kontor::mapi::testing
