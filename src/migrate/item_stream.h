// SPDX-License-Identifier: AGPL-3.0-or-later
// The contents of many items, in the order in which they were asked for: several readers fetch them side by side where
// the source has more connections to spare, each some hundred items at a time. What is ahead of its turn lies in
// temporary files, so that memory depends neither on items nor on their sizes.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "formats/archive/record.h"
#include "formats/archive/spool.h"
#include "migrate/connections.h"
#include "migrate/source.h"

namespace kontor::migrate {

// An item as it was fetched.
struct Fetched {
  Result<void> done;                  // as ItemReader::fetch(); the rest holds where it went well
  archive::Spool* content = nullptr;  // none where only digests are wanted
  std::uint64_t size = 0;             // of the content
  std::string sha256 = {};            // raw
  // What belongs to the item besides, each content once, and where it lies; without a spool where only digests are
  // wanted.
  std::vector<archive::ItemAttachment> attachments = {};
  const archive::Spool* attached = nullptr;
  std::vector<std::uint64_t> attached_at = {};
  std::uint64_t all_bytes() const;
  std::vector<std::string> losses = {};
  std::map<std::string, std::string> kept = {};
};

// One thread at a time.
class ItemStream {
 public:
  // Takes one item, on the thread that uses the stream. `tag` is what was given with it. An error ends the stream.
  using Take = std::function<Result<void>(std::size_t tag, const SourceItem& item, Fetched& fetched)>;
  enum class Wanted : std::uint8_t { content, digests };

  // Both must outlive it; `session` lists nothing while items are under way.
  ItemStream(SourceSession& session, Connections& connections, Wanted wanted, Take take);
  ~ItemStream();
  ItemStream(const ItemStream&) = delete;
  ItemStream& operator=(const ItemStream&) = delete;

  // Asks for an item; hands over others meanwhile. `folder` must stay where it is until the stream was drained. Errors:
  // of Take.
  Result<void> add(const SourceFolder& folder, std::size_t tag, const SourceItem& item);
  // Hands over all that was asked for. Errors: of Take.
  Result<void> drain();

 private:
  struct Chunk;
  struct Helper;
  Result<void> close_chunk();
  Result<void> hand_over_first();
  Result<void> hand_over(Chunk& chunk);
  Result<void> fetch_and_hand_over(Chunk& chunk);
  void fetch_ahead(ItemReader& reader, Chunk& chunk);
  std::shared_ptr<Chunk> claim(bool from_behind);
  void find_help();
  void work(ItemReader& reader);

  SourceSession& session_;
  Connections& connections_;
  const Wanted wanted_;
  const Take take_;
  std::shared_ptr<Chunk> open_;
  std::uint64_t asked_ = 0;
  bool may_find_help_ = true;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Chunk>> chunks_;  // in order; the lock is for these, and for what became of them
  bool is_ended_ = false;
  std::vector<std::unique_ptr<Helper>> helpers_;
};

}  // namespace kontor::migrate
