// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/item_stream.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/log.h"

namespace kontor::migrate {
namespace {

constexpr std::size_t kChunkItems = 200;                              // told to a source at once
constexpr std::uint64_t kChunkBytes = std::uint64_t{32} << 20;        // as announced
constexpr std::size_t kChunkMemory = std::size_t{4} << 20;            // of contents; the rest is in a file
constexpr std::uint64_t kWorthHelp = 2 * std::uint64_t{kChunkItems};  // items: for fewer a connection does not pay

// Where what is fetched goes: bytes of files before those of the content. Null: only digests are wanted.
struct Spools {
  archive::Spool* content = nullptr;
  archive::Spool* attached = nullptr;
};

Result<TakenFile> take_file(const std::function<Result<void>(const TakePiece&)>& give, archive::Spool* into,
                            Fetched& fetched) {
  if (fetched.attachments.size() >= archive::kMaxAttachments)
    return fail(Errc::too_large, fmt::format("An item can have {} attachments.", archive::kMaxAttachments));
  Sha256 hash;
  archive::ItemAttachment file;
  const std::uint64_t start = into == nullptr ? 0 : into->size();
  TRY_VOID(give([&](std::string_view piece) {
    file.size += piece.size();
    hash.update(piece);
    return into == nullptr ? Result<void>() : into->write(piece);
  }));
  file.sha256 = hash.finish();
  TakenFile taken{archive::attachment_uri(file.sha256), file.size};
  if (std::ranges::find(fetched.attachments, file) != fetched.attachments.end()) return taken;
  fetched.attachments.push_back(std::move(file));
  fetched.attached_at.push_back(start);
  return taken;
}

// What fetches one item.
Result<void> fetch_one(ItemReader& reader, const SourceFolder& folder, const SourceItem& item, Sha256* hash,
                       const Spools& into, Fetched& fetched) {
  const auto take = [&](std::string_view piece) {
    fetched.size += piece.size();
    if (hash != nullptr) hash->update(piece);
    return into.content == nullptr ? Result<void>() : into.content->write(piece);
  };
  fetched.done = reader.fetch_with_files(folder, item, take,
                                         [&](const auto& give) { return take_file(give, into.attached, fetched); });
  fetched.attached = into.attached;
  if (!fetched.done) return fetched.done;
  fetched.losses = reader.losses();
  fetched.kept = reader.kept();
  return {};
}

}  // namespace

std::uint64_t Fetched::all_bytes() const {
  std::uint64_t bytes = size;
  for (const archive::ItemAttachment& one : attachments) bytes += one.size;
  return bytes;
}

struct ItemStream::Chunk {
  const SourceFolder* folder = nullptr;
  std::size_t tag = 0;
  std::vector<SourceItem> items;
  std::uint64_t announced = 0;
  bool is_claimed = false, is_done = false;
  // Once it is done, of as many items as could be fetched before the connection broke, and where the bytes of each end:
  std::vector<Fetched> fetched;
  std::vector<std::uint64_t> ends;
  archive::Spool contents{kChunkMemory, archive::Spool::Digest::none};
};

struct ItemStream::Helper {
  std::unique_ptr<ItemReader> reader;
  std::jthread thread;  // first to end
};

ItemStream::ItemStream(SourceSession& session, Connections& connections, Wanted wanted, Take take)
    : session_(session), connections_(connections), wanted_(wanted), take_(std::move(take)) {}

ItemStream::~ItemStream() {
  {
    const std::lock_guard lock(mutex_);
    is_ended_ = true;
  }
  changed_.notify_all();
  for (const auto& helper : helpers_) {
    helper->thread.join();
    helper->reader.reset();
    connections_.give_back();
  }
}

Result<void> ItemStream::add(const SourceFolder& folder, std::size_t tag, const SourceItem& item) {
  const bool is_full = open_ && (open_->items.size() >= kChunkItems || open_->announced >= kChunkBytes ||
                                 open_->folder != &folder || open_->tag != tag);
  if (is_full) TRY_VOID(close_chunk());
  if (!open_) {
    open_ = std::make_shared<Chunk>();
    open_->folder = &folder;
    open_->tag = tag;
  }
  open_->announced += item.announced_size;
  open_->items.push_back(item);
  return {};
}

Result<void> ItemStream::close_chunk() {
  asked_ += open_->items.size();
  {
    const std::lock_guard lock(mutex_);
    chunks_.push_back(std::move(open_));
  }
  open_.reset();
  find_help();
  changed_.notify_all();
  // Helpers are to have something before them at any time; alone, nothing need wait.
  const std::size_t most = helpers_.empty() ? 0 : 2 * helpers_.size() + 1;
  while (chunks_.size() > most) TRY_VOID(hand_over_first());
  return {};
}

Result<void> ItemStream::drain() {
  if (open_) TRY_VOID(close_chunk());
  while (!chunks_.empty()) TRY_VOID(hand_over_first());
  return {};
}

void ItemStream::find_help() {
  if (!may_find_help_ || asked_ < kWorthHelp || !connections_.take(helpers_.size())) return;
  auto reader = session_.helper();
  if (!reader || *reader == nullptr) {
    // The session itself goes on.
    if (!reader) log::warn("migrate.helper", {{"why", reader.error().text}});
    may_find_help_ = false;
    connections_.give_back();
    return;
  }
  auto helper = std::make_unique<Helper>();
  helper->reader = *std::move(reader);
  helper->thread = std::jthread([this, at = helper->reader.get()] { work(*at); });
  helpers_.push_back(std::move(helper));
}

void ItemStream::work(ItemReader& reader) {
  for (;;) {
    std::shared_ptr<Chunk> chunk;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] {
        if (!is_ended_) chunk = claim(false);
        return is_ended_ || chunk != nullptr;
      });
      if (is_ended_) return;
    }
    fetch_ahead(reader, *chunk);
  }
}

