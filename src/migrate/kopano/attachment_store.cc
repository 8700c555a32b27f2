// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/kopano/attachment_store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <unordered_map>

#include "migrate/files/message_file.h"
#include "migrate/kopano/s3_store.h"

namespace kontor::migrate::kopano {
namespace {

constexpr std::uint32_t kUsualFirst = 10, kUsualSecond = 20;
constexpr std::size_t kMostAhead = std::size_t{8} << 20;

Result<void> read_gzip(const std::string& path, const TakePiece& take) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) return fail(Errc::not_found, fmt::format("{} cannot be opened", path));
  // What is no gzip would be taken as it is.
  std::string piece(64 << 10, '\0');
  for (;;) {
    const int got = gzread(file.get(), piece.data(), static_cast<unsigned>(piece.size()));
    if (gzdirect(file.get()) == 1)
      return fail(Errc::invalid, fmt::format("{} is not compressed as it should be", path));
    int error = Z_OK;
    gzerror(file.get(), &error);
    if (error == Z_ERRNO) return fail(Errc::unavailable, fmt::format("{} cannot be read", path));
    if (got < 0 || (got == 0 && error != Z_OK))
      return fail(Errc::invalid, fmt::format("{} is damaged: it cannot be unpacked", path));
    if (got == 0) return {};
    TRY_VOID(take(std::string_view(piece).substr(0, static_cast<std::size_t>(got))));
  }
}

// files (version 1), and files_v2 where the row has a file's name: both may be there after a change of settings.
class FileStore : public AttachmentStore {
 public:
  FileStore(std::string root, std::uint32_t first, std::uint32_t second)
      : root_(std::move(root)), first_(first), second_(second) {}

  Result<void> read(const Instance& instance, const TakePiece& take) override {
    if (!instance.file.empty()) return read_named(instance, take);
    const std::string path =
        fmt::format("{}/{}/{}/{}", root_, instance.id % first_, instance.id / first_ % second_, instance.id);
    auto plain = deliver_file(path, LineEnds::keep, take);
    if (plain || plain.error().code != Errc::not_found) return plain;
    auto facts = file_facts(path + ".gz");
    if (!facts && facts.error().code == Errc::not_found) return lost(path);
    if (!facts) return std::unexpected(facts.error());
    return read_gzip(path + ".gz", take);
  }

 private:
  Result<void> read_named(const Instance& instance, const TakePiece& take) const {
    const bool is_within =
        !instance.file.starts_with('/') && !instance.file.contains("..") && !instance.file.contains('\0');
    if (!is_within) return fail(Errc::invalid, "the attachment's file name leads out of the attachment store");
    const std::string path = fmt::format("{}/{}/content", root_, instance.file);
    auto read = deliver_file(path, LineEnds::keep, take);
    if (!read && read.error().code == Errc::not_found) return lost(path);
    return read;
  }

  // Where nothing is at all no file is lost: a disk went away, or another folder is meant.
  std::unexpected<Error> lost(const std::string& path) const {
    std::error_code error;
    if (std::filesystem::is_empty(root_, error) || error)
      return fail(Errc::unavailable, fmt::format("the folder of attachments, {}, is empty or gone", root_));
    return fail(Errc::not_found, fmt::format("the attachment store has no file {}", path));
  }

  const std::string root_;
  const std::uint32_t first_, second_;
};

class LobStore : public AttachmentStore {
 public:
  explicit LobStore(Database& database) : database_(database) {}

  void announce(const std::vector<Instance>& instances) override {
    announced_.clear();
    ahead_.clear();
    for (const Instance& instance : instances) announced_.push_back(instance.id);
  }

  Result<void> read(const Instance& instance, const TakePiece& take) override {
    if (std::ranges::find(announced_, instance.id) != announced_.end()) TRY_VOID(read_ahead());
    if (const auto found = ahead_.find(instance.id); found != ahead_.end()) return take(found->second);
    bool is_there = false;
    // Chunks have 384 KiB: the table's largest row is what is held.
    TRY_VOID(
        database_.query(fmt::format("SELECT val_binary FROM lob WHERE instanceid = {} ORDER BY chunkid", instance.id),
                        [&](const Row& row) -> Result<void> {
                          is_there = true;
                          return take(row.bytes(0));
                        }));
    if (!is_there) return fail(Errc::not_found, fmt::format("the database has no content {}", instance.id));
    return {};
  }

 private:
  // All that was announced, as far as memory goes: what has no room is read when its turn comes.
  Result<void> read_ahead() {
    std::size_t bytes = 0;
    const std::string ids = fmt::format("{}", fmt::join(std::exchange(announced_, {}), ","));
    return database_.query(
        "SELECT instanceid, val_binary FROM lob WHERE instanceid IN (" + ids + ") ORDER BY instanceid, chunkid",
        [&](const Row& row) -> Result<void> {
          const auto id = static_cast<std::uint64_t>(row.integer(0));
          bytes += row.bytes(1).size();
          if (bytes > kMostAhead) {
            ahead_.erase(id);  // its first chunks would not be all of it
          } else {
            ahead_[id] += row.bytes(1);
          }
          return {};
        });
  }

  Database& database_;
  std::vector<std::uint64_t> announced_;
  std::unordered_map<std::uint64_t, std::string> ahead_;
};

// "files_v1-10-20": nothing for what has no two numbers.
bool set_levels(std::string_view told, std::uint32_t& first, std::uint32_t& second) {
  const std::size_t dash = told.find('-');
  const std::size_t next = told.find('-', dash + 1);
  if (dash == std::string_view::npos || next == std::string_view::npos) return false;
  const auto number = [](std::string_view text, std::uint32_t& into) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    return error == std::errc() && end == text.data() + text.size() && into > 0;
  };
  return number(told.substr(dash + 1, next - dash - 1), first) && number(told.substr(next + 1), second);
}

Result<AttachmentKind> kind_told(std::string_view told, const std::string& path, Database& database) {
  if (told.starts_with("files_v2")) return AttachmentKind::files_v2;
  if (told.starts_with("files")) return AttachmentKind::files;
  if (told == "database") return AttachmentKind::database;
  if (told == "s3") return AttachmentKind::s3;
  // Older servers keep it to their configuration file: what is there tells.
  TRY(const auto lob, database.value("SELECT 1 FROM lob LIMIT 1"));
  if (lob) return AttachmentKind::database;
  if (!file_facts(path))
    return fail(
        Errc::not_found,
        fmt::format("nothing tells where the attachments are: the database has none, and there is no {}", path));
  return AttachmentKind::files;
}

}  // namespace

Result<std::unique_ptr<AttachmentStore>> open_attachment_store(const AttachmentOptions& options, std::string_view told,
                                                               Database& database) {
  AttachmentKind kind = options.kind;
  if (kind == AttachmentKind::automatic) {
    TRY(kind, kind_told(told, options.path, database));
  }
  if (kind == AttachmentKind::database) return std::make_unique<LobStore>(database);
  if (kind == AttachmentKind::s3) return s3_store(options.s3);
  TRY_VOID(file_facts(options.path));
  std::uint32_t first = kUsualFirst, second = kUsualSecond;
  if (told.starts_with("files_v1")) set_levels(told, first, second);
  if (options.first_level > 0) first = options.first_level;
  if (options.second_level > 0) second = options.second_level;
  return file_store(options.path, first, second);
}

std::unique_ptr<AttachmentStore> file_store(std::string path, std::uint32_t first_level, std::uint32_t second_level) {
  return std::make_unique<FileStore>(std::move(path), first_level, second_level);
}

}  // namespace kontor::migrate::kopano
