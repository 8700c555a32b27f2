// SPDX-License-Identifier: AGPL-3.0-or-later
#include "formats/archive/writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <map>
#include <optional>

namespace kontor::archive {
namespace {

constexpr int kCompression = 1;
constexpr std::size_t kZstdOut = 128 << 10;

// Member names are plain ASCII, whatever an address holds.
std::string member_name(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte > 0x20 && byte < 0x7f && c != '/' && c != '%' && c != '\\';
    if (plain && !(c == '.' && out.empty())) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

// For people who look into an archive.
const char* suffix_of(std::string_view kind) {
  if (kind == "contacts") return ".vcf";
  return kind == "files" ? ".bin" : ".ics";
}

}  // namespace

struct Writer::State {
  explicit State(Sink s) : sink(std::move(s)), zstd(ZSTD_createCStream()), tar(::archive_write_new()) {
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, kCompression);
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
    ::archive_write_set_format_pax_restricted(tar);
    ::archive_write_add_filter_none(tar);
    ::archive_write_set_bytes_per_block(tar, 16 << 10);
    ::archive_write_set_bytes_in_last_block(tar, 1);
    ::archive_write_open2(tar, this, nullptr, &State::take, nullptr, nullptr);
  }
  ~State() {
    closing = true;  // an archive that was not finished must not look finished
    ::archive_write_free(tar);
    ZSTD_freeCStream(zstd);
  }

  static la_ssize_t take(::archive*, void* self, const void* bytes, std::size_t count) {
    auto& state = *static_cast<State*>(self);
    if (state.closing) return static_cast<la_ssize_t>(count);
    auto done = state.compress(std::string_view(static_cast<const char*>(bytes), count), ZSTD_e_continue);
    if (done) return static_cast<la_ssize_t>(count);
    state.failed = done.error();
    return -1;
  }

  Result<void> compress(std::string_view bytes, ZSTD_EndDirective how) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
      const auto left = ZSTD_compressStream2(zstd, &out, &in, how);
      check(ZSTD_isError(left) == 0, "zstd compresses");
      if (out.pos > 0) {
        bytes_out += out.pos;
        TRY_VOID(sink(std::string_view(buffer.data(), out.pos)));
      }
      if (how == ZSTD_e_continue ? in.pos == in.size : left == 0) return {};
    }
  }

  Error error() const {
    if (failed) return *failed;
    const char* text = ::archive_error_string(tar);
    return Error(Errc::invalid, fmt::format("cannot write the archive: {}", text != nullptr ? text : "unknown"));
  }

  Result<void> header(const std::string& name, std::uint64_t size, Instant time) {
    auto* entry = ::archive_entry_new();
    ::archive_entry_set_pathname(entry, name.c_str());
    ::archive_entry_set_size(entry, static_cast<la_int64_t>(size));
    ::archive_entry_set_filetype(entry, AE_IFREG);
    ::archive_entry_set_perm(entry, 0600);
    const auto at = time.time_since_epoch().count();
    ::archive_entry_set_mtime(entry, std::clamp<std::int64_t>(at, 0, 0x3'ffff'ffff), 0);
    const int done = ::archive_write_header(tar, entry);
    ::archive_entry_free(entry);
    if (done < ARCHIVE_WARN || failed) return std::unexpected(error());
    return {};
  }

  Result<void> data(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto wrote = ::archive_write_data(tar, bytes.data(), bytes.size());
      if (wrote <= 0 || failed) return std::unexpected(error());
      bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return {};
  }

  Result<void> record(const std::string& name, const std::string& json, Instant time = {}) {
    if (json.size() > kMaxRecord) return fail(Errc::invalid, fmt::format("the record {} is too long", name));
    TRY_VOID(header(name, json.size(), time));
    return data(json);
  }

  Sink sink;
  std::string buffer = std::string(kZstdOut, '\0');
  ZSTD_CStream* zstd;
  ::archive* tar;
  std::optional<Error> failed;
  bool closing = false;
  std::uint64_t bytes_out = 0;
  std::uint64_t accounts = 0;
  std::uint64_t sequence = 0;  // of items and listings in this archive
  std::string root;
  std::map<std::uint32_t, const char*> suffixes;  // of the contents of folders that hold no mail
};

