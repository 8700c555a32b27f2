// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/archive/reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

#include "base/digest.h"

namespace kontor::archive {
namespace {

constexpr int kWindowLog = 23;  // 8 MiB: what decompression may take at most
constexpr std::size_t kUnpacked = 64 << 10;
constexpr std::size_t kMaxName = 1200;
constexpr std::size_t kMaxFolders = 100'000;
constexpr std::string_view kContentSuffixes[] = {".eml", ".ics", ".vcf", ".bin"};

}  // namespace

struct Reader::State {
  explicit State(Pull p) : pull(std::move(p)), zstd(ZSTD_createDStream()), tar(::archive_read_new()) {
    ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, kWindowLog);
    ::archive_read_support_format_tar(tar);
    ::archive_read_support_filter_none(tar);
  }
  ~State() {
    ::archive_read_free(tar);
    ZSTD_freeDStream(zstd);
  }

  static la_ssize_t give(::archive* tar, void* self, const void** bytes) {
    auto& state = *static_cast<State*>(self);
    auto got = state.unpack();
    if (!got) {
      state.failed = got.error();
      ::archive_set_error(tar, EIO, "%s", got.error().text.c_str());
      return -1;
    }
    *bytes = state.plain.data();
    state.position += *got;
    return static_cast<la_ssize_t>(*got);
  }

  Result<void> more_input() {
    if (at < packed.size() || at_end) return {};
    TRY(packed, pull());
    at = 0;
    at_end = packed.empty();
    return {};
  }

  // Fills `plain` and returns how many bytes there are; 0 at the end.
  Result<std::size_t> unpack() {
    for (;;) {
      if (!pending) TRY_VOID(more_input());
      if (!pending && at_end && in_frame)
        return fail(Errc::corrupt, "the stream breaks off inside its compressed data");
      if (!pending && at_end) return 0;
      ZSTD_inBuffer in{packed.data(), packed.size(), at};
      ZSTD_outBuffer out{plain.data(), plain.size(), 0};
      const auto state = ZSTD_decompressStream(zstd, &out, &in);
      if (ZSTD_isError(state) != 0) {
        const bool start = position == 0;
        return fail(start ? Errc::invalid : Errc::corrupt,
                    fmt::format("{}: {}", start ? "this is no zstd stream" : "the compressed data is damaged",
                                ZSTD_getErrorName(state)));
      }
      at = in.pos;
      in_frame = state != 0;
      pending = in_frame && out.pos == out.size;
      if (out.pos > 0) return out.pos;
    }
  }

  std::unexpected<Error> broken(Errc code, std::string_view what) {
    ended = true;
    if (failed && code == Errc::corrupt && failed->code != Errc::corrupt && failed->code != Errc::invalid) {
      return std::unexpected(*failed);  // the input's own failure: not the archive's
    }
    if (failed) code = failed->code;
    return fail(code, fmt::format("archive, {} at byte {}: {}", member.empty() ? "start" : member, position, what));
  }

  // Moves to the next regular member. False at the end of the tar stream.
  Result<bool> next_member() {
    if (!opened) {
      opened = true;
      if (::archive_read_open2(tar, this, nullptr, &State::give, nullptr, nullptr) != ARCHIVE_OK) return tar_error();
    }
    for (;;) {
      ::archive_entry* entry = nullptr;
      const int done = ::archive_read_next_header(tar, &entry);
      if (done == ARCHIVE_EOF) return false;
      if (done != ARCHIVE_OK) return tar_error();
      const char* name = ::archive_entry_pathname(entry);
      if (name == nullptr || std::string_view(name).size() > kMaxName)
        return broken(Errc::invalid, "a bad member name");
      member = name;
      if (::archive_entry_filetype(entry) == AE_IFDIR) continue;
      if (::archive_entry_filetype(entry) != AE_IFREG || ::archive_entry_hardlink(entry) != nullptr ||
          ::archive_entry_sparse_count(entry) != 0 || ::archive_entry_size_is_set(entry) == 0) {
        return broken(Errc::invalid, "a member that is no plain file");
      }
      member_size = static_cast<std::uint64_t>(::archive_entry_size(entry));
      return true;
    }
  }