// The first that waits, or the last: whoever waits for the first ones leaves them to others. With the lock held.
std::shared_ptr<ItemStream::Chunk> ItemStream::claim(bool from_behind) {
  const auto waits = [](const std::shared_ptr<Chunk>& chunk) { return !chunk->is_claimed; };
  std::shared_ptr<Chunk> found;
  for (const auto& chunk : chunks_)
    if (waits(chunk) && (found == nullptr || from_behind)) found = chunk;
  if (found) found->is_claimed = true;
  return found;
}

void ItemStream::fetch_ahead(ItemReader& reader, Chunk& chunk) {
  try {
    reader.announce(*chunk.folder, chunk.items);
    for (const SourceItem& item : chunk.items) {
      Fetched& fetched = chunk.fetched.emplace_back();
      Sha256 hash;
      const bool is_digest = wanted_ == Wanted::digests;
      archive::Spool* into = is_digest ? nullptr : &chunk.contents;
      const auto done = fetch_one(reader, *chunk.folder, item, is_digest ? &hash : nullptr, {into, into}, fetched);
      if (done && is_digest) fetched.sha256 = hash.finish();
      chunk.ends.push_back(chunk.contents.size());
      const bool is_over = !done && done.error().code == Errc::unavailable;
      const std::lock_guard lock(mutex_);
      if (is_over || is_ended_) break;
    }
  } catch (const std::exception& e) {
    chunk.fetched.resize(std::min(chunk.ends.size() + 1, chunk.items.size()));
    chunk.fetched.back().done = fail(Errc::unavailable, e.what());
  }
  {
    const std::lock_guard lock(mutex_);
    chunk.is_done = true;
  }
  changed_.notify_all();
}

Result<void> ItemStream::hand_over_first() {
  std::shared_ptr<Chunk> first, other;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      first = chunks_.front();
      const bool is_free = !first->is_claimed;
      first->is_claimed = true;
      if (is_free || first->is_done) {
        chunks_.pop_front();
        lock.unlock();
        return is_free ? fetch_and_hand_over(*first) : hand_over(*first);
      }
      other = claim(true);
      if (other == nullptr) {
        changed_.wait(lock, [&] { return first->is_done; });
        continue;
      }
    }
    fetch_ahead(session_, *other);
  }
}

// Without a way round by files.
Result<void> ItemStream::fetch_and_hand_over(Chunk& chunk) {
  session_.announce(*chunk.folder, chunk.items);
  for (const SourceItem& item : chunk.items) {
    Fetched fetched;
    archive::Spool content, attached(kChunkMemory, archive::Spool::Digest::none);
    Sha256 hash;
    const bool is_digest = wanted_ == Wanted::digests;
    const Spools into{is_digest ? nullptr : &content, is_digest ? nullptr : &attached};
    (void)fetch_one(session_, *chunk.folder, item, is_digest ? &hash : nullptr, into, fetched);
    if (is_digest) {
      fetched.sha256 = hash.finish();
    } else {
      fetched.content = &content;
      if (fetched.done) fetched.sha256 = content.sha256();
    }
    TRY_VOID(take_(chunk.tag, item, fetched));
  }
  return {};
}

Result<void> ItemStream::hand_over(Chunk& chunk) {
  for (std::size_t i = 0; i < chunk.fetched.size(); ++i) {
    Fetched& fetched = chunk.fetched[i];
    archive::Spool content;
    if (wanted_ == Wanted::content) {
      fetched.content = &content;
      if (fetched.done) {
        TRY_VOID(chunk.contents.read(chunk.ends.at(i) - fetched.size, fetched.size,
                                     [&](std::string_view piece) { return content.write(piece); }));
        fetched.sha256 = content.sha256();
      }
    }
    TRY_VOID(take_(chunk.tag, chunk.items[i], fetched));
  }
  if (chunk.fetched.size() < chunk.items.size()) return fail(Errc::unavailable, "the source's connection broke");
  return {};
}

}  // namespace kontor::migrate