Writer::Writer(Sink sink) : state_(std::make_unique<State>(std::move(sink))) {}
Writer::~Writer() = default;

Result<void> Writer::principal(const Principal& principal) {
  return state_->record(fmt::format("principals/{}.json", ++state_->sequence), to_json(principal));
}

Result<void> Writer::account(const Account& account) {
  state_->root = member_name(account.address);
  state_->suffixes.clear();
  ++state_->accounts;
  return state_->record(state_->root + "/account.json", to_json(account));
}

Result<void> Writer::folder(const Folder& folder) {
  if (!folder.kind.empty()) state_->suffixes[folder.number] = suffix_of(folder.kind);
  return state_->record(fmt::format("{}/folders/{}.json", state_->root, folder.number), to_json(folder));
}

Result<void> Writer::listing(std::uint32_t folder, Listing::Kind kind, const std::vector<std::string>& keys,
                             bool last) {
  constexpr std::size_t kBytes = 300 << 10;  // of keys in one record: base64 and escapes may treble them
  std::size_t at = 0;
  do {
    Listing part{folder, kind, false, {}};
    for (std::size_t bytes = 0; at < keys.size() && part.keys.size() < kMaxListingKeys; ++at) {
      if (!part.keys.empty() && bytes + keys[at].size() > kBytes) break;
      bytes += keys[at].size();
      part.keys.push_back(keys[at]);
    }
    part.last = last && at == keys.size();
    TRY_VOID(
        state_->record(fmt::format("{}/listings/{}-{}.json", state_->root, folder, ++state_->sequence), to_json(part)));
  } while (at < keys.size());
  return {};
}

Result<void> Writer::item(Item item, Spool* content, const AttachedBytes* attached) {
  const bool has_bytes = item.content == Item::Content::bytes;
  if (has_bytes) {
    check(content != nullptr, "an item with bytes has a spool");
    item.size = content->size();
    item.sha256 = content->sha256();
  }
  const auto name = fmt::format("{}/items/{}/{:08}", state_->root, item.folder, ++state_->sequence);
  TRY_VOID(state_->record(name + ".json", to_json(item), item.date.at));
  if (!has_bytes) return {};
  const auto suffix = state_->suffixes.find(item.folder);
  TRY_VOID(
      state_->header(name + (suffix == state_->suffixes.end() ? ".eml" : suffix->second), item.size, item.date.at));
  TRY_VOID(content->read([this](std::string_view piece) { return state_->data(piece); }));
  for (std::size_t i = 0; i < item.attachments.size(); ++i) {
    if (item.attachments[i].is_known) continue;
    check(attached != nullptr && i < attached->starts.size(), "attachments have their bytes");
    TRY_VOID(state_->header(fmt::format("{}.{}.bin", name, i + 1), item.attachments[i].size, item.date.at));
    TRY_VOID(attached->spool.read(attached->starts[i], item.attachments[i].size,
                                  [this](std::string_view piece) { return state_->data(piece); }));
  }
  return {};
}

Result<void> Writer::pass(const Pass& pass) {
  return state_->record(fmt::format("{}/passes/{}.json", state_->root, pass.folder), to_json(pass));
}

Result<void> Writer::settings(const Settings& settings) {
  return state_->record(state_->root + "/settings.json", to_json(settings));
}

Result<void> Writer::end_account(const AccountEnd& end) {
  return state_->record(state_->root + "/end.json", to_json(end));
}

Result<void> Writer::flush() { return state_->compress({}, ZSTD_e_flush); }

Result<void> Writer::finish() {
  TRY_VOID(state_->record("end.json", to_json(ArchiveEnd{state_->accounts})));
  if (::archive_write_close(state_->tar) != ARCHIVE_OK || state_->failed) return std::unexpected(state_->error());
  return state_->compress({}, ZSTD_e_end);
}

std::uint64_t Writer::bytes_out() const { return state_->bytes_out; }

}  // namespace kontor::archive