  std::unexpected<Error> tar_error() {
    const char* text = ::archive_error_string(tar);
    return broken(position == 0 ? Errc::invalid : Errc::corrupt, text != nullptr ? text : "the tar stream is damaged");
  }

  // The next piece of the member, empty at its end.
  Result<std::string> piece() {
    std::string out(64 << 10, '\0');
    const auto got = ::archive_read_data(tar, out.data(), out.size());
    if (got < 0) return tar_error();
    out.resize(static_cast<std::size_t>(got));
    return out;
  }

  Result<std::string> whole() {
    if (member_size > kMaxRecord) return broken(Errc::invalid, "the record is too long");
    std::string out;
    for (;;) {
      TRY(auto part, piece());
      if (part.empty()) return out;
      out += part;
      if (out.size() > kMaxRecord) return broken(Errc::invalid, "the record is too long");
    }
  }

  Result<Record> record();
  Result<Record> in_account(std::string_view name, const std::string& json);
  template <class T>
  Result<Record> known_folder(Result<T> got) {
    if (!got) return broken(got.error().code, got.error().text);
    if (!folders.contains(got->folder)) return broken(Errc::invalid, "it names a folder that was not described before");
    return Record(std::move(*got));
  }
  Result<void> open_content(const Item& item, std::string name);
  Result<std::optional<std::size_t>> open_attachment();
  void expect(std::uint64_t size, const std::string& sha256);
  Result<std::string> content_piece();

  Pull pull;
  std::string packed;
  std::size_t at = 0;
  bool at_end = false;
  bool in_frame = false;
  bool pending = false;  // the decompressor may hold more output without more input
  std::string plain = std::string(kUnpacked, '\0');
  ZSTD_DStream* zstd;
  ::archive* tar;
  std::optional<Error> failed;
  bool opened = false;
  bool ended = false;
  std::uint64_t position = 0;
  std::string member;
  std::uint64_t member_size = 0;

  std::uint64_t accounts = 0;
  std::string root;  // of the open account; empty between accounts
  std::set<std::uint32_t> folders;
  bool has_content = false;
  std::string expected_hash;
  std::uint64_t left = 0;
  Sha256 hash;
  std::string item_name;                    // of the item's members, without what tells them apart
  std::vector<ItemAttachment> attachments;  // of the item
  std::size_t next_attachment = 0;          // of these, the first that was not opened yet
};

Result<Record> Reader::State::record() {
  for (bool is_open = true; is_open;) {
    TRY(const auto passed_over, open_attachment());
    is_open = passed_over.has_value();
  }
  TRY(const bool found, next_member());
  if (!found) return broken(Errc::corrupt, "the archive breaks off: its end record is missing");
  const std::string name = member;
  TRY(auto json, whole());
  if (name == "end.json") {
    auto end = parse_archive_end(json);
    if (!end) return broken(end.error().code, end.error().text);
    if (!root.empty()) return broken(Errc::corrupt, "an account breaks off: its end record is missing");
    if (end->accounts != accounts) return broken(Errc::corrupt, "the end record counts other accounts than came");
    TRY(const bool more, next_member());
    if (more) return broken(Errc::invalid, "something follows the end record");
    for (std::size_t rest = 1; rest > 0;) {  // to the compressed stream's own end and checksum
      auto got = unpack();
      if (!got) return broken(got.error().code, got.error().text);
      rest = *got;
    }
    ended = true;
    return Record(*end);
  }
  const auto slash = name.find('/');
  if (slash == std::string::npos || slash == 0) return broken(Errc::invalid, "a member that does not belong here");
  if (root.empty() && name.starts_with("principals/")) {
    if (accounts > 0) return broken(Errc::invalid, "principals come before the first account");
    auto principal = parse_principal(json);
    if (!principal) return broken(principal.error().code, principal.error().text);
    return Record(std::move(*principal));
  }
  if (root.empty()) {
    if (name.substr(slash) != "/account.json") return broken(Errc::invalid, "an account must begin with account.json");
    auto account = parse_account(json);
    if (!account) return broken(account.error().code, account.error().text);
    root = name.substr(0, slash);
    folders.clear();
    ++accounts;
    return Record(std::move(*account));
  }
  if (name.substr(0, slash) != root) return broken(Errc::invalid, "a member of another account");
  return in_account(std::string_view(name).substr(slash + 1), json);
}

Result<Record> Reader::State::in_account(std::string_view name, const std::string& json) {
  if (name == "end.json") {
    auto end = parse_account_end(json);
    if (!end) return broken(end.error().code, end.error().text);
    root.clear();
    return Record(*end);
  }
  if (name == "settings.json") {
    auto settings = parse_settings(json);
    if (!settings) return broken(settings.error().code, settings.error().text);
    return Record(std::move(*settings));
  }
  if (!name.ends_with(".json")) return broken(Errc::invalid, "a content without its record");
  if (name.starts_with("folders/")) {
    auto folder = parse_folder(json);
    if (!folder) return broken(folder.error().code, folder.error().text);
    if (folders.size() >= kMaxFolders) return broken(Errc::invalid, "too many folders");
    folders.insert(folder->number);
    return Record(std::move(*folder));
  }
  if (name.starts_with("listings/")) return known_folder(parse_listing(json));
  if (name.starts_with("passes/")) return known_folder(parse_pass(json));
  if (!name.starts_with("items/")) return broken(Errc::invalid, "a member that does not belong here");
  TRY(auto out, known_folder(parse_item(json)));
  const auto& item = std::get<Item>(out);
  if (item.content == Item::Content::bytes) TRY_VOID(open_content(item, member));
  return out;
}

Result<void> Reader::State::open_content(const Item& item, std::string name) {
  TRY(const bool found, next_member());
  if (!found) return broken(Errc::corrupt, "the archive breaks off before an item's content");
  const auto base = name.substr(0, name.size() - 5);
  const bool belongs = member.starts_with(base) && std::find(std::begin(kContentSuffixes), std::end(kContentSuffixes),
                                                             member.substr(base.size())) != std::end(kContentSuffixes);
  if (!belongs) return broken(Errc::invalid, "an item's content must follow its record");
  if (member_size != item.size) return broken(Errc::corrupt, "the content has another size than its record says");
  expect(item.size, item.sha256);
  item_name = base;
  attachments = item.attachments;
  next_attachment = 0;
  return {};
}

void Reader::State::expect(std::uint64_t size, const std::string& sha256) {
  has_content = true;
  expected_hash = sha256;
  left = size;
  hash = Sha256();
}

Result<std::optional<std::size_t>> Reader::State::open_attachment() {
  while (has_content) TRY_VOID(content_piece());
  while (next_attachment < attachments.size() && attachments[next_attachment].is_known) ++next_attachment;
  if (next_attachment >= attachments.size()) return std::nullopt;
  const std::size_t index = next_attachment++;
  const ItemAttachment& attachment = attachments[index];
  TRY(const bool found, next_member());
  if (!found) return broken(Errc::corrupt, "the archive breaks off before an item's attachment");
  if (member != fmt::format("{}.{}.bin", item_name, index + 1))
    return broken(Errc::invalid, "an item's attachments must follow its content");
  if (member_size != attachment.size)
    return broken(Errc::corrupt, "the attachment has another size than its record says");
  expect(attachment.size, attachment.sha256);
  return index;
}

Result<std::string> Reader::State::content_piece() {
  TRY(auto part, piece());
  hash.update(part);
  if (part.size() > left) return broken(Errc::corrupt, "the content is longer than its record says");
  left -= part.size();
  if (!part.empty()) return part;
  has_content = false;
  if (left != 0) return broken(Errc::corrupt, "the content breaks off");
  if (hash.finish() != expected_hash) return broken(Errc::corrupt, "the content is not what its record's hash says");
  return std::string();
}

Reader::Reader(Pull pull) : state_(std::make_unique<State>(std::move(pull))) {}
Reader::~Reader() = default;

Result<Record> Reader::next() {
  if (state_->ended) return fail(Errc::invalid, "the archive was read to its end");
  return state_->record();
}

Result<std::string> Reader::content() {
  if (!state_->has_content || state_->ended) return std::string();
  return state_->content_piece();
}

Result<std::optional<std::size_t>> Reader::next_attachment() {
  if (state_->ended) return std::nullopt;
  return state_->open_attachment();
}

std::uint64_t Reader::position() const { return state_->position; }

}  // namespace kontor::archive
